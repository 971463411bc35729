/** Operations on which assertions of an identity provider count (cross-app access). */
import { z } from 'zod';
import { setCrossAppTerms } from '../domain/methods/federation/cross-app.ts';
import { CrossAppTerms, needs, Provider, params, providerIn } from './identity-providers.ts';
import { operation } from './operation.ts';

const { client_ids, scopes, their_tenant } = CrossAppTerms.shape;

export const crossAppTerms = [
  operation({
    id: 'identity_providers.cross_app.set',
    method: 'PUT',
    path: '/identity-providers/{key}/cross-app',
    summary: 'Let assertions of a provider count',
    description:
      'Of a provider of the tenant. Applications then get tokens for people who are linked to it without sending them here; in the place of what counted before.',
    needs: { ...needs, grants: ({ body }) => body.scopes },
    params,
    body: z.strictObject({ client_ids, scopes, their_tenant: their_tenant.optional() }),
    answer: Provider,
    errors: ['INVALID_INPUT', 'PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params, body, actor, deps: { issuer } }) => {
      const lookup = { db, tenantId, actor };
      await providerIn(lookup, { params });
      const terms = { clientIds: body.client_ids, scopes: body.scopes, theirTenant: body.their_tenant ?? null };
      await setCrossAppTerms(db, { key: params.key, terms }, { issuer, caller: actor.caller });
      return providerIn(lookup, { params });
    },
  }),
  operation({
    id: 'identity_providers.cross_app.remove',
    method: 'DELETE',
    path: '/identity-providers/{key}/cross-app',
    summary: 'Let no assertions of a provider count',
    description: 'What was given out by them is worth nothing from then on.',
    needs,
    params,
    run: async ({ db, tenantId, params, actor, deps: { issuer } }) => {
      await providerIn({ db, tenantId, actor }, { params });
      await setCrossAppTerms(db, { key: params.key, terms: null }, { issuer, caller: actor.caller });
      return undefined;
    },
  }),
];
