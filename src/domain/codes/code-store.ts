/** The SQL of one-time codes and links: what was sent where, and what was tried. */
import { type Database, prepared, rows, runPrepared } from '../../platform/database.ts';
import { inBatches } from '../../platform/in-batches.ts';
import type { Channel } from '../messages/outgoing-message.ts';
import { usernameOf } from '../users/username.ts';
import { codeLimits } from './code-limits.ts';
import type { SendPurpose, TypedCodeRow } from './sent-codes.ts';

export interface NewSendRow {
  id: string;
  tenantId: string | null;
  userId: string | null;
  destination: string;
  channel: Channel;
  purpose: SendPurpose;
  /** Of phones alone: country code and the next three digits. Of usernames not known yet. */
  prefix: string | null;
  challengeHash: Buffer | null;
  codeHash: Buffer;
  attemptMax: number;
  lifetimeSeconds: number;
  /** Asked for at a browser that somebody of the destination has signed in with. */
  knownDevice: boolean;
  /** The `client_id` of the application that it was asked for from, if a link is to lead back to one. */
  clientId: string | null;
  /** From where it was asked for, where it counts there. */
  ip: string | null;
}

const destinationLock = prepared(
  'otp-lock',
  `select pg_advisory_xact_lock(key)
     from (select distinct hashtextextended('otp:' || name, 0) as key from unnest($1::text[]) as name order by 1) as keys`,
);

/**
 * A transaction that counts what a destination or an account was sent or tried holds this lock to its end: the
 * rows are many, so no row's own lock would do. In one order, so that two who share some wait instead of locking up.
 */
export async function lockNames(trx: Database, names: readonly string[]): Promise<void> {
  await runPrepared(trx, destinationLock, [names]);
}

// Not now(): that is when the transaction began, before it waited for the lock.
const recentSends = prepared(
  'otp-recent-sends',
  `select extract(epoch from statement_timestamp() - created_at)::double precision as age_seconds,
          consumed_at is not null as consumed, known_device
     from otp_codes
    where destination = $1 and ($2::uuid is null or tenant_id = $2)
      and created_at > statement_timestamp() - interval '1 day'
    order by created_at desc
    limit 100`,
);

export interface RecentSend {
  ageSeconds: number;
  consumed: boolean;
  knownDevice: boolean;
}

/** What a destination was sent in the last day, the newest first, by all who asked and for every purpose. */
export async function selectRecentSends(
  db: Database,
  { destination, tenantId }: { destination: string; tenantId: string | null },
): Promise<RecentSend[]> {
  // A mailbox is one for all tenants; a username is not.
  const within = usernameOf(destination) === undefined ? null : tenantId;
  return (await runPrepared<RecentSend>(db, recentSends, [destination, within])).rows;
}

const sendsTo = prepared(
  'otp-sends-to-address',
  `select extract(epoch from statement_timestamp() - created_at)::double precision as age_seconds,
          consumed_at is not null as consumed, known_device, reached is not null as by_username
     from otp_codes
    where (destination = $1 or reached = $1) and id <> $2 and created_at > statement_timestamp() - interval '1 day'
    order by created_at desc
    limit 100`,
);

/** What else an address was sent in the last day, asked for by itself or by a username. */
export async function selectSendsTo(
  db: Database,
  address: string,
  id: string,
): Promise<(RecentSend & { byUsername: boolean })[]> {
  return (await runPrepared<RecentSend & { byUsername: boolean }>(db, sendsTo, [address, id])).rows;
}

const reach = prepared(
  'otp-reach',
  `update otp_codes
      set reached = $2, prefix = $3, code_hash = coalesce($4, code_hash)
    where id = $1 and (reached is null or reached = $2) and consumed_at is null and revoked_at is null
   returning id`,
);

/** Keeps where something goes that was asked for by a username. False where it has gone elsewhere, or ended. */
export async function updateReached(
  trx: Database,
  { id, address, prefix, codeHash }: { id: string; address: string; prefix: string | null; codeHash: Buffer | null },
): Promise<boolean> {
  return (await runPrepared(trx, reach, [id, address, prefix, codeHash])).rowCount > 0;
}

// By ranges, for the index knows no networks. The one that makes them too many has to leave the window.
const addressWait = prepared(
  'otp-address-wait',
  `select coalesce(ceil(max(deciding.seconds)), 0)::integer as seconds
     from unnest($1::inet[], $2::inet[], $3::integer[]) as network(lowest, highest, most)
    cross join lateral (
      select $4::integer - extract(epoch from statement_timestamp() - c.created_at) as seconds
        from otp_codes c
       where c.ip >= network.lowest and c.ip <= network.highest and c.consumed_at is null
         and c.created_at > statement_timestamp() - make_interval(secs => $4::integer)
       order by c.created_at desc
      offset network.most - 1 limit 1
    ) as deciding`,
);

/** Seconds until of each network fewer than `most` were sent to that nobody used, within the window; 0 where it is so now. */
export async function selectAddressWait(
  trx: Database,
  networks: readonly { lowest: string; highest: string; most: number }[],
  windowSeconds: number,
): Promise<number> {
  const of = <T>(pick: (network: (typeof networks)[number]) => T) => networks.map(pick);
  const values = [of(({ lowest }) => lowest), of(({ highest }) => highest), of(({ most }) => most), windowSeconds];
  return (await runPrepared<{ seconds: number }>(trx, addressWait, values)).rows[0]?.seconds ?? 0;
}

const { fromHours, untilMinutes } = codeLimits.conversion;
const conversionWhere = `prefix = $1 and sent_at is not null and (purpose = 'sign_up') = $2
      and created_at >  statement_timestamp() - interval '${fromHours} hours'
      and created_at <= statement_timestamp() - interval '${untilMinutes} minutes'`;
// What goes to people with accounts counts by numbers: one of them asking ten times is no pumping.
const counted = `distinct case when purpose = 'sign_up' then id::text else coalesce(reached, destination) end`;
const conversionColumns = `select count(${counted}) as sent, count(${counted}) filter (where consumed_at is not null) as consumed
     from otp_codes`;
const tenantConversion = prepared(
  'otp-conversion-of-tenant',
  `${conversionColumns} where tenant_id = $3 and ${conversionWhere}`,
);
const serverConversion = prepared(
  'otp-conversion-of-server',
  `${conversionColumns} where tenant_id is null and ${conversionWhere}`,
);

/**
 * Of the messages to a prefix that a provider took and that had time to be answered: how many were used. Those of
 * sign-ups, which anybody may ask for to any number, apart from the others: strangers must not stop the sign-ins of
 * people who have a number there, nor learn from it who has one.
 */
export async function selectConversion(
  db: Database,
  { tenantId, prefix, isSignUp }: { tenantId: string | null; prefix: string; isSignUp: boolean },
): Promise<{ sent: number; consumed: number }> {
  const { rows: found } = await runPrepared<{ sent: number; consumed: number }>(
    db,
    tenantId === null ? serverConversion : tenantConversion,
    tenantId === null ? [prefix, isSignUp] : [prefix, isSignUp, tenantId],
  );
  return found[0] ?? { sent: 0, consumed: 0 };
}

const insert = prepared(
  'otp-insert',
  `insert into otp_codes (id, tenant_id, user_id, destination, channel, purpose, prefix, challenge_hash, code_hash,
                          attempt_max, created_at, expires_at, known_device, client_id, ip)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, statement_timestamp(),
           statement_timestamp() + make_interval(secs => $11), $12, $13, $14)
   returning expires_at`,
);

/** Answers when it expires. */
export async function insertSend(trx: Database, row: NewSendRow): Promise<Date> {
  const { rows: inserted } = await runPrepared<{ expiresAt: Date }>(trx, insert, [
    row.id,
    row.tenantId,
    row.userId,
    row.destination,
    row.channel,
    row.purpose,
    row.prefix,
    row.challengeHash,
    row.codeHash,
    row.attemptMax,
    row.lifetimeSeconds,
    row.knownDevice,
    row.clientId,
    row.ip,
  ]);
  const [first] = inserted;
  if (!first) throw new Error('no row for the new code');
  return first.expiresAt;
}

const newestCode = prepared(
  'otp-newest-code',
  `select id, tenant_id, user_id, destination, channel, purpose, attempt_count >= attempt_max as exhausted,
          consumed_at is not null or revoked_at is not null as used, expires_at <= statement_timestamp() as expired,
          created_at, reached, known_device
     from otp_codes
    where challenge_hash = $1
    order by created_at desc, id desc
    limit 1`,
);

/** The newest code of a browser's challenge; those before it are worth nothing any more. */
export async function selectNewestCode(db: Database, challengeHash: Buffer): Promise<TypedCodeRow | undefined> {
  return (await runPrepared<TypedCodeRow>(db, newestCode, [challengeHash])).rows[0];
}

/** Wrong codes of one row: each attempt but the one that was right. */
export interface FailureRow {
  destination: string;
  tenantId: string | null;
  failures: number;
  ageSeconds: number;
  knownDevice: boolean;
}

const recentFailures = prepared(
  'otp-recent-failures',
  `select destination, tenant_id, attempt_count - (consumed_at is not null)::integer as failures, known_device,
          extract(epoch from statement_timestamp() - last_attempt_at)::double precision as age_seconds
     from otp_codes
    where destination = any($1::text[]) and created_at > statement_timestamp() - interval '25 hours'
      and last_attempt_at > statement_timestamp() - interval '1 day'`,
);

/** What was typed in vain for these destinations in the last day, as old as the last attempt of each code. */
export async function selectFailures(db: Database, destinations: readonly string[]): Promise<FailureRow[]> {
  return (await runPrepared<FailureRow>(db, recentFailures, [destinations])).rows;
}

const countOne = prepared(
  'otp-count-attempt',
  `update otp_codes c
      set attempt_count = c.attempt_count + 1, last_attempt_at = statement_timestamp()
    where c.id = $1 and c.attempt_count < c.attempt_max and c.consumed_at is null and c.revoked_at is null
      and c.expires_at > statement_timestamp()
      and not exists (select from otp_codes newer
                       where newer.challenge_hash = c.challenge_hash
                         and (newer.created_at, newer.id) > (c.created_at, c.id))
   returning c.code_hash`,
);

/** Counts an attempt and answers what to compare it with; undefined where none is left, and nothing may be compared. */
export async function takeAttempt(db: Database, id: string): Promise<Buffer | undefined> {
  return (await runPrepared<{ codeHash: Buffer }>(db, countOne, [id])).rows[0]?.codeHash;
}

/**
 * Revokes what waits to be used in a tenant: all of it, or what was made for a person or sent to an address of theirs. In the
 * order of ids, as everybody who locks several.
 */
export async function revokeCodes(
  trx: Database,
  { tenantId, person }: { tenantId: string; person?: { userId: string; addresses: readonly string[] } },
): Promise<void> {
  await rows(
    trx,
    `with held as (
       select id
         from otp_codes
        where tenant_id = :tenantId and consumed_at is null and revoked_at is null
          ${person ? 'and (user_id = :userId or destination = any(:addresses::text[]))' : ''}
        order by id
          for update
     )
     update otp_codes c set revoked_at = now() from held where c.id = held.id`,
    { tenantId, ...person },
  );
}

/** Deletes rows that no limit counts any more. Answers how many went. Waits for nobody. */
export async function deleteOldSends(db: Database): Promise<number> {
  return inBatches(async (most) => {
    const result = await db.raw(
      `with held as (
         select id from otp_codes where created_at < now() - interval '2 days' limit :most for update skip locked
       )
       delete from otp_codes c using held where c.id = held.id`,
      { most },
    );
    return result.rowCount;
  });
}
