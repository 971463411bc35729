/**
 * What a second factor is. Each kind is one object of this shape; methods/second-factors.ts lists them. A factor compares what
 * was typed or signed, and uses it up in one statement; that the attempt is counted before, and what follows from it, is
 * prove-factor.ts's.
 */
import type { Database } from '../../platform/database.ts';
import { type Codes, defineCodes } from '../../platform/errors.ts';
import { defineLimits } from '../../platform/rate-limits.ts';
import type { Secrets } from '../../platform/secrets.ts';
import type { UserOfTenant } from '../users/users.ts';

export const factorCodes = defineCodes({
  FACTOR_ENROLLED: {
    kind: 'conflict',
    means: 'the person has a second factor by now and has not proved it, or has one of this kind',
  },
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

/** Where an answer was given, and what comparing it needs. */
export interface FactorPlace {
  secrets: Secrets;
  now: Date;
  /** Of the server: what keys sign for. */
  issuer: string;
  /** The uid of the interaction that asked: one browser's. */
  interactionUid: string;
}

/**
 * Uses up what an answer was found to prove, in the transaction that follows from it.
 * @returns what it adds to `amr` (RFC 8176), beside `mfa`; undefined where it was used up before
 */
export type UseUp = (trx: Database) => Promise<readonly string[] | undefined>;

export interface SecondFactor {
  readonly kind: FactorKind;
  /** Whether the person could prove it now. Never counts what a reset has ended. */
  isHeld(db: Database, user: UserOfTenant): Promise<boolean>;
  /**
   * Compares an answer. The caller has counted the attempt; it locks the user and uses the answer up.
   * @param db the pool: what a kind counts besides stays counted
   * @param answer as it was typed, or as the browser sent it
   * @returns undefined where it is wrong
   * @throws DomainError rate_limited, expired: what a kind refuses besides
   */
  prove(db: Database, user: UserOfTenant, answer: string, at: FactorPlace): Promise<UseUp | undefined>;
}
