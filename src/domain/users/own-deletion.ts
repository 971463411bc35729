/**
 * People who delete their own accounts: that they have asked for it, until when they may keep it, and keeping it. Owns that each leaves
 * its event, and that the last owner of a tenant stays. What a person holds is ended by domain/lifecycle, and they are erased
 * there.
 */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { refusedLastOwner } from '../tenants/last-owner.ts';
import type { UserOfTenant } from './users.ts';

export interface OwnDeletion {
  requestedAt: Date;
  /** When the account is erased. */
  dueAt: Date;
}

/** Undefined where nothing was asked for, and once it is done. */
export async function findOwnDeletion(
  db: Database,
  { tenantId, userId }: UserOfTenant,
): Promise<OwnDeletion | undefined> {
  return firstRow<OwnDeletion>(
    db,
    `select deletion_requested_at as requested_at, deletion_due_at as due_at from users
      where tenant_id = ? and id = ? and deletion_due_at is not null and erased_at is null`,
    [tenantId, userId],
  );
}

/**
 * Keeps that the person wants to leave, in the transaction that ends what they hold. The person is held.
 * @param request.payload of the event
 * @returns when the account is erased
 * @throws DomainError conflict LAST_OWNER
 */
export async function storeOwnDeletion(
  trx: Database,
  { tenantId, userId, days, payload }: UserOfTenant & { days: number; payload: Record<string, unknown> },
  caller: Caller,
): Promise<Date> {
  const stored = await firstRow<{ dueAt: Date }>(
    trx,
    `update users
        set deletion_requested_at = now(), deletion_due_at = now() + make_interval(days => :days)
      where tenant_id = :tenantId and id = :userId
     returning deletion_due_at as due_at`,
    { tenantId, userId, days },
  ).catch((error: unknown) => {
    throw refusedLastOwner(error);
  });
  if (!stored) throw new Error('the person is not there any more');
  const event = { tenantId, action: 'account.deletion_requested', entityType: 'user', entityId: userId };
  await recordEvent(trx, { ...event, payload: { ...payload, dueAt: stored.dueAt } }, caller);
  return stored.dueAt;
}

/** Keeps the account. Once more does no harm. @returns whether it was to be deleted */
export async function cancelOwnDeletion(
  trx: Database,
  { tenantId, userId }: UserOfTenant,
  caller: Caller,
): Promise<boolean> {
  const kept = await firstRow<{ id: string }>(
    trx,
    `update users set deletion_requested_at = null, deletion_due_at = null
      where tenant_id = ? and id = ? and deletion_due_at is not null and erased_at is null
     returning id`,
    [tenantId, userId],
  );
  if (!kept) return false;
  await recordEvent(
    trx,
    { tenantId, action: 'account.deletion_cancelled', entityType: 'user', entityId: userId },
    caller,
  );
  return true;
}

/** Whose time to keep the account is over, the longest first. */
export async function findDueDeletions(db: Database, limit: number): Promise<UserOfTenant[]> {
  return rows<UserOfTenant>(
    db,
    `select tenant_id, id as user_id from users
      where deletion_due_at <= statement_timestamp() and erased_at is null
      order by deletion_due_at, id limit ?`,
    [limit],
  );
}

/** Holds one of them to the end of the transaction. @returns false where it is done, kept, or in other hands at the moment */
export async function holdDueDeletion(trx: Database, { tenantId, userId }: UserOfTenant): Promise<boolean> {
  const held = await firstRow<{ id: string }>(
    trx,
    `select id from users
      where tenant_id = ? and id = ? and deletion_due_at <= statement_timestamp() and erased_at is null
        for no key update skip locked`,
    [tenantId, userId],
  );
  return held !== undefined;
}
