/**
 * Every limit of the program, named, in this one file; counted in the database, so that all nodes share one count.
 * Fixed windows: what is asked of them is to stop floods, and one row and one statement a hit are enough for that.
 * Refuses to store what it counts by: a subject that is no IP address is kept as its SHA-256.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { type Database, prepared, runPrepared } from './database.ts';
import { DomainError } from './errors.ts';
import { sha256 } from './secrets.ts';

interface Limit {
  /** How many are let through in a window. */
  hits: number;
  windowSeconds: number;
}

export const limits = {
  /** Passwords tried from one address. Guessing at one account is stopped long before, by its own count. */
  signInPerIp: { hits: 100, windowSeconds: 600 },
  /** User codes typed from one address (RFC 8628 section 5.1): 20 of 20^8 codes, and then a wait. */
  userCodePerIp: { hits: 20, windowSeconds: 600 },
  /** Set-up links tried from one address. The token itself is 256 bits; this keeps the noise down. */
  setupLinkPerIp: { hits: 20, windowSeconds: 600 },
  /** Passwords changed, or tried as the current one, by one person. */
  passwordChangePerUser: { hits: 10, windowSeconds: 600 },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof limits;

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
export async function consume(db: Database, name: LimitName, subject: string): Promise<void> {
  const limit: Limit = limits[name];
  const result = await runPrepared<{ hits: number; seconds: number }>(db, hit, [
    `${name}:${rateLimitSubject(subject)}`,
    limit.windowSeconds,
    limit.hits,
  ]);
  const [row] = result.rows;
  if (!row || row.hits > limit.hits) {
    throw new DomainError('rate_limited', 'TOO_MANY_ATTEMPTS', { seconds: Math.max(1, row?.seconds ?? 1) });
  }
}

/** Deletes windows that have ended; they count for nothing whether swept or not. Answers how many went. */
export async function sweepRateLimits(db: Database): Promise<number> {
  return db('rate_limits').where('windowEndsAt', '<', db.fn.now()).delete();
}
