/** How a sign-in ends badly, in whichever step and by whichever method. */
import { type Codes, defineCodes } from '../../platform/errors.ts';

export const signInCodes = defineCodes({
  ACCOUNT_LOCKED: {
    kind: 'rate_limited',
    means: 'too many proofs failed in a row; the account has to be recovered or unlocked',
  },
  INTERACTION_EXPIRED: {
    kind: 'expired',
    means: 'the sign-in took too long, or has ended otherwise; it has to begin again',
  },
  INTERACTION_NOT_FOUND: { kind: 'conflict', means: 'the sign-in was finished already, or never begun' },
  WRONG_BROWSER: { kind: 'conflict', means: 'the sign-in was begun in another browser' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof signInCodes> {}
}
