/** Operations on services: programs that get tokens for themselves (RFC 6749 section 4.4), and what they may ask for. */
import { z } from 'zod';
import {
  addServiceCapability,
  listClientSecrets,
  removeServiceCapability,
  replaceServiceCapabilities,
  revokeClientSecret,
} from '../domain/clients/change-client.ts';
import { rotateClientSecret } from '../domain/clients/clients.ts';
import { listClients } from '../domain/clients/list-clients.ts';
import { deleteClient, disableClient, enableClient } from '../domain/lifecycle/end-client.ts';
import { isPlatformTenant } from '../domain/tenants/platform-tenant.ts';
import {
  ClientSecret,
  clientIn,
  clientName,
  clientSecret,
  common,
  defaultResource,
  findIn,
  listed,
  type Named,
  NewClientSecret,
  named,
  overlap,
} from './client-answers.ts';
import { type Lookup, operation } from './operation.ts';
import { securityProfile } from './security-profiles.ts';
import { authenticationBody, authenticationOf, isCredential } from './service-authentication.ts';
import { capabilityKey, id, pageQuery } from './shapes.ts';
import { newWorkloadIdentity, workloadOf } from './workload-identities.ts';

const members = {
  ...common,
  capabilities: z.array(capabilityKey).meta({ description: 'What it may ask for' }),
  resource_server_id: id.nullable().meta({ description: 'The API that it is: it may introspect tokens meant for it' }),
};
const Service = z.object(members).meta({ id: 'Service' });
const NewService = z.object({ ...members, client_secret: clientSecret }).meta({ id: 'NewService' });
const ListedService = z
  .object({
    client_id: members.client_id,
    name: members.name,
    state: members.state,
    tenant: z.string().nullable().meta({ description: 'The slug of the tenant whose it is; null: of all tenants' }),
    secrets: z.int().meta({ description: 'How many secrets work now' }),
    created_at: members.created_at,
  })
  .meta({ id: 'ListedService' });
const Capabilities = z.object({ items: z.array(capabilityKey) }).meta({ id: 'ServiceCapabilities' });
const ofCapability = named.extend({ capability: capabilityKey });

/** Of its metadata, what is its own to choose. */
const own = {
  default_resource: defaultResource,
  introspection_signed_response_alg: z.enum(['RS256', 'ES256']).nullish().meta({
    description: 'How answers of introspection are signed for it where it asks for that (RFC 9701); null: with RS256',
  }),
};

/** Those that are there; at a registration null is as if it were not. */
function membersOf(body: { [name in keyof typeof own]?: string | null }, which?: 'given'): Record<string, unknown> {
  const members = Object.keys(own) as (keyof typeof own)[];
  const has = (name: keyof typeof own) => body[name] !== undefined && (which !== 'given' || body[name] !== null);
  return Object.fromEntries(members.filter(has).map((name) => [name, body[name]]));
}

const isShared = async (input: Named, lookup: Lookup) => (await findIn(lookup, input, 'service'))?.tenantId === null;
/** What every operation on one service needs. */
const needs = { capability: 'services.manage', at: 'root', server: isShared } as const;
const service = (lookup: Lookup, input: Named) => clientIn(lookup, input, 'service');

/** Of deleting: one that is deleted already is in nobody's way, for who could have deleted it. */
const deletedToo = { deletedToo: true } as const;
const toDelete = {
  ...needs,
  server: async (input: Named, lookup: Lookup) =>
    (await findIn(lookup, input, 'service', deletedToo))?.tenantId === null,
} as const;

/**
 * A service is whatever it may ask for: who gets its secret, or stands in its place, gets all of that.
 */
const everythingOf = async (input: Named, lookup: Lookup) => (await findIn(lookup, input, 'service'))?.capabilities;

const registration = [
  operation({
    id: 'services.list',
    method: 'GET',
    path: '/services',
    summary: 'List the services of the tenant',
    description: 'In the tenant that runs the server also those of all tenants.',
    needs: { capability: 'services.manage', at: 'root' },
    query: listed.extend({
      may_call: id.optional().meta({ description: 'Those that may ask for a capability of this API' }),
      resource_server_id: id.optional().meta({ description: 'Those that are this API' }),
    }),
    list: true,
    answer: ListedService,
    run: async ({
      db,
      tenantId,
      query: { q: search, may_call: mayCall, resource_server_id: resourceServerId, ...rest },
    }) => {
      const shared = await isPlatformTenant(db, tenantId);
      return listClients(db, { tenantId, shared, services: true, search, mayCall, resourceServerId, ...rest });
    },
  }),
  operation({
    id: 'services.create',
    method: 'POST',
    path: '/services',
    summary: 'Register a service',
    description: 'The answer alone holds its secret. With keys of its own it has none.',
    needs: {
      capability: 'services.manage',
      at: 'root',
      server: ({ body }) => body.all_tenants === true,
      grants: ({ body }) => body.capabilities,
    },
    body: z.strictObject({
      name: clientName,
      client_id: common.client_id.optional(),
      all_tenants: z.boolean().optional().meta({ description: 'It belongs to the server, and to no tenant' }),
      capabilities: z.array(capabilityKey).max(200).default([]),
      resource_server_id: id.optional().meta({ description: 'The API that it is' }),
      security_profile: securityProfile.optional(),
      ...own,
      ...authenticationBody,
      workload_identity: newWorkloadIdentity.optional().meta({ description: 'Tokens of its platform prove it' }),
    }),
    answer: NewService,
    errors: ['DUPLICATE', 'INVALID_INPUT', 'PRIVILEGE_EXCEEDED'],
    idempotent: true,
    run: async ({ db, tenantId, body, actor, deps }) => {
      const wanted = {
        tenantId: body.all_tenants ? null : tenantId,
        name: body.name,
        clientId: body.client_id,
        capabilities: [...new Set(body.capabilities)],
        resourceServerId: body.resource_server_id,
        securityProfile: body.security_profile,
        ...authenticationOf(body),
        workloadIdentity: body.workload_identity && workloadOf(body.workload_identity),
        metadata: membersOf(body, 'given'),
      };
      const { client, clientSecret } = await deps.registration.registerService(db, wanted, actor.caller);
      return { ...(await service({ db, tenantId, actor }, { params: { client_id: client.clientId } })), clientSecret };
    },
  }),
  operation({
    id: 'services.get',
    method: 'GET',
    path: '/services/{client_id}',
    summary: 'Show a service',
    needs: { capability: 'services.manage', at: 'root' },
    params: named,
    answer: Service,
    run: (run) => service(run, run),
  }),
  operation({
    id: 'services.update',
    method: 'PATCH',
    path: '/services/{client_id}',
    summary: 'Change the name, the keys or the tokens of a service',
    needs: {
      ...needs,
      grants: async (input, lookup) => (isCredential(input.body) ? everythingOf(input, lookup) : undefined),
    },
    params: named,
    body: z.strictObject({ name: clientName.optional(), ...own, ...authenticationBody }),
    answer: Service,
    errors: ['INVALID_INPUT', 'PRIVILEGE_EXCEEDED'],
    guards: { read: 'services.get', ifMatch: 'required' },
    run: async ({ db, params, body, actor, deps, tenantId }) => {
      const lookup = { db, actor, tenantId };
      const { clientId } = await service(lookup, { params });
      const change = { clientId, name: body.name, ...authenticationOf(body), metadata: membersOf(body) };
      await deps.registration.changeClient(db, change, actor.caller);
      return service(lookup, { params });
    },
  }),
  operation({
    id: 'services.delete',
    method: 'DELETE',
    path: '/services/{client_id}',
    summary: 'Remove a service, with its secrets and tokens',
    needs: toDelete,
    params: named,
    run: async ({ db, params, actor, tenantId }) => {
      const { clientId } = await clientIn({ db, actor, tenantId }, { params }, 'service', deletedToo);
      await deleteClient(db, clientId, actor.caller);
      return undefined;
    },
  }),
  operation({
    id: 'services.disable',
    method: 'POST',
    path: '/services/{client_id}/disable',
    summary: 'Stop a service, and end its tokens',
    needs,
    params: named,
    answer: Service,
    run: async ({ db, params, actor, tenantId }) => {
      const lookup = { db, actor, tenantId };
      const { clientId, state } = await service(lookup, { params });
      if (state === 'active') await disableClient(db, clientId, actor.caller);
      return service(lookup, { params });
    },
  }),
  operation({
    id: 'services.enable',
    method: 'POST',
    path: '/services/{client_id}/enable',
    summary: 'Let a stopped service act again',
    needs,
    params: named,
    answer: Service,
    run: async ({ db, params, actor, tenantId }) => {
      const lookup = { db, actor, tenantId };
      const { clientId } = await service(lookup, { params });
      await enableClient(db, clientId, actor.caller);
      return service(lookup, { params });
    },
  }),
];

const secrets = [
  operation({
    id: 'services.rotate_secret',
    method: 'POST',
    path: '/services/{client_id}/secrets',
    summary: 'Give a service a new secret',
    description: 'The answer alone holds it. Those before end at once, or after an overlap.',
    needs: { ...needs, grants: everythingOf },
    params: named,
    body: overlap,
    answer: NewClientSecret,
    errors: ['INVALID_INPUT', 'PRIVILEGE_EXCEEDED'],
    idempotent: true,
    run: async ({ db, params, body, actor, tenantId }) => {
      const { clientId } = await service({ db, actor, tenantId }, { params });
      return { clientId, ...(await rotateClientSecret(db, clientId, body.overlap_seconds, actor.caller)) };
    },
  }),
  operation({
    id: 'services.secrets.list',
    method: 'GET',
    path: '/services/{client_id}/secrets',
    summary: 'List the secrets of a service',
    description: 'When they were made, used and ended; what they are is told by nobody.',
    needs: { capability: 'services.manage', at: 'root' },
    params: named,
    query: pageQuery,
    list: true,
    answer: ClientSecret,
    run: async ({ db, params, query, actor, tenantId }) => {
      const { clientId } = await service({ db, actor, tenantId }, { params });
      return listClientSecrets(db, { clientId, ...query });
    },
  }),
  operation({
    id: 'services.secrets.revoke',
    method: 'DELETE',
    path: '/services/{client_id}/secrets/{secret_id}',
    summary: 'End a secret of a service at once',
    needs,
    params: named.extend({ secret_id: id }),
    run: async ({ db, params, actor, tenantId }) => {
      const { clientId } = await service({ db, actor, tenantId }, { params });
      await revokeClientSecret(db, { clientId, secretId: params.secret_id }, actor.caller);
      return undefined;
    },
  }),
];

const capabilities = [
  operation({
    id: 'services.capabilities.list',
    method: 'GET',
    path: '/services/{client_id}/capabilities',
    summary: 'List what a service may ask for',
    needs: { capability: 'services.manage', at: 'root' },
    params: named,
    answer: Capabilities,
    run: async (run) => ({ items: (await service(run, run)).capabilities }),
  }),
  operation({
    id: 'services.capabilities.replace',
    method: 'PUT',
    path: '/services/{client_id}/capabilities',
    summary: 'Let a service ask for these capabilities and no others',
    description:
      'What comes has to be in the hands of the one who asks. Tokens that it has keep what goes until they end.',
    needs: {
      ...needs,
      grants: async (input, lookup) => {
        const has = await everythingOf(input, lookup);
        return input.body.items?.filter((key) => !has?.includes(key));
      },
    },
    params: named,
    body: z.strictObject({ items: z.array(capabilityKey).max(200) }),
    answer: Capabilities,
    errors: ['PRIVILEGE_EXCEEDED'],
    guards: { read: 'services.capabilities.list', ifMatch: 'required' },
    run: async ({ db, params, body, actor, tenantId }) => {
      const lookup = { db, actor, tenantId };
      const { clientId } = await service(lookup, { params });
      await replaceServiceCapabilities(db, { clientId, capabilities: body.items }, actor.caller);
      return { items: (await service(lookup, { params })).capabilities };
    },
  }),
  operation({
    id: 'services.capabilities.add',
    method: 'PUT',
    path: '/services/{client_id}/capabilities/{capability}',
    summary: 'Let a service ask for a capability',
    needs: { ...needs, grants: ({ params }) => [params.capability] },
    params: ofCapability,
    errors: ['PRIVILEGE_EXCEEDED'],
    run: async ({ db, params, actor, tenantId }) => {
      const { clientId } = await service({ db, actor, tenantId }, { params });
      await addServiceCapability(db, { clientId, capability: params.capability }, actor.caller);
      return undefined;
    },
  }),
  operation({
    id: 'services.capabilities.remove',
    method: 'DELETE',
    path: '/services/{client_id}/capabilities/{capability}',
    summary: 'Take a capability from a service',
    description: 'Tokens that it has keep it until they end.',
    needs,
    params: ofCapability,
    run: async ({ db, params, actor, tenantId }) => {
      const { clientId } = await service({ db, actor, tenantId }, { params });
      await removeServiceCapability(db, { clientId, capability: params.capability }, actor.caller);
      return undefined;
    },
  }),
];

export const services = [...registration, ...secrets, ...capabilities];
