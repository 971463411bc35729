/**
 * People. Owns who is in a tenant, under which address, and whether they may act now. Refuses a second user under one
 * email address or phone number of a tenant, also when both arrive at once: the database's unique indexes decide.
 * Who may act is in user-state.ts; what ends with a user who stops is for domain/lifecycle.
 */
import { type Database, inTransaction, violatedConstraint } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { parseTenantSettings, type TenantSettings } from '../tenants/tenant-settings.ts';
import { findTenantById } from '../tenants/tenants.ts';
import { canonicalEmail, canonicalPhone } from './canonical-address.ts';
import { upsertPasswordHash } from './identities.ts';
import {
  actingUserId,
  insertUser,
  insertUserSettings,
  selectActiveAccount,
  selectUser,
  touchPasswordChanged,
  type UserRow,
  updateMissingProfile,
} from './user-store.ts';

/** A row of `users`. `email` and `phone` in canonical form. */
export type User = UserRow;

export interface NewUser {
  tenantId: string;
  /** At least one of `email` and `phone`. */
  email?: string | null;
  /** With its country code, E.164. */
  phone?: string | null;
  emailVerified?: boolean;
  phoneVerified?: boolean;
  /** Made of the two names below where absent. */
  fullName?: string | null;
  givenName?: string | null;
  familyName?: string | null;
  pictureUrl?: string | null;
  mfaRequired?: boolean;
  /** As the person chose it: held against the policy and hashed before the transaction opens. */
  password?: string | null;
  /** Instead of `password`, for callers that are in a transaction already: what `passwords.hashNew` made before it. */
  passwordHash?: string | null;
  /** BCP 47, such as `fr-CH`. */
  locale?: string | null;
  /** IANA time zone, such as `Europe/Zurich`. */
  zoneinfo?: string | null;
  metadata?: Record<string, unknown>;
}

/** What a password must not be made of. */
export interface PersonalWords {
  email?: string | null;
  phone?: string | null;
  fullName?: string | null;
  givenName?: string | null;
  familyName?: string | null;
  tenantName?: string | null;
  tenantSlug?: string | null;
}

/** What is needed of `createPasswordHasher` (domain/password) to give a new user a password. */
export interface NewPasswords {
  /** @throws DomainError invalid PASSWORD_*, unavailable SERVICE_BUSY */
  hashNew(password: string, personal: PersonalWords): Promise<string>;
}

/** An account that may act now, with its settings and its tenant. */
export interface AccountProfile {
  userId: string;
  tenantId: string;
  email: string | null;
  emailVerified: boolean;
  emailVerifiedAt: Date | null;
  phone: string | null;
  phoneVerified: boolean;
  phoneVerifiedAt: Date | null;
  fullName: string | null;
  givenName: string | null;
  familyName: string | null;
  pictureUrl: string | null;
  mfaRequired: boolean;
  passwordChangedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
  locale: string | null;
  zoneinfo: string | null;
  theme: 'light' | 'dark' | 'system';
  notifyByEmail: boolean;
  notifyInApp: boolean;
  tenant: { id: string; slug: string; name: string; state: 'active'; settings: TenantSettings };
}

const nameCharacters = 200;

/** One line of text for people to read: no control characters, which PostgreSQL (NUL) and mail headers refuse too. */
function checkedText(field: string, value: string | null | undefined, most = nameCharacters): string | null {
  const text = value?.normalize('NFC').trim() ?? '';
  if (text === '') return null;
  if (/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(text) || [...text].length > most)
    throw new DomainError('invalid', 'INVALID_INPUT', { field });
  return text;
}

function checkedUrl(field: string, value: string | null | undefined): string | null {
  const text = checkedText(field, value, 2000);
  if (text === null) return null;
  if (URL.parse(text)?.protocol !== 'https:') throw new DomainError('invalid', 'INVALID_INPUT', { field });
  return text;
}

function checkedBy(
  field: string,
  value: string | null | undefined,
  canonical: (text: string) => string,
): string | null {
  const text = checkedText(field, value, 100);
  if (text === null) return null;
  try {
    return canonical(text);
  } catch {
    throw new DomainError('invalid', 'INVALID_INPUT', { field });
  }
}

const canonicalLocale = (text: string) => new Intl.Locale(text).toString();
// As it was written: Intl answers with older names for some zones (Asia/Calcutta).
function knownZone(text: string): string {
  new Intl.DateTimeFormat('en', { timeZone: text });
  return text;
}

/** A unique index's refusal as what it means to the person; anything else as it is. */
export function duplicateAddress(error: unknown): unknown {
  const violated = violatedConstraint(error);
  if (violated?.constraint === 'users_email_key')
    return new DomainError('conflict', 'DUPLICATE_EMAIL', { field: 'email' });
  if (violated?.constraint === 'users_phone_key')
    return new DomainError('conflict', 'DUPLICATE_PHONE', { field: 'phone' });
  return error;
}

/**
 * Makes a user, active at once. Give the pool as `db` where a password is set: hashing takes some 25 ms and may wait in
 * a queue, and nobody should hold a connection meanwhile.
 * @throws DomainError invalid (EMAIL_INVALID, PHONE_INVALID, FIELD_REQUIRED, INVALID_INPUT, PASSWORD_*), not_found for
 *   an unknown tenant, conflict DUPLICATE_EMAIL or DUPLICATE_PHONE, unavailable SERVICE_BUSY
 */
export async function createUser(
  db: Database,
  user: NewUser,
  { passwords, caller }: { passwords: NewPasswords; caller: Caller },
): Promise<User> {
  const email = user.email?.trim() ? canonicalEmail(user.email) : null;
  const phone = user.phone?.trim() ? canonicalPhone(user.phone) : null;
  if (email === null && phone === null) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'email' });
  const givenName = checkedText('givenName', user.givenName);
  const familyName = checkedText('familyName', user.familyName);
  const fullName =
    checkedText('fullName', user.fullName) ?? ([givenName, familyName].filter((name) => name).join(' ') || null);
  const locale = checkedBy('locale', user.locale, canonicalLocale);
  const zoneinfo = checkedBy('zoneinfo', user.zoneinfo, knownZone);
  const pictureUrl = checkedUrl('pictureUrl', user.pictureUrl);

  const tenant = await findTenantById(db, user.tenantId);
  if (!tenant) throw new DomainError('not_found', 'NOT_FOUND');
  const personal = { email, phone, fullName, givenName, familyName, tenantName: tenant.name, tenantSlug: tenant.slug };
  const passwordHash =
    typeof user.password === 'string' ? await passwords.hashNew(user.password, personal) : (user.passwordHash ?? null);

  try {
    return await inTransaction(db, async (trx) => {
      const row = await insertUser(trx, {
        id: newId(),
        tenantId: tenant.id,
        email,
        emailVerified: email !== null && user.emailVerified === true,
        phone,
        phoneVerified: phone !== null && user.phoneVerified === true,
        fullName,
        givenName,
        familyName,
        pictureUrl,
        mfaRequired: user.mfaRequired === true,
        hasPassword: passwordHash !== null,
        metadata: user.metadata ?? {},
        createdBy: actingUserId(caller),
      });
      await insertUserSettings(trx, { userId: row.id, tenantId: tenant.id, locale, zoneinfo });
      if (passwordHash !== null) await upsertPasswordHash(trx, { tenantId: tenant.id, userId: row.id, passwordHash });
      // No address or name: the trail outlives a person's erasure.
      const payload = { methods: passwordHash === null ? [] : ['pwd'], emailVerified: row.emailVerifiedAt !== null };
      await recordEvent(
        trx,
        { tenantId: tenant.id, action: 'user.created', entityType: 'user', entityId: row.id, payload },
        caller,
      );
      return row;
    });
  } catch (error) {
    throw duplicateAddress(error);
  }
}

/**
 * The account, if it may act now: the user active and not deleted, the tenant active. One prepared statement, for it is
 * asked on every request that speaks of a person.
 */
export async function findAccount(db: Database, userId: string): Promise<AccountProfile | undefined> {
  if (!isId(userId)) return undefined;
  const row = await selectActiveAccount(db, userId);
  if (!row) return undefined;
  const { tenantSlug, tenantName, tenantState, tenantSettings, ...profile } = row;
  return {
    ...profile,
    theme: row.theme ?? 'system',
    notifyByEmail: row.notifyByEmail ?? true,
    notifyInApp: row.notifyInApp ?? true,
    tenant: {
      id: row.tenantId,
      slug: tenantSlug,
      name: tenantName,
      state: tenantState,
      settings: parseTenantSettings(tenantSettings),
    },
  };
}

export interface UserOfTenant {
  tenantId: string;
  userId: string;
}

/** A user that is not deleted, active or not; undefined also for a user of another tenant. */
export async function findUser(db: Database, { tenantId, userId }: UserOfTenant): Promise<User | undefined> {
  if (!isId(tenantId) || !isId(userId)) return undefined;
  return selectUser(db, tenantId, userId);
}

/**
 * Stores the hash of a new password, in the transaction of the rule that changes it (domain/methods/password). Checks nothing else.
 * @throws DomainError not_found
 */
export async function storePasswordHash(
  trx: Database,
  user: UserOfTenant & { passwordHash: string },
  caller: Caller,
): Promise<void> {
  if (!(await touchPasswordChanged(trx, { ...user, updatedBy: actingUserId(caller) })))
    throw new DomainError('not_found', 'NOT_FOUND');
  await upsertPasswordHash(trx, user);
  await recordEvent(
    trx,
    { tenantId: user.tenantId, action: 'password.changed', entityType: 'user', entityId: user.userId },
    caller,
  );
}

/** What somebody else knows of a user, such as an identity provider. */
export type KnownProfile = Parameters<typeof updateMissingProfile>[1];

/** Fills in what the account does not have yet; what a person has written stays. */
export async function fillInProfile(trx: Database, profile: KnownProfile): Promise<void> {
  await updateMissingProfile(trx, profile);
}
