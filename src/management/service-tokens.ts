/** Operations on the live tokens of one service: what they are for, and their end. Disabling the service stops it besides. */
import { z } from 'zod';
import { endTokensOfService } from '../domain/lifecycle/end-client.ts';
import { revokeServiceSession } from '../domain/sessions/sessions.ts';
import { serviceRecordHashes } from '../oidc/storage/jwt-record-ids.ts';
import { listTokensOfService } from '../oidc/storage/service-tokens.ts';
import { clientIn, findIn, type Named, named } from './client-answers.ts';
import { type Lookup, operation } from './operation.ts';
import { id, pageQuery, time } from './shapes.ts';

const ServiceToken = z
  .object({
    id: id.meta({ description: 'Of the token here; it is not the token' }),
    resource: z.string().nullable().meta({ description: 'The API that it is for (`aud`)' }),
    scope: z.string().nullable().meta({ description: 'Separated by spaces', example: 'inventory.read' }),
    ip: z.string().nullable().meta({ description: 'From where it was asked for' }),
    created_at: time,
    expires_at: time,
  })
  .meta({ id: 'ServiceToken' });

const needs = {
  capability: 'services.manage',
  at: 'root',
  server: async (input: Named, lookup: Lookup) => (await findIn(lookup, input, 'service'))?.tenantId === null,
} as const;

export const serviceTokens = [
  operation({
    id: 'services.tokens.list',
    method: 'GET',
    path: '/services/{client_id}/tokens',
    summary: 'List the live tokens that a service got for itself',
    needs: { capability: 'services.manage', at: 'root' },
    params: named,
    query: pageQuery,
    list: true,
    answer: ServiceToken,
    run: async ({ db, actor, tenantId, params, query, deps }) => {
      const { id: clientRowId } = await clientIn({ db, actor, tenantId }, { params }, 'service');
      return listTokensOfService({ db, secrets: deps.secrets }, { clientRowId, ...query });
    },
  }),
  operation({
    id: 'services.tokens.revoke',
    method: 'DELETE',
    path: '/services/{client_id}/tokens/{token_id}',
    summary: 'End a token of a service at once',
    description: 'Who asks this server about it is told so from then on. The service may ask for another.',
    needs,
    params: named.extend({ token_id: id }),
    run: async ({ db, actor, tenantId, params }) => {
      const { id: clientRowId } = await clientIn({ db, actor, tenantId }, { params }, 'service');
      const wanted = { clientRowId, serviceSessionId: params.token_id, hashesOf: serviceRecordHashes };
      await revokeServiceSession(db, wanted, actor.caller);
      return undefined;
    },
  }),
  operation({
    id: 'services.tokens.revoke_all',
    method: 'DELETE',
    path: '/services/{client_id}/tokens',
    summary: 'End all tokens of a service at once',
    description:
      'Those that it got for people by token exchange, too. The service may ask for others: a secret that leaked is revoked first.',
    needs,
    params: named,
    run: async ({ db, actor, tenantId, params }) => {
      const { clientId } = await clientIn({ db, actor, tenantId }, { params }, 'service');
      await endTokensOfService(db, clientId, actor.caller);
      return undefined;
    },
  }),
];
