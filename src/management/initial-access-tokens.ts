/** Operations on initial access tokens, by which applications register themselves (RFC 7591). */
import { z } from 'zod';
import {
  createInitialAccessToken,
  defaultTokenDays,
  findInitialAccessToken,
  listInitialAccessTokens,
  longestTokenDays,
  mostTokenUses,
  revokeInitialAccessToken,
} from '../domain/registration/initial-access-tokens.ts';
import { DomainError } from '../platform/errors.ts';
import { operation } from './operation.ts';
import { id, name, pageQuery, text, time, timeIn } from './shapes.ts';

const members = {
  id,
  name: z.string(),
  hint: z.string().meta({ description: 'Its last characters' }),
  redirect_hosts: z.array(z.string()),
  scopes: z.array(z.string()),
  most_uses: z.int(),
  uses: z.int().meta({ description: 'How many applications were registered by it' }),
  expires_at: time,
  last_used_at: time.nullable(),
  revoked_at: time.nullable(),
  created_at: time,
  created_by: id.nullable(),
};
const InitialAccessToken = z.object(members).meta({ id: 'InitialAccessToken' });
const NewInitialAccessToken = z
  .object({ ...members, token: z.string().meta({ description: 'The token itself; told now and never again' }) })
  .meta({ id: 'NewInitialAccessToken' });

const params = z.strictObject({ initial_access_token_id: id });
const needs = { capability: 'clients.manage', at: 'root' } as const;

export const initialAccessTokens = [
  operation({
    id: 'initial_access_tokens.list',
    method: 'GET',
    path: '/initial-access-tokens',
    summary: 'List initial access tokens, those that have ended too',
    needs,
    query: pageQuery,
    list: true,
    answer: InitialAccessToken,
    run: ({ db, tenantId, query }) => listInitialAccessTokens(db, { tenantId, ...query }),
  }),
  operation({
    id: 'initial_access_tokens.create',
    method: 'POST',
    path: '/initial-access-tokens',
    summary: 'Make a token by which applications register themselves',
    description: `The answer alone holds it. It lives ${defaultTokenDays} days if nothing else is said. It is good for something while the tenant has \`client_registration\`.`,
    needs,
    body: z.strictObject({
      name,
      redirect_hosts: z.array(text(253)).min(1).max(50).meta({
        description: 'Hosts that people may be sent back to; `localhost` is the person’s own machine',
      }),
      scopes: z.array(text(100)).min(1).max(100).meta({
        description: 'What may be asked for, at the most: scopes of OpenID Connect and keys of capabilities',
      }),
      most_uses: z.int().min(1).max(mostTokenUses).default(1).meta({ description: 'How many applications; default 1' }),
      expires_at: timeIn.optional().meta({ description: `At the most ${longestTokenDays} days from now` }),
    }),
    answer: NewInitialAccessToken,
    errors: ['INVALID_INPUT'],
    idempotent: true,
    fresh: true,
    run: ({ db, tenantId, body, actor }) => {
      const { name, scopes, redirect_hosts: redirectHosts, most_uses: mostUses, expires_at: expiresAt } = body;
      return createInitialAccessToken(db, { tenantId, name, redirectHosts, scopes, mostUses, expiresAt }, actor.caller);
    },
  }),
  operation({
    id: 'initial_access_tokens.get',
    method: 'GET',
    path: '/initial-access-tokens/{initial_access_token_id}',
    summary: 'Show an initial access token; what it is is told by nobody',
    needs,
    params,
    answer: InitialAccessToken,
    run: async ({ db, tenantId, params }) => {
      const token = await findInitialAccessToken(db, { tenantId, tokenId: params.initial_access_token_id });
      if (!token) throw new DomainError('not_found', 'NOT_FOUND');
      return token;
    },
  }),
  operation({
    id: 'initial_access_tokens.revoke',
    method: 'DELETE',
    path: '/initial-access-tokens/{initial_access_token_id}',
    summary: 'End an initial access token at once; what was registered by it stays',
    needs,
    params,
    run: async ({ db, tenantId, params, actor }) => {
      await revokeInitialAccessToken(db, { tenantId, tokenId: params.initial_access_token_id }, actor.caller);
      return undefined;
    },
  }),
];
