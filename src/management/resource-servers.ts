/**
 * Operations on resource servers: the APIs that take our access tokens. Those of all tenants stand in the platform's tenant,
 * and are for those who run the server alone; the server's own is fixed.
 */
import { z } from 'zod';
import { acr } from '../domain/factors/requirement.ts';
import {
  deleteResourceServer,
  findResourceServerById,
  type ResourceServerDetails,
  updateResourceServer,
} from '../domain/resource-servers/change-resource-server.ts';
import { listResourceServers } from '../domain/resource-servers/list-resource-servers.ts';
import { createResourceServer } from '../domain/resource-servers/resource-servers.ts';
import { isPlatformTenant } from '../domain/tenants/platform-tenant.ts';
import { DomainError } from '../platform/errors.ts';
import { type Lookup, operation } from './operation.ts';
import { findRemoved, unlessGone } from './removed.ts';
import { capabilityKey, id, name, pageQuery, text, time } from './shapes.ts';

const tokens = {
  token_format: z.enum(['jwt', 'opaque']).meta({ description: 'opaque: the API introspects them' }),
  signing_alg: z.enum(['ES256', 'RS256']).meta({ description: 'Of a JWT' }),
  access_token_ttl: z.int().min(30).max(86_400).meta({ description: 'How long an access token lives, in seconds' }),
  token_exchange: z
    .boolean()
    .meta({ description: 'Whether it takes tokens that services and API keys were exchanged for (RFC 8693)' }),
  required_acr: z.enum(Object.values(acr)).nullable().meta({
    description: 'How a person has to have signed in for a token for it: by two factors, or null: as anybody',
  }),
  skip_consent: z.boolean().meta({
    description: 'Whether first-party applications get its scopes without asking the person; others never do',
  }),
};
const members = {
  id,
  identifier: z.string().meta({ description: 'An absolute URI: the `aud` of its tokens' }),
  name,
  ...tokens,
  capabilities: z.array(capabilityKey).meta({ description: 'Its scopes' }),
};
const ResourceServer = z
  .object({
    ...members,
    tenant_id: id.nullable().meta({ description: 'null: of all tenants' }),
    is_system: z.boolean().meta({ description: 'The API of the server itself: fixed' }),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'ResourceServer' });
const ListedResourceServer = z
  .object({ ...members, tenant: z.string().nullable().meta({ description: 'The slug of the tenant whose it is' }) })
  .meta({ id: 'ListedResourceServer' });
const params = z.strictObject({ resource_server_id: id });

type Named = { params: { resource_server_id: string } };

/** The API where it stands in the tenant. */
async function findIn({ db, tenantId, actor }: Lookup, { params }: Named): Promise<ResourceServerDetails | undefined> {
  const api = await findResourceServerById(db, params.resource_server_id);
  if (api?.tenantId === tenantId) return api;
  const shared = api?.tenantId === null && (actor.standingOf === 'system' || (await isPlatformTenant(db, tenantId)));
  return shared ? api : undefined;
}

async function apiIn(lookup: Lookup, input: Named): Promise<ResourceServerDetails> {
  const api = await findIn(lookup, input);
  if (!api) throw new DomainError('not_found', 'NOT_FOUND');
  return api;
}

const capability = 'apis.manage';
const isShared = async (input: Named, lookup: Lookup) => (await findIn(lookup, input))?.tenantId === null;
/** What every change of one needs. */
const needs = { capability, at: 'root', server: isShared } as const;
const removed = ({ params }: Named, lookup: Lookup) =>
  findRemoved(lookup, {
    action: 'resource_server.deleted',
    entityType: 'resource_server',
    by: { entityId: params.resource_server_id },
  });
const whereItStood = async (input: Named, lookup: Lookup) =>
  (await findIn(lookup, input)) ?? (await removed(input, lookup));

export const resourceServers = [
  operation({
    id: 'resource_servers.list',
    method: 'GET',
    path: '/resource-servers',
    summary: 'List the APIs of the tenant',
    description: 'In the tenant that runs the server also those of all tenants.',
    needs: { capability, at: 'root' },
    query: pageQuery,
    list: true,
    answer: ListedResourceServer,
    run: async ({ db, tenantId, query }) =>
      listResourceServers(db, { tenantId, shared: await isPlatformTenant(db, tenantId), ...query }),
  }),
  operation({
    id: 'resource_servers.create',
    method: 'POST',
    path: '/resource-servers',
    summary: 'Register an API',
    description: 'Its scopes are capabilities that are defined for it.',
    needs: { capability, at: 'root', server: ({ body }) => body.all_tenants === true },
    body: z.strictObject({
      identifier: text(500),
      name,
      all_tenants: z.boolean().optional(),
      ...z.object(tokens).partial().shape,
    }),
    answer: ResourceServer,
    errors: ['DUPLICATE', 'INVALID_INPUT'],
    idempotent: true,
    run: async ({ db, tenantId, body, actor }) => {
      const { id } = await createResourceServer(
        db,
        {
          tenantId: body.all_tenants ? null : tenantId,
          identifier: body.identifier,
          name: body.name,
          tokenFormat: body.token_format,
          signingAlg: body.signing_alg,
          accessTokenTtl: body.access_token_ttl,
          tokenExchange: body.token_exchange,
          requiredAcr: body.required_acr,
          skipConsent: body.skip_consent,
        },
        actor.caller,
      );
      return apiIn({ db, tenantId, actor }, { params: { resource_server_id: id } });
    },
  }),
  operation({
    id: 'resource_servers.get',
    method: 'GET',
    path: '/resource-servers/{resource_server_id}',
    summary: 'Show an API',
    needs: { capability, at: 'root' },
    params,
    answer: ResourceServer,
    run: (run) => apiIn(run, run),
  }),
  operation({
    id: 'resource_servers.update',
    method: 'PATCH',
    path: '/resource-servers/{resource_server_id}',
    summary: 'Change the name of an API, and the form and life of its tokens',
    description: 'The identifier stays: tokens name it.',
    needs,
    params,
    body: z.strictObject({ name, ...tokens }).partial(),
    answer: ResourceServer,
    errors: ['SYSTEM_RESOURCE_SERVER_FIXED', 'INVALID_INPUT'],
    guards: { read: 'resource_servers.get', ifMatch: 'required' },
    run: async ({ db, tenantId, params, body, actor }) => {
      const lookup = { db, tenantId, actor };
      const { id } = await apiIn(lookup, { params });
      const { name, token_format: tokenFormat, signing_alg: signingAlg } = body;
      const { access_token_ttl: accessTokenTtl, token_exchange: tokenExchange } = body;
      const { required_acr: requiredAcr, skip_consent: skipConsent } = body;
      const tokens = { tokenFormat, signingAlg, accessTokenTtl, tokenExchange, requiredAcr, skipConsent };
      const change = { id, name, ...tokens };
      await updateResourceServer(db, change, actor.caller);
      return apiIn(lookup, { params });
    },
  }),
  operation({
    id: 'resource_servers.delete',
    method: 'DELETE',
    path: '/resource-servers/{resource_server_id}',
    summary: 'Remove an API that nothing belongs to any more',
    needs: { ...needs, server: async (input, lookup) => (await whereItStood(input, lookup))?.tenantId === null },
    params,
    errors: ['RESOURCE_SERVER_IN_USE', 'SYSTEM_RESOURCE_SERVER_FIXED'],
    run: async ({ db, tenantId, params, actor }) => {
      const lookup = { db, tenantId, actor };
      // Read once: between two reads another request may have removed it.
      const api = await findIn(lookup, { params });
      if (api) return unlessGone(deleteResourceServer(db, api.id, actor.caller));
      if (await removed({ params }, lookup)) return undefined;
      throw new DomainError('not_found', 'NOT_FOUND');
    },
  }),
];
