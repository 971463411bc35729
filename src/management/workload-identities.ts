/** Operations on the workload identities of services: which tokens of their platforms prove them (RFC 7523). */
import { z } from 'zod';
import {
  addWorkloadIdentity,
  listWorkloadIdentities,
  type NewWorkloadIdentity,
  removeWorkloadIdentity,
} from '../domain/clients/workload-identities.ts';
import { DomainError } from '../platform/errors.ts';
import { clientIn, findIn, type Named, named } from './client-answers.ts';
import { type Lookup, operation } from './operation.ts';
import { id, text, time } from './shapes.ts';

const members = {
  issuer: text(500).meta({ description: 'As the tokens have it, letter by letter' }),
  audience: text(500).meta({ description: 'The only audience of the tokens' }),
  subject: text(500).meta({
    description: 'A subject, letter by letter; `*` stands for one whole segment between `:` and `/`, from the third on',
  }),
};
const optional = {
  jwks_uri: text(500).nullish().meta({ description: 'Where its keys are; null: it says so by discovery' }),
  single_use: z
    .boolean()
    .default(true)
    .meta({ description: 'A token is good once, by its `jti`; false: until it ends (Kubernetes, Google Cloud)' }),
};
export const newWorkloadIdentity = z.strictObject({ ...members, ...optional });
const WorkloadIdentity = z
  .object({
    id,
    ...members,
    jwks_uri: z.string().nullable(),
    single_use: z.boolean(),
    created_at: time,
    last_used_at: time.nullable(),
  })
  .meta({ id: 'WorkloadIdentity' });
const WorkloadIdentities = z.object({ items: z.array(WorkloadIdentity) }).meta({ id: 'WorkloadIdentities' });

const isShared = async (input: Named, lookup: Lookup) => (await findIn(lookup, input, 'service'))?.tenantId === null;
const needs = { capability: 'services.manage', at: 'root', server: isShared } as const;

export function workloadOf(body: z.infer<typeof newWorkloadIdentity>): NewWorkloadIdentity {
  const { issuer, audience, subject, jwks_uri: jwksUri, single_use: singleUse } = body;
  return { issuer, audience, subject, jwksUri, singleUse };
}

export const workloadIdentities = [
  operation({
    id: 'services.workload_identities.list',
    method: 'GET',
    path: '/services/{client_id}/workload-identities',
    summary: 'List which tokens of its platform prove a service',
    needs: { capability: 'services.manage', at: 'root' },
    params: named,
    answer: WorkloadIdentities,
    run: async (run) => {
      const { clientId } = await clientIn(run, run, 'service');
      return { items: await listWorkloadIdentities(run.db, clientId) };
    },
  }),
  operation({
    id: 'services.workload_identities.add',
    method: 'POST',
    path: '/services/{client_id}/workload-identities',
    summary: 'Let tokens of its platform prove a service',
    description: 'Of a service that was registered with `workload_identity`.',
    needs: { ...needs, grants: async (input, lookup) => (await findIn(lookup, input, 'service'))?.capabilities },
    params: named,
    body: newWorkloadIdentity,
    answer: WorkloadIdentity,
    errors: ['DUPLICATE', 'INVALID_INPUT', 'PRIVILEGE_EXCEEDED'],
    idempotent: true,
    run: async ({ db, params, body, actor, tenantId }) => {
      const { clientId } = await clientIn({ db, actor, tenantId }, { params }, 'service');
      const made = await addWorkloadIdentity(db, clientId, workloadOf(body), actor.caller);
      const found = (await listWorkloadIdentities(db, clientId)).find((identity) => identity.id === made);
      if (!found) throw new DomainError('not_found', 'NOT_FOUND');
      return found;
    },
  }),
  operation({
    id: 'services.workload_identities.remove',
    method: 'DELETE',
    path: '/services/{client_id}/workload-identities/{workload_identity_id}',
    summary: 'Let tokens of its platform prove a service no longer',
    description: 'Tokens that it has been given live until they end.',
    needs,
    params: named.extend({ workload_identity_id: id }),
    run: async ({ db, params, actor, tenantId }) => {
      const { clientId } = await clientIn({ db, actor, tenantId }, { params }, 'service');
      const which = { clientId, workloadIdentityId: params.workload_identity_id };
      await removeWorkloadIdentity(db, which, actor.caller);
      return undefined;
    },
  }),
];
