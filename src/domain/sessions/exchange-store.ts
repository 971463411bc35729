/**
 * The SQL of the token endpoint's exchange: what a code or a refresh token is found with, and the one statement that uses it and
 * stores what it gave. Those of one moment go together. Refuses whatever is not used for the first time: that it was refused is
 * all that the statement does then.
 */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';
import { gathered } from '../../platform/gathered.ts';
import { insertEventSql } from '../audit/audit-events.ts';
import { type AccountRow, activeAccountSql, type NoAccountRow } from '../users/account-row.ts';
import { type AccountProfile, accountOf } from '../users/users.ts';
import { type StoredPayload, type Upsert, upsertRow } from './payload-store.ts';
import { isReused } from './refresh-store.ts';

/** A code or a refresh token, with the rows that the request is about to ask for. */
export interface Source {
  source: StoredPayload;
  /** The browser session that it is bound to, by the hash of its uid. */
  session: { uidHash: Buffer; stored: StoredPayload | undefined } | undefined;
  grant: { idHash: Buffer; stored: StoredPayload | undefined } | undefined;
  /** Whom it speaks for, if they may act now. */
  account: AccountProfile | undefined;
}

type SourceRow = SourceRowItself & (AccountRow | NoAccountRow);

interface SourceRowItself extends StoredPayload {
  n: number;
  sessionUidHash: Buffer | null;
  sessionIdHash: Buffer | null;
  sessionPayload: Buffer | null;
  grantIdHash: Buffer | null;
  grantPayload: Buffer | null;
}

// Whether a token counts as used, and a code whose session has ended, as in refresh-store.ts and payload-store.ts.
const withCompany = prepared(
  'exchange-source',
  `select wanted.n::int, p.id_hash, p.payload, p.consumed, p.session_uid_hash, s.id_hash as session_id_hash,
          s.payload as session_payload, p.grant_id_hash, g.payload as grant_payload, a.*
     from unnest((select $1::text[]), (select $2::bytea[])) with ordinality as wanted(model, id_hash, n)
     join lateral (select p.id_hash, p.payload, p.session_uid_hash, p.account_id,
                          sha256(convert_to(p.grant_id, 'UTF8')) as grant_id_hash,
                          case p.model when 'RefreshToken' then ${isReused} else p.consumed_at is not null end as consumed
                     from oidc_payloads p
                    where p.model = wanted.model and p.id_hash = wanted.id_hash and p.expires_at > now()
                      and not (p.model = 'AuthorizationCode'
                               and exists (select from user_sessions u
                                            where u.oidc_session_uid_hash = p.session_uid_hash
                                              and u.revoked_at is not null))
                   offset 0) p on true
     left join lateral (select s.id_hash, s.payload
                          from oidc_payloads s
                         where s.uid_hash = p.session_uid_hash and (s.expires_at is null or s.expires_at > now())
                        offset 0) s on true
     left join lateral (select g.payload
                          from oidc_payloads g
                         where g.model = 'Grant' and g.id_hash = p.grant_id_hash
                           and (g.expires_at is null or g.expires_at > now())
                        offset 0) g on true
     left join lateral (${activeAccountSql('p.account_id')}) a on true`,
);

function storedOf(idHash: Buffer | null, payload: Buffer | null): StoredPayload | undefined {
  return idHash && payload ? { idHash, payload, consumed: false } : undefined;
}

function sourceOf({ n: _n, idHash, payload, consumed, ...along }: SourceRow): Source {
  const { sessionUidHash, sessionIdHash, sessionPayload, grantIdHash, grantPayload, ...account } = along;
  return {
    source: { idHash, payload, consumed },
    session: sessionUidHash ? { uidHash: sessionUidHash, stored: storedOf(sessionIdHash, sessionPayload) } : undefined,
    grant: grantIdHash ? { idHash: grantIdHash, stored: storedOf(grantIdHash, grantPayload) } : undefined,
    account: account.userId === null ? undefined : accountOf(account),
  };
}

/** Finds a live code or refresh token. One that was used within the grace of a refresh token is not reported as consumed. */
export const findSource = gathered<{ model: string; idHash: Buffer }, Source | undefined>(async (db, wanted) => {
  const models = wanted.map(({ model }) => model);
  const hashes = wanted.map(({ idHash }) => idHash);
  const found = await runPrepared<SourceRow>(db, withCompany, [models, hashes]);
  const byPlace = new Map(found.rows.map((row) => [row.n, sourceOf(row)]));
  return wanted.map((_, index) => byPlace.get(index + 1));
});

export interface Exchange {
  /** What is used up. */
  model: string;
  idHash: Buffer;
  /** Of the refresh token that follows; null where a code is used. */
  successorHash: Buffer | null;
  /** Of the grant, whose use is noted once a minute. */
  grantIdHash: Buffer | null;
  /** What the client is given. */
  tokens: readonly Upsert[];
}

// An insert that is known to conflict finds its row by the key, whatever the planner believes of the table. The rows are
// locked in the order of their keys, as everything that locks several; the grant is not waited for.
const exchange = prepared(
  'exchange-store',
  `with given as (
     select distinct on (e.model, e.id_hash) e.n, e.model, decode(e.id_hash, 'base64') as id_hash,
            decode(e.successor_hash, 'base64') as successor_hash, decode(e.grant_id_hash, 'base64') as grant_id_hash, e.tokens
       from jsonb_to_recordset($1::jsonb) as e(n int, model text, id_hash text, successor_hash text, grant_id_hash text,
              tokens jsonb)
      order by e.model, e.id_hash, e.n
   ), held as (
     select g.n, g.model, g.id_hash, g.successor_hash, g.grant_id_hash, g.tokens
       from (select n, model, id_hash, successor_hash, grant_id_hash, tokens from given order by model, id_hash) g
       join lateral (select 1
                       from oidc_payloads p
                      where p.model = g.model and p.id_hash = g.id_hash and p.consumed_at is null
                        and p.successor_hash is null and p.expires_at > now()
                        for update) p on true
   ), used as (
     insert into oidc_payloads (model, id_hash, payload, successor_hash, consumed_at)
     select model, id_hash, '', successor_hash, now() from held
     on conflict (model, id_hash) do update
        set consumed_at = excluded.consumed_at, successor_hash = excluded.successor_hash
   ), tokens as (
     select t.model, decode(t.id_hash, 'base64') as id_hash, decode(t.payload, 'base64') as payload, t.grant_id,
            decode(t.session_uid_hash, 'base64') as session_uid_hash, t.account_id, t.client_id, t.expires_at, t.event
       from held h
      cross join jsonb_to_recordset(h.tokens) as t(model text, id_hash text, payload text, grant_id text,
              session_uid_hash text, account_id uuid, client_id text, expires_at timestamptz, event jsonb)
   ), written as (
     insert into oidc_payloads (model, id_hash, payload, grant_id, session_uid_hash, account_id, client_id, expires_at)
     select model, id_hash, payload, grant_id, session_uid_hash, account_id, client_id, expires_at
       from tokens
      order by model, id_hash
   ), audited as (
     ${insertEventSql('t.event', 'true', { from: 'tokens t' })}
   ), due as (
     select w.id_hash
       from (select distinct grant_id_hash as id_hash from held) w
       join lateral (select 1
                       from oidc_payloads g
                      where g.model = 'Grant' and g.id_hash = w.id_hash
                        and (g.last_used_at is null or g.last_used_at < now() - interval '1 minute')
                        for update skip locked) g on true
   ), noted as (
     insert into oidc_payloads (model, id_hash, payload, last_used_at)
     select 'Grant', id_hash, '', now() from due
     on conflict (model, id_hash) do update set last_used_at = excluded.last_used_at
   )
   select n from held`,
);

const base64 = (bytes: Buffer | null) => bytes?.toString('base64') ?? null;

/**
 * Uses a code or a refresh token for the first time and stores its tokens with their events: all of it or nothing.
 * @returns false where it is not the first time, or it lives no more
 */
export const storeExchange = gathered<Exchange, boolean>(async (db: Database, exchanges) => {
  const given = exchanges.map(({ model, idHash, successorHash, grantIdHash, tokens }, n) => ({
    n,
    model,
    id_hash: base64(idHash),
    successor_hash: base64(successorHash),
    grant_id_hash: base64(grantIdHash),
    tokens: tokens.map(upsertRow),
  }));
  const done = await runPrepared<{ n: number }>(db, exchange, [JSON.stringify(given)]);
  const stored = new Set(done.rows.map(({ n }) => n));
  return exchanges.map((_, n) => stored.has(n));
});
