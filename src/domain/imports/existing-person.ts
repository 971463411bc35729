/** Which person a row of an import is about, and what it may say of one who is there already. */
import { DomainError } from '../../platform/errors.ts';
import type { HolderRow, ProfileToFill } from '../users/people-in-batches.ts';
import type { CheckedRow } from './import-row.ts';

export interface PersonFound {
  /** Undefined: there is nobody yet. */
  holder: HolderRow | undefined;
}

/**
 * By what another system calls them, else by the username, else by an address.
 * @throws DomainError conflict DUPLICATE, DUPLICATE_EMAIL or DUPLICATE_PHONE where the row names two people, or gives somebody
 *   another external id than they have
 */
export function personOf({ person }: CheckedRow, holders: readonly HolderRow[]): PersonFound {
  const { externalId, username, email, phone } = person;
  const by = (isTheirs: (holder: HolderRow) => boolean) => holders.find(isTheirs);
  const found = {
    externalId: externalId === null ? undefined : by((holder) => holder.externalId === externalId),
    username:
      username === null
        ? undefined
        : by((holder) => [username, username.toLowerCase()].includes(holder.usernameKey ?? '')),
    email: email === null ? undefined : by((holder) => holder.email?.toLowerCase() === email),
    phone: phone === null ? undefined : by((holder) => holder.phone === phone),
  };
  const holder = found.externalId ?? found.username ?? found.email ?? found.phone;
  if (!holder) return { holder: undefined };
  const isOther = (other: HolderRow | undefined) => other !== undefined && other !== holder;
  if (isOther(found.email)) throw new DomainError('conflict', 'DUPLICATE_EMAIL', { field: 'email' });
  if (isOther(found.phone)) throw new DomainError('conflict', 'DUPLICATE_PHONE', { field: 'phone' });
  if (isOther(found.username)) throw new DomainError('conflict', 'DUPLICATE', { field: 'username' });
  if (externalId !== null && holder.externalId !== null && holder.externalId !== externalId)
    throw new DomainError('conflict', 'DUPLICATE', { field: 'externalId' });
  return { holder };
}

const named = {
  externalId: 'external_id',
  fullName: 'full_name',
  givenName: 'given_name',
  familyName: 'family_name',
  pictureUrl: 'picture_url',
  locale: 'locale',
  zoneinfo: 'zoneinfo',
} as const;
const fillable = Object.keys(named) as (keyof typeof named)[];

/** What the row fills in of what is empty; undefined: nothing. */
export function filledBy(
  { person }: CheckedRow,
  holder: HolderRow,
): { values: Omit<ProfileToFill, 'userId' | 'hasPassword'>; changed: string[] } | undefined {
  const empty = fillable.filter((member) => holder[member] === null && person[member] !== null);
  // Two names make a full one: it is filled where there is none, and then says nothing of its own.
  const metadata = !holder.hasMetadata && Object.keys(person.metadata).length > 0 ? person.metadata : null;
  const changed = [...empty.map((member) => named[member]), ...(metadata ? ['metadata'] : [])];
  if (changed.length === 0) return undefined;
  const values = Object.fromEntries(fillable.map((member) => [member, empty.includes(member) ? person[member] : null]));
  return { values: { ...(values as Record<keyof typeof named, string | null>), metadata }, changed };
}

/** What the row says otherwise than it is; it is left. */
export function keptOf({ person, state, mfaRequired }: CheckedRow, holder: HolderRow): string[] {
  const differs = (given: string | null, has: string | null) => given !== null && given !== has;
  const kept = fillable
    .filter((member) => holder[member] !== null && differs(person[member], holder[member]))
    .map((member): string => named[member]);
  if (differs(person.email, holder.email?.toLowerCase() ?? null)) kept.push('email');
  if (differs(person.phone, holder.phone)) kept.push('phone');
  if (differs(person.username?.toLowerCase() ?? null, holder.usernameKey)) kept.push('username');
  if (state !== holder.state) kept.push('state');
  if (mfaRequired && !holder.mfaRequired) kept.push('mfa_required');
  return kept;
}
