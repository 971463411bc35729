/**
 * Signing in with an address and a password. Owns that nobody learns from an answer, its wording or its time whether an
 * account exists: an unknown address is counted, costs the same hashing and is refused in the same words. Refuses users
 * without a password, inactive or deleted ones, and suspended tenants as it refuses a wrong password.
 *
 * No connection is held while hashing: the count commits first, what follows from the comparison is a transaction of
 * its own.
 */
import type { AddressLimits } from '../../../platform/address-limits.ts';
import { type Database, inTransaction } from '../../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../../platform/errors.ts';
import { countHits, defineLimits, type Hits } from '../../../platform/rate-limits.ts';
import { type Secrets, sha256 } from '../../../platform/secrets.ts';
import type { Caller } from '../../audit/audit-events.ts';
import { whoKnowsDevice } from '../../sessions/known-devices.ts';
import type { ProvedAccount } from '../../sign-in/proved-account.ts';
import { firstRefusal } from '../../sign-in/rules.ts';
import { type AttemptVerdict, accountKey, countAttempt, deviceKey, doorKey } from '../../sign-in/sign-in-failures.ts';
import { addressTerms } from '../../tenants/address-terms.ts';
import { findTenantById, type Tenant } from '../../tenants/tenants.ts';
import { parseAddress } from '../../users/canonical-address.ts';
import { parseUsername } from '../../users/username.ts';
import type { AccountProfile } from '../../users/users.ts';
import { type Comparison, compareAll, type Reason } from './compare-password.ts';
import { type ForeignHash, openForeignHash } from './foreign-hash.ts';
import type { ForeignWork, PasswordAttempt, PasswordHasher } from './password-hash.ts';
import { allowsPasswords } from './password-method.ts';
import { normalizePassword } from './password-policy.ts';
import { type NoPasswordWay, passwordRules } from './password-rules.ts';
import {
  type CandidateRow,
  hasSeveralTenants,
  type SignInName,
  selectCandidates,
  selectCostliestForeignHash,
} from './password-store.ts';
import { type Refusal, recordRefusals, settle } from './settle-password.ts';

export const passwordSignInCodes = defineCodes({
  INVALID_CREDENTIALS: {
    kind: 'unauthenticated',
    means: 'the address and the password do not belong together, or may not be used',
  },
});
declare module '../../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof passwordSignInCodes> {}
}

// Without a tenant everybody's attempt costs as much, or the time would tell in how many tenants an address lives. A person who has
// more accounts than this names the organisation, as their application does.
const mostCandidates = 2;

export const passwordLimits = defineLimits({
  /** Wrong passwords from one address; right ones are given back. Guessing at one account is stopped long before, by its own count. */
  signInPerIp: { hits: 100, windowSeconds: 600 },
});

const hasAnyHash = ({ passwordHash, foreignPasswordHash }: CandidateRow) =>
  passwordHash !== null || foreignPasswordHash !== null;

/** Why an account cannot be proved by any password; undefined where one may. */
function unusable(row: CandidateRow): NoPasswordWay | undefined {
  return firstRefusal(passwordRules, { ...row, hasPassword: hasAnyHash(row) });
}

/**
 * How many hashes an attempt costs. One where the tenant is known. Where it is not, an address of two tenants needs two and
 * would be set apart from all others by that: so there everybody's attempt costs two, for as long as the server has two
 * tenants at all. (Choosing one or two for each address by a keyed hash would save a quarter of the work, but then any
 * address whose time is known to be that of one hash is proved not to live in two tenants, and measurements of known against
 * unknown addresses differ by chance.)
 */
async function hashesOf(db: Database, tenantId: string | null): Promise<number> {
  return tenantId === null && (await hasSeveralTenants(db)) ? mostCandidates : 1;
}

function provedAccount({ userId, tenantId, tenantName, tenantSlug, fullName, email }: CandidateRow): ProvedAccount {
  return { userId, tenantId, tenantName, tenantSlug, name: fullName, email };
}

interface Meant {
  /** In canonical form, or a hash of what was typed. */
  canonical: string;
  /** Whose password may be compared: those who know this browser first, then the last used. */
  candidates: CandidateRow[];
  knownHere: ReadonlySet<string>;
  /** Who is told of in the trail where there is none: the person the address would mean, else nobody. */
  bystander: Refusal;
}

/** What was typed as what finds people: an address; or a username, where the tenant is known and lets people in by it. */
function parseSignInName(typed: string, tenant: Tenant | undefined): SignInName | undefined {
  const address = parseAddress(typed);
  if (address || !tenant?.settings.usernames) return address;
  const username = parseUsername(typed);
  return username === undefined ? undefined : { username };
}

async function findMeant(
  db: Database,
  typed: string,
  { tenant, tenantId, caller }: { tenant: Tenant | undefined; tenantId: string | null; caller: Caller },
): Promise<Meant> {
  const name = parseSignInName(typed, tenant);
  const [canonical = sha256(typed).toString('hex')] = Object.values(name ?? {});
  const found = name ? await selectCandidates(db, name, tenantId) : [];
  const usable = found.filter((row) => unusable(row) === undefined);
  const knownHere = await whoKnowsDevice(db, usable, caller.device);
  const isKnown = ({ userId }: CandidateRow) => Number(knownHere.has(userId));
  const candidates = usable.toSorted((left, right) => isKnown(right) - isKnown(left)).slice(0, mostCandidates);
  const [other] = found;
  const bystander = { row: other, reason: (other && unusable(other)) ?? 'unknown_account' } as const;
  return { canonical, candidates, knownHere, bystander };
}

function heldUp(door: AttemptVerdict | undefined): { reason: Reason; error: DomainError } | undefined {
  if (door?.allowed) return undefined;
  if (!door || door.locked)
    return { reason: 'account_locked', error: new DomainError('rate_limited', 'ACCOUNT_LOCKED') };
  const error = new DomainError('rate_limited', 'TOO_MANY_ATTEMPTS', { seconds: door.seconds });
  return { reason: 'account_slowed', error };
}

/**
 * Counts the attempt and answers which candidates may be compared with. At a browser that none of them knows, the door
 * speaks for all; at one that somebody knows, that person's own count there does, and the others are counted as ever.
 */
async function countAll(
  db: Database,
  { canonical, candidates, knownHere }: Meant,
  {
    tenantId,
    secrets,
    device,
    atAddress,
  }: { tenantId: string | null; secrets: Secrets; device: Buffer | undefined; atAddress: Hits | undefined },
): Promise<
  { refused: NonNullable<ReturnType<typeof heldUp>> } | { slots: { row?: CandidateRow; allowed: boolean }[] }
> {
  const known = candidates.filter(({ userId }) => knownHere.has(userId));
  const doors =
    device && known.length > 0
      ? known.map(({ userId }) => deviceKey(secrets, 'password', userId, device))
      : [doorKey(secrets, 'password', tenantId, canonical)];
  // Nobody's slots are counted under keys of their own, so that they cost the same statement.
  const slotCount = Math.max(candidates.length, await hashesOf(db, tenantId));
  const names = Array.from(
    { length: slotCount },
    (_, index) => candidates[index]?.userId ?? `nobody:${index}:${tenantId ?? '*'}:${canonical}`,
  );
  const strangers = names.slice(known.length);
  const accounts = strangers.map((name) => accountKey(secrets, 'password', name));
  const counted = await countAttempt(db, doors, accounts, atAddress);
  const refusals = counted.doors.map(heldUp);
  const [refused] = refusals;
  if (refused && refusals.every((refusal) => refusal !== undefined)) return { refused };

  const atDevices = counted.doors.slice(0, known.length).map((verdict) => verdict.allowed);
  const allowed = [...atDevices, ...counted.accounts];
  return { slots: names.map((_, index) => ({ row: candidates[index], allowed: allowed[index] === true })) };
}

/** The costliest hash that waits where the attempt is made, read once, and only where somebody is refused. */
function foreignWork(db: Database, tenantId: string | null, secrets: Secrets): ForeignWork {
  let found: Promise<ForeignHash | undefined> | undefined;
  const find = async () => {
    const row = await selectCostliestForeignHash(db, tenantId);
    return row && openForeignHash(secrets, row.userId, row.foreignPasswordHash);
  };
  return () => {
    found ??= find();
    return found;
  };
}

interface SignInDependencies {
  passwords: PasswordHasher;
  secrets: Secrets;
  limits: AddressLimits;
  caller: Caller;
}

interface Attempt {
  address: string;
  password: string;
  tenantId: string | null;
}

interface CountedAttempt {
  attempt: Attempt;
  compared: PasswordAttempt;
  isOffered: boolean;
  /** What it is counted as at its address. */
  atAddress: Hits | undefined;
}

interface SignedIn {
  /** Every account that the password proved, at least one. */
  accounts: ProvedAccount[];
  /** The account of the only one, as it may act at that moment, where it came along. */
  account?: AccountProfile;
}

/** Counts, compares and settles. @throws DomainError as signInWithPassword */
async function compareMeant(
  db: Database,
  meant: Meant,
  { attempt, compared, isOffered, atAddress }: CountedAttempt,
  { passwords, secrets, caller }: SignInDependencies,
): Promise<SignedIn> {
  const { password, tenantId } = attempt;
  const { candidates, knownHere, bystander } = meant;
  const bystanders = candidates.length > 0 ? [] : [bystander];
  // What a tenant does not offer is not counted: guesses at it lead nowhere, and would only hold somebody up.
  if (!isOffered) {
    if (atAddress) await countHits(db, atAddress);
    await inTransaction(db, (trx) => recordRefusals(trx, bystanders, tenantId, caller));
    throw new DomainError('unauthenticated', 'INVALID_CREDENTIALS');
  }

  const counted = await countAll(db, meant, { tenantId, secrets, device: caller.device, atAddress });
  if ('refused' in counted) {
    const { reason, error } = counted.refused;
    const refusals = candidates.length > 0 ? candidates.map((row) => ({ row, reason })) : [{ ...bystander, reason }];
    await inTransaction(db, (trx) => recordRefusals(trx, refusals, tenantId, caller));
    throw error;
  }

  // No account has such a password, so nothing is hashed, for nobody.
  const impossible = password === '' || normalizePassword(password) === undefined;
  const results: Comparison[] = impossible
    ? candidates.map((row) => ({ row, reason: 'wrong_password' }))
    : await compareAll(counted.slots, password, {
        compared,
        passwords,
        secrets,
        work: foreignWork(db, tenantId, secrets),
      });

  const surroundings = { tenantId, secrets, caller, knownHere, atAddress: atAddress?.keys ?? [] };
  const { proved, account } = await settle(db, results, bystanders, surroundings);
  const accounts = candidates.filter((row) => proved.has(row.userId)).map(provedAccount);
  if (accounts.length === 0) throw new DomainError('unauthenticated', 'INVALID_CREDENTIALS');
  return { accounts, account };
}

/**
 * The attempt is counted at its address until it came to good: many people may share one. A browser that somebody of the
 * account has signed in with has a count of its own, in `countAll`.
 */
function hitsAtAddress(
  { tenant, knownHere }: { tenant: Tenant | undefined; knownHere: Meant['knownHere'] },
  { limits, caller }: SignInDependencies,
): Hits | undefined {
  const terms = tenant && addressTerms(tenant.settings, 'signInFailures');
  return knownHere.size > 0 ? undefined : limits.hitsAt(passwordLimits.signInPerIp, caller.ip, terms);
}

/**
 * Compares a password with the account of an address, or without a tenant with up to two accounts in as many tenants.
 * Writes `login.failed` for every account that it did not prove; `login.succeeded` is written where the session is stored.
 * @param attempt `address`: anything a person can type; an email address, a phone number with its country code, or a username
 *   of the tenant
 * @returns every account that the password proved, at least one; the last used first. More than one: the person chooses
 * @throws DomainError unauthenticated INVALID_CREDENTIALS, rate_limited TOO_MANY_ATTEMPTS `{ seconds }` (the account, the
 *   IP address) or ACCOUNT_LOCKED, unavailable SERVICE_BUSY `{ seconds }`
 */
export async function signInWithPassword(
  db: Database,
  { tenantId = null, ...typed }: { address: string; password: string; tenantId?: string | null },
  deps: SignInDependencies,
): Promise<SignedIn> {
  const attempt: Attempt = { ...typed, tenantId };
  // Before anything is counted; as many as `hashesOf` may ask for.
  const compared = deps.passwords.forAttempt(tenantId === null ? mostCandidates : 1);
  try {
    const tenant = tenantId === null ? undefined : await findTenantById(db, tenantId);
    const meant = await findMeant(db, attempt.address, { tenant, tenantId, caller: deps.caller });
    const { knownHere } = meant;
    const isOffered = !tenant || allowsPasswords(tenant.settings);
    const atAddress = hitsAtAddress({ tenant, knownHere }, deps);
    return await compareMeant(db, meant, { attempt, compared, isOffered, atAddress }, deps);
  } finally {
    compared.leave();
  }
}
