/**
 * Operations on tenants. Which there are, and whether they may act, is for the platform's owners; a tenant's name and
 * settings are its own.
 */
import { z } from 'zod';
import { activateTenant, suspendTenant } from '../domain/lifecycle/end-tenant.ts';
import { changeTenantSettings, namableMethods } from '../domain/methods/tenant-methods.ts';
import { findRootNode } from '../domain/organisation/org-nodes.ts';
import { renameTenant } from '../domain/organisation/root-node.ts';
import { createTenant } from '../domain/setup/create-tenant.ts';
import { listTenants } from '../domain/tenants/list-tenants.ts';
import { findTenantById, findTenantBySlug, type Tenant } from '../domain/tenants/tenants.ts';
import { parseEmail, parsePhone } from '../domain/users/canonical-address.ts';
import type { Database } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { operation } from './operation.ts';
import { id, name, pageQuery, text, time } from './shapes.ts';
import { SettingsChange, settingsInput, TenantSettings } from './tenant-settings.ts';

const slug = z
  .string()
  .max(63)
  .meta({ description: 'Its short name: lower-case letters, digits and hyphens', example: 'northwind' });
const members = {
  id,
  slug,
  name,
  state: z.enum(['active', 'suspended']),
  is_platform: z.boolean().meta({ description: 'Its owners run the server' }),
  created_at: time,
  updated_at: time,
};
const TenantAnswer = z.object(members).meta({ id: 'Tenant' });
const ListedTenant = z
  .object({ ...members, users: z.int().meta({ description: 'How many people it has' }) })
  .meta({ id: 'ListedTenant' });
const NewTenant = z
  .object({ ...members, root_node_id: id.meta({ description: 'The root of its tree' }) })
  .meta({ id: 'NewTenant' });
const SignInMethods = z
  .object({
    items: z.array(
      z.object({
        method: z.string().meta({ description: 'As `sign_in_methods` names it', example: 'password' }),
        provider: z.string().nullable().meta({ description: 'The name of a provider; null: a way of our own' }),
        is_active: z.boolean().meta({ description: 'false: a provider that is disabled' }),
      }),
    ),
  })
  .meta({ id: 'SignInMethods' });
export const tenantParams = z.strictObject({ tenant: z.string().max(63).meta({ description: 'An id or a slug' }) });

export async function namedTenant(db: Database, idOrSlug: string): Promise<Tenant> {
  const tenant = isId(idOrSlug) ? await findTenantById(db, idOrSlug) : await findTenantBySlug(db, idOrSlug);
  if (!tenant) throw new DomainError('not_found', 'NOT_FOUND');
  return tenant;
}

const ofServer = [
  operation({
    id: 'tenants.list',
    method: 'GET',
    path: '/tenants',
    summary: 'List the tenants of the server',
    needs: {
      capability: 'tenants.manage',
      at: 'platform',
      // Who has an address is for who may see people everywhere.
      besides: async ({ query }, { db, tenantId }) => {
        const root = query.address === undefined ? undefined : await findRootNode(db, tenantId);
        return root ? [{ capability: 'users.read', at: root.id }] : [];
      },
    },
    query: pageQuery.extend({
      address: text(320).optional().meta({
        description: 'Those in which somebody has this email address, or this phone number with its country code',
      }),
    }),
    list: true,
    answer: ListedTenant,
    run: ({ db, query: { address, ...page } }) =>
      listTenants(db, { ...page, address: address && (parseEmail(address) ?? parsePhone(address) ?? address) }),
  }),
  operation({
    id: 'tenants.create',
    method: 'POST',
    path: '/tenants',
    summary: 'Make a tenant',
    description: 'With the root of its tree and the roles owner, admin and member. Invite its owner next.',
    needs: { capability: 'tenants.manage', at: 'platform' },
    body: z.strictObject({ slug, name }),
    answer: NewTenant,
    errors: ['DUPLICATE'],
    idempotent: true,
    run: ({ db, body, actor }) => createTenant(db, body, actor.caller),
  }),
  operation({
    id: 'tenants.get',
    method: 'GET',
    path: '/tenants/{tenant}',
    summary: 'Show a tenant',
    needs: { capability: 'tenants.manage', at: 'platform' },
    params: tenantParams,
    answer: TenantAnswer,
    run: ({ db, params }) => namedTenant(db, params.tenant),
  }),
  operation({
    id: 'tenants.suspend',
    method: 'POST',
    path: '/tenants/{tenant}/suspend',
    summary: 'Stop a tenant',
    description: 'Nobody of it may act, and what its people and clients hold ends at once.',
    needs: { capability: 'tenants.manage', at: 'platform' },
    params: tenantParams,
    answer: TenantAnswer,
    errors: ['PLATFORM_TENANT_NEEDED', 'TENANT_MOVED'],
    fresh: true,
    run: async ({ db, params, actor }) => suspendTenant(db, (await namedTenant(db, params.tenant)).id, actor.caller),
  }),
  operation({
    id: 'tenants.resume',
    method: 'POST',
    path: '/tenants/{tenant}/resume',
    summary: 'Let a suspended tenant act again',
    description: 'Its people sign in anew.',
    needs: { capability: 'tenants.manage', at: 'platform' },
    params: tenantParams,
    answer: TenantAnswer,
    errors: ['TENANT_MOVED'],
    run: async ({ db, params, actor }) => activateTenant(db, (await namedTenant(db, params.tenant)).id, actor.caller),
  }),
];

const own = [
  operation({
    id: 'tenants.current',
    method: 'GET',
    path: '/tenant',
    summary: 'Show the tenant that is acted in',
    needs: { capability: 'tenant.manage', at: 'root' },
    answer: TenantAnswer,
    run: ({ db, tenantId }) => namedTenant(db, tenantId),
  }),
  operation({
    id: 'tenants.rename',
    method: 'PATCH',
    path: '/tenant',
    summary: 'Rename the tenant, and the root of its tree with it',
    needs: { capability: 'tenant.manage', at: 'root' },
    body: z.strictObject({ name }),
    answer: TenantAnswer,
    guards: { read: 'tenants.current', ifMatch: 'honoured' },
    run: ({ db, tenantId, body, actor }) => renameTenant(db, tenantId, body.name, actor.caller),
  }),
  operation({
    id: 'tenants.sign_in_methods',
    method: 'GET',
    path: '/tenant/sign-in-methods',
    summary: 'List the ways to sign in that the settings may name',
    description:
      'Those of our own, and the providers of all tenants. The tenant’s own providers are offered in any case.',
    needs: { capability: 'tenant.manage', at: 'root' },
    answer: SignInMethods,
    run: async ({ db }) => ({ items: await namableMethods(db) }),
  }),
  operation({
    id: 'tenants.settings.get',
    method: 'GET',
    path: '/tenant/settings',
    summary: 'Show what the tenant decides for itself',
    needs: { capability: 'tenant.manage', at: 'root' },
    answer: TenantSettings,
    run: async ({ db, tenantId }) => (await namedTenant(db, tenantId)).settings,
  }),
  operation({
    id: 'tenants.settings.update',
    method: 'PATCH',
    path: '/tenant/settings',
    summary: 'Change settings of the tenant',
    description:
      'What is not named stays as it is. Lists replace what was there; of `federation` null takes a provider away.',
    needs: { capability: 'tenant.manage', at: 'root' },
    body: SettingsChange,
    answer: TenantSettings,
    guards: { read: 'tenants.settings.get', ifMatch: 'required' },
    run: async ({ db, tenantId, body, actor }) =>
      (await changeTenantSettings(db, tenantId, settingsInput(body), actor.caller)).settings,
  }),
];

export const tenants = [...ofServer, ...own];
