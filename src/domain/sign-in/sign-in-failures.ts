/**
 * Failures in a row, and what follows from them: 10 slow an account, 100 lock it until it is recovered (NIST SP 800-63B-4
 * section 3.2.2). Every way of proving an account counts here: passwords, codes, recovery, the API. An attempt is counted
 * before it is compared, in one statement, so that parallel guesses cannot outrun the count; success takes it back.
 *
 * Two kinds of keys, because two things must hold at once:
 * - A *door* is an address at one place to sign in (a tenant's, or the server's own). It is counted whether or not
 *   anybody lives there, and it alone decides what the person is told. So an answer never says who exists.
 * - An *account* is counted whichever door was tried. It decides whether the proof is compared at all, so that two doors
 *   do not give twice the guesses. Where it is ahead of its door, the answer is that of a wrong password.
 *
 * Keys are HMACs: the table names nobody.
 */
import { type Database, prepared, rows, runPrepared } from '../../platform/database.ts';
import { defineSecretPurpose, type Secrets } from '../../platform/secrets.ts';

const failureKeys = defineSecretPurpose('sign-in-failures');

const slowedAfter = 10;
const lockedAfter = 100;
const firstWaitSeconds = 2;
const longestWaitSeconds = 900;
// Too short a run to have slowed anybody ends by itself, or addresses that nobody has would fill the table for ever.
const forgottenAfterDays = 90;

/** @param address in canonical form, or whatever was typed where it has none */
export function doorKey(secrets: Secrets, tenantId: string | null | undefined, address: string): Buffer {
  return secrets.mac(failureKeys, `${tenantId ?? '*'}:${address}`);
}

export function accountKey(secrets: Secrets, userId: string): Buffer {
  return secrets.mac(failureKeys, `account:${userId}`);
}

export type AttemptVerdict =
  | { allowed: true }
  /** `seconds` to wait, from now; or locked until recovery. */
  | { allowed: false; locked: false; seconds: number }
  | { allowed: false; locked: true };

const waitUntil = `f.last_failed_at + make_interval(secs =>
  least(${longestWaitSeconds}, ${firstWaitSeconds} * power(2, least(f.failures - ${slowedAfter}, 30))))`;
const isForgotten = `(f.failures < ${slowedAfter} and f.last_failed_at < now() - interval '${forgottenAfterDays} days')`;

// In the order of the keys: two attempts that share some wait for each other instead of locking up.
const count = prepared(
  'sign-in-failures-count',
  `insert into sign_in_failures as f (subject_hash, failures, last_failed_at)
   select key, 1, now() from unnest($1::bytea[]) as key order by key
   on conflict (subject_hash) do update
      set failures       = case when ${isForgotten} then 1 else f.failures + 1 end,
          last_failed_at = greatest(f.last_failed_at, now())
    where f.failures < ${lockedAfter} and (f.failures < ${slowedAfter} or ${waitUntil} <= now())
   returning f.subject_hash`,
);

const waits = prepared(
  'sign-in-failures-waits',
  `select f.subject_hash, f.failures >= ${lockedAfter} as locked,
          ceil(extract(epoch from ${waitUntil} - now()))::integer as seconds
     from sign_in_failures f
    where f.subject_hash = any($1::bytea[])`,
);

/**
 * Counts one attempt under each key that is not made to wait, in one statement, before anything is compared. What is
 * made to wait is not counted: knocking does not lengthen the wait.
 * @returns a verdict for each key, in their order
 */
export async function countAttempt(db: Database, keys: readonly Buffer[]): Promise<AttemptVerdict[]> {
  const names = keys.map((key) => key.toString('hex'));
  const distinct = [...new Map(keys.map((key, index) => [names[index], key])).values()];
  const counted = await runPrepared<{ subjectHash: Buffer }>(db, count, [distinct]);
  const allowed = new Set(counted.rows.map((row) => row.subjectHash.toString('hex')));
  if (allowed.size === distinct.length) return keys.map(() => ({ allowed: true }));

  const refused = distinct.filter((key) => !allowed.has(key.toString('hex')));
  const found = await runPrepared<{ subjectHash: Buffer; locked: boolean; seconds: number }>(db, waits, [refused]);
  const refusals = new Map(found.rows.map((row) => [row.subjectHash.toString('hex'), row]));
  return names.map((name) => {
    if (allowed.has(name)) return { allowed: true };
    const refusal = refusals.get(name);
    if (refusal?.locked) return { allowed: false, locked: true };
    // No row: cleared in between. The next attempt is let through.
    return { allowed: false, locked: false, seconds: Math.max(1, refusal?.seconds ?? 1) };
  });
}

/** Takes the count back upon success, in the caller's transaction. */
export async function clearFailures(db: Database, keys: Buffer | readonly Buffer[]): Promise<void> {
  await rows(
    db,
    `delete from sign_in_failures
      where subject_hash in (select subject_hash from sign_in_failures
                              where subject_hash = any(?::bytea[])
                              order by subject_hash for update)`,
    [Buffer.isBuffer(keys) ? [keys] : [...keys]],
  );
}

/**
 * Every key that may hold up this account: its own and its doors, at its tenant and at the server's own sign-in. To be
 * cleared when the account was proved, recovered, or freed by an administrator.
 */
export function accountFailureKeys(
  secrets: Secrets,
  user: { userId: string; tenantId: string; email: string | null; phone: string | null },
): Buffer[] {
  const addresses = [user.email, user.phone].filter((address) => address !== null);
  return [
    accountKey(secrets, user.userId),
    ...addresses.flatMap((address) => [doorKey(secrets, user.tenantId, address), doorKey(secrets, null, address)]),
  ];
}

/** Deletes runs that count for nothing any more. Answers how many went. */
export async function sweepSignInFailures(db: Database): Promise<number> {
  const result = await db.raw(`delete from sign_in_failures f where ${isForgotten}`);
  return result.rowCount;
}
