/**
 * Whether a user may act: holding them so while they sign in, and writing that they are stopped, deleted or let in again.
 * Owns that each change leaves its event, and that a tenant keeps an owner. What a user holds is ended by domain/lifecycle.
 */
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { refusedLastOwner } from '../tenants/last-owner.ts';
import {
  actingUserId,
  lockActiveUser,
  lockUser,
  lockUsers,
  softDeleteUser,
  type UserRow,
  updateLastLogin,
  updateUserState,
  userWasDeleted,
} from './user-store.ts';
import type { User, UserOfTenant } from './users.ts';

/** A person who signs in: `isFirst` where they never have before, `isLeaving` where they have asked for the account to be deleted. */
export interface SigningIn {
  tenantId: string;
  isFirst: boolean;
  isLeaving: boolean;
}

/**
 * The person who has just proved themselves, held with their tenant to the end of the transaction: what stops one of the
 * two waits, or has come before. Undefined for a person who may not act, also where they were stopped after the proof.
 */
export async function lockForSignIn(trx: Database, userId: string): Promise<SigningIn | undefined> {
  return isId(userId) ? lockActiveUser(trx, userId) : undefined;
}

/**
 * Two parts of a statement (`held`, `noted`) that begins a session of a person who may act and is not leaving: holds the person
 * and their tenant, and writes when they signed in. What it stores comes `from held`, which has `tenant_id` and `is_first`.
 * @param condition under which it begins at all, of the rows `u` and `t`
 */
export function beginSignInSql(userId: string, loginAt: string, condition: string): string {
  return `held as (
     select u.id, u.tenant_id, u.last_login_at is null as is_first
       from users u
       join tenants t on t.id = u.tenant_id and t.state = 'active'
      where u.id = ${userId} and u.state = 'active' and u.deleted_at is null and u.deletion_due_at is null
        and (${condition})
        for no key update of u
        for share of t
   ), noted as (
     update users u set last_login_at = ${loginAt} from held where u.id = held.id
   )`;
}

/** Keeps when a person signed in last; in the transaction that keeps the session. */
export async function recordSignIn(trx: Database, userId: string, loginAt: Date): Promise<void> {
  await updateLastLogin(trx, userId, loginAt);
}

/** A user that changes state, as they are before, locked to the end of the transaction. */
export type UserToChange = Pick<UserRow, 'state' | 'email' | 'phone' | 'username'>;

/**
 * Holds a user who is to be stopped, deleted or let in again; first of all that the change locks.
 * @throws DomainError not_found, also for a user of another tenant
 */
export async function holdUser(trx: Database, user: UserOfTenant): Promise<UserToChange> {
  const held = isId(user.tenantId) && isId(user.userId) ? await lockUser(trx, user) : undefined;
  if (!held) throw new DomainError('not_found', 'NOT_FOUND');
  return held;
}

/** As `holdUser`; undefined for one who was deleted already. @throws DomainError not_found */
export async function holdUserUnlessDeleted(trx: Database, user: UserOfTenant): Promise<UserToChange | undefined> {
  const isNamed = isId(user.tenantId) && isId(user.userId);
  const held = isNamed ? await lockUser(trx, user) : undefined;
  if (held || (isNamed && (await userWasDeleted(trx, user)))) return held;
  throw new DomainError('not_found', 'NOT_FOUND');
}

/**
 * Holds users whose codes are about to be used up: what stops a user locks the user first and their codes then, and two that
 * came the other way round would lock up. In the order of ids.
 */
export async function holdUsers(trx: Database, userIds: readonly string[]): Promise<void> {
  await lockUsers(trx, userIds);
}

/**
 * Writes whether a user may act, and the event. What they hold is ended by domain/lifecycle, which alone calls this.
 * @param payload of the event
 * @throws DomainError conflict LAST_OWNER
 */
export async function storeUserState(
  trx: Database,
  { state, payload, ...user }: UserOfTenant & { state: User['state']; payload: Record<string, unknown> },
  caller: Caller,
): Promise<void> {
  await updateUserState(trx, { ...user, state, updatedBy: actingUserId(caller) }).catch(throwLastOwner);
  const action = state === 'active' ? 'user.activated' : 'user.deactivated';
  await recordEvent(trx, { ...about(user), action, payload }, caller);
}

/**
 * Marks a user as deleted and writes the event; as `storeUserState`.
 * @throws DomainError conflict LAST_OWNER
 */
export async function storeUserDeleted(
  trx: Database,
  { payload, ...user }: UserOfTenant & { payload: Record<string, unknown> },
  caller: Caller,
): Promise<void> {
  await softDeleteUser(trx, { ...user, deletedBy: actingUserId(caller) }).catch(throwLastOwner);
  await recordEvent(trx, { ...about(user), action: 'user.deleted', payload }, caller);
}

function throwLastOwner(error: unknown): never {
  throw refusedLastOwner(error);
}

function about({ tenantId, userId }: UserOfTenant): { tenantId: string; entityType: string; entityId: string } {
  return { tenantId, entityType: 'user', entityId: userId };
}
