/**
 * Counting against limits, in the database, so that all nodes share one count. Each feature declares its own limits.
 * Fixed windows: what is asked of them is to stop floods, and one row and one statement a hit are enough for that.
 * Refuses to store what it counts by: a subject that is no IP address is kept as its SHA-256.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { type Database, prepared, runPrepared } from './database.ts';
import { type Codes, DomainError, defineCodes } from './errors.ts';
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

/**
 * What is counted: an IPv4 address, the /64 of an IPv6 address (one subscriber has at least that many addresses), or
 * the SHA-256 of anything else. An IPv4 address written as IPv6 is the IPv4 address.
 */
export function rateLimitSubject(subject: string): string {
  const address = subject.replace(/%.*$/s, '');
  if (isIP(address) === 0) return sha256(subject).toString('base64url');
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return `${new ipaddr.IPv6([...parsed.parts.slice(0, 4), 0, 0, 0, 0]).toRFC5952String()}/64`;
}

// Stops counting one above the limit: the number stays small however long somebody knocks.
const hit = prepared(
  'rate-limit-hit',
  `insert into rate_limits as r (key, hits, window_ends_at)
   values ($1, 1, now() + make_interval(secs => $2))
   on conflict (key) do update
      set hits           = case when r.window_ends_at <= now() then 1 else least(r.hits + 1, $3 + 1) end,
          window_ends_at = case when r.window_ends_at <= now() then excluded.window_ends_at else r.window_ends_at end
   returning hits, ceil(extract(epoch from window_ends_at - now()))::integer as seconds`,
);

/**
 * Counts one hit, and refuses it above the limit. On the pool, not in a transaction: what is rolled back is not counted.
 * @param subject an IP address, or what else names the one who is counted (user id, client id)
 * @throws DomainError rate_limited TOO_MANY_ATTEMPTS `{ seconds }` until the window ends
 */
export async function consume(db: Database, limit: Limit, subject: string): Promise<void> {
  const result = await runPrepared<{ hits: number; seconds: number }>(db, hit, [
    `${limit.name}:${rateLimitSubject(subject)}`,
    limit.windowSeconds,
    limit.hits,
  ]);
  const [row] = result.rows;
  if (!row || row.hits > limit.hits) {
    throw new DomainError('rate_limited', 'TOO_MANY_ATTEMPTS', { seconds: Math.max(1, row?.seconds ?? 1) });
  }
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

/** Deletes windows that have ended; they count for nothing whether swept or not. Answers how many went. */
export async function sweepRateLimits(db: Database): Promise<number> {
  return db('rate_limits').where('windowEndsAt', '<', db.fn.now()).delete();
}
