/** Operations on what people let applications have. */
import { z } from 'zod';
import { withdrawGrant } from '../domain/sessions/grants.ts';
import { listGrants } from '../oidc/storage/grants.ts';
import { operation } from './operation.ts';
import { named, personParams } from './person.ts';
import { pageQuery, text, time } from './shapes.ts';

const scopes = z.array(z.string());

export const Grant = z
  .object({
    id: z.string(),
    client_id: z.string(),
    client_name: z.string().nullable().meta({ description: 'Null: the pages of this server itself' }),
    first_party: z.boolean().meta({ description: 'Whether it was granted without asking the person' }),
    agent: z.boolean().meta({ description: 'Whether it acts for the person while they are away' }),
    scopes: scopes.meta({ description: 'What the application may know of the person' }),
    resources: z
      .array(z.object({ resource: z.string(), scopes }))
      .meta({ description: 'What it may do at APIs, by their identifiers' }),
    created_at: time,
    last_used_at: time.nullable().meta({ description: 'To the minute' }),
    expires_at: time.nullable(),
  })
  .meta({ id: 'Grant' });

export const userGrants = [
  operation({
    id: 'users.grants.list',
    method: 'GET',
    path: '/users/{user_id}/grants',
    summary: 'List what a person lets applications have',
    needs: { capability: 'sessions.manage', person: named, to: 'read' },
    params: personParams,
    query: pageQuery,
    list: true,
    answer: Grant,
    run: ({ db, tenantId, params, query, deps }) =>
      listGrants(db, { tenantId, userId: params.user_id, ...query }, deps.secrets),
  }),
  operation({
    id: 'users.grants.withdraw',
    method: 'DELETE',
    path: '/users/{user_id}/grants/{grant_id}',
    summary: 'Take back what a person lets an application have',
    description: 'Its tokens and codes end, and the application is told. The person stays signed in here.',
    needs: { capability: 'sessions.manage', person: named, to: 'change' },
    params: personParams.extend({ grant_id: text(100) }),
    errors: ['PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params, actor }) => {
      await withdrawGrant(db, { tenantId, userId: params.user_id, grantId: params.grant_id }, actor.caller);
      return undefined;
    },
  }),
];
