/**
 * Counting against limits, in the database, so that all nodes share one count. Each feature declares its own limits.
 * Fixed windows: what is asked of them is to stop floods, and one row and one statement a hit are enough for that.
 * Refuses to store what it counts by: a subject that is no IP address is kept as its SHA-256.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { type Database, prepared, runPrepared } from './database.ts';
import { type Codes, DomainError, defineCodes } from './errors.ts';
import { inBatches } from './in-batches.ts';
import { sha256 } from './secrets.ts';

export const rateLimitCodes = defineCodes({
  TOO_MANY_ATTEMPTS: {
    kind: 'rate_limited',
    params: ['seconds'],
    means: 'it was tried too often; it may be tried again after so many seconds',
  },
});
declare module './errors.ts' {
  interface ErrorCodes extends Codes<typeof rateLimitCodes> {}
}

export interface Limit {
  /** Part of the key under which it is counted, so one of its kind. */
  readonly name: string;
  /** How many are let through in a window. */
  readonly hits: number;
  readonly windowSeconds: number;
}

/** Declares the limits of a feature, in its own file. A test holds all their names apart. */
export function defineLimits<Name extends string>(
  limits: Record<Name, Omit<Limit, 'name'>>,
): Readonly<Record<Name, Limit>> {
  const named = Object.entries<Omit<Limit, 'name'>>(limits).map(([name, limit]) => [name, { ...limit, name }]);
  return Object.freeze(Object.fromEntries(named) as Record<Name, Limit>);
}

const ipv6Levels = [
  { bits: 64, share: 1 },
  { bits: 56, share: 2 },
  { bits: 48, share: 4 },
] as const;

interface Subject {
  name: string;
  /** How many times the limit it may have. */
  share: number;
}

/**
 * What is counted: an IPv4 address; the networks of an IPv6 address that one subscriber may hold (RFC 6177), a /64, a /56
 * and a /48, each with a limit of its own, or whoever has a /48 had 65,536 times the limit; or the SHA-256 of anything
 * else. An IPv4 address written as IPv6 is the IPv4 address.
 */
export function rateLimitSubjects(subject: string): Subject[] {
  const address = subject.replace(/%.*$/s, '');
  if (isIP(address) === 0) return [{ name: sha256(subject).toString('base64url'), share: 1 }];
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return [{ name: parsed.toString(), share: 1 }];
  return ipv6Levels.map(({ bits, share }) => ({ name: `${networkOf(parsed, bits)}/${bits}`, share }));
}

/** An IPv4 address, or the /48 of an IPv6 one: as far as addresses are told apart where nothing else does. */
export function widestNetwork(ip: string): string {
  return rateLimitSubjects(ip).at(-1)?.name ?? ip;
}

function networkOf(address: ipaddr.IPv6, bits: number): string {
  return ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/${bits}`).toRFC5952String();
}

/** The key of a subject that is no address, for `usedUpSql`. */
export function limitKey(limit: Limit, subject: string): string {
  return `${limit.name}:${sha256(subject).toString('base64url')}`;
}

/** SQL, for a statement that asks other things too: whether all hits of a window are used up. Counts nothing. */
export function usedUpSql(key: string, most: string): string {
  return `exists (select from rate_limits r where r.key = ${key} and r.hits >= ${most} and r.window_ends_at > now())`;
}

/** What is about to be counted: hits of one subject under its keys, each with what it may have. */
export interface Hits {
  keys: readonly string[];
  most: readonly number[];
  windowSeconds: number;
}

/** @param subject an IP address, or what else names the one who is counted (user id, client id) */
export function hitsOf(limit: Limit, subject: string): Hits {
  const subjects = rateLimitSubjects(subject);
  return {
    keys: subjects.map(({ name }) => `${limit.name}:${name}`),
    most: subjects.map(({ share }) => share * limit.hits),
    windowSeconds: limit.windowSeconds,
  };
}

/** The parameters `$1` to `$3` of `countHitsSql`. */
export function hitValues({ keys, most, windowSeconds }: Hits): unknown[] {
  return [keys, most, windowSeconds];
}

/**
 * Three parts of a statement (`wanted`, `used_up`, `counted`) that counts `Hits`, `$1` to `$3`. What is refused is not counted: whoever
 * is refused all day fills nothing, a wide network that is full makes no rows of the small ones in it, and those who come at once
 * above the limit do not use it up for who gives a hit back. In the order of the keys, so that two who share some wait for each other.
 */
export const countHitsSql = `wanted as (
     select key, most from unnest($1::text[], $2::integer[]) as w(key, most)
   ), used_up as (
     select r.window_ends_at
       from wanted w
       join rate_limits r using (key)
      where r.window_ends_at > now() and r.hits >= w.most
   ), counted as (
     insert into rate_limits as r (key, hits, window_ends_at)
     select w.key, 1, now() + make_interval(secs => $3)
       from wanted w
      where not exists (select from used_up) and w.most > 0
      order by w.key
     on conflict (key) do update
        set hits           = case when r.window_ends_at <= now() then 1 else r.hits + 1 end,
            window_ends_at = case when r.window_ends_at <= now() then excluded.window_ends_at else r.window_ends_at end
      where r.window_ends_at <= now() or r.hits < (select w.most from wanted w where w.key = r.key)
     returning key
   )`;

/** Whether all of `countHitsSql` was counted: what else the statement does rests on that, and so comes after it. */
export const areCountedSql = '(select count(*) from counted) = (select count(*) from wanted)';

/** Two columns of the statement's answer, for `checkCounted`. */
export const countedColumnsSql = `array(select key from counted) as counted,
          case when not (${areCountedSql})
               then coalesce((select ceil(extract(epoch from max(u.window_ends_at) - now()))::integer from used_up u), $3)
          end as seconds`;

export interface CountedRow {
  counted: string[];
  seconds: number | null;
}

const hit = prepared('rate-limit-hit', `with ${countHitsSql} select ${countedColumnsSql}`);

/** Under which keys a hit was counted, for `giveBackHit`. */
export type Counted = readonly string[];

/** What became of `countHitsSql`. @throws DomainError rate_limited TOO_MANY_ATTEMPTS `{ seconds }` until the window ends */
export async function checkCounted(db: Database, row: CountedRow | undefined): Promise<void> {
  const { counted = [], seconds = null } = row ?? {};
  if (seconds === null) return;
  // Of the networks of one address those that still had some, while another was filled by somebody else at this moment.
  await giveBackHit(db, counted);
  throw new DomainError('rate_limited', 'TOO_MANY_ATTEMPTS', { seconds: Math.max(1, seconds) });
}

/**
 * Counts one hit, and refuses it above the limit. On the pool, not in a transaction: what is rolled back is not counted.
 * @throws DomainError rate_limited TOO_MANY_ATTEMPTS `{ seconds }` until the window ends
 */
export async function countHits(db: Database, hits: Hits): Promise<Counted> {
  const { rows } = await runPrepared<CountedRow>(db, hit, hitValues(hits));
  await checkCounted(db, rows[0]);
  return hits.keys;
}

/** The same of a subject: an IP address, or what else names the one who is counted (user id, client id). */
export async function consume(db: Database, limit: Limit, subject: string): Promise<Counted> {
  return countHits(db, hitsOf(limit, subject));
}

/**
 * SQL for a statement that ends what was counted, and gives that back with it.
 * @param keys an expression of text[]; null gives nothing back
 * @param condition whether at all, of the statement around it
 */
export function giveBackHitsSql(keys: string, condition = 'true'): string {
  return `update rate_limits r
      set hits = r.hits - 1
     from (select key
             from rate_limits
            where key = any((${keys})::text[]) and hits > 0 and ${condition}
            order by key for update) held
    where r.key = held.key`;
}

const unhit = prepared('rate-limit-unhit', giveBackHitsSql('select $1::text[]'));

/** Takes a hit back that came to good: it is no sign of an attack. */
export async function giveBackHit(db: Database, counted: Counted): Promise<void> {
  if (counted.length > 0) await runPrepared(db, unhit, [counted]);
}

/** A message that was counted, for `giveBack`. */
export interface Spent {
  readonly key: string;
  readonly windowEndsAt: string;
}

const daySeconds = 86_400;

// What is refused is not counted: a budget that is raised in the course of the day has exactly the difference left.
const spend = prepared(
  'budget-spend',
  `insert into rate_limits as r (key, hits, window_ends_at)
   select $1::text, 1, now() + make_interval(secs => $2)
    where $3::integer > 0
   on conflict (key) do update
      set hits           = case when r.window_ends_at <= now() then 1 else r.hits + 1 end,
          window_ends_at = case when r.window_ends_at <= now() then excluded.window_ends_at else r.window_ends_at end
    where r.window_ends_at <= now() or r.hits < $3::integer
   returning window_ends_at::text`,
);

/**
 * Takes one from a daily budget, in one statement: of many at once no more get through than are left.
 * @returns undefined where it is used up
 */
export async function spendBudget(db: Database, subject: string, daily: number): Promise<Spent | undefined> {
  const key = `budget:${subject}`;
  const { rows } = await runPrepared<{ windowEndsAt: string }>(db, spend, [key, daySeconds, daily]);
  const [row] = rows;
  return row && { key, windowEndsAt: row.windowEndsAt };
}

/** Gives back what was taken and certainly not used. What was taken from yesterday's budget is yesterday's. */
export async function giveBack(db: Database, { key, windowEndsAt }: Spent): Promise<void> {
  await db.raw(
    `update rate_limits
        set hits = hits - 1
      where key = :key and window_ends_at = :windowEndsAt::timestamptz and hits > 0`,
    { key, windowEndsAt },
  );
}

/** What is left of a daily budget; takes nothing. */
export async function budgetLeft(db: Database, subject: string, daily: number): Promise<number> {
  const row = await db('rate_limits')
    .where({ key: `budget:${subject}` })
    .andWhere('windowEndsAt', '>', db.fn.now())
    .first<{ hits: number } | undefined>('hits');
  return Math.max(0, daily - (row?.hits ?? 0));
}

const note = prepared(
  'rate-limits-note',
  `insert into rate_limits as r (key, hits, window_ends_at) values ('written', 1, now())
   on conflict (key) do update set window_ends_at = now()`,
);

/** Writes one row, always the same, to learn whether the database takes writes. @throws what the driver says */
export async function proveWritable(db: Database): Promise<void> {
  await runPrepared(db, note, []);
}

/** Deletes windows that have ended; they count for nothing whether swept or not. Answers how many went. Waits for nobody. */
export async function sweepRateLimits(db: Database): Promise<number> {
  return inBatches(async (most) => {
    const result = await db.raw(
      `with held as (
         select key from rate_limits where window_ends_at < now() limit :most for update skip locked
       )
       delete from rate_limits r using held where r.key = held.key`,
      { most },
    );
    return result.rowCount;
  });
}
