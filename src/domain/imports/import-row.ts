/**
 * What a row of an import says of one person, checked by itself before anything is looked up. Refuses what no person can have,
 * by the row alone: one that is wrong keeps no other back.
 */
import { DomainError } from '../../platform/errors.ts';
import { isProviderKey } from '../methods/federation/identity-providers.ts';
import { checkedForeignHash, type ForeignHash } from '../methods/password/foreign-hash.ts';
import { checkPeriod } from '../organisation/period.ts';
import { checkedNewUser, type NewUser } from '../users/users.ts';

/** An account elsewhere. */
export interface ImportedIdentity {
  /** The key of an identity provider, whether it is here already or not. */
  provider: string;
  /** Of a provider that is here: its own. */
  issuer?: string | null;
  subject: string;
  email?: string | null;
}

export interface ImportedRole {
  /** A role's name or its id. */
  role: string;
  /** A place's id, external id, or path of names below the root; empty: the root. */
  place: string;
  startsAt?: Date;
  endsAt?: Date | null;
}

type Profile = Omit<NewUser, 'tenantId' | 'password' | 'passwordHash'>;

/** A row as it was read; `fault`: it could not be. `line` is where it stands, from 1. */
export type ImportRow =
  | { line: number; fault: DomainError }
  | {
      line: number;
      person: Profile;
      state: 'active' | 'inactive';
      passwordHash?: unknown;
      identities: readonly ImportedIdentity[];
      roles: readonly ImportedRole[];
    };

export interface CheckedRow {
  line: number;
  person: ReturnType<typeof checkedNewUser>;
  emailVerified: boolean;
  phoneVerified: boolean;
  mfaRequired: boolean;
  state: 'active' | 'inactive';
  password: ForeignHash | undefined;
  identities: readonly ImportedIdentity[];
  roles: readonly ImportedRole[];
}

export const mostRolesOfRow = 50;
export const mostIdentitiesOfRow = 10;

/** @throws DomainError invalid, conflict PERIOD_OVERLAP */
export function checkedRow(row: ImportRow, { weakHashes }: { weakHashes: boolean }): CheckedRow {
  if ('fault' in row) throw row.fault;
  const { line, person: given, state, passwordHash, identities, roles } = row;
  const person = checkedNewUser(given);
  for (const { startsAt = new Date(), endsAt } of roles) checkPeriod(startsAt, endsAt);
  checkIdentities(identities);
  checkOverlaps(roles);
  return {
    line,
    person,
    emailVerified: person.email !== null && given.emailVerified === true,
    phoneVerified: person.phone !== null && given.phoneVerified === true,
    mfaRequired: given.mfaRequired === true,
    state,
    password:
      passwordHash === undefined || passwordHash === null
        ? undefined
        : checkedForeignHash(passwordHash, { weakHashes }),
    identities,
    roles,
  };
}

function checkIdentities(identities: readonly ImportedIdentity[]): void {
  const providers = new Set(identities.map(({ provider }) => provider));
  // OpenID Connect Core section 2: a subject is at most 255 ASCII characters.
  const areSound = identities.every(
    ({ provider, subject }) => isProviderKey(provider) && /^[\x20-\x7e]{1,255}$/.test(subject),
  );
  if (!areSound || providers.size < identities.length)
    throw new DomainError('invalid', 'INVALID_INPUT', { field: 'identities' });
}

function checkOverlaps(roles: readonly ImportedRole[]): void {
  const from = ({ startsAt }: ImportedRole) => startsAt?.getTime() ?? Date.now();
  const until = ({ endsAt }: ImportedRole) => endsAt?.getTime() ?? Number.POSITIVE_INFINITY;
  for (const [index, left] of roles.entries())
    for (const right of roles.slice(index + 1))
      if (
        left.role === right.role &&
        left.place === right.place &&
        from(left) < until(right) &&
        from(right) < until(left)
      )
        throw new DomainError('conflict', 'PERIOD_OVERLAP');
}

/** What the person of a row may be known by: two rows that share one are of one person, or refuse each other. */
export function keysOf({ person }: CheckedRow): string[] {
  const { externalId, username, email, phone } = person;
  const keys = { externalId, username: username?.toLowerCase(), email, phone };
  return Object.entries(keys).flatMap(([kind, value]) => (value ? [`${kind}:${value}`] : []));
}
