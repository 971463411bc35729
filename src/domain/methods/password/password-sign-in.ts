/**
 * Signing in with an address and a password. Owns that nobody learns from an answer, its wording or its time whether an
 * account exists: an unknown address is counted, costs the same hashing and is refused in the same words. Refuses users
 * without a password, inactive or deleted ones, and suspended tenants as it refuses a wrong password.
 *
 * No connection is held while hashing: the count commits first, what follows from the comparison is a transaction of
 * its own.
 */
import { type Database, inTransaction } from '../../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../../platform/errors.ts';
import { defineLimits } from '../../../platform/rate-limits.ts';
import { type Secrets, sha256 } from '../../../platform/secrets.ts';
import { type Caller, recordEvent } from '../../audit/audit-events.ts';
import type { ProvedAccount } from '../../sign-in/proved-account.ts';
import {
  accountFailureKeys,
  accountKey,
  clearFailures,
  countAttempt,
  doorKey,
} from '../../sign-in/sign-in-failures.ts';
import { parseTenantSettings } from '../../tenants/tenant-settings.ts';
import { parseAddress } from '../../users/canonical-address.ts';
import { usePassword } from '../../users/identities.ts';
import type { PasswordHasher } from './password-hash.ts';
import { normalizePassword } from './password-policy.ts';
import { type CandidateRow, hasSeveralTenants, selectCandidates } from './password-store.ts';

export const passwordSignInCodes = defineCodes({
  INVALID_CREDENTIALS: {
    kind: 'unauthenticated',
    means: 'the address and the password do not belong together, or may not be used',
  },
});
declare module '../../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof passwordSignInCodes> {}
}

// Hashing for more than this many tenants would let one request keep the cores busy.
const mostCandidates = 5;

export const passwordLimits = defineLimits({
  /** Passwords tried from one address. Guessing at one account is stopped long before, by its own count. */
  signInPerIp: { hits: 100, windowSeconds: 600 },
});

type Reason =
  | 'account_locked'
  | 'account_slowed'
  | 'method_not_offered'
  | 'no_password_set'
  | 'tenant_suspended'
  | 'unknown_account'
  | 'user_inactive'
  | 'wrong_password';

/** Why an account cannot be proved by any password; undefined where one may. */
function unusable(row: CandidateRow): Reason | undefined {
  if (!row.tenantActive) return 'tenant_suspended';
  if (!row.userActive) return 'user_inactive';
  if (!parseTenantSettings(row.tenantSettings).signInMethods.includes('password')) return 'method_not_offered';
  return row.passwordHash === null ? 'no_password_set' : undefined;
}

/**
 * How many hashes an attempt costs at the least. One where the tenant is known. Where it is not, an address of two
 * tenants needs two and would be set apart from all others by that: so there everybody's attempt costs two, for as long
 * as the server has two tenants at all. (Choosing one or two for each address by a keyed hash would save a quarter of
 * the work, but then any address whose time is known to be that of one hash is proved not to live in two tenants, and
 * measurements of known against unknown addresses differ by chance.) Who lives in three and more tenants can be told
 * from others by time alone.
 */
async function leastHashes(db: Database, tenantId: string | null): Promise<number> {
  return tenantId === null && (await hasSeveralTenants(db)) ? 2 : 1;
}

interface Refusal {
  row?: CandidateRow;
  reason: Reason;
}

interface Comparison {
  row: CandidateRow;
  reason?: Reason;
  /** Set where the password was right. */
  proof?: { verifiedHash: string; newHash: string | null };
}

/** One hash for each slot, one after the other; none is spared by what an earlier one found. */
async function compareAll(
  slots: { row?: CandidateRow; allowed: boolean }[],
  password: string,
  passwords: PasswordHasher,
): Promise<Comparison[]> {
  const results: Comparison[] = [];
  for (const { row, allowed } of slots) {
    const verifiedHash = row?.passwordHash;
    if (!row || !verifiedHash || !allowed) {
      await passwords.verifyAgainstNothing(password);
      if (row) results.push({ row, reason: 'account_slowed' });
      continue;
    }
    const { ok, needsRehash } = await passwords.verify(verifiedHash, password);
    if (!ok) results.push({ row, reason: 'wrong_password' });
    else {
      const newHash = needsRehash ? await rehash(password, passwords) : null;
      results.push({ row, proof: { verifiedHash, newHash } });
    }
  }
  return results;
}

/** A stronger hash is welcome, not necessary: where the queue is full, the next sign-in makes it. */
async function rehash(password: string, passwords: PasswordHasher): Promise<string | null> {
  try {
    return await passwords.hash(password);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'SERVICE_BUSY') return null;
    throw error;
  }
}

/** Never what was typed as the address: now and then it is a password. */
async function recordRefusals(
  trx: Database,
  refusals: readonly Refusal[],
  tenantId: string | null,
  caller: Caller,
): Promise<void> {
  for (const { row, reason } of refusals) {
    const subject = row ? { entityType: 'user', entityId: row.userId } : {};
    await recordEvent(
      trx,
      { tenantId: row?.tenantId ?? tenantId, action: 'login.failed', ...subject, payload: { method: 'pwd', reason } },
      caller,
    );
  }
}

/** What follows from the comparisons, in one transaction. Answers the ids of the users whose proof holds. */
async function settle(
  trx: Database,
  compared: readonly Comparison[],
  bystanders: readonly Refusal[],
  { tenantId, secrets, caller }: { tenantId: string | null; secrets: Secrets; caller: Caller },
): Promise<Set<string>> {
  const proved: CandidateRow[] = [];
  const refused: Refusal[] = [...bystanders];
  // In the order of ids: two sign-ins that share accounts wait for each other instead of locking up.
  const ordered = compared.toSorted((left, right) => (left.row.userId < right.row.userId ? -1 : 1));
  for (const { row, reason = 'wrong_password', proof } of ordered) {
    if (proof && (await usePassword(trx, { ...row, ...proof }))) proved.push(row);
    else refused.push({ row, reason });
  }
  if (proved.length > 0)
    await clearFailures(
      trx,
      proved.flatMap((row) => accountFailureKeys(secrets, row)),
    );
  await recordRefusals(trx, refused, tenantId, caller);
  return new Set(proved.map((row) => row.userId));
}

function provedAccount({ userId, tenantId, tenantName, tenantSlug, fullName, email }: CandidateRow): ProvedAccount {
  return { userId, tenantId, tenantName, tenantSlug, name: fullName, email };
}

/**
 * Compares a password with the account of an address, or without a tenant with up to five accounts in as many tenants.
 * Writes `login.failed` for every account that it did not prove; `login.succeeded` is written where the session is stored.
 * @param attempt `address`: anything a person can type; an email address, or a phone number with its country code
 * @returns every account that the password proved, at least one; the last used first. More than one: the person chooses
 * @throws DomainError unauthenticated INVALID_CREDENTIALS, rate_limited TOO_MANY_ATTEMPTS `{ seconds }` or
 *   ACCOUNT_LOCKED, unavailable SERVICE_BUSY `{ seconds }`
 */
export async function signInWithPassword(
  db: Database,
  attempt: { address: string; password: string; tenantId?: string | null },
  { passwords, secrets, caller }: { passwords: PasswordHasher; secrets: Secrets; caller: Caller },
): Promise<{ accounts: ProvedAccount[] }> {
  passwords.ensureCapacity();
  const tenantId = attempt.tenantId ?? null;
  const parsed = parseAddress(attempt.address);
  const canonical = parsed
    ? 'email' in parsed
      ? parsed.email
      : parsed.phone
    : sha256(attempt.address).toString('hex');
  const found = parsed ? await selectCandidates(db, parsed, tenantId) : [];
  const candidates = found.filter((row) => unusable(row) === undefined).slice(0, mostCandidates);
  // Who is told of in the trail: the candidates, else the person the address would mean, else nobody.
  const [other] = found;
  const bystanders: Refusal[] =
    candidates.length > 0 ? [] : [{ row: other, reason: (other && unusable(other)) ?? 'unknown_account' }];

  const [door] = await countAttempt(db, [doorKey(secrets, tenantId, canonical)]);
  if (!door?.allowed) {
    const locked = door?.locked === true;
    const reason: Reason = locked ? 'account_locked' : 'account_slowed';
    const refusals = candidates.length > 0 ? candidates.map((row) => ({ row, reason })) : [{ row: other, reason }];
    await inTransaction(db, (trx) => recordRefusals(trx, refusals, tenantId, caller));
    if (!door || door.locked) throw new DomainError('rate_limited', 'ACCOUNT_LOCKED');
    throw new DomainError('rate_limited', 'TOO_MANY_ATTEMPTS', { seconds: door.seconds });
  }

  // Nobody's slots are counted under keys of their own, so that they cost the same statement.
  const slotCount = Math.max(candidates.length, await leastHashes(db, tenantId));
  const keys = Array.from({ length: slotCount }, (_, index) =>
    accountKey(secrets, candidates[index]?.userId ?? `nobody:${index}:${tenantId ?? '*'}:${canonical}`),
  );
  const verdicts = await countAttempt(db, keys);
  const slots = verdicts.map(({ allowed }, index) => ({ row: candidates[index], allowed }));

  // No account has such a password, so nothing is hashed, for nobody.
  const impossible = attempt.password === '' || normalizePassword(attempt.password) === undefined;
  const compared: Comparison[] = impossible
    ? candidates.map((row) => ({ row, reason: 'wrong_password' }))
    : await compareAll(slots, attempt.password, passwords);

  const proved = await inTransaction(db, (trx) => settle(trx, compared, bystanders, { tenantId, secrets, caller }));
  const accounts = candidates.filter((row) => proved.has(row.userId)).map(provedAccount);
  if (accounts.length === 0) throw new DomainError('unauthenticated', 'INVALID_CREDENTIALS');
  return { accounts };
}
