/** What of passkeys moves with a tenant: all. Whether one signs in there is for the browser, by the host (WebAuthn, "RP ID"). */
import { defineTravelling } from '../../../platform/travelling.ts';
import { checkKeyName } from '../../webauthn/key-name.ts';

const columns = `id, tenant_id, user_id, credential_id, public_key, sign_count, backup_eligible, backed_up, transports, name,
  created_at, last_used_at`;

export const travellingPasskeys = defineTravelling({
  table: 'passkeys',
  columns,
  rows: `select ${columns} from passkeys where tenant_id = :tenantId`,
  put: `insert into passkeys (${columns})
        select ${columns}
          from jsonb_populate_recordset(null::passkeys, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  check: (row) => void checkKeyName(row.string('name')),
});

const offerColumns = 'user_id, tenant_id, offered_at';

export const travellingPasskeyOffers = defineTravelling({
  table: 'passkey_offers',
  columns: offerColumns,
  rows: `select ${offerColumns} from passkey_offers where tenant_id = :tenantId`,
  put: `insert into passkey_offers (${offerColumns})
        select ${offerColumns}
          from jsonb_populate_recordset(null::passkey_offers, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
});
