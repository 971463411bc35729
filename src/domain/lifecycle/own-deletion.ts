/**
 * A person who deletes their own account. Owns that what they hold ends at once and applications are told; that they may keep the
 * account for the days that their tenant says, and are told how; and that it is erased then, once, whoever is at it and
 * whatever is killed meanwhile. Refuses the last owner of a tenant, and where the tenant forbids it. That the person proved
 * themselves lately is for the caller.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { findEffectiveAccess } from '../access/effective-access.ts';
import { exportApiKeysOf } from '../api-keys/data-of-person.ts';
import { type Caller, systemCaller } from '../audit/audit-events.ts';
import { enqueueMessage } from '../messages/outgoing-message.ts';
import { makeSafetyLink } from '../safety/safety-links.ts';
import { countLiveSessions } from '../sessions/sessions.ts';
import {
  cancelOwnDeletion,
  findDueDeletions,
  findOwnDeletion,
  holdDueDeletion,
  storeOwnDeletion,
} from '../users/own-deletion.ts';
import { holdUser } from '../users/user-state.ts';
import { type AccountProfile, findAccount, type UserOfTenant } from '../users/users.ts';
import { endPerson } from './end-person.ts';
import { erasePerson, type ForgetSealed } from './erase-person.ts';

export const ownDeletionCodes = defineCodes({
  DELETION_NOT_OFFERED: { kind: 'forbidden', means: 'the tenant does not let people delete their own accounts' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof ownDeletionCodes> {}
}

/** What a person loses with their account, in numbers. */
export interface HeldByPerson {
  sessions: number;
  roles: number;
  keys: number;
}

export async function countHeldBy(db: Database, { tenantId, userId }: UserOfTenant): Promise<HeldByPerson> {
  const { assignments } = await findEffectiveAccess(db, { tenantId, userId });
  const keys = await exportApiKeysOf(db, { tenantId, userId });
  const isLive = ({ revokedAt, expiresAt }: (typeof keys)[number]) => revokedAt === null && expiresAt > new Date();
  return {
    sessions: await countLiveSessions(db, { tenantId, userId }),
    roles: assignments.length,
    keys: keys.filter(isLive).length,
  };
}

/** Tells the person at a proved address; of one that was not, somebody else may be the owner. */
async function tellOfDeletion(
  trx: Database,
  { tenantId, userId, tenant, zoneinfo, ...account }: AccountProfile,
  { days, dueAt, locale }: { days: number; dueAt: Date; locale: string },
  { secrets, issuer }: { secrets: Secrets; issuer: string },
): Promise<void> {
  const { email, emailVerified, phone, phoneVerified } = account;
  const byMail = email !== null && emailVerified;
  const address = byMail ? email : phoneVerified ? phone : null;
  if (address === null) return;
  const channel = byMail ? 'email' : 'sms';
  const link = { tenantId, userId, kind: 'keep_account', channel, address, hours: days * 24 } as const;
  const path = await makeSafetyLink(trx, link, secrets);
  const model = { tenantName: tenant.name, at: dueAt, href: `${issuer}${path}` };
  const reader = { locale: account.locale ?? locale, timeZone: zoneinfo ?? undefined };
  const message = { channel, to: address, tenantId, ...reader, template: 'account-deletion', model } as const;
  await enqueueMessage(trx, message, { secrets });
}

/**
 * Ends all that a person holds, and has the account erased when the days to keep it are over. Once more changes nothing.
 * @param wanted.locale of the page, for a person who has set none
 * @returns when it is erased
 * @throws DomainError forbidden DELETION_NOT_OFFERED, conflict LAST_OWNER, not_found NOT_FOUND for one who may not act
 */
export async function requestOwnDeletion(
  db: Database,
  { tenantId, userId, locale }: UserOfTenant & { locale: string },
  { caller, ...deps }: { secrets: Secrets; issuer: string; caller: Caller },
): Promise<Date> {
  const user = { tenantId, userId };
  return inTransaction(db, async (trx) => {
    const held = await holdUser(trx, user);
    const account = await findAccount(trx, userId);
    if (account?.tenantId !== tenantId) throw new DomainError('not_found', 'NOT_FOUND');
    const { selfDeletionDays: days } = account.tenant.settings;
    if (days === null) throw new DomainError('forbidden', 'DELETION_NOT_OFFERED');
    const asked = await findOwnDeletion(trx, user);
    if (asked) return asked.dueAt;
    let dueAt = new Date();
    const store = async (payload: Record<string, unknown>) => {
      dueAt = await storeOwnDeletion(trx, { ...user, days, payload }, caller);
    };
    await endPerson(trx, { ...user, ...held }, store, caller);
    await tellOfDeletion(trx, account, { days, dueAt, locale }, deps);
    return dueAt;
  });
}

/** Keeps the account. Once more does no harm. @throws DomainError not_found NOT_FOUND, also once it is erased */
export async function keepAccount(db: Database, user: UserOfTenant, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    await holdUser(trx, user);
    await cancelOwnDeletion(trx, user, caller);
  });
}

/** How many are looked at in one run; the next goes on. */
const batch = 200;

/**
 * Erases those whose time to keep the account is over, each in one transaction. One that fails holds up nobody else.
 * @throws the first failure, once all were tried
 */
export async function eraseDuePeople(
  db: Database,
  deps: { secrets: Secrets; sealedAbove: readonly ForgetSealed[] },
): Promise<void> {
  const failures: unknown[] = [];
  for (const user of await findDueDeletions(db, batch))
    await inTransaction(db, async (trx) => {
      if (await holdDueDeletion(trx, user)) await erasePerson(trx, user, { ...deps, caller: systemCaller });
    }).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
