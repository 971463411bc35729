/**
 * What a person is called, under which addresses and names they are found, and how they like to be addressed: changed by
 * those who administer them. Owns that a changed address is proved anew, that a person stays reachable by one, and that the
 * trail names the fields that changed and none of their values: it outlives a person's erasure.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { differences } from '../audit/differences.ts';
import { canonicalEmail, canonicalPhone } from './canonical-address.ts';
import { canonicalLocale, checkedBy, checkedMetadata, checkedText, checkedUrl, knownZone } from './profile-fields.ts';
import {
  type ProfileRow,
  type SettingsRow,
  selectProfile,
  selectSettings,
  storeProfile,
  upsertSettings,
} from './profile-store.ts';
import { actingUserId } from './user-store.ts';
import { checkedUsername } from './username.ts';
import { duplicateAddress, type UserOfTenant } from './users.ts';

export type Profile = ProfileRow;
export { profileColumns } from './profile-store.ts';
export type UserSettings = SettingsRow;

/** Members that are absent stay as they are; null takes a value away. */
export interface ProfileChange {
  email?: string | null;
  /** Absent: a new address is not verified. */
  emailVerified?: boolean;
  phone?: string | null;
  phoneVerified?: boolean;
  username?: string | null;
  externalId?: string | null;
  fullName?: string | null;
  givenName?: string | null;
  familyName?: string | null;
  pictureUrl?: string | null;
  mfaRequired?: boolean;
  /** Merged into what is there (RFC 7396): null takes a member away. */
  metadata?: Record<string, unknown>;
}

/** A user that is not deleted; undefined also for one of another tenant. */
export async function findProfile(db: Database, { tenantId, userId }: UserOfTenant): Promise<Profile | undefined> {
  if (!isId(tenantId) || !isId(userId)) return undefined;
  return selectProfile(db, { tenantId, userId }, { lock: false });
}

/** Members whose values say nothing of who somebody is; only these stand in the trail with what they were. */
const impersonal = ['emailVerified', 'phoneVerified', 'mfaRequired'] as const;

/**
 * Changes a profile.
 * @throws DomainError invalid EMAIL_INVALID, PHONE_INVALID, INVALID_INPUT or FIELD_REQUIRED (nothing would be left to find
 *   the person by); conflict DUPLICATE_EMAIL, DUPLICATE_PHONE or DUPLICATE (username, externalId); not_found
 */
export async function updateProfile(
  db: Database,
  { tenantId, userId, ...wanted }: UserOfTenant & ProfileChange,
  caller: Caller,
): Promise<Profile> {
  if (!isId(tenantId) || !isId(userId)) throw new DomainError('not_found', 'NOT_FOUND');
  const asked = checkedChange(wanted);
  return inTransaction(db, async (trx) => {
    const before = await selectProfile(trx, { tenantId, userId }, { lock: true });
    if (!before) throw new DomainError('not_found', 'NOT_FOUND');
    const { to } = differences<Omit<Profile, 'metadata'>>(before, completed(before, asked));
    const metadata = wanted.metadata && checkedMetadata(mergePatch(before.metadata, wanted.metadata));
    const newMetadata = metadata !== undefined && JSON.stringify(metadata) !== JSON.stringify(before.metadata);
    const changed = [...Object.keys(to), ...(newMetadata ? ['metadata'] : [])];
    if (changed.length === 0) return before;
    const after = await storeProfile(trx, {
      ...before,
      ...to,
      metadata: metadata ?? before.metadata,
      newEmail: to.email !== undefined,
      newPhone: to.phone !== undefined,
      updatedBy: actingUserId(caller),
    }).catch((error) => {
      throw duplicateAddress(error);
    });
    const payload = { changed, ...differences(pick(before), pick(after)) };
    await recordEvent(
      trx,
      { tenantId, action: 'profile.updated', entityType: 'user', entityId: userId, payload },
      caller,
    );
    return after;
  });
}

function pick(profile: Profile): Record<string, unknown> {
  return Object.fromEntries(impersonal.map((name) => [name, profile[name]]));
}

function checkedChange({ metadata: _, ...wanted }: ProfileChange): Omit<ProfileChange, 'metadata'> {
  const given = <T>(value: T | undefined, check: (value: T) => T): T | undefined =>
    value === undefined ? undefined : check(value);
  const line = (field: 'fullName' | 'givenName' | 'familyName') =>
    given<string | null>(wanted[field], (text) => checkedText(field, text));
  return {
    email: given<string | null>(wanted.email, (text) => (text === null ? null : canonicalEmail(text))),
    emailVerified: wanted.emailVerified,
    phone: given<string | null>(wanted.phone, (text) => (text === null ? null : canonicalPhone(text))),
    phoneVerified: wanted.phoneVerified,
    username: given<string | null>(wanted.username, checkedUsername),
    externalId: given<string | null>(wanted.externalId, (text) => checkedText('externalId', text, 255)),
    fullName: line('fullName'),
    givenName: line('givenName'),
    familyName: line('familyName'),
    pictureUrl: given<string | null>(wanted.pictureUrl, (text) => checkedUrl('pictureUrl', text)),
    mfaRequired: wanted.mfaRequired,
  };
}

/** What follows from a change: a new address has to be proved, and one that is not there is not proved. */
function completed(before: Profile, asked: Omit<ProfileChange, 'metadata'>): Omit<Profile, 'metadata'> {
  const after = { ...before, ...Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) };
  const verified = (kind: 'email' | 'phone', wanted: boolean | undefined, was: boolean) =>
    after[kind] !== null && (wanted ?? (after[kind] === before[kind] && was));
  const { email, phone, username } = after;
  if (email === null && phone === null && username === null)
    throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'email' });
  return {
    ...after,
    emailVerified: verified('email', asked.emailVerified, before.emailVerified),
    phoneVerified: verified('phone', asked.phoneVerified, before.phoneVerified),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 7396 section 2. */
function mergePatch(target: unknown, patch: Record<string, unknown>): Record<string, unknown> {
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch))
    if (value === null) merged.delete(name);
    else merged.set(name, isObject(value) ? mergePatch(merged.get(name), value) : value);
  return Object.fromEntries(merged);
}

const unset: UserSettings = { locale: null, zoneinfo: null, theme: 'system', notifyByEmail: true, notifyInApp: true };

/** How a person likes to be addressed. @throws DomainError not_found */
export async function findSettings(db: Database, { tenantId, userId }: UserOfTenant): Promise<UserSettings> {
  if (!(await findProfile(db, { tenantId, userId }))) throw new DomainError('not_found', 'NOT_FOUND');
  return (await selectSettings(db, { tenantId, userId })) ?? unset;
}

/** Changes settings. @throws DomainError invalid INVALID_INPUT (locale, zoneinfo), not_found */
export async function updateSettings(
  db: Database,
  { tenantId, userId, ...wanted }: UserOfTenant & Partial<UserSettings>,
  caller: Caller,
): Promise<UserSettings> {
  if (!isId(tenantId) || !isId(userId)) throw new DomainError('not_found', 'NOT_FOUND');
  const { locale, zoneinfo } = wanted;
  const checked = {
    ...wanted,
    locale: locale === undefined ? undefined : checkedBy('locale', locale, canonicalLocale),
    zoneinfo: zoneinfo === undefined ? undefined : checkedBy('zoneinfo', zoneinfo, knownZone),
  };
  return inTransaction(db, async (trx) => {
    if (!(await selectProfile(trx, { tenantId, userId }, { lock: true })))
      throw new DomainError('not_found', 'NOT_FOUND');
    const before = (await selectSettings(trx, { tenantId, userId })) ?? unset;
    const { to } = differences<Partial<UserSettings>>(before, checked);
    if (Object.keys(to).length === 0) return before;
    const after = { ...before, ...to };
    await upsertSettings(trx, { tenantId, userId, ...after });
    const payload = { changed: Object.keys(to) };
    await recordEvent(
      trx,
      { tenantId, action: 'settings.updated', entityType: 'user', entityId: userId, payload },
      caller,
    );
    return after;
  });
}
