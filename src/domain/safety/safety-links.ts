/**
 * Links by which a person takes back what was done to their account, sent to the address that they had at that time. Owns
 * that a link works once, for 72 hours, by a form and never by being opened; and what it does, whatever was done: every
 * sign-in, token and code ends, the address is theirs again and the other one as it was before these days, what was added to
 * sign in by in the 72 hours before or since goes, what was taken away is back, an account that was to be deleted stays, the
 * password goes where a new one can be chosen by a link that is sent to that address, and the links that came after it are
 * worth nothing: those may have gone to whoever took the account.
 * The token is stored as SHA-256 and the address sealed.
 *
 * Refuses people and tenants that may not act, and an address that is somebody else's by now.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { defineLimits } from '../../platform/rate-limits.ts';
import { defineSecretPurpose, randomToken, type Secrets, sha256 } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import type { RequestDependencies } from '../codes/check-destination.ts';
import { endCodesOfPerson } from '../codes/one-time-codes.ts';
import { takeFactorsBack } from '../factors/factors.ts';
import { type Channel, kindOf } from '../messages/outgoing-message.ts';
import { signInMethods } from '../methods/methods.ts';
import { allowsPasswords, passwordMethod } from '../methods/password/password-method.ts';
import { requestRecovery } from '../recovery/recovery.ts';
import { revokeAllSessions } from '../sessions/sessions.ts';
import { findTenantById, type Tenant } from '../tenants/tenants.ts';
import { cancelOwnDeletion } from '../users/own-deletion.ts';
import { findProfile, type ProfileChange, updateProfile } from '../users/profiles.ts';
import { holdUser } from '../users/user-state.ts';
import type { UserOfTenant } from '../users/users.ts';
import {
  deleteOldSafetyLinks,
  insertSafetyLink,
  type SafetyLinkKind,
  type SafetyLinkRow,
  selectFirstSafetyLink,
  selectSafetyLink,
  useUpSafetyLink,
} from './safety-link-store.ts';

export const safetyCodes = defineCodes({
  SAFETY_LINK_EXPIRED: { kind: 'expired', means: 'the link is too old' },
  SAFETY_LINK_INVALID: {
    kind: 'not_found',
    means: 'the link is incomplete, used, or of an account or address that is no longer there',
  },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof safetyCodes> {}
}

const addresses = defineSecretPurpose('safety-links');

/** How long a link works. */
export const safetyLinkHours = 72;

export const safetyLimits = defineLimits({
  /** Safety links opened or used from one address, where they did not work. */
  safetyLinkPerIp: { hits: 100, windowSeconds: 600 },
});

export interface KeptAddress {
  /** By which the link goes, and a new password is chosen. */
  channel: Channel;
  /** Canonical, and proved. */
  address: string;
}

type Addresses = Pick<ProfileChange, 'email' | 'emailVerified' | 'phone' | 'phoneVerified'>;

/** What a link keeps sealed. */
interface Kept extends KeptAddress {
  /** The address of the other kind, as it was when the link was made. Absent of one that was made before it was kept. */
  other?: Addresses;
}

interface NewSafetyLink extends UserOfTenant, KeptAddress {
  kind: SafetyLinkKind;
  /** How long it works, where not as others. */
  hours?: number;
}

/** Makes a link, in the transaction of what it takes back. @returns its path below the issuer */
export async function makeSafetyLink(
  trx: Database,
  { tenantId, userId, kind, channel, address, hours = safetyLinkHours }: NewSafetyLink,
  secrets: Secrets,
): Promise<string> {
  const id = newId();
  const token = randomToken();
  const other = await otherAddress(trx, { tenantId, userId, channel });
  const sealed = secrets.seal(addresses, JSON.stringify({ channel, address, other }), id);
  const seconds = hours * 3600;
  await insertSafetyLink(trx, { id, tenantId, userId, kind, tokenHash: sha256(token), sealed, seconds });
  return `/safety/${token}`;
}

async function otherAddress(
  db: Database,
  { tenantId, userId, channel }: UserOfTenant & Pick<KeptAddress, 'channel'>,
): Promise<Addresses | undefined> {
  const profile = await findProfile(db, { tenantId, userId });
  if (!profile) return undefined;
  const { email, emailVerified, phone, phoneVerified } = profile;
  return kindOf(channel) === 'email' ? { phone, phoneVerified } : { email, emailVerified };
}

export interface SafetyLink
  extends Pick<SafetyLinkRow, 'id' | 'tenantId' | 'userId' | 'kind' | 'createdAt'>,
    KeptAddress {
  tenant: Tenant;
}

const invalidLink = () => new DomainError('not_found', 'SAFETY_LINK_INVALID');

function openKept({ id, sealed }: Pick<SafetyLinkRow, 'id' | 'sealed'>, secrets: Secrets): Kept | undefined {
  const kept = secrets.open(addresses, sealed, id);
  return kept === undefined ? undefined : (JSON.parse(kept) as Kept);
}

function asProved({ channel, address }: KeptAddress): Addresses {
  return kindOf(channel) === 'email'
    ? { email: address, emailVerified: true }
    : { phone: address, phoneVerified: true };
}

/**
 * What a link is about. Changes nothing, so that a mail scanner that opens it uses nothing up.
 * @throws DomainError not_found SAFETY_LINK_INVALID, expired SAFETY_LINK_EXPIRED
 */
export async function findSafetyLink(db: Database, token: string, secrets: Secrets): Promise<SafetyLink> {
  const row = await selectSafetyLink(db, sha256(token));
  if (!row || row.used) throw invalidLink();
  if (row.expired) throw new DomainError('expired', 'SAFETY_LINK_EXPIRED');
  const { id, tenantId, userId, kind, createdAt } = row;
  const kept = openKept(row, secrets);
  const tenant = await findTenantById(db, tenantId);
  if (kept === undefined || tenant?.state !== 'active') throw invalidLink();
  const { channel, address } = kept;
  return { id, tenantId, userId, kind, createdAt, tenant, channel, address };
}

/** Whether a link that is sent to the address could give the person a new password. */
export function canChooseNewPassword(
  { tenant, channel }: SafetyLink,
  { channels }: { channels: readonly Channel[] },
): boolean {
  const { settings } = tenant;
  return allowsPasswords(settings) && settings.codeChannels.includes(channel) && channels.includes(channel);
}

/**
 * Uses a link up. Give the pool as `db`: what is sent afterwards stands in a transaction of its own.
 * @returns `recovery`: whether a link to a new password is on its way
 * @throws DomainError not_found SAFETY_LINK_INVALID, expired SAFETY_LINK_EXPIRED, conflict DUPLICATE_EMAIL or DUPLICATE_PHONE
 */
export async function useSafetyLink(
  db: Database,
  { token, locale }: { token: string; locale: string },
  deps: RequestDependencies,
): Promise<{ link: SafetyLink; recovery: boolean }> {
  const link = await findSafetyLink(db, token, deps.secrets);
  const { tenantId, userId } = link;
  const caller: Caller = { ...deps.caller, type: 'user', id: userId };
  const renews = canChooseNewPassword(link, deps);
  await inTransaction(db, async (trx) => {
    const user = await holdUser(trx, { tenantId, userId }).catch((error: unknown) => {
      throw error instanceof DomainError && error.kind === 'not_found' ? invalidLink() : error;
    });
    const other = await findOther(trx, link, deps.secrets);
    if (user.state !== 'active' || !(await useUpSafetyLink(trx, link))) throw invalidLink();
    // Codes and links that wait at an address that is taken away are for whoever has it.
    await endCodesOfPerson(trx, { tenantId, userId, ...user });
    await updateProfile(trx, { tenantId, userId, ...asProved(link) }, caller);
    await restoreOther(trx, { ...link, other }, caller);
    const removed = await takeAwayWhatWasAdded(trx, link, renews);
    // Whoever had the account may have asked for its end.
    await cancelOwnDeletion(trx, { tenantId, userId }, caller);
    await revokeAllSessions(trx, { tenantId, userId }, caller);
    const about = { tenantId, entityType: 'user', entityId: userId };
    await recordEvent(trx, { ...about, action: 'account.secured', payload: { reason: link.kind, removed } }, caller);
  });
  return { link, recovery: renews && (await sendsRecovery(db, link, { locale }, { ...deps, caller })) };
}

const firstDoubt = ({ createdAt }: SafetyLink) => new Date(createdAt.getTime() - safetyLinkHours * 3_600_000);

/**
 * The address of the other kind as it was before any of this: by a code at one that was given since, anybody comes back. The first
 * link of these days knows; this one was perhaps made after that address was changed.
 */
async function findOther(db: Database, link: SafetyLink, secrets: Secrets): Promise<Addresses | undefined> {
  const { tenantId, userId } = link;
  const first = await selectFirstSafetyLink(db, { tenantId, userId, since: firstDoubt(link) });
  const kept = first && openKept(first, secrets);
  if (!kept) return undefined;
  return kindOf(kept.channel) === kindOf(link.channel) ? kept.other : asProved(kept);
}

/** One that is somebody else's by now goes, and so does what took its place: the link's own is there to be reached by. */
async function restoreOther(
  trx: Database,
  { tenantId, userId, other }: Pick<SafetyLink, 'tenantId' | 'userId'> & { other?: Addresses },
  caller: Caller,
): Promise<void> {
  if (!other) return;
  try {
    // A savepoint: a refusal of the database would end the whole transaction.
    await trx.transaction((inner) => updateProfile(inner, { tenantId, userId, ...other }, caller));
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind !== 'conflict') throw error;
    const none = 'phone' in other ? { phone: null } : { email: null };
    await updateProfile(trx, { tenantId, userId, ...none }, caller);
  }
}

/**
 * What somebody else may have added to come back by: passkeys, accounts elsewhere, an authenticator app, recovery codes. They were
 * in the account for a while before it was noticed, so what the person added themselves in the days before goes too. A second
 * factor that was taken away since is back.
 */
async function takeAwayWhatWasAdded(trx: Database, link: SafetyLink, renewsPassword: boolean): Promise<string[]> {
  const { tenantId, userId, createdAt } = link;
  const user = { tenantId, userId, since: firstDoubt(link) };
  const removed: string[] = [];
  for (const method of signInMethods)
    if (method !== passwordMethod || renewsPassword) removed.push(...(await method.takeAway(trx, user)));
  const factors = { tenantId, userId, addedSince: user.since, removedSince: createdAt };
  return (await takeFactorsBack(trx, factors)) ? [...removed, 'second_factor'] : removed;
}

/** The account is safe by now: what cannot be sent at the moment the person asks for at the sign-in page. */
async function sendsRecovery(
  db: Database,
  { tenantId, channel, address }: SafetyLink,
  { locale }: { locale: string },
  deps: RequestDependencies,
): Promise<boolean> {
  try {
    await requestRecovery(db, { tenantId, address, channel, locale }, deps);
    return true;
  } catch (error) {
    if (error instanceof DomainError) return false;
    throw error;
  }
}

/** Deletes what ran out a month ago. */
export async function sweepSafetyLinks(db: Database): Promise<void> {
  await deleteOldSafetyLinks(db);
}
