/** Operations on people who delete their own accounts: seeing that somebody does, and keeping the account for them. */
import { z } from 'zod';
import { keepAccount } from '../domain/lifecycle/own-deletion.ts';
import { findOwnDeletion } from '../domain/users/own-deletion.ts';
import { operation } from './operation.ts';
import { named, personParams } from './person.ts';
import { time } from './shapes.ts';

export const userDeletions = [
  operation({
    id: 'users.deletion.get',
    method: 'GET',
    path: '/users/{user_id}/deletion',
    summary: 'Tell whether a person has asked for their account to be deleted, and when it is erased',
    needs: { capability: 'users.read', person: named, to: 'read' },
    params: personParams,
    answer: z
      .object({
        requested_at: time.nullable().meta({ description: 'Null: nothing was asked for' }),
        due_at: time.nullable().meta({ description: 'When the account is erased; until then it can be kept' }),
      })
      .meta({ id: 'OwnDeletion' }),
    run: async ({ db, tenantId, params }) =>
      (await findOwnDeletion(db, { tenantId, userId: params.user_id })) ?? { requestedAt: null, dueAt: null },
  }),
  operation({
    id: 'users.deletion.cancel',
    method: 'DELETE',
    path: '/users/{user_id}/deletion',
    summary: 'Keep the account of a person who has asked for it to be deleted',
    description: 'They sign in again as before. What ended when they asked stays ended. Once more does no harm.',
    needs: { capability: 'users.manage', person: named, to: 'delete' },
    params: personParams,
    errors: ['PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params, actor }) => {
      await keepAccount(db, { tenantId, userId: params.user_id }, actor.caller);
      return undefined;
    },
  }),
];
