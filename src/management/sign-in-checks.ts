/** The operation that answers why a person can or cannot sign in, by the rules that sign people in. */
import { z } from 'zod';
import { explainSignIn } from '../domain/methods/sign-in-checks.ts';
import { DomainError } from '../platform/errors.ts';
import { operation } from './operation.ts';
import { named, personParams } from './person.ts';

const check = z.object({
  refusal: z.string().meta({
    description: 'What it would refuse with: the `reason` of `login.failed` in the trail',
    example: 'no_password_set',
  }),
  passes: z.boolean(),
  seconds: z.int().nullable().meta({ description: 'Where time alone heals it: in how many seconds' }),
});
const SignInChecks = z
  .object({
    can_sign_in: z.boolean().meta({ description: 'By at least one way, as things stand' }),
    checks: z.array(check).meta({ description: 'Of every way' }),
    ways: z.array(
      z.object({
        method: z.string().meta({ description: '`password`, `otp` or `federation`' }),
        by: z.string().meta({ description: '`password`, the channel of a code, or the key of an identity provider' }),
        open: z.boolean(),
        checks: z.array(check),
      }),
    ),
  })
  .meta({ id: 'SignInChecks' });

export const signInChecks = [
  operation({
    id: 'users.sign_in_checks',
    method: 'GET',
    path: '/users/{user_id}/sign-in-checks',
    summary: 'Show why a person can or cannot sign in: every way in, and each check on it',
    description:
      'By the rules that sign people in; nothing is counted or sent. What depends on their browser or network is not known here: limits by IP address, and that a browser of their own is not held up by what strangers tried. `not_linked` is closed until the account is linked, which a sign-in at the provider may lead to.',
    needs: { capability: 'users.read', person: named, to: 'read' },
    params: personParams,
    answer: SignInChecks,
    run: async ({ db, tenantId, params, deps: { secrets, budgets, channels, phoneCountries } }) => {
      const surroundings = { secrets, budgets, channels, phoneCountries };
      const explained = await explainSignIn(db, { tenantId, userId: params.user_id }, surroundings);
      if (!explained) throw new DomainError('not_found', 'NOT_FOUND');
      return explained;
    },
  }),
];
