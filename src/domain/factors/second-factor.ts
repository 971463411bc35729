/**
 * What a second factor is. Each kind is one object of this shape; methods/second-factors.ts lists them. A factor compares and
 * uses up what was typed, in one statement; that the attempt is counted before, and what follows from it, is
 * prove-factor.ts's. Refuses nothing itself beside what is wrong.
 */
import type { Database } from '../../platform/database.ts';
import { type Codes, defineCodes } from '../../platform/errors.ts';
import { defineLimits } from '../../platform/rate-limits.ts';
import type { Secrets } from '../../platform/secrets.ts';
import type { UserOfTenant } from '../users/users.ts';

export const factorCodes = defineCodes({
  FACTOR_ENROLLED: { kind: 'conflict', means: 'the person has a second factor by now, and has not proved it' },
  FACTOR_INVALID: {
    kind: 'unauthenticated',
    means: 'the second factor was not proved: it is wrong, or was used before',
  },
  FACTOR_NEEDED: { kind: 'conflict', means: 'it is the last second factor of a person who has to have one' },
  FACTOR_LOCKED: {
    kind: 'rate_limited',
    means: 'too many proofs of the second factor failed in a row; an administrator has to unlock the account',
  },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof factorCodes> {}
}

export const factorLimits = defineLimits({
  factorEntriesPerIp: { hits: 100, windowSeconds: 600 },
});

/** How the trail calls a kind, and what stands in `user_factors.kind`; `recovery_code` has a table of its own. */
export type FactorKind = string;

export interface SecondFactor {
  readonly kind: FactorKind;
  /** What it adds to `amr` (RFC 8176), beside `mfa`. */
  readonly amr: readonly string[];
  /** Whether the person could prove it now. Never counts what a reset has ended. */
  isHeld(db: Database, user: UserOfTenant): Promise<boolean>;
  /**
   * Compares the answer and uses it up, so that it counts once. The caller has counted the attempt and locked the user.
   * @param answer as it was typed, or as the browser sent it
   */
  prove(trx: Database, user: UserOfTenant, answer: string, at: { secrets: Secrets; now: Date }): Promise<boolean>;
}
