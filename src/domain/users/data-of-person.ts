/** What an account itself holds on a person: told, and erased. Of the row the opaque id stays, and what was done to it when. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { actingUserId } from './user-store.ts';
import type { UserOfTenant } from './users.ts';

export interface PersonRow {
  id: string;
  email: string | null;
  emailVerifiedAt: Date | null;
  phone: string | null;
  phoneVerifiedAt: Date | null;
  username: string | null;
  externalId: string | null;
  fullName: string | null;
  givenName: string | null;
  familyName: string | null;
  pictureUrl: string | null;
  state: 'active' | 'inactive';
  mfaRequired: boolean;
  metadata: Record<string, unknown>;
  lastLoginAt: Date | null;
  passwordChangedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
  deactivatedAt: Date | null;
  deletionRequestedAt: Date | null;
  deletionDueAt: Date | null;
  deletedAt: Date | null;
  erasedAt: Date | null;
}

interface SettingsOfPerson {
  locale: string | null;
  zoneinfo: string | null;
  theme: string;
  notifyByEmail: boolean;
  notifyInApp: boolean;
  updatedAt: Date;
}

interface IdentityOfPerson {
  /** `password`, of which the hash is told to nobody. */
  provider: string;
  issuer: string;
  subject: string;
  email: string | null;
  emailVerified: boolean;
  lastUsedAt: Date | null;
  createdAt: Date;
}

const personColumns = `id, email, email_verified_at, phone, phone_verified_at, username, external_id, full_name, given_name,
  family_name, picture_url, state, mfa_required, metadata, last_login_at, password_changed_at, created_at, updated_at,
  deactivated_at, deletion_requested_at, deletion_due_at, deleted_at, erased_at`;

/** A person with all that the row says, deleted ones too; undefined also for another tenant's. */
export async function findPersonRow(
  db: Database,
  { tenantId, userId }: UserOfTenant,
  { lock = false }: { lock?: boolean } = {},
): Promise<PersonRow | undefined> {
  if (!isId(tenantId) || !isId(userId)) return undefined;
  return firstRow<PersonRow>(
    db,
    `select ${personColumns} from users where tenant_id = :tenantId and id = :userId ${lock ? 'for no key update' : ''}`,
    { tenantId, userId },
  );
}

/** What a person has set, and what they sign in by. */
export async function exportAccountOf(
  db: Database,
  { tenantId, userId }: UserOfTenant,
): Promise<{ settings: SettingsOfPerson | null; identities: IdentityOfPerson[] }> {
  const settings = await firstRow<SettingsOfPerson>(
    db,
    `select locale, zoneinfo, theme, notify_by_email, notify_in_app, updated_at
       from user_settings
      where tenant_id = :tenantId and user_id = :userId`,
    { tenantId, userId },
  );
  const identities = await rows<IdentityOfPerson>(
    db,
    `select provider, issuer, subject, email, email_verified, last_used_at, created_at
       from user_identities
      where tenant_id = :tenantId and user_id = :userId
      order by created_at, id`,
    { tenantId, userId },
  );
  return { settings: settings ?? null, identities };
}

/** Blanks the row and takes settings and identities away. The person is held, and deleted already. */
export async function eraseAccountOf(trx: Database, { tenantId, userId }: UserOfTenant): Promise<void> {
  const user = { tenantId, userId };
  await rows(
    trx,
    `with held as (
       select id from user_identities where tenant_id = :tenantId and user_id = :userId order by id for update
     )
     delete from user_identities i using held where i.id = held.id`,
    user,
  );
  await rows(trx, 'delete from user_settings where tenant_id = :tenantId and user_id = :userId', user);
  await rows(
    trx,
    `update users
        set email = null, email_verified_at = null, phone = null, phone_verified_at = null, username = null,
            external_id = null, full_name = null, given_name = null, family_name = null, picture_url = null,
            mfa_required = false, metadata = '{}', last_login_at = null, password_changed_at = null,
            deletion_requested_at = null, deletion_due_at = null, erased_at = now()
      where tenant_id = :tenantId and id = :userId`,
    user,
  );
}

/** The event of an erasure. A person who erased themselves leaves not even where they were. */
export async function recordErasure(trx: Database, { tenantId, userId }: UserOfTenant, caller: Caller): Promise<void> {
  const isSelf = actingUserId(caller) === userId;
  const event = { tenantId, action: 'user.erased', entityType: 'user', entityId: userId };
  await recordEvent(trx, event, isSelf ? { ...caller, ip: undefined, userAgent: undefined } : caller);
}
