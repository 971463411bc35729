/**
 * Operations that count what would end with something, before it is done. Each asks for what the change itself asks for
 * (docs/decisions/0042-effects-are-counted-by-reading.md).
 */
import { z } from 'zod';
import { findRole } from '../domain/access/roles.ts';
import { effectsOnClient, effectsOnPerson, effectsOnRole, effectsOnTenant } from '../domain/lifecycle/effects.ts';
import { DomainError } from '../platform/errors.ts';
import { clientIn, named as clientParams } from './client-answers.ts';
import { operation } from './operation.ts';
import { named, personParams } from './person.ts';
import { id } from './shapes.ts';
import { namedTenant, tenantParams } from './tenants.ts';

const count = z.int();
export const Effects = z
  .object({
    people: count.meta({ description: 'Who is concerned by it' }),
    sessions: count.meta({ description: 'Sign-ins that end' }),
    applications_told: count.meta({ description: 'Applications that are told that a sign-in has ended' }),
    grants: count.meta({ description: 'What people let applications have, and that ends' }),
    service_tokens: count.meta({ description: 'Tokens of services that end' }),
    api_keys: count.meta({ description: 'API keys that end' }),
    invitations: count.meta({ description: 'Invitations that are withdrawn, or lead nowhere' }),
    roles: count.meta({ description: 'Roles held now or later that are good for nothing from then on' }),
  })
  .meta({ id: 'Effects' });

const notFound = () => new DomainError('not_found', 'NOT_FOUND');

const ofClients = (['clients', 'services'] as const).map((noun) => {
  const kind = noun === 'clients' ? 'application' : 'service';
  return operation({
    id: `${noun}.effects`,
    method: 'GET',
    path: `/${noun}/{client_id}/effects`,
    summary: `Count what would end with ${kind === 'service' ? 'a service' : 'an application'}`,
    description: 'When it is disabled, deleted or held to a stricter security profile.',
    needs: { capability: `${noun}.manage`, at: 'root' },
    params: clientParams,
    answer: Effects,
    run: async ({ db, actor, tenantId, params }) =>
      effectsOnClient(db, await clientIn({ db, actor, tenantId }, { params }, kind)),
  });
});

export const effects = [
  operation({
    id: 'users.effects',
    method: 'GET',
    path: '/users/{user_id}/effects',
    summary: 'Count what would end with a person',
    description:
      'When they are deactivated, deleted or erased. A new password and signing them out end the sessions and the grants of it.',
    needs: { capability: 'users.manage', person: named, to: 'change' },
    params: personParams,
    answer: Effects,
    errors: ['PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params }) => {
      const found = await effectsOnPerson(db, { tenantId, userId: params.user_id });
      if (!found) throw notFound();
      return found;
    },
  }),
  ...ofClients,
  operation({
    id: 'roles.effects',
    method: 'GET',
    path: '/roles/{role_id}/effects',
    summary: 'Count what would end with a role',
    needs: { capability: 'roles.manage', at: 'root' },
    params: z.strictObject({ role_id: id }),
    answer: Effects,
    run: async ({ db, tenantId, params }) => {
      const role = await findRole(db, { tenantId, roleId: params.role_id });
      if (!role) throw notFound();
      return effectsOnRole(db, { tenantId, roleId: role.id });
    },
  }),
  operation({
    id: 'tenants.effects',
    method: 'GET',
    path: '/tenants/{tenant}/effects',
    summary: 'Count what would end with a tenant',
    description: 'When it is suspended.',
    needs: { capability: 'tenants.manage', at: 'platform' },
    params: tenantParams,
    answer: Effects,
    run: async ({ db, params }) => effectsOnTenant(db, (await namedTenant(db, params.tenant)).id),
  }),
];
