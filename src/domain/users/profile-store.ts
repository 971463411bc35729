/** The SQL of a person's profile and settings, for those who administer them. */
import { type Database, firstRow, rows } from '../../platform/database.ts';

export interface ProfileRow {
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
  state: 'active' | 'inactive';
  mfaRequired: boolean;
  /** Whether a second factor is enrolled. */
  mfaEnabled: boolean;
  metadata: Record<string, unknown>;
  lastLoginAt: Date | null;
  passwordChangedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** SQL: the columns of a profile, of `users u`. */
export const profileColumns = `u.id, u.tenant_id, u.email, u.email_verified_at is not null as email_verified, u.phone,
  u.phone_verified_at is not null as phone_verified, u.username, u.external_id, u.full_name, u.given_name, u.family_name,
  u.picture_url, u.state, u.mfa_required,
  exists (select from user_factors f
           where f.tenant_id = u.tenant_id and f.user_id = u.id and (f.ends_at is null or f.ends_at > now())) as mfa_enabled,
  u.metadata, u.last_login_at, u.password_changed_at, u.created_at, u.updated_at`;

/** A user that is not deleted; locked to the end of the transaction where it is to be changed. */
export async function selectProfile(
  db: Database,
  user: { tenantId: string; userId: string },
  { lock }: { lock: boolean },
): Promise<ProfileRow | undefined> {
  return firstRow<ProfileRow>(
    db,
    `select ${profileColumns}
       from users u
      where u.tenant_id = :tenantId and u.id = :userId and u.deleted_at is null
      ${lock ? 'for no key update' : ''}`,
    { tenantId: user.tenantId, userId: user.userId },
  );
}

/** Writes a whole profile. An address that is proved keeps the moment at which it was. */
export async function storeProfile(
  trx: Database,
  profile: ProfileRow & { newEmail: boolean; newPhone: boolean; updatedBy: string | null },
): Promise<ProfileRow> {
  const row = await firstRow<ProfileRow>(
    trx,
    `update users u
        set email = :email, phone = :phone, username = :username, external_id = :externalId, full_name = :fullName,
            given_name = :givenName, family_name = :familyName, picture_url = :pictureUrl, mfa_required = :mfaRequired,
            metadata = :metadata,
            email_verified_at = case when not :emailVerified then null
                                     when :newEmail then now() else coalesce(u.email_verified_at, now()) end,
            phone_verified_at = case when not :phoneVerified then null
                                     when :newPhone then now() else coalesce(u.phone_verified_at, now()) end,
            updated_by = (select a.id from users a where a.id = :updatedBy and a.tenant_id = :tenantId)
      where u.tenant_id = :tenantId and u.id = :id
     returning ${profileColumns}`,
    { ...profile, metadata: JSON.stringify(profile.metadata) },
  );
  if (!row) throw new Error('the user went while they were locked');
  return row;
}

export interface SettingsRow {
  locale: string | null;
  zoneinfo: string | null;
  theme: 'light' | 'dark' | 'system';
  notifyByEmail: boolean;
  notifyInApp: boolean;
}

const settingsColumns = 'locale, zoneinfo, theme, notify_by_email, notify_in_app';

export async function selectSettings(
  db: Database,
  user: { tenantId: string; userId: string },
): Promise<SettingsRow | undefined> {
  return firstRow<SettingsRow>(
    db,
    `select ${settingsColumns} from user_settings where tenant_id = :tenantId and user_id = :userId`,
    { tenantId: user.tenantId, userId: user.userId },
  );
}

export async function upsertSettings(
  trx: Database,
  settings: SettingsRow & { tenantId: string; userId: string },
): Promise<void> {
  await rows(
    trx,
    `insert into user_settings (user_id, tenant_id, locale, zoneinfo, theme, notify_by_email, notify_in_app)
     values (:userId, :tenantId, :locale, :zoneinfo, :theme, :notifyByEmail, :notifyInApp)
     on conflict (user_id) do update
        set locale = excluded.locale, zoneinfo = excluded.zoneinfo, theme = excluded.theme,
            notify_by_email = excluded.notify_by_email, notify_in_app = excluded.notify_in_app`,
    { ...settings },
  );
}
