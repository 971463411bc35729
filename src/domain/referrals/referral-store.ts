/** The SQL of referral codes, and of who referred whom. */
import { type Database, firstRow, rows } from '../../platform/database.ts';

export interface ReferralCodeRow {
  id: string;
  tenantId: string;
  userId: string;
  code: string;
  isActive: boolean;
  /** null: until further notice. */
  expiresAt: Date | null;
  createdAt: Date;
}

const codeColumns = 'id, tenant_id, user_id, code, is_active, expires_at, created_at';

/**
 * Undefined where the person has a code already, where the code is another's, and where the person may not act.
 */
export async function insertReferralCode(
  db: Database,
  code: { id: string; tenantId: string; userId: string; code: string },
): Promise<ReferralCodeRow | undefined> {
  return firstRow<ReferralCodeRow>(
    db,
    `insert into referral_codes (id, tenant_id, user_id, code)
     select :id, tenant_id, id, :code
       from users
      where tenant_id = :tenantId and id = :userId and state = 'active' and deleted_at is null
         on conflict do nothing
  returning ${codeColumns}`,
    code,
  );
}

export async function selectReferralCodeOf(
  db: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<ReferralCodeRow | undefined> {
  return firstRow<ReferralCodeRow>(
    db,
    `select ${codeColumns}
       from referral_codes
      where tenant_id = :tenantId and user_id = :userId
        and exists (select from users where tenant_id = :tenantId and id = :userId and state = 'active' and deleted_at is null)`,
    { tenantId, userId },
  );
}

/** Locks it until the transaction ends. Undefined where the person has none, or is deleted. */
export async function lockReferralCodeOf(
  trx: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<ReferralCodeRow | undefined> {
  return firstRow<ReferralCodeRow>(
    trx,
    `select ${codeColumns}
       from referral_codes
      where tenant_id = :tenantId and user_id = :userId
        and exists (select from users where tenant_id = :tenantId and id = :userId and deleted_at is null)
        for no key update`,
    { tenantId, userId },
  );
}

export async function updateReferralCode(
  trx: Database,
  code: { tenantId: string; id: string; isActive: boolean; expiresAt: Date | null },
): Promise<ReferralCodeRow | undefined> {
  return firstRow<ReferralCodeRow>(
    trx,
    `update referral_codes
        set is_active = :isActive, expires_at = :expiresAt
      where tenant_id = :tenantId and id = :id
  returning ${codeColumns}`,
    code,
  );
}

/** SQL: what makes a code `c` count now. */
const usable = `c.is_active and (c.expires_at is null or c.expires_at > statement_timestamp())
        and exists (select from users u
                     where u.tenant_id = c.tenant_id and u.id = c.user_id and u.state = 'active' and u.deleted_at is null)`;

export interface ReferralRow {
  id: string;
  tenantId: string;
  referrerUserId: string;
  referredUserId: string;
  status: 'pending' | 'completed_signup' | 'subscription_activated';
  /** When it stopped being pending. */
  convertedAt: Date | null;
  createdAt: Date;
}

const referralColumns = 'id, tenant_id, referrer_user_id, referred_user_id, status, converted_at, created_at';

/** Undefined where the code counts for nothing, is the person's own, or the person was referred before. */
export async function insertReferral(
  trx: Database,
  referral: { id: string; tenantId: string; userId: string; code: string },
): Promise<ReferralRow | undefined> {
  return firstRow<ReferralRow>(
    trx,
    `insert into referrals (id, tenant_id, referrer_user_id, referred_user_id, referral_code_id)
     select :id, c.tenant_id, c.user_id, :userId, c.id
       from referral_codes c
      where c.tenant_id = :tenantId and c.code = :code and c.user_id <> :userId
        and ${usable}
         on conflict (tenant_id, referred_user_id) do nothing
  returning ${referralColumns}`,
    referral,
  );
}

/** Undefined where nothing of this person is pending. */
export async function updatePendingReferral(
  trx: Database,
  user: { tenantId: string; userId: string },
): Promise<ReferralRow | undefined> {
  return firstRow<ReferralRow>(
    trx,
    `update referrals
        set status = 'completed_signup', converted_at = now()
      where tenant_id = :tenantId and referred_user_id = :userId and status = 'pending'
  returning ${referralColumns}`,
    user,
  );
}

/**
 * Writes that the referred person has taken a subscription. Undefined where there is no such referral; `settled` false where
 * it was so before, or is still pending.
 */
export async function updateSettledReferral(
  trx: Database,
  { tenantId, id }: { tenantId: string; id: string },
): Promise<(ReferralRow & { settled: boolean }) | undefined> {
  return firstRow(
    trx,
    `with before as (
       select ${referralColumns} from referrals where tenant_id = :tenantId and id = :id for no key update
     ), settled as (
       update referrals r
          set status = 'subscription_activated'
         from before b
        where r.id = b.id and b.status = 'completed_signup'
    returning r.id
     )
     select b.id, b.tenant_id, b.referrer_user_id, b.referred_user_id, b.converted_at, b.created_at,
            case when s.id is null then b.status else 'subscription_activated' end as status,
            s.id is not null as settled
       from before b
       left join settled s on s.id = b.id`,
    { tenantId, id },
  );
}

export interface ReferredRow {
  /** Null: none, or the person is gone. */
  fullName: string | null;
  status: ReferralRow['status'];
  createdAt: Date;
}

/** Who came by a person's code, the newest first. */
export async function selectReferred(
  db: Database,
  query: { tenantId: string; userId: string; most: number },
): Promise<ReferredRow[]> {
  return rows<ReferredRow>(
    db,
    `select u.full_name, r.status, r.created_at
       from referrals r
       left join users u on u.tenant_id = r.tenant_id and u.id = r.referred_user_id and u.deleted_at is null
      where r.tenant_id = :tenantId and r.referrer_user_id = :userId
      order by r.created_at desc, r.id desc
      limit :most`,
    query,
  );
}
