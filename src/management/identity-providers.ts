/**
 * Operations on the OpenID providers that people sign in with. Those of all tenants stand in the platform's tenant, and are
 * for those who run the server alone.
 */
import { z } from 'zod';
import { effectsOnProvider } from '../domain/lifecycle/effects.ts';
import { updateIdentityProvider } from '../domain/methods/federation/change-provider.ts';
import {
  addIdentityProvider,
  findIdentityProvider,
  type IdentityProvider,
  listIdentityProviders,
  removeIdentityProvider,
  setClientSecret,
  setIdentityProviderState,
} from '../domain/methods/federation/identity-providers.ts';
import { isPlatformTenant } from '../domain/tenants/platform-tenant.ts';
import { providerChecks } from '../oidc/provider-check.ts';
import { DomainError } from '../platform/errors.ts';
import { Effects } from './effects.ts';
import { type Lookup, operation } from './operation.ts';
import { findRemoved, unlessGone } from './removed.ts';
import { id, name, pageQuery, text, time } from './shapes.ts';

const key = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/)
  .meta({ description: 'The end of its callback address, and what settings name it by', example: 'northwind-entra' });
const responseMode = z
  .enum(['query', 'form_post'])
  .meta({ description: 'How it sends its answer; Apple posts a form' });
export const CrossAppTerms = z
  .object({
    client_ids: z
      .array(text(100))
      .min(1)
      .max(50)
      .meta({ description: 'The applications that may bring its assertions' }),
    scopes: z
      .array(text(100))
      .min(1)
      .max(100)
      .meta({ description: 'The capabilities that they may get by them at the most' }),
    their_tenant: text(255).nullable().meta({ description: 'The `tenant` of its assertions; null: they have none' }),
  })
  .meta({ id: 'CrossAppTerms' });
export const Provider = z
  .object({
    id,
    key,
    tenant_id: id.nullable().meta({ description: 'null: of all tenants' }),
    name,
    state: z.enum(['active', 'disabled']),
    issuer: z.string(),
    client_id: z.string(),
    scopes: z.array(z.string()),
    response_mode: responseMode,
    claim_mapping: z.record(z.string(), z.unknown()).meta({ description: 'Its name for each standard claim' }),
    cross_app: CrossAppTerms.nullable().meta({
      description: 'Which of its assertions about people count (docs/cross-app-access.md); null: none',
    }),
    created_at: time,
  })
  .meta({ id: 'IdentityProvider' });
const ProviderChecks = z
  .object({
    works: z.boolean().meta({ description: 'Every check that could be made passes' }),
    checks: z.array(
      z.object({
        check: z.enum(providerChecks).meta({ description: 'In their order; what could not be looked at is not there' }),
        passes: z.boolean(),
        reason: z.string().nullable().meta({ description: 'Why it does not pass', example: 'client_refused' }),
      }),
    ),
  })
  .meta({ id: 'IdentityProviderChecks' });
export const params = z.strictObject({ key });
const members = {
  client_id: text(255).meta({ description: 'Of our client there' }),
  scopes: z.array(text(100)).max(20),
  response_mode: responseMode,
  claim_mapping: z.record(text(100), z.unknown()),
};
const clientSecret = text(1000).meta({ description: 'Of our client there. Never shown again' });

type Named = { params: { key: string } };

/** The provider where it stands in the tenant. */
async function findIn({ db, tenantId, actor }: Lookup, { params }: Named): Promise<IdentityProvider | undefined> {
  const provider = await findIdentityProvider(db, params.key);
  if (provider?.tenantId === tenantId) return provider;
  const shared =
    provider?.tenantId === null && (actor.standingOf === 'system' || (await isPlatformTenant(db, tenantId)));
  return shared ? provider : undefined;
}

export async function providerIn(lookup: Lookup, input: Named): Promise<IdentityProvider> {
  const provider = await findIn(lookup, input);
  if (!provider) throw new DomainError('not_found', 'NOT_FOUND');
  return provider;
}

const capability = 'identity_providers.manage';
const isShared = async (input: Named, lookup: Lookup) => (await findIn(lookup, input))?.tenantId === null;
/** What every change of one needs. */
export const needs = { capability, at: 'root', server: isShared } as const;
const removed = ({ params: by }: Named, lookup: Lookup) =>
  findRemoved(lookup, { action: 'identity_provider.removed', entityType: 'identity_provider', by });
const whereItStood = async (input: Named, lookup: Lookup) =>
  (await findIn(lookup, input)) ?? (await removed(input, lookup));

export const identityProviders = [
  operation({
    id: 'identity_providers.list',
    method: 'GET',
    path: '/identity-providers',
    summary: 'List the providers of the tenant',
    description: 'In the tenant that runs the server also those of all tenants.',
    needs: { capability, at: 'root' },
    query: pageQuery,
    list: true,
    answer: Provider,
    run: async ({ db, tenantId, query }) =>
      listIdentityProviders(db, { tenantId, shared: await isPlatformTenant(db, tenantId), ...query }),
  }),
  operation({
    id: 'identity_providers.create',
    method: 'POST',
    path: '/identity-providers',
    summary: 'Register a provider',
    description: 'People are offered it at once. Its redirect URI there is `<issuer>/callback/<key>`.',
    needs: { capability, at: 'root', server: ({ body }) => body.all_tenants === true },
    body: z.strictObject({
      key,
      name: name.optional().meta({ description: 'What its button says; `google` and `apple` need none' }),
      issuer: text(500)
        .optional()
        .meta({ description: 'As its discovery document has it; `google` and `apple` need none' }),
      client_id: members.client_id,
      client_secret: clientSecret.optional(),
      all_tenants: z.boolean().optional(),
      scopes: members.scopes.optional(),
      response_mode: responseMode.optional(),
      claim_mapping: members.claim_mapping.optional(),
    }),
    answer: Provider,
    errors: ['DUPLICATE', 'INVALID_INPUT', 'FIELD_REQUIRED'],
    idempotent: true,
    run: ({ db, tenantId, body, actor, deps: { secrets, allowHttp } }) => {
      const { key, name, issuer, scopes, client_id: clientId, client_secret: clientSecret } = body;
      const { response_mode: responseMode, claim_mapping: claimMapping } = body;
      const ofTenant = body.all_tenants ? null : tenantId;
      const wanted = {
        key,
        name,
        issuer,
        scopes,
        clientId,
        clientSecret,
        tenantId: ofTenant,
        responseMode,
        claimMapping,
      };
      return addIdentityProvider(db, wanted, { secrets, caller: actor.caller, allowHttp });
    },
  }),
  operation({
    id: 'identity_providers.get',
    method: 'GET',
    path: '/identity-providers/{key}',
    summary: 'Show a provider',
    needs: { capability, at: 'root' },
    params,
    answer: Provider,
    run: (run) => providerIn(run, run),
  }),
  operation({
    id: 'identity_providers.effects',
    method: 'GET',
    path: '/identity-providers/{key}/effects',
    summary: 'Count whose accounts are linked to a provider',
    description: 'They cannot sign in with it while it is disabled; when it is deleted, the links end.',
    needs,
    params,
    answer: Effects,
    run: async (run) => effectsOnProvider(run.db, (await providerIn(run, run)).key),
  }),
  operation({
    id: 'identity_providers.check',
    method: 'GET',
    path: '/identity-providers/{key}/check',
    summary: 'Look whether a provider answers as a sign-in needs it',
    description:
      'Asks it over the network: its discovery document, its keys, and whether it knows our client. Nobody is signed in.',
    needs,
    params,
    answer: ProviderChecks,
    run: async (run) => {
      const checks = await run.deps.checkProvider(await providerIn(run, run));
      return { checks, works: checks.every(({ passes }) => passes) };
    },
  }),
  operation({
    id: 'identity_providers.update',
    method: 'PATCH',
    path: '/identity-providers/{key}',
    summary: 'Change what is registered of a provider',
    description: 'The issuer stays: identities are named by it. A new issuer is a new provider.',
    needs,
    params,
    body: z.strictObject({ name, ...members, client_secret: clientSecret }).partial(),
    answer: Provider,
    errors: ['INVALID_INPUT'],
    guards: { read: 'identity_providers.get', ifMatch: 'required' },
    run: async ({ db, tenantId, params, body, actor, deps: { secrets } }) => {
      const lookup = { db, tenantId, actor };
      await providerIn(lookup, { params });
      const { client_id: clientId, client_secret, claim_mapping: claimMapping, ...rest } = body;
      const { response_mode: responseMode, ...plain } = rest;
      const { caller } = actor;
      await updateIdentityProvider(db, { key: params.key, clientId, claimMapping, responseMode, ...plain }, caller);
      if (client_secret)
        await setClientSecret(db, { key: params.key, clientSecret: client_secret }, { secrets, caller });
      return providerIn(lookup, { params });
    },
  }),
  ...(['disable', 'enable'] as const).map((verb) =>
    operation({
      id: `identity_providers.${verb}`,
      method: 'POST',
      path: `/identity-providers/{key}/${verb}`,
      summary: verb === 'disable' ? 'Let nobody sign in with a provider' : 'Let people sign in with a provider again',
      description: 'What was linked stays.',
      needs,
      params,
      answer: Provider,
      run: async ({ db, tenantId, params, actor }) => {
        const lookup = { db, tenantId, actor };
        await providerIn(lookup, { params });
        await setIdentityProviderState(db, params.key, verb === 'disable' ? 'disabled' : 'active', actor.caller);
        return providerIn(lookup, { params });
      },
    }),
  ),
  operation({
    id: 'identity_providers.delete',
    method: 'DELETE',
    path: '/identity-providers/{key}',
    summary: 'Remove a provider for good',
    needs: { ...needs, server: async (input, lookup) => (await whereItStood(input, lookup))?.tenantId === null },
    params,
    query: z.strictObject({
      with_identities: z
        .enum(['true', 'false'])
        .default('false')
        .meta({ description: 'Also unlink the accounts of everybody who signs in with it; else it is refused' }),
    }),
    errors: ['IDENTITY_IN_USE'],
    run: async ({ db, tenantId, params, query, actor }) => {
      const lookup = { db, tenantId, actor };
      // Read once: between two reads another request may have removed it.
      if (!(await findIn(lookup, { params }))) {
        if (await removed({ params }, lookup)) return undefined;
        throw new DomainError('not_found', 'NOT_FOUND');
      }
      const withIdentities = query.with_identities === 'true';
      return unlessGone(removeIdentityProvider(db, params.key, { withIdentities }, actor.caller));
    },
  }),
];
