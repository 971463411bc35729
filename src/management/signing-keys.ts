/** Operations on the keys that sign tokens, which are the server's. Only what is public of them is shown. */
import { z } from 'zod';
import { listSigningKeys, rotateSigningKeys, withdrawSigningKeys } from '../oidc/keys.ts';
import { operation } from './operation.ts';
import { time } from './shapes.ts';

const SigningKeys = z
  .object({
    items: z.array(
      z.object({
        kid: z.string(),
        alg: z.enum(['RS256', 'ES256']),
        state: z.enum(['next', 'current', 'retired']),
        created_at: time,
        activates_at: time.meta({ description: 'Since when it signs; of the next one of no account' }),
        retires_at: time.nullable(),
        verifies_until: time.nullable().meta({ description: 'How long a retired one stays published' }),
      }),
    ),
  })
  .meta({ id: 'SigningKeys' });

export const signingKeys = [
  operation({
    id: 'signing_keys.list',
    method: 'GET',
    path: '/signing-keys',
    summary: 'List the keys that sign tokens',
    description: 'The newest first.',
    needs: { capability: 'keys.manage', at: 'platform' },
    answer: SigningKeys,
    run: async ({ db }) => ({ items: await listSigningKeys(db) }),
  }),
  operation({
    id: 'signing_keys.rotate',
    method: 'POST',
    path: '/signing-keys/rotate',
    summary: 'Let the next keys sign, and retire the current ones',
    description:
      'Running servers follow within a second. What was signed before stays good, unless the keys are withdrawn.',
    needs: { capability: 'keys.manage', at: 'platform' },
    body: z.strictObject({
      withdraw: z
        .boolean()
        .default(false)
        .meta({ description: 'Publish no earlier key any more: for keys that others may know' }),
    }),
    answer: SigningKeys,
    fresh: true,
    run: async ({ db, body, actor, deps: { secrets, verifySeconds } }) => {
      if (body.withdraw) await withdrawSigningKeys(db, secrets, actor.caller);
      else await rotateSigningKeys(db, secrets, { verifySeconds }, actor.caller);
      return { items: await listSigningKeys(db) };
    },
  }),
];
