/** What referrals hold on a person: told, and erased. Who referred whom stays, by opaque ids. */
import { type Database, firstRow, rows } from '../../platform/database.ts';

interface ReferralsOfPerson {
  code: { code: string; isActive: boolean; createdAt: Date } | null;
  referrals: { referrerUserId: string; referredUserId: string; status: string; createdAt: Date }[];
}

export async function exportReferralsOf(
  db: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<ReferralsOfPerson> {
  const code = await firstRow<{ code: string; isActive: boolean; createdAt: Date }>(
    db,
    'select code, is_active, created_at from referral_codes where tenant_id = :tenantId and user_id = :userId',
    { tenantId, userId },
  );
  const referrals = await rows<ReferralsOfPerson['referrals'][number]>(
    db,
    `select referrer_user_id, referred_user_id, status, created_at
       from referrals
      where tenant_id = :tenantId and :userId in (referrer_user_id, referred_user_id)
      order by created_at, id`,
    { tenantId, userId },
  );
  return { code: code ?? null, referrals };
}

/** Others know a code as that person's: the row stays for those who came by it, under the opaque id. */
export async function eraseReferralCodeOf(
  trx: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<void> {
  await rows(
    trx,
    `update referral_codes
        set code = id::text, is_active = false
      where tenant_id = :tenantId and user_id = :userId`,
    { tenantId, userId },
  );
}
