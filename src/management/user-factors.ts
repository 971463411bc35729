/** Operations on the second factors of people. */
import { z } from 'zod';
import { listFactors, resetFactors } from '../domain/factors/factors.ts';
import { operation } from './operation.ts';
import { named, personParams } from './person.ts';
import { id, pageQuery, time } from './shapes.ts';

export const Factor = z
  .object({
    id,
    kind: z.string().meta({ description: '`totp`: an authenticator app', example: 'totp' }),
    created_at: time,
    last_used_at: time.nullable(),
    ends_at: time.nullable().meta({ description: 'When a reset that waits takes it away' }),
  })
  .meta({ id: 'Factor' });

export const userFactors = [
  operation({
    id: 'users.factors.list',
    method: 'GET',
    path: '/users/{user_id}/factors',
    summary: 'List what a person has enrolled as a second factor',
    needs: { capability: 'users.read', person: named, to: 'read' },
    params: personParams,
    query: pageQuery,
    list: true,
    answer: Factor,
    run: ({ db, tenantId, params, query }) => listFactors(db, { tenantId, userId: params.user_id, ...query }),
  }),
  operation({
    id: 'users.factors.reset',
    method: 'POST',
    path: '/users/{user_id}/factors/reset',
    summary: 'Take away what a person has enrolled, who has lost it',
    description:
      'The person is told by mail. It waits as long as the tenant says (`factor_reset_hours`), and is taken back when the person proves a factor meanwhile; at once, it ends what they are signed in to. A second factor that is required has to be enrolled anew.',
    needs: { capability: 'users.manage', person: named, to: 'credentials' },
    params: personParams,
    answer: z
      .object({ ends_at: time.nullable().meta({ description: 'When it takes effect; null: nothing is enrolled' }) })
      .meta({ id: 'FactorReset' }),
    errors: ['PRIVILEGE_EXCEEDED'],
    fresh: true,
    run: async ({ db, tenantId, params, actor, deps: { secrets, issuer } }) => {
      const user = { tenantId, userId: params.user_id };
      return { endsAt: await resetFactors(db, user, { secrets, issuer, caller: actor.caller }) };
    },
  }),
];
