/** The SQL of referral codes and referrals as people read them: with names, and with what came of a code. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import type { ReferralCodeRow, ReferralRow } from './referral-store.ts';

/** Whether a code counts, or why not: of several reasons, the person's own comes first. */
export type ReferralCodeState = 'working' | 'stopped' | 'expired' | 'owner_inactive' | 'owner_deleted';

export interface NamedReferralCodeRow extends ReferralCodeRow {
  /** The name or the address of the person; null: none, or they are gone. */
  userName: string | null;
  /** By the database's clock. */
  state: ReferralCodeState;
}

export interface NamedReferralRow extends ReferralRow {
  /** Names or addresses; null: none, or they are gone. */
  referrerName: string | null;
  referredName: string | null;
}

const nameOf = (user: string) =>
  `case when ${user}.deleted_at is null then coalesce(${user}.full_name, ${user}.email, ${user}.phone, ${user}.username) end`;

const namedCodes = `select c.id, c.tenant_id, c.user_id, c.code, c.is_active, c.expires_at, c.created_at,
               ${nameOf('u')} as user_name,
               case when u.deleted_at is not null then 'owner_deleted'
                    when u.state <> 'active' then 'owner_inactive'
                    when not c.is_active then 'stopped'
                    when c.expires_at <= statement_timestamp() then 'expired'
                    else 'working' end as state
          from referral_codes c
          join users u on u.tenant_id = c.tenant_id and u.id = c.user_id
         where c.tenant_id = :tenantId`;

/** In the order of ids, which is that of creation. */
export async function selectReferralCodes(
  db: Database,
  query: { tenantId: string; state: ReferralCodeState | null },
  request: PageRequest,
): Promise<Page<NamedReferralCodeRow>> {
  return selectPage<NamedReferralCodeRow>(
    db,
    byId('n.id'),
    request,
    ({ key, where, order }) =>
      `select n.*, ${key} from (${namedCodes}) n where ${query.state ? 'n.state = :state and' : ''} ${where} ${order}`,
    query,
  );
}

/** Of a person, deleted or not. */
export async function selectNamedReferralCode(
  db: Database,
  user: { tenantId: string; userId: string },
): Promise<NamedReferralCodeRow | undefined> {
  return firstRow<NamedReferralCodeRow>(db, `${namedCodes} and c.user_id = :userId`, user);
}

export interface CameByRow {
  referralCodeId: string;
  pending: number;
  completedSignup: number;
  subscriptionActivated: number;
}

/** How many came by each of these codes; one by which nobody came has no row. */
export async function selectCameBy(
  db: Database,
  codes: { tenantId: string; ids: readonly string[] },
): Promise<CameByRow[]> {
  return rows<CameByRow>(
    db,
    `select referral_code_id,
            count(*) filter (where status = 'pending')::int as pending,
            count(*) filter (where status = 'completed_signup')::int as completed_signup,
            count(*) filter (where status = 'subscription_activated')::int as subscription_activated
       from referrals
      where tenant_id = :tenantId and referral_code_id = any(:ids::uuid[])
      group by referral_code_id`,
    { tenantId: codes.tenantId, ids: [...codes.ids] },
  );
}

const namedReferrals = `select r.id, r.tenant_id, r.referrer_user_id, r.referred_user_id, r.status, r.converted_at, r.created_at,
               ${nameOf('by_whom')} as referrer_name, ${nameOf('who')} as referred_name
          from referrals r
          join users by_whom on by_whom.tenant_id = r.tenant_id and by_whom.id = r.referrer_user_id
          join users who on who.tenant_id = r.tenant_id and who.id = r.referred_user_id
         where r.tenant_id = :tenantId`;

/** In the order of ids, which is that of creation. */
export async function selectReferrals(
  db: Database,
  query: { tenantId: string; referrerUserId: string | null; status: ReferralRow['status'] | null },
  request: PageRequest,
): Promise<Page<NamedReferralRow>> {
  return selectPage<NamedReferralRow>(
    db,
    byId('n.id'),
    request,
    ({ key, where, order }) =>
      `select n.*, ${key}
         from (${namedReferrals}) n
        where ${query.referrerUserId ? 'n.referrer_user_id = :referrerUserId and' : ''}
              ${query.status ? 'n.status = :status and' : ''} ${where}
        ${order}`,
    query,
  );
}

export async function selectNamedReferral(
  db: Database,
  referral: { tenantId: string; id: string },
): Promise<NamedReferralRow | undefined> {
  return firstRow<NamedReferralRow>(db, `${namedReferrals} and r.id = :id`, referral);
}
