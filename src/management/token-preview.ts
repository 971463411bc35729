/** The operation that answers what the tokens of a person would say, by the code that issues them (oidc/token-preview.ts). */
import { z } from 'zod';
import { isAllWithin } from '../domain/access/access-chains.ts';
import { findLiveClient } from '../domain/clients/client-store.ts';
import { DomainError } from '../platform/errors.ts';
import { at, momentOf } from './moment.ts';
import { operation } from './operation.ts';
import { named, personParams } from './person.ts';
import { within } from './reach.ts';
import { id, text } from './shapes.ts';

const claims = z.record(z.string(), z.unknown());
const bytes = z.int().meta({ description: 'Of the token as it is sent; of userinfo that is not signed: of the JSON' });
const said = z.object({ claims, bytes });
const TokenPreview = z
  .object({
    scopes: z.array(z.string()).meta({ description: 'What would be granted of the scopes that were asked for' }),
    id_token: said.nullable(),
    userinfo: said.nullable(),
    access_token: z
      .object({ format: z.enum(['jwt', 'opaque']), claims, bytes })
      .nullable()
      .meta({ description: 'For the API; of an opaque one the claims are what introspection answers' }),
    refused: z
      .object({ error: z.string(), error_description: z.string().nullable() })
      .nullable()
      .meta({ description: 'Why there would be no token, as the token endpoint says it (RFC 6749 section 5.2)' }),
  })
  .meta({ id: 'TokenPreview' });

export const tokenPreview = [
  operation({
    id: 'users.token_preview',
    method: 'GET',
    path: '/users/{user_id}/token-preview',
    summary: 'Show what the tokens of a person would say, and how large they are',
    description:
      'Made by the code that issues tokens; nothing is issued or stored. As after a sign-in by password with everything allowed that is asked for. For who reaches everything that the person holds, and held at the time that is asked about. Of a time that is over, what the person may do is of then; the application, the API, and what the person is called are of today.',
    needs: {
      capability: 'users.read',
      person: named,
      to: 'whole',
      deletedToo: ({ query }) => query.at !== undefined,
    },
    params: personParams,
    query: z.strictObject({
      client_id: text(100).meta({ description: 'The application that asks' }),
      scope: text(2000).default('openid').meta({ description: 'Separated by spaces', example: 'openid profile roles' }),
      resource: text(500).optional().meta({ description: 'The identifier of the API that the access token is for' }),
      org_node_id: id.optional().meta({ description: 'The place that the access token is narrowed to' }),
      nonce: text(500)
        .optional()
        .meta({ description: 'As the application would send it: it takes its share of the size' }),
      at,
    }),
    errors: ['BEFORE_HISTORY', 'PRIVILEGE_EXCEEDED'],
    answer: TokenPreview,
    run: async (run) => {
      const { db, tenantId, params, query, deps, reach } = run;
      const moment = await momentOf(run);
      const asked = { tenantId, userId: params.user_id, ...moment };
      if (moment.past && !(await isAllWithin(db, { ...asked, ...within(reach) })))
        throw new DomainError('forbidden', 'PRIVILEGE_EXCEEDED');
      const client = await findLiveClient(db, query.client_id);
      const isThere = client && client.kind !== 'service' && (client.tenantId === null || client.tenantId === tenantId);
      if (!isThere) throw new DomainError('not_found', 'NOT_FOUND');
      return deps.previewTokens({
        userId: params.user_id,
        clientId: query.client_id,
        scopes: query.scope.split(' ').filter((scope) => scope !== ''),
        resource: query.resource,
        orgNodeId: query.org_node_id,
        nonce: query.nonce,
        ...moment,
      });
    },
  }),
];
