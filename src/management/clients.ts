/** Operations on applications, which sign people in. */
import { z } from 'zod';
import { claimSources } from '../domain/claims/claim-mapping.ts';
import { listClientSecrets, revokeClientSecret } from '../domain/clients/change-client.ts';
import { clientOrigins } from '../domain/clients/client-store.ts';
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
import { id, pageQuery, text } from './shapes.ts';

const kind = z.enum(['web', 'spa', 'native']);
const origin = z.enum(clientOrigins).meta({
  description:
    'managed: somebody registered it; dynamic: it registered itself; document: it is known by the one at its address',
});
const members = {
  ...common,
  kind,
  origin,
  first_party: z.boolean().meta({ description: 'People are not asked for their consent' }),
};
const Client = z.object(members).meta({ id: 'Client' });
const NewClient = z.object({ ...members, client_secret: clientSecret }).meta({ id: 'NewClient' });
const ListedClient = z
  .object({
    client_id: members.client_id,
    name: members.name,
    kind,
    state: members.state,
    first_party: z.boolean(),
    origin,
    agent: z.boolean().meta({ description: 'It acts for people while they are away' }),
    tenant: z.string().nullable().meta({ description: 'The slug of the tenant whose it is; null: of all tenants' }),
    redirect_uris: z.array(z.string()),
    secrets: z.int().meta({ description: 'How many secrets work now' }),
    created_at: members.created_at,
  })
  .meta({ id: 'ListedClient' });
const uris = z.array(text(2000)).max(100);
const metadata = z.record(text(100), z.unknown());
/** Of the metadata, what is Gatehouse's own: named here as well, so that the document and the commands have it. */
const own = {
  id_token_claims: z
    .enum(['all', 'lean'])
    .optional()
    .meta({ description: 'Whether claims are in the id_token too (all), or at userinfo alone (lean)' }),
  claim_mapping: z
    .record(
      text(100),
      z.union([
        z.strictObject({ from: z.enum(claimSources) }),
        z.strictObject({ value: z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]) }),
        z.null(),
      ]),
    )
    .optional()
    .meta({ description: 'Claims under names of its own, in the id_token and at userinfo' }),
  default_resource: defaultResource,
  agent: z.boolean().optional().meta({
    description:
      'It acts for people while they are away, such as an AI assistant: they are told, and choose for how long',
  }),
  consent_days: z
    .int()
    .min(1)
    .max(365)
    .optional()
    .meta({ description: 'How long a person’s consent lasts at the most; of an agent 90 if nothing is said' }),
  ciba: z.boolean().optional().meta({
    description: 'It may ask people for their approval without a browser (CIBA), and polls for what they answer',
  }),
};

const isShared = async (input: Named, lookup: Lookup) =>
  (await findIn(lookup, input, 'application'))?.tenantId === null;
/** What every operation on one application needs. */
const needs = { capability: 'clients.manage', at: 'root', server: isShared } as const;
const application = (lookup: Lookup, input: Named) => clientIn(lookup, input, 'application');

/** Of deleting: one that is deleted already is in nobody's way, for who could have deleted it. */
const deletedToo = { deletedToo: true } as const;
const toDelete = {
  ...needs,
  server: async (input: Named, lookup: Lookup) =>
    (await findIn(lookup, input, 'application', deletedToo))?.tenantId === null,
} as const;

const registration = [
  operation({
    id: 'clients.list',
    method: 'GET',
    path: '/clients',
    summary: 'List the applications of the tenant',
    description: 'In the tenant that runs the server also those of all tenants.',
    needs: { capability: 'clients.manage', at: 'root' },
    query: listed.extend({
      kind: kind.optional(),
      party: z
        .enum(['first', 'third'])
        .optional()
        .meta({ description: 'first: people are not asked for their consent' }),
    }),
    list: true,
    answer: ListedClient,
    run: async ({ db, tenantId, query: { q: search, party, ...query } }) => {
      const firstParty = party && party === 'first';
      const shared = await isPlatformTenant(db, tenantId);
      return listClients(db, { tenantId, shared, services: false, search, firstParty, ...query });
    },
  }),
  operation({
    id: 'clients.create',
    method: 'POST',
    path: '/clients',
    summary: 'Register an application',
    description: 'The answer alone holds its secret.',
    needs: {
      capability: 'clients.manage',
      at: 'root',
      server: ({ body }) => body.all_tenants === true || body.first_party === true,
    },
    body: z.strictObject({
      name: clientName,
      kind: kind.meta({ description: 'web has a server and keeps a secret; spa and native keep none' }),
      client_id: common.client_id.optional(),
      first_party: z
        .boolean()
        .optional()
        .meta({ description: 'It is of those who run the server: people are not asked for their consent' }),
      all_tenants: z.boolean().optional().meta({ description: 'It serves the people of all tenants' }),
      security_profile: securityProfile.optional(),
      redirect_uris: uris.optional(),
      post_logout_redirect_uris: uris.optional(),
      ...own,
      metadata: metadata.optional(),
    }),
    answer: NewClient,
    errors: ['DUPLICATE', 'INVALID_INPUT', 'FIELD_REQUIRED'],
    idempotent: true,
    run: async ({ db, tenantId, body, actor, deps }) => {
      const wanted = {
        tenantId: body.all_tenants ? null : tenantId,
        kind: body.kind,
        name: body.name,
        clientId: body.client_id,
        firstParty: body.first_party === true,
        securityProfile: body.security_profile,
        redirectUris: body.redirect_uris ?? [],
        postLogoutRedirectUris: body.post_logout_redirect_uris,
        metadata: {
          ...body.metadata,
          ...given(body, 'id_token_claims', 'claim_mapping', 'default_resource', 'agent', 'consent_days', 'ciba'),
        },
      };
      const { client, clientSecret } = await deps.registration.registerClient(db, wanted, actor.caller);
      const made = await application({ db, tenantId: wanted.tenantId ?? tenantId, actor }, of(client.clientId));
      return { ...made, clientSecret };
    },
  }),
  operation({
    id: 'clients.get',
    method: 'GET',
    path: '/clients/{client_id}',
    summary: 'Show an application',
    needs: { capability: 'clients.manage', at: 'root' },
    params: named,
    answer: Client,
    run: (run) => application(run, run),
  }),
  operation({
    id: 'clients.update',
    method: 'PATCH',
    path: '/clients/{client_id}',
    summary: 'Change what is registered of an application',
    description: 'Of `metadata` null takes a member back to the default of its kind.',
    needs: {
      capability: 'clients.manage',
      at: 'root',
      server: async (input, lookup) => input.body.first_party === true || isShared(input, lookup),
    },
    params: named,
    body: z.strictObject({
      name: clientName.optional(),
      first_party: z.boolean().optional(),
      redirect_uris: uris.optional(),
      post_logout_redirect_uris: uris.optional(),
      ...own,
      metadata: metadata.optional(),
    }),
    answer: Client,
    errors: ['INVALID_INPUT', 'FIELD_REQUIRED'],
    guards: { read: 'clients.get', ifMatch: 'required' },
    run: async ({ db, params, body, actor, deps, tenantId }) => {
      const lookup = { db, actor, tenantId };
      const { clientId } = await application(lookup, { params });
      const { name, first_party: firstParty, metadata: more, ...members } = body;
      const change = more || Object.keys(members).length > 0 ? { ...more, ...members } : undefined;
      await deps.registration.changeClient(db, { clientId, name, firstParty, metadata: change }, actor.caller);
      return application(lookup, { params });
    },
  }),
  operation({
    id: 'clients.delete',
    method: 'DELETE',
    path: '/clients/{client_id}',
    summary: 'Remove an application, with its secrets, tokens and grants',
    needs: toDelete,
    params: named,
    run: async ({ db, params, actor, tenantId }) => {
      const { clientId } = await clientIn({ db, actor, tenantId }, { params }, 'application', deletedToo);
      await deleteClient(db, clientId, actor.caller);
      return undefined;
    },
  }),
  operation({
    id: 'clients.disable',
    method: 'POST',
    path: '/clients/{client_id}/disable',
    summary: 'Stop an application, and end its tokens and grants',
    needs,
    params: named,
    answer: Client,
    run: async ({ db, params, actor, tenantId }) => {
      const lookup = { db, actor, tenantId };
      const { clientId, state } = await application(lookup, { params });
      if (state === 'active') await disableClient(db, clientId, actor.caller);
      return application(lookup, { params });
    },
  }),
  operation({
    id: 'clients.enable',
    method: 'POST',
    path: '/clients/{client_id}/enable',
    summary: 'Let a stopped application act again',
    needs,
    params: named,
    answer: Client,
    run: async ({ db, params, actor, tenantId }) => {
      const lookup = { db, actor, tenantId };
      const { clientId } = await application(lookup, { params });
      await enableClient(db, clientId, actor.caller);
      return application(lookup, { params });
    },
  }),
];

const secrets = [
  operation({
    id: 'clients.rotate_secret',
    method: 'POST',
    path: '/clients/{client_id}/secrets',
    summary: 'Give an application a new secret',
    description: 'The answer alone holds it. Those before end at once, or after an overlap.',
    needs,
    params: named,
    body: overlap,
    answer: NewClientSecret,
    errors: ['INVALID_INPUT'],
    idempotent: true,
    run: async ({ db, params, body, actor, tenantId }) => {
      const { clientId } = await application({ db, actor, tenantId }, { params });
      return { clientId, ...(await rotateClientSecret(db, clientId, body.overlap_seconds, actor.caller)) };
    },
  }),
  operation({
    id: 'clients.secrets.list',
    method: 'GET',
    path: '/clients/{client_id}/secrets',
    summary: 'List the secrets of an application',
    description: 'When they were made, used and ended; what they are is told by nobody.',
    needs: { capability: 'clients.manage', at: 'root' },
    params: named,
    query: pageQuery,
    list: true,
    answer: ClientSecret,
    run: async ({ db, params, query, actor, tenantId }) => {
      const { clientId } = await application({ db, actor, tenantId }, { params });
      return listClientSecrets(db, { clientId, ...query });
    },
  }),
  operation({
    id: 'clients.secrets.revoke',
    method: 'DELETE',
    path: '/clients/{client_id}/secrets/{secret_id}',
    summary: 'End a secret of an application at once',
    needs,
    params: named.extend({ secret_id: id }),
    run: async ({ db, params, actor, tenantId }) => {
      const { clientId } = await application({ db, actor, tenantId }, { params });
      await revokeClientSecret(db, { clientId, secretId: params.secret_id }, actor.caller);
      return undefined;
    },
  }),
];

/** Those of the members that are there. */
function given<T extends object, K extends keyof T>(body: T, ...names: K[]): Partial<Pick<T, K>> {
  return Object.fromEntries(
    names.filter((name) => body[name] !== undefined && body[name] !== null).map((name) => [name, body[name]]),
  ) as never;
}

function of(clientId: string): Named {
  return { params: { client_id: clientId } };
}

export const clients = [...registration, ...secrets];
