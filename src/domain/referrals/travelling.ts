/** What of referrals moves with a tenant. */
import { defineTravelling } from '../../platform/travelling.ts';

const codeColumns = 'id, tenant_id, user_id, code, is_active, expires_at, created_at';

export const travellingReferralCodes = defineTravelling({
  table: 'referral_codes',
  columns: codeColumns,
  rows: `select ${codeColumns} from referral_codes where tenant_id = :tenantId`,
  put: `insert into referral_codes (${codeColumns})
        select ${codeColumns}
          from jsonb_populate_recordset(null::referral_codes, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  check: (row) => void row.string('code', 100),
  namedBy: ['code'],
});

const columns = 'id, tenant_id, referrer_user_id, referred_user_id, referral_code_id, status, converted_at, created_at';

export const travellingReferrals = defineTravelling({
  table: 'referrals',
  columns,
  rows: `select ${columns} from referrals where tenant_id = :tenantId`,
  put: `insert into referrals (${columns})
        select ${columns}
          from jsonb_populate_recordset(null::referrals, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
});
