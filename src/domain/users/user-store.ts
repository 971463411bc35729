/** The SQL of users and their settings. How they prove who they are is in identities.ts. */
import { type Database, firstRow, prepared, rows, runPrepared } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import type { Caller } from '../audit/audit-events.ts';

export interface UserRow {
  id: string;
  tenantId: string;
  email: string | null;
  emailVerifiedAt: Date | null;
  phone: string | null;
  phoneVerifiedAt: Date | null;
  username: string | null;
  fullName: string | null;
  givenName: string | null;
  familyName: string | null;
  pictureUrl: string | null;
  state: 'active' | 'inactive';
  mfaRequired: boolean;
  lastLoginAt: Date | null;
  passwordChangedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

const userColumns = `id, tenant_id, email, email_verified_at, phone, phone_verified_at, username, full_name, given_name, family_name,
  picture_url, state, mfa_required, last_login_at, password_changed_at, created_at, updated_at`;

/** users.id of the one who acts, or null. It only counts in their own tenant: a row never points into another. */
export function actingUserId(caller: Caller): string | null {
  return caller.type === 'user' && isId(caller.id) ? caller.id : null;
}

export interface NewUserRow {
  id: string;
  tenantId: string;
  email: string | null;
  emailVerified: boolean;
  phone: string | null;
  phoneVerified: boolean;
  username: string | null;
  externalId: string | null;
  fullName: string | null;
  givenName: string | null;
  familyName: string | null;
  pictureUrl: string | null;
  mfaRequired: boolean;
  hasPassword: boolean;
  metadata: object;
  createdBy: string | null;
}

export async function insertUser(trx: Database, user: NewUserRow): Promise<UserRow> {
  const row = await firstRow<UserRow>(
    trx,
    `insert into users (id, tenant_id, email, email_verified_at, phone, phone_verified_at, username, external_id,
                        full_name, given_name, family_name, picture_url, mfa_required, password_changed_at, metadata, created_by)
     values (:id, :tenantId, :email, case when :emailVerified then now() end, :phone,
             case when :phoneVerified then now() end, :username, :externalId, :fullName, :givenName, :familyName, :pictureUrl, :mfaRequired,
             case when :hasPassword then now() end, :metadata,
             (select id from users where id = :createdBy and tenant_id = :tenantId))
     returning ${userColumns}`,
    { ...user, metadata: JSON.stringify(user.metadata) },
  );
  if (!row) throw new Error('no row for the new user');
  return row;
}

export async function insertUserSettings(
  trx: Database,
  settings: { userId: string; tenantId: string; locale: string | null; zoneinfo: string | null },
): Promise<void> {
  await trx('user_settings').insert(settings);
}

/** A user that is not deleted, whatever their state. */
export async function selectUser(db: Database, tenantId: string, userId: string): Promise<UserRow | undefined> {
  return firstRow<UserRow>(
    db,
    `select ${userColumns} from users where tenant_id = ? and id = ? and deleted_at is null`,
    [tenantId, userId],
  );
}

/** The state, the addresses and the username of a user that is not deleted, locked to the end of the transaction. */
export async function lockUser(
  trx: Database,
  user: { tenantId: string; userId: string },
): Promise<Pick<UserRow, 'state' | 'email' | 'phone' | 'username'> | undefined> {
  return firstRow(
    trx,
    `select state, email, phone, username
       from users
      where tenant_id = :tenantId and id = :userId and deleted_at is null
        for no key update`,
    { tenantId: user.tenantId, userId: user.userId },
  );
}

export async function userWasDeleted(db: Database, user: { tenantId: string; userId: string }): Promise<boolean> {
  const sql = 'select 1 from users where tenant_id = :tenantId and id = :userId and deleted_at is not null';
  return (await rows(db, sql, { tenantId: user.tenantId, userId: user.userId })).length > 0;
}

export async function updateUserState(
  trx: Database,
  user: { tenantId: string; userId: string; state: 'active' | 'inactive'; updatedBy: string | null },
): Promise<void> {
  await rows(
    trx,
    `update users u
        set state      = :state,
            updated_by = (select a.id from users a where a.id = :updatedBy and a.tenant_id = :tenantId)
      where u.tenant_id = :tenantId and u.id = :userId`,
    user,
  );
}

/** The row stays, for those it is spoken of by. */
export async function softDeleteUser(
  trx: Database,
  user: { tenantId: string; userId: string; deletedBy: string | null },
): Promise<void> {
  await rows(
    trx,
    `update users
        set state      = 'inactive',
            deleted_at = now(),
            deleted_by = (select a.id from users a where a.id = :deletedBy and a.tenant_id = :tenantId)
      where tenant_id = :tenantId and id = :userId`,
    user,
  );
}

const lockActive = prepared(
  'lock-active-user',
  `select u.tenant_id, u.last_login_at is null as is_first, u.deletion_due_at is not null as is_leaving
     from users u
     join tenants t on t.id = u.tenant_id and t.state = 'active'
    where u.id = $1 and u.state = 'active' and u.deleted_at is null
      for no key update of u
      for share of t`,
);

/** Someone who may act now, and their tenant, so that neither is stopped before the end of the transaction. */
export async function lockActiveUser(
  trx: Database,
  userId: string,
): Promise<{ tenantId: string; isFirst: boolean; isLeaving: boolean } | undefined> {
  type Locked = { tenantId: string; isFirst: boolean; isLeaving: boolean };
  return (await runPrepared<Locked>(trx, lockActive, [userId])).rows[0];
}

const lastLogin = prepared('user-last-login', 'update users set last_login_at = $2 where id = $1');

const lockByIds = prepared(
  'lock-users',
  'select id from users where id = any($1::uuid[]) order by id for no key update',
);

/** In the order of ids, to the end of the transaction. */
export async function lockUsers(trx: Database, userIds: readonly string[]): Promise<void> {
  await runPrepared(trx, lockByIds, [userIds]);
}

export async function updateLastLogin(trx: Database, userId: string, loginAt: Date): Promise<void> {
  await runPrepared(trx, lastLogin, [userId, loginAt]);
}

export async function touchPasswordChanged(
  trx: Database,
  user: { tenantId: string; userId: string; updatedBy: string | null },
): Promise<boolean> {
  const changed = await rows(
    trx,
    `update users
        set password_changed_at = now(),
            updated_by = (select a.id from users a where a.id = :updatedBy and a.tenant_id = :tenantId)
      where tenant_id = :tenantId and id = :userId and deleted_at is null
     returning id`,
    user,
  );
  return changed.length > 0;
}

/** Fills in what the account does not have yet; what a person has written stays. */
export async function updateMissingProfile(
  trx: Database,
  profile: {
    tenantId: string;
    userId: string;
    fullName: string | null;
    givenName: string | null;
    familyName: string | null;
    pictureUrl: string | null;
    locale: string | null;
  },
): Promise<void> {
  await rows(
    trx,
    `with named as (
       update users
          set full_name   = coalesce(full_name, :fullName),
              given_name  = case when full_name is null then coalesce(given_name, :givenName) else given_name end,
              family_name = case when full_name is null then coalesce(family_name, :familyName) else family_name end,
              picture_url = coalesce(picture_url, :pictureUrl)
        where tenant_id = :tenantId and id = :userId
          and (full_name is null or picture_url is null)
     )
     update user_settings set locale = :locale where user_id = :userId and tenant_id = :tenantId and locale is null`,
    profile,
  );
}
