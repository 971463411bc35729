/**
 * The SQL of what the protocol stores: grants, tokens, codes, interactions. (Browser sessions are in
 * session-store.ts, the line of a refresh token in refresh-store.ts, looking for them in find-payload.ts.)
 * Rows are found by hash; payloads are sealed by the adapters of oidc/storage. Statements of the hot path are prepared once
 * per connection. One-time things are consumed in one statement.
 */
import { type Database, firstRow, prepared, runPrepared } from '../../platform/database.ts';
import { gathered } from '../../platform/gathered.ts';
import { type Batches, inBatches } from '../../platform/in-batches.ts';
import {
  areCountedSql,
  type CountedRow,
  checkCounted,
  countedColumnsSql,
  countHitsSql,
  giveBackHitsSql,
  type Hits,
  hitValues,
} from '../../platform/rate-limits.ts';
import { insertEventSql } from '../audit/audit-events.ts';

export interface PayloadRow {
  model: string;
  idHash: Buffer;
  payload: Buffer;
  grantId: string | null;
  uidHash: Buffer | null;
  userCodeHash: Buffer | null;
  sessionUidHash: Buffer | null;
  accountId: string | null;
  clientId: string | null;
  expiresAt: Date | null;
  /** Under which keys a new row was counted: whoever ends it gives that back. */
  countedAs?: readonly string[];
}

export interface StoredPayload {
  idHash: Buffer;
  payload: Buffer;
  consumed: boolean;
}

const audited = (event: string, condition: string) => `audited as (
     ${insertEventSql(event, condition)}
   )`;

/**
 * Three parts of a statement (`given`, `written`, `audited_given`) that stores rows with their events. `event` is null where the
 * change is no event of its own; else the event commits with the row or not at all. Its `changed_action` is for a row that was
 * there. In the order of their keys, as everything that locks several.
 * @param upserts the parameter that holds `upsertRow` of each as jsonb
 * @param condition whether at all, of the statement around it
 */
export function storePayloadsSql(upserts: string, condition = 'true'): string {
  return `given as (
     select g.n, g.model, decode(g.id_hash, 'base64') as id_hash, decode(g.payload, 'base64') as payload, g.grant_id,
            decode(g.uid_hash, 'base64') as uid_hash, decode(g.user_code_hash, 'base64') as user_code_hash,
            decode(g.session_uid_hash, 'base64') as session_uid_hash, g.account_id, g.client_id, g.expires_at,
            g.counted_as, g.event
       from jsonb_to_recordset(${upserts}::jsonb) as g(n int, model text, id_hash text, payload text, grant_id text,
              uid_hash text, user_code_hash text, session_uid_hash text, account_id uuid, client_id text,
              expires_at timestamptz, counted_as text[], event jsonb)
   ), written as (
     insert into oidc_payloads (model, id_hash, payload, grant_id, uid_hash, user_code_hash, session_uid_hash,
                                account_id, client_id, expires_at, counted_as)
     select model, id_hash, payload, grant_id, uid_hash, user_code_hash, session_uid_hash, account_id, client_id, expires_at,
            counted_as
       from given
      where ${condition}
      order by model, id_hash
     on conflict (model, id_hash) do update
        set payload = excluded.payload, expires_at = excluded.expires_at, grant_id = excluded.grant_id,
            user_code_hash = excluded.user_code_hash, account_id = excluded.account_id,
            session_uid_hash = excluded.session_uid_hash
      where oidc_payloads.consumed_at is null
     returning model, id_hash, xmax = 0 as inserted
   ), audited_given as (
     ${insertEventSql('g.event', 'w.inserted or a.changed_action is not null', {
       from: 'written w join given g using (model, id_hash)',
       action: 'case when w.inserted then a.action else a.changed_action end',
     })}
   )`;
}

const upsert = prepared(
  'payloads-upsert',
  `with ${storePayloadsSql('$1')}
   select g.n from written w join given g using (model, id_hash)`,
);

/** A row to be stored with its event, if it is one. */
export interface Upsert {
  row: PayloadRow;
  auditRow: Record<string, unknown> | null;
}

const base64 = (bytes: Buffer | null) => bytes?.toString('base64') ?? null;

/** As the statements take it: one value of jsonb. */
export function upsertRow({ row, auditRow }: Upsert): Record<string, unknown> {
  return {
    model: row.model,
    id_hash: base64(row.idHash),
    payload: base64(row.payload),
    grant_id: row.grantId,
    uid_hash: base64(row.uidHash),
    user_code_hash: base64(row.userCodeHash),
    session_uid_hash: base64(row.sessionUidHash),
    account_id: row.accountId,
    client_id: row.clientId,
    expires_at: row.expiresAt,
    counted_as: row.countedAs ?? null,
    event: auditRow,
  };
}

/** All of them as `storePayloadsSql` takes them. */
export function upsertRows(upserts: readonly Upsert[]): string {
  return JSON.stringify(upserts.map((upsert, n) => ({ n, ...upsertRow(upsert) })));
}

const upsertGathered = gathered<Upsert, boolean>(async (db, upserts) => {
  const written = await runPrepared<{ n: number }>(db, upsert, [upsertRows(upserts)]);
  const done = new Set(written.rows.map(({ n }) => n));
  return upserts.map((_, n) => done.has(n));
});

/** Inserts or replaces; false where the row was consumed already and therefore stays as it is. */
export async function upsertPayload(
  db: Database,
  row: PayloadRow,
  auditRow: Record<string, unknown> | null,
): Promise<boolean> {
  return upsertGathered(db, { row, auditRow });
}

const upsertCounted = prepared(
  'payload-upsert-counted',
  `with ${countHitsSql}, ${storePayloadsSql('$4', areCountedSql)}
   select ${countedColumnsSql}`,
);

/**
 * Stores a row for the first time and counts it, or neither.
 * @throws DomainError rate_limited TOO_MANY_ATTEMPTS `{ seconds }`
 */
export async function upsertCountedPayload(db: Database, upsert: Upsert, hits: Hits): Promise<void> {
  const { rows } = await runPrepared<CountedRow>(db, upsertCounted, [...hitValues(hits), upsertRows([upsert])]);
  await checkCounted(db, rows[0]);
}

const replace = prepared(
  'payload-replace',
  `update oidc_payloads set payload = $3, account_id = $4
    where model = $1 and id_hash = $2 and consumed_at is null and (expires_at is null or expires_at > now())
   returning 1`,
);

/** Stores a row again that was read; false where it has ended since, and then it stays so. */
export async function replacePayload(
  db: Database,
  { model, idHash, payload, accountId }: Pick<PayloadRow, 'model' | 'idHash' | 'payload' | 'accountId'>,
): Promise<boolean> {
  return (await runPrepared(db, replace, [model, idHash, payload, accountId])).rows.length > 0;
}

const insertOnce = prepared(
  'payload-insert-once',
  `insert into oidc_payloads (model, id_hash, payload, expires_at)
   values ($1, $2, $3, $4)
   on conflict (model, id_hash) do update set expires_at = excluded.expires_at, created_at = now()
    where oidc_payloads.expires_at <= now()
   returning 1`,
);

/** True for the first caller alone, on any node, until the row expires. */
export async function insertPayloadOnce(
  db: Database,
  model: string,
  idHash: Buffer,
  payload: Buffer,
  expiresAt: Date,
): Promise<boolean> {
  return (await runPrepared(db, insertOnce, [model, idHash, payload, expiresAt])).rows.length > 0;
}

// An expired device code is still found: its page says so, and the row goes with the sweep.
const byUserCode = prepared(
  'payload-by-user-code',
  `select id_hash, payload, consumed_at is not null as consumed
     from oidc_payloads
    where user_code_hash = any($1::bytea[])`,
);

/** @param userCodeHashes of one user code, under every secret key */
export async function findPayloadByUserCode(
  db: Database,
  userCodeHashes: readonly Buffer[],
): Promise<StoredPayload | undefined> {
  return (await runPrepared<StoredPayload>(db, byUserCode, [userCodeHashes])).rows[0];
}

const consume = prepared(
  'payload-consume',
  `update oidc_payloads
      set consumed_at = now()
    where model = $1 and id_hash = $2 and consumed_at is null and (expires_at is null or expires_at > now())
   returning counted_as`,
);

/** What the end of a row gives back. */
export interface Ended {
  countedAs: string[] | null;
}

/** An answer for exactly one caller. */
export async function consumePayload(db: Database, model: string, idHash: Buffer): Promise<Ended | undefined> {
  return (await runPrepared<Ended>(db, consume, [model, idHash])).rows[0];
}

/**
 * Part of a statement that deletes several rows: locks them in the order of their keys, so that two that delete some of the
 * same wait for each other instead of locking up. What deletes them asks for `held` first.
 */
const inOrder = (condition: string) => `held as (
     select 1 from oidc_payloads p where ${condition} order by p.model, p.id_hash for update
   )`;
const held = '(select count(*) from held) >= 0';

// The second request has replayed the code, also where both were on their way at once. What the code gave out goes, and the
// grant with it, so that nothing that the first request is about to store can live.
const revokeReplayed = prepared(
  'payload-revoke-replayed',
  `with replayed as (
     select grant_id from oidc_payloads where model = $1 and id_hash = $2 and consumed_at is not null
   ), ${inOrder('p.grant_id = (select grant_id from replayed)')}, gone as (
     delete from oidc_payloads p using replayed where p.grant_id = replayed.grant_id and ${held} returning 1
   ), ${audited('$3', 'exists (select from gone)')}
   select count(*) as gone from gone`,
);

/** Ends the grant of a code that was used before. */
export async function revokeReplayedCode(
  db: Database,
  model: string,
  idHash: Buffer,
  auditRow: Record<string, unknown> | null,
): Promise<void> {
  await runPrepared(db, revokeReplayed, [model, idHash, auditRow ? JSON.stringify(auditRow) : null]);
}

// A used refresh token is destroyed because it was presented again: its whole family goes in the same statement,
// so that a crash between two statements cannot leave a stolen line alive.
const destroy = prepared(
  'payload-destroy',
  `with ${inOrder(`(p.model = $1 and p.id_hash = $2)
            or p.grant_id = (select grant_id from oidc_payloads
                              where model = 'RefreshToken' and model = $1 and id_hash = $2)`)}, gone as (
     delete from oidc_payloads where model = $1 and id_hash = $2 and ${held}
     returning model, grant_id, counted_as, consumed_at as used_at, consumed_at is not null or successor_hash is not null as used
   ), family as (
     delete from oidc_payloads p using gone
      where gone.model = 'RefreshToken' and gone.used and p.grant_id = gone.grant_id
   ), service as (
     update service_sessions set revoked_at = now() where jti = $3 and revoked_at is null
   ), ${audited('$4', `(a.action = 'token.reused' or exists (select from gone))`)}, given_back as (
     ${giveBackHitsSql('select counted_as from gone where used_at is null')}
   )
   select 1 from gone`,
);

/**
 * Deletes one row, and gives back what it was counted as. `serviceJti` ends the service session of that token. `auditRow` is written if a row went; that of a
 * reuse always, for the library revokes the whole family at the same moment and may be faster.
 * @returns whether it was there
 */
export async function destroyPayload(
  db: Database,
  model: string,
  idHash: Buffer,
  serviceJti: string | null,
  auditRow: Record<string, unknown> | null,
): Promise<boolean> {
  const values = [model, idHash, serviceJti, auditRow ? JSON.stringify(auditRow) : null];
  return (await runPrepared(db, destroy, values)).rows.length > 0;
}

// An interaction names the grant that was there when it began. When another person signs in over a live session, that
// grant ends in the middle of the interaction, which must outlive it.
const destroyGrant = prepared(
  'payload-destroy-grant',
  `with ${inOrder(`p.grant_id = $1 and p.model not in ('Grant', 'Interaction')`)}, gone as (
     delete from oidc_payloads where grant_id = $1 and model not in ('Grant', 'Interaction') and ${held} returning 1
   ), ${audited('$2', 'exists (select from gone)')}
   select count(*) as gone from gone`,
);

/** Ends every token, code and device code of a grant. The grant itself stays; the library decides about it. */
export async function destroyByGrantId(
  db: Database,
  grantId: string,
  auditRow: Record<string, unknown>,
): Promise<number> {
  const result = await runPrepared<{ gone: number }>(db, destroyGrant, [grantId, JSON.stringify(auditRow)]);
  return result.rows[0]?.gone ?? 0;
}

/**
 * Deletes what has expired. Each batch goes on where the one before ended: what that left in the index is not passed again.
 * A consumed refresh token stays until its own expiry: that is how its reuse is recognised.
 * @param options.except models that stay
 * @returns how many went
 */
export async function sweepPayloads(
  db: Database,
  { except = [], ...batches }: Batches & { except?: readonly string[] } = {},
): Promise<number> {
  let from = '-infinity';
  return inBatches(async (most) => {
    const found = await firstRow<{ gone: number; last: string | null }>(
      db,
      `with held as (
         select model, id_hash, expires_at
           from oidc_payloads
          where expires_at < now() and expires_at >= :from::timestamptz and model <> all(:except::text[])
          order by expires_at
          limit :most
            for update skip locked
       ), gone as (
         delete from oidc_payloads p using held where p.model = held.model and p.id_hash = held.id_hash
       )
       select count(*) as gone, max(expires_at)::text as last from held`,
      { from, most, except },
    );
    from = found?.last ?? from;
    return found?.gone ?? 0;
  }, batches);
}
