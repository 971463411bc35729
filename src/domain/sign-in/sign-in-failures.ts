/**
 * Failures in a row, and what follows from them: 10 slow a way to sign in, 100 lock it until the account is recovered (NIST SP
 * 800-63B-4 section 3.2.2). Passwords and codes are counted apart, so that guessing at one leaves the other as it was. An
 * attempt is counted before it is compared, in one statement, so that parallel guesses cannot outrun the count; success takes
 * it back.
 *
 * Three kinds of keys, because three things must hold at once:
 * - A *door* is an address at one place to sign in (a tenant's, or the server's own). It is counted whether or not
 *   anybody lives there, and it alone decides what the person is told. So an answer never says who exists.
 * - An *account* is counted whichever door was tried. It decides whether the proof is compared at all, so that two doors
 *   do not give twice the guesses. Where it is ahead of its door, the answer is that of a wrong password. So both are counted
 *   in one statement and taken back in one: a success in between would leave the account ahead of the door, and a person who
 *   typed the right password would be told that it is wrong.
 * - A *device* is a browser that this very person has signed in with. It is counted instead of the other two: no stranger
 *   counts there, so none can shut the person out of it.
 *
 * A key is a list of HMACs, one under each secret key: while SECRET_KEY is being renewed nothing is forgotten. The table
 * names nobody.
 *
 * Rows are locked in one order by all: doors and devices, then accounts, each in the order of their hashes.
 */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';
import { inBatches } from '../../platform/in-batches.ts';
import {
  areCountedSql,
  type CountedRow,
  checkCounted,
  countedColumnsSql,
  countHitsSql,
  type Hits,
  hitValues,
} from '../../platform/rate-limits.ts';
import { defineSecretPurpose, type Secrets } from '../../platform/secrets.ts';
import { devicesOf } from '../sessions/known-devices.ts';

const failureKeys = defineSecretPurpose('sign-in-failures');

const slowedAfter = 10;
export const lockedAfter = 100;
const firstWaitSeconds = 2;
const longestWaitSeconds = 900;
// Too short a run to have slowed anybody ends by itself, or addresses that nobody has would fill the table for ever.
const forgottenAfterDays = 90;

/** What is counted apart from each other. */
export type CountedWay = 'code' | 'factor' | 'password';
/** Those that prove the account alone. A second factor is not among them: no first one gives a guess at it back. */
const firstFactors: readonly CountedWay[] = ['code', 'password'];

/** Newest key first; all of them are counted alike. */
export type FailureKey = readonly Buffer[];

/** @param address in canonical form, or whatever was typed where it has none */
export function doorKey(
  secrets: Secrets,
  way: CountedWay,
  tenantId: string | null | undefined,
  address: string,
): FailureKey {
  return secrets.macs(failureKeys, `${way}:${tenantId ?? '*'}:${address}`);
}

export function accountKey(secrets: Secrets, way: CountedWay, userId: string): FailureKey {
  return secrets.macs(failureKeys, `${way}:account:${userId}`);
}

/** @param device SHA-256 of the browser's cookie */
export function deviceKey(secrets: Secrets, way: CountedWay, userId: string, device: Buffer): FailureKey {
  return secrets.macs(failureKeys, `${way}:device:${userId}:${device.toString('hex')}`);
}

/** Of devices and doors, and of accounts. */
export interface FailureKeys {
  readonly doors: readonly FailureKey[];
  readonly accounts: readonly FailureKey[];
}

/** All their hashes, in the order in which rows are locked. */
export function hashesOf({ doors, accounts }: FailureKeys): Buffer[] {
  const sorted = (keys: readonly FailureKey[]) => keys.flat().sort(Buffer.compare);
  return [...sorted(doors), ...sorted(accounts)];
}

/** @param proof what was proved of the account of the same address elsewhere */
export function bystanderKey(secrets: Secrets, way: CountedWay, userId: string, proof: string): FailureKey {
  return secrets.macs(failureKeys, `${way}:beside:${userId}:${proof}`);
}

export type AttemptVerdict =
  | { allowed: true }
  /** `seconds` to wait, from now; or locked until recovery. */
  | { allowed: false; locked: false; seconds: number }
  | { allowed: false; locked: true };

const waitUntil = `f.last_failed_at + make_interval(secs =>
  least(${longestWaitSeconds}, ${firstWaitSeconds} * power(2, least(f.failures - ${slowedAfter}, 30))))`;
const isForgotten = `(f.failures < ${slowedAfter} and f.last_failed_at < now() - interval '${forgottenAfterDays} days')`;

/** @param from hashes as `w.hash`, in the order of `w.n` */
const countSql = (from: string) => `insert into sign_in_failures as f (subject_hash, failures, last_failed_at)
   select w.hash, 1, now() from ${from} order by w.n
   on conflict (subject_hash) do update
      set failures       = case when ${isForgotten} then 1 else f.failures + 1 end,
          last_failed_at = greatest(f.last_failed_at, now())
    where f.failures < ${lockedAfter} and (f.failures < ${slowedAfter} or ${waitUntil} <= now())
   returning f.subject_hash`;

/**
 * Parts of a statement. A key is let through where each of its hashes was counted. What none of the doors lets in is counted at no
 * account.
 * @param condition whether at all, of the statement around it
 */
const attemptSql = (doors: string, places: string, accounts: string, condition: string) => `asked as (
     select w.hash, w.subject, w.n
       from unnest((select ${doors}::bytea[]), (select ${places}::integer[])) with ordinality as w(hash, subject, n)
      where ${condition}
   ), doors as (
     ${countSql('asked w')}
   ), admitted as (
     select from asked w
       left join doors d on d.subject_hash = w.hash
      group by w.subject
     having count(*) = count(d.subject_hash)
   ), accounts as (
     ${countSql(`unnest((select ${accounts}::bytea[])) with ordinality as w(hash, n) where exists (select from admitted)`)}
   )`;
const attempted = 'select subject_hash from doors union all select subject_hash from accounts';

const count = prepared('sign-in-failures-count', `with ${attemptSql('$1', '$2', '$3', 'true')} ${attempted}`);

// What was not counted at the address is counted nowhere. The address first, as by everybody who holds both.
const countAtAddress = prepared(
  'sign-in-failures-count-at-address',
  `with ${countHitsSql}, ${attemptSql('$4', '$5', '$6', areCountedSql)}
   select array(${attempted}) as subject_hashes, ${countedColumnsSql}`,
);

const waits = prepared(
  'sign-in-failures-waits',
  `select f.subject_hash, f.failures >= ${lockedAfter} as locked,
          case when f.failures < ${slowedAfter} then 0
               else ceil(extract(epoch from ${waitUntil} - now()))::integer end as seconds
     from sign_in_failures f
    where f.subject_hash = any($1::bytea[])`,
);

// What an older key has counted counts under every key, from the first attempt after a new one came.
const carryOver = prepared(
  'sign-in-failures-carry-over',
  `with wanted as (
     select hash, subject, n from unnest($1::bytea[], $2::integer[]) with ordinality as w(hash, subject, n)
   ), most as (
     select distinct on (w.subject) w.subject, f.failures, f.last_failed_at
       from wanted w
       join sign_in_failures f on f.subject_hash = w.hash
      order by w.subject, f.failures desc
   )
   insert into sign_in_failures as f (subject_hash, failures, last_failed_at)
   select w.hash, m.failures, m.last_failed_at
     from wanted w
     join most m on m.subject = w.subject
    order by w.n
   on conflict (subject_hash) do update
      set failures = excluded.failures, last_failed_at = excluded.last_failed_at
    where f.failures < excluded.failures`,
);

const hex = (hash: Buffer) => hash.toString('hex');

/** Each hash once and in the order in which rows are locked, with the place of the key that it is of. */
function placed(keys: readonly FailureKey[]): { hashes: Buffer[]; places: number[] } {
  const subjects = new Map(keys.map((key) => [key.map(hex).join(), key]));
  const pairs = [...subjects.values()].flatMap((key, place) => key.map((hash) => ({ hash, place })));
  pairs.sort((left, right) => Buffer.compare(left.hash, right.hash));
  return { hashes: pairs.map(({ hash }) => hash), places: pairs.map(({ place }) => place) };
}

/** While SECRET_KEY is being renewed, a key has several hashes. */
async function carry(db: Database, doors: readonly FailureKey[], accounts: readonly FailureKey[]): Promise<void> {
  const [first, second] = [placed(doors), placed(accounts)];
  const places = [...first.places, ...second.places.map((place) => doors.length + place)];
  if (new Set(places).size < places.length)
    await runPrepared(db, carryOver, [[...first.hashes, ...second.hashes], places]);
}

/**
 * Counts one attempt under each key that is not made to wait, in one statement, before anything is compared. What is
 * made to wait is not counted: knocking does not lengthen the wait.
 * @param doors devices too
 * @param accounts counted where one of the doors lets in
 * @param atAddress what the attempt is counted as before that, in the same statement
 * @returns a verdict for each door, and whether each account lets in, in their order
 * @throws DomainError rate_limited TOO_MANY_ATTEMPTS `{ seconds }` by the limit of the address; then nothing is counted
 */
export async function countAttempt(
  db: Database,
  doors: readonly FailureKey[],
  accounts: readonly FailureKey[] = [],
  atAddress?: Hits,
): Promise<{ doors: AttemptVerdict[]; accounts: boolean[] }> {
  await carry(db, doors, accounts);
  const { hashes, places } = placed(doors);
  const values = [hashes, places, placed(accounts).hashes];
  const allowed = new Set((await countHashes(db, values, atAddress)).map(hex));
  const isAllowed = (key: FailureKey) => key.every((hash) => allowed.has(hex(hash)));
  return { doors: await verdictsOf(db, doors, allowed), accounts: accounts.map(isAllowed) };
}

/** @returns those that were counted */
async function countHashes(db: Database, values: readonly unknown[], atAddress: Hits | undefined): Promise<Buffer[]> {
  if (!atAddress) {
    const counted = await runPrepared<{ subjectHash: Buffer }>(db, count, [...values]);
    return counted.rows.map((row) => row.subjectHash);
  }
  type Row = CountedRow & { subjectHashes: Buffer[] };
  const [row] = (await runPrepared<Row>(db, countAtAddress, [...hitValues(atAddress), ...values])).rows;
  await checkCounted(db, row);
  return row?.subjectHashes ?? [];
}

async function verdictsOf(
  db: Database,
  keys: readonly FailureKey[],
  allowed: ReadonlySet<string>,
): Promise<AttemptVerdict[]> {
  const refused = keys.flat().filter((hash) => !allowed.has(hex(hash)));
  if (refused.length === 0) return keys.map(() => ({ allowed: true }));
  const found = await runPrepared<Refusal>(db, waits, [refused]);
  const refusals = new Map(found.rows.map((row) => [hex(row.subjectHash), row]));
  return keys.map((key) => {
    const held = key.filter((hash) => !allowed.has(hex(hash))).map((hash) => refusals.get(hex(hash)));
    if (held.length === 0) return { allowed: true };
    if (held.some((row) => row?.locked)) return { allowed: false, locked: true };
    // No row: cleared in between. The next attempt is let through.
    return { allowed: false, locked: false, seconds: Math.max(1, ...held.map((row) => row?.seconds ?? 1)) };
  });
}

interface Refusal {
  subjectHash: Buffer;
  locked: boolean;
  seconds: number;
}

/**
 * What an attempt would be told by the doors and the count of an account now; counts nothing. The doors are those of the
 * addresses at the tenant and at the server's own sign-in.
 */
export async function findHeldUp(
  db: Database,
  secrets: Secrets,
  way: CountedWay,
  { tenantId, userId, addresses }: { tenantId: string; userId: string; addresses: readonly string[] },
): Promise<{ locked: boolean; seconds: number }> {
  const doors = addresses.flatMap((address) => [
    ...doorKey(secrets, way, tenantId, address),
    ...doorKey(secrets, way, null, address),
  ]);
  const hashes = [...accountKey(secrets, way, userId), ...doors];
  const { rows: found } = await runPrepared<Refusal>(db, waits, [hashes]);
  return { locked: found.some(({ locked }) => locked), seconds: Math.max(0, ...found.map(({ seconds }) => seconds)) };
}

/**
 * SQL that takes counts back, a statement or a part of one.
 * @param hashes an expression of bytea[], as `hashesOf` orders them
 * @param condition whether at all, of the statement around it
 */
export function clearFailuresSql(hashes: string, condition = 'true'): string {
  return `delete from sign_in_failures
    where subject_hash in (select f.subject_hash
                             from unnest((${hashes})::bytea[]) with ordinality as w(hash, n)
                             join sign_in_failures f on f.subject_hash = w.hash
                            where ${condition}
                            order by w.n for update of f)`;
}

const clear = prepared('sign-in-failures-clear', clearFailuresSql('select $1::bytea[]'));

/** Takes the count back upon success, in the caller's transaction. */
export async function clearFailures(db: Database, keys: FailureKeys): Promise<void> {
  await runPrepared(db, clear, [hashesOf(keys)]);
}

/**
 * Every key by which strangers may hold up this account: its own and its doors, at its tenant and at the server's own
 * sign-in. To be cleared when the account was proved.
 */
export function accountFailureKeys(secrets: Secrets, user: FailingUser): FailureKeys {
  const username = user.username?.toLowerCase() ?? null;
  const addresses = [user.email, user.phone, username].filter((address) => address !== null);
  const places = [user.tenantId, null];
  return {
    doors: firstFactors.flatMap((way) =>
      addresses.flatMap((address) => places.map((place) => doorKey(secrets, way, place, address))),
    ),
    accounts: firstFactors.map((way) => accountKey(secrets, way, user.userId)),
  };
}

export interface FailingUser {
  userId: string;
  tenantId: string;
  email: string | null;
  phone: string | null;
  /** A door too, where people sign in by it. */
  username?: string | null;
}

/**
 * Forgets the failures of an account, those of its devices too: it was recovered, or freed by an administrator.
 * @param secondFactor also those at the second factor, which a recovery gives back no guess at
 */
export async function forgetFailures(
  trx: Database,
  secrets: Secrets,
  user: FailingUser,
  { secondFactor }: { secondFactor: boolean },
): Promise<void> {
  const ways: readonly CountedWay[] = secondFactor ? [...firstFactors, 'factor'] : firstFactors;
  const ofDevices = (await devicesOf(trx, user)).flatMap((device) =>
    ways.map((way) => deviceKey(secrets, way, user.userId, device)),
  );
  const ofFactor = secondFactor ? [accountKey(secrets, 'factor', user.userId)] : [];
  const { doors, accounts } = accountFailureKeys(secrets, user);
  await clearFailures(trx, { doors: [...doors, ...ofDevices], accounts: [...accounts, ...ofFactor] });
}

/** Deletes runs that count for nothing any more. Answers how many went. Waits for nobody. */
export async function sweepSignInFailures(db: Database): Promise<number> {
  return inBatches(async (most) => {
    const result = await db.raw(
      `with held as (
         select f.subject_hash from sign_in_failures f where ${isForgotten} limit :most for update skip locked
       )
       delete from sign_in_failures f using held where f.subject_hash = held.subject_hash`,
      { most },
    );
    return result.rowCount;
  });
}
