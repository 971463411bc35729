/**
 * People who must prove a second factor (`users.mfa_required`). There is none to be proved yet, so nobody of them comes in: a
 * requirement that is stored and not kept would be worse than none. Every way in ends here, whatever was proved on it.
 */
import type { Database } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { findAccount } from '../users/users.ts';
import { firstRefusal, type Rule } from './rules.ts';

export const secondFactorCodes = defineCodes({
  SECOND_FACTOR_REQUIRED: { kind: 'forbidden', means: 'the person must prove a second factor, and has none' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof secondFactorCodes> {}
}

/** Of everybody, whatever the way in. */
export const secondFactorRules: readonly Rule<{ mfaRequired: boolean }, 'second_factor_missing'>[] = [
  { refusal: 'second_factor_missing', holds: ({ mfaRequired }) => !mfaRequired },
];

/**
 * Refuses a person whom one factor does not let in, and writes `login.failed`.
 * @throws DomainError forbidden SECOND_FACTOR_REQUIRED
 */
export async function requireOneFactorEnough(db: Database, userId: string, caller: Caller): Promise<void> {
  const account = await findAccount(db, userId);
  const reason = account && firstRefusal(secondFactorRules, account);
  if (!account || reason === undefined) return;
  const event = { tenantId: account.tenantId, action: 'login.failed', entityType: 'user', entityId: userId };
  await recordEvent(db, { ...event, payload: { reason } }, caller);
  throw new DomainError('forbidden', 'SECOND_FACTOR_REQUIRED');
}
