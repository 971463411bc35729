/**
 * People. Owns who is in a tenant, under which address, and whether they may act now. Refuses a second user under one
 * email address, phone number, username or external id of a tenant, also when both arrive at once: the database's unique indexes decide.
 * Who may act is in user-state.ts; what ends with a user who stops is for domain/lifecycle.
 */
import { type Database, inTransaction, violatedConstraint } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { parseTenantSettings, type TenantSettings } from '../tenants/tenant-settings.ts';
import { findTenantById } from '../tenants/tenants.ts';
import { type AccountRow, selectAccountOfAnybody, selectActiveAccount } from './account-row.ts';
import { canonicalEmail, canonicalPhone } from './canonical-address.ts';
import { upsertPasswordHash } from './identities.ts';
import { canonicalLocale, checkedBy, checkedMetadata, checkedText, checkedUrl, knownZone } from './profile-fields.ts';
import {
  actingUserId,
  insertUser,
  insertUserSettings,
  selectUser,
  touchPasswordChanged,
  type UserRow,
  updateMissingProfile,
} from './user-store.ts';
import { checkedUsername } from './username.ts';
import type { AddressKind } from './verified-address.ts';

/** A row of `users`. `email` and `phone` in canonical form. */
export type User = UserRow;

export interface NewUser {
  tenantId: string;
  /** At least one of `email`, `phone` and `username`. */
  email?: string | null;
  /** With its country code, E.164. */
  phone?: string | null;
  emailVerified?: boolean;
  phoneVerified?: boolean;
  /** Unique in the tenant whatever its case. */
  username?: string | null;
  /** What another system calls the person; unique in the tenant. */
  externalId?: string | null;
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
  username: string | null;
  pictureUrl: string | null;
  mfaRequired: boolean;
  /** Whether something is enrolled that they can prove as a second factor. */
  hasSecondFactor: boolean;
  passwordChangedAt: Date | null;
  /** When the account is erased, of a person who has asked for it. */
  deletionDueAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
  locale: string | null;
  zoneinfo: string | null;
  theme: 'light' | 'dark' | 'system';
  notifyByEmail: boolean;
  notifyInApp: boolean;
  tenant: { id: string; slug: string; name: string; state: 'active'; settings: TenantSettings };
}

/** A unique index's refusal as what it means to the person; anything else as it is. */
export function duplicateAddress(error: unknown): unknown {
  const violated = violatedConstraint(error);
  if (violated?.constraint === 'users_email_key')
    return new DomainError('conflict', 'DUPLICATE_EMAIL', { field: 'email' });
  if (violated?.constraint === 'users_phone_key')
    return new DomainError('conflict', 'DUPLICATE_PHONE', { field: 'phone' });
  if (violated?.constraint === 'users_username_key')
    return new DomainError('conflict', 'DUPLICATE', { field: 'username' });
  if (violated?.constraint === 'users_external_id_key')
    return new DomainError('conflict', 'DUPLICATE', { field: 'externalId' });
  return error;
}

/** What a new user is made of, in the form in which it is stored. @throws DomainError invalid, as `createUser` */
export function checkedNewUser(user: Omit<NewUser, 'tenantId'>) {
  const email = user.email?.trim() ? canonicalEmail(user.email) : null;
  const phone = user.phone?.trim() ? canonicalPhone(user.phone) : null;
  const username = checkedUsername(user.username);
  const externalId = checkedText('externalId', user.externalId, 255);
  if (email === null && phone === null && username === null)
    throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'email' });
  const givenName = checkedText('givenName', user.givenName);
  const familyName = checkedText('familyName', user.familyName);
  const fullName =
    checkedText('fullName', user.fullName) ?? ([givenName, familyName].filter((name) => name).join(' ') || null);
  const locale = checkedBy('locale', user.locale, canonicalLocale);
  const zoneinfo = checkedBy('zoneinfo', user.zoneinfo, knownZone);
  const pictureUrl = checkedUrl('pictureUrl', user.pictureUrl);
  const metadata = checkedMetadata(user.metadata ?? {});
  return {
    email,
    phone,
    username,
    externalId,
    fullName,
    givenName,
    familyName,
    pictureUrl,
    metadata,
    locale,
    zoneinfo,
  };
}

/**
 * Makes a user, active at once. Give the pool as `db` where a password is set: hashing takes some 25 ms and may wait in
 * a queue, and nobody should hold a connection meanwhile.
 * @throws DomainError invalid (EMAIL_INVALID, PHONE_INVALID, FIELD_REQUIRED, INVALID_INPUT, PASSWORD_*), not_found for
 *   an unknown tenant, conflict DUPLICATE_EMAIL, DUPLICATE_PHONE or DUPLICATE, unavailable SERVICE_BUSY
 */
export async function createUser(
  db: Database,
  user: NewUser,
  { passwords, caller }: { passwords: NewPasswords; caller: Caller },
): Promise<User> {
  const { locale, zoneinfo, ...checked } = checkedNewUser(user);
  const { email, phone, fullName, givenName, familyName } = checked;
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
        ...checked,
        emailVerified: email !== null && user.emailVerified === true,
        phoneVerified: phone !== null && user.phoneVerified === true,
        mfaRequired: user.mfaRequired === true,
        hasPassword: passwordHash !== null,
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

/** The account, if it may act now: the user active and not deleted, the tenant active. */
export async function findAccount(db: Database, userId: string): Promise<AccountProfile | undefined> {
  const row = isId(userId) ? await selectActiveAccount(db, userId) : undefined;
  return row && accountOf(row);
}

/** The account of who is there or was, whether they may act or not: for questions about the past. */
export async function findAccountOfAnybody(db: Database, userId: string): Promise<AccountProfile | undefined> {
  const row = isId(userId) ? await selectAccountOfAnybody(db, userId) : undefined;
  return row && accountOf(row);
}

/** The account of a row as it was found, whatever else stands in the row. */
export function accountOf(row: AccountRow): AccountProfile {
  return {
    userId: row.userId,
    tenantId: row.tenantId,
    email: row.email,
    emailVerified: row.emailVerified,
    emailVerifiedAt: row.emailVerifiedAt,
    phone: row.phone,
    phoneVerified: row.phoneVerified,
    phoneVerifiedAt: row.phoneVerifiedAt,
    fullName: row.fullName,
    givenName: row.givenName,
    familyName: row.familyName,
    username: row.username,
    pictureUrl: row.pictureUrl,
    mfaRequired: row.mfaRequired,
    hasSecondFactor: row.hasSecondFactor,
    passwordChangedAt: row.passwordChangedAt,
    deletionDueAt: row.deletionDueAt,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    locale: row.locale,
    zoneinfo: row.zoneinfo,
    theme: row.theme ?? 'system',
    notifyByEmail: row.notifyByEmail ?? true,
    notifyInApp: row.notifyInApp ?? true,
    tenant: {
      id: row.tenantId,
      slug: row.tenantSlug,
      name: row.tenantName,
      state: row.tenantState,
      settings: parseTenantSettings(row.tenantSettings),
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
  user: UserOfTenant & { passwordHash: string; recoveredBy?: AddressKind | null },
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
