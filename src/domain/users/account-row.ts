/**
 * The SQL of an account that may act now: the user active and not deleted, the tenant active. Asked on every request that speaks
 * of a person, so statements that find what a person holds bring it along (domain/sessions).
 */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';
import { gatheredRows } from '../../platform/gathered.ts';
import type { UserRow } from './user-store.ts';

export interface AccountRow extends Omit<UserRow, 'id' | 'state' | 'lastLoginAt'> {
  deletionDueAt: Date | null;
  username: string | null;
  userId: string;
  emailVerified: boolean;
  phoneVerified: boolean;
  locale: string | null;
  zoneinfo: string | null;
  theme: 'light' | 'dark' | 'system' | null;
  notifyByEmail: boolean | null;
  notifyInApp: boolean | null;
  hasSecondFactor: boolean;
  tenantSlug: string;
  tenantName: string;
  tenantState: 'active';
  tenantSettings: unknown;
}

/** In the place of one that was not found. */
export type NoAccountRow = { [Column in keyof AccountRow]: null };

/**
 * SQL of the row of an account, to stand in a lateral join.
 * @param userId an expression of uuid; null finds nobody
 */
export function activeAccountSql(userId: string): string {
  return accountSql(userId, `u.state = 'active' and u.deleted_at is null and t.state = 'active'`);
}

function accountSql(userId: string, condition: string): string {
  return `select u.id as user_id, u.tenant_id, u.email, u.email_verified_at, u.email_verified_at is not null as email_verified,
          u.phone, u.phone_verified_at, u.phone_verified_at is not null as phone_verified, u.full_name, u.given_name,
          u.family_name, u.username, u.picture_url, u.mfa_required,
          exists (select from user_factors f
                   where f.tenant_id = u.tenant_id and f.user_id = u.id and (f.ends_at is null or f.ends_at > now()))
            as has_second_factor,
          u.password_changed_at, u.deletion_due_at, u.created_at,
          greatest(u.updated_at, s.updated_at) as updated_at, s.locale, s.zoneinfo, s.theme, s.notify_by_email, s.notify_in_app,
          t.slug as tenant_slug, t.name as tenant_name, t.state as tenant_state, t.settings as tenant_settings
     from users u
     join tenants t on t.id = u.tenant_id
     left join user_settings s on s.user_id = u.id
    where u.id = ${userId} and ${condition}
   offset 0`;
}

const activeAccount = prepared(
  'active-account',
  `select wanted.n::int, a.*
     from unnest((select $1::uuid[])) with ordinality as wanted(id, n)
     join lateral (${activeAccountSql('wanted.id')}) a on true`,
);

export const selectActiveAccount: (db: Database, userId: string) => Promise<AccountRow | undefined> =
  gatheredRows<AccountRow>(activeAccount);

const accountOfAnybody = prepared('account-of-anybody', accountSql('$1', 'true'));

export async function selectAccountOfAnybody(db: Database, userId: string): Promise<AccountRow | undefined> {
  return (await runPrepared<AccountRow>(db, accountOfAnybody, [userId])).rows[0];
}
