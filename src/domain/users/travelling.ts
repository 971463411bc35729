/** What of people moves with their tenant. */
import type { ArrivingRow } from '../../platform/arriving-row.ts';
import { DomainError } from '../../platform/errors.ts';
import { defineTravelling } from '../../platform/travelling.ts';
import { canonicalEmail, canonicalPhone } from './canonical-address.ts';
import { canonicalLocale, checkedBy, checkedMetadata, checkedText, checkedUrl, knownZone } from './profile-fields.ts';
import { checkedUsername } from './username.ts';

/** Another spelling would be nobody's: people are found by the one that is stored. */
function checkSpelling(field: string, stored: string | null, canonical: (text: string) => string | null): void {
  if (stored !== null && canonical(stored) !== stored) throw new DomainError('invalid', 'INVALID_INPUT', { field });
}

function checkPerson(row: ArrivingRow): void {
  checkSpelling('email', row.text('email'), canonicalEmail);
  checkSpelling('phone', row.text('phone'), (phone) => canonicalPhone(phone));
  checkSpelling('username', row.text('username'), checkedUsername);
  for (const field of ['full_name', 'given_name', 'family_name']) checkedText(field, row.text(field));
  checkedText('external_id', row.text('external_id'), 255);
  checkedUrl('picture_url', row.text('picture_url'));
  checkedMetadata(row.record('metadata'));
}

const columns = `id, tenant_id, email, email_verified_at, phone, phone_verified_at, username, external_id, full_name, given_name, family_name,
  picture_url, state, mfa_required, last_login_at, password_changed_at, metadata, erased_at, created_at, updated_at, deleted_at,
  created_by, updated_by, deleted_by, deletion_requested_at, deletion_due_at, deactivated_at`;

export const travellingUsers = defineTravelling({
  table: 'users',
  columns,
  rows: `select ${columns} from users where tenant_id = :tenantId order by id`,
  put: `insert into users (${columns})
        select ${columns}
          from jsonb_populate_recordset(null::users, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  // A trigger notes of whom comes in inactive that they are so from now on.
  mend: `update users u
            set deactivated_at = r.deactivated_at
           from jsonb_populate_recordset(null::users, :rows::jsonb) r
          where u.id = r.id and u.tenant_id = :tenantId and u.deactivated_at is distinct from r.deactivated_at`,
  check: checkPerson,
  namedBy: ['username', 'email', 'phone', 'id'],
});

const identityColumns = `id, tenant_id, user_id, provider, issuer, subject, password_hash, email, email_verified, last_used_at, created_at,
  updated_at, recovered_by, foreign_password_hash, foreign_password_ms`;

/** The seal of imported passwords is of methods/password, which has it opened. */
export const travellingIdentities = defineTravelling({
  table: 'user_identities',
  columns: identityColumns,
  stays: { rehashed_from: 'tells two sign-ins at one moment apart, by a seal that is made anew' },
  rows: `select ${identityColumns} from user_identities where tenant_id = :tenantId`,
  put: `insert into user_identities (${identityColumns})
        select ${identityColumns}
          from jsonb_populate_recordset(null::user_identities, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  hidden: ['password_hash', 'foreign_password_hash'],
});

const settingColumns =
  'user_id, tenant_id, locale, zoneinfo, theme, notify_by_email, notify_in_app, created_at, updated_at';

export const travellingUserSettings = defineTravelling({
  table: 'user_settings',
  columns: settingColumns,
  rows: `select ${settingColumns} from user_settings where tenant_id = :tenantId`,
  put: `insert into user_settings (${settingColumns})
        select ${settingColumns}
          from jsonb_populate_recordset(null::user_settings, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  check(row) {
    checkedBy('locale', row.text('locale'), canonicalLocale);
    checkedBy('zoneinfo', row.text('zoneinfo'), knownZone);
  },
  namedBy: ['user_id'],
});
