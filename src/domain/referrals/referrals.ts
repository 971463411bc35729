/**
 * Referrals: one code a person, and who came by it. Owns that a person is referred once, and that a referral counts when
 * the new person signs in for the first time. Refuses nobody: a code that is wrong, switched off, expired, another
 * tenant's or one's own is passed over in silence, because a sign-up must not fail for it. Gives no access to anything.
 */
import { randomInt } from 'node:crypto';
import { type Database, inTransaction } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { differences } from '../audit/differences.ts';
import type { UserOfTenant } from '../users/users.ts';
import {
  insertReferral,
  insertReferralCode,
  lockReferralCodeOf,
  type ReferralCodeRow,
  type ReferralRow,
  type ReferredRow,
  selectReferralCodeOf,
  selectReferred,
  updatePendingReferral,
  updateReferralCode,
  updateSettledReferral,
} from './referral-store.ts';

export const referralCodes = defineCodes({
  REFERRAL_PENDING: { kind: 'conflict', means: 'the referred person has not signed in yet' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof referralCodes> {}
}

export type ReferralCode = ReferralCodeRow;
export type Referral = ReferralRow;

// No vowels, so that no code is a word; no 0, 1 or L, which are read for one another.
const alphabet = '23456789BCDFGHJKMNPQRSTVWXYZ';
const codeLength = 10;
const codeForm = new RegExp(`^[${alphabet}]{${codeLength}}$`);

/** The stored form of a code as somebody typed or linked it, or undefined for what is none. */
export function parseReferralCode(text: string): string | undefined {
  if (text.length > 64) return undefined;
  const code = text
    .normalize('NFKC')
    .replace(/[\s\p{Pd}\p{Cf}]/gu, '')
    .toUpperCase();
  return codeForm.test(code) ? code : undefined;
}

function newCode(): string {
  return Array.from({ length: codeLength }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/**
 * The code of a person; made the first time that it is asked for. One that was switched off stays so.
 * @throws DomainError not_found NOT_FOUND (a person who is not there, or may not act)
 */
export async function ensureReferralCode(db: Database, user: UserOfTenant, caller: Caller): Promise<ReferralCode> {
  if (!isId(user.tenantId) || !isId(user.userId)) throw noSuchUser();
  const existing = await selectReferralCodeOf(db, user);
  if (existing) return existing;
  return inTransaction(db, async (trx) => {
    // Of 28^10 codes one is taken so rarely that a second try is enough for many lives.
    for (let tries = 0; tries < 3; tries++) {
      const { tenantId, userId } = user;
      const inserted = await insertReferralCode(trx, { id: newId(), tenantId, userId, code: newCode() });
      if (inserted) {
        await recordEvent(
          trx,
          {
            tenantId,
            action: 'referral_code.created',
            entityType: 'referral_code',
            entityId: inserted.id,
            payload: { userId },
          },
          caller,
        );
        return inserted;
      }
      const other = await selectReferralCodeOf(trx, user);
      if (other) return other;
    }
    throw noSuchUser();
  });
}

/**
 * Switches the code of a person off or on, or says until when it works. Who came by it before stays referred. Already so:
 * nothing is recorded.
 * @param wanted.expiresAt null: until further notice
 * @throws DomainError not_found NOT_FOUND where the person has no code
 */
export async function changeReferralCode(
  db: Database,
  { tenantId, userId, ...wanted }: UserOfTenant & { isActive?: boolean; expiresAt?: Date | null },
  caller: Caller,
): Promise<ReferralCode> {
  return inTransaction(db, async (trx) => {
    const before = isId(tenantId) && isId(userId) ? await lockReferralCodeOf(trx, { tenantId, userId }) : undefined;
    if (!before) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'referral_code' });
    const isSameTime = wanted.expiresAt && wanted.expiresAt.getTime() === before.expiresAt?.getTime();
    const expiresAt = isSameTime ? undefined : wanted.expiresAt;
    const { from, to } = differences(before, { isActive: wanted.isActive, expiresAt });
    if (Object.keys(to).length === 0) return before;
    const { id, isActive } = before;
    const after = await updateReferralCode(trx, { tenantId, id, isActive, expiresAt: before.expiresAt, ...to });
    const event = { tenantId, action: 'referral_code.changed', entityType: 'referral_code', entityId: id };
    await recordEvent(trx, { ...event, payload: { userId, from, to } }, caller);
    return after ?? before;
  });
}

/**
 * Remembers by whose code a new person came, as `pending`; to be called in the transaction that makes the person.
 * @param referred.code as it was typed or linked
 * @returns undefined where the code counts for nothing, or the person was referred before; then nothing is written
 */
export async function recordReferral(
  trx: Database,
  referred: UserOfTenant & { code: string },
  caller: Caller,
): Promise<Referral | undefined> {
  const { tenantId, userId } = referred;
  const code = parseReferralCode(referred.code);
  if (code === undefined || !isId(tenantId) || !isId(userId)) return undefined;
  return inTransaction(trx, async (trx) => {
    const referral = await insertReferral(trx, { id: newId(), tenantId, userId, code });
    if (referral) await recordEvent(trx, { ...about(referral), action: 'referral.recorded' }, caller);
    return referral;
  });
}

/**
 * Counts the referral of a person who has signed in for the first time. Without a pending one nothing happens, so that
 * once more does no harm.
 */
export async function completeReferral(
  trx: Database,
  user: UserOfTenant,
  caller: Caller,
): Promise<Referral | undefined> {
  return inTransaction(trx, async (trx) => {
    const referral = await updatePendingReferral(trx, { tenantId: user.tenantId, userId: user.userId });
    if (referral) await recordEvent(trx, { ...about(referral), action: 'referral.completed' }, caller);
    return referral;
  });
}

const mostReferred = 100;

/** A person's own code, if they have one, and who came by it: the last 100. */
export async function findOwnReferrals(
  db: Database,
  { tenantId, userId }: UserOfTenant,
): Promise<{ code: ReferralCode | undefined; referred: ReferredRow[]; more: boolean }> {
  const code = await selectReferralCodeOf(db, { tenantId, userId });
  const referred = await selectReferred(db, { tenantId, userId, most: mostReferred + 1 });
  return { code, referred: referred.slice(0, mostReferred), more: referred.length > mostReferred };
}

/**
 * Writes that the referred person has taken a subscription. So already: nothing is recorded.
 * @throws DomainError not_found NOT_FOUND, conflict REFERRAL_PENDING where the person never signed in
 */
export async function settleReferral(
  db: Database,
  { tenantId, referralId: id }: { tenantId: string; referralId: string },
  caller: Caller,
): Promise<Referral> {
  return inTransaction(db, async (trx) => {
    const found = isId(tenantId) && isId(id) ? await updateSettledReferral(trx, { tenantId, id }) : undefined;
    if (!found) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'referral' });
    const { settled, ...referral } = found;
    if (referral.status === 'pending') throw new DomainError('conflict', 'REFERRAL_PENDING');
    if (settled) await recordEvent(trx, { ...about(referral), action: 'referral.settled' }, caller);
    return referral;
  });
}

function about(referral: Referral) {
  const { tenantId, referrerUserId, referredUserId } = referral;
  return {
    tenantId,
    entityType: 'referral',
    entityId: referral.id,
    payload: { referrerUserId, referredUserId },
  };
}

function noSuchUser(): DomainError {
  return new DomainError('not_found', 'NOT_FOUND', { entity: 'user' });
}
