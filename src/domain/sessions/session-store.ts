/** The SQL of sign-ins on devices, and of the browser sessions that carry them. Ending them is in session-end-store.ts. */
import { type Database, firstRow, prepared, rows, runPrepared } from '../../platform/database.ts';
import { gatheredRows } from '../../platform/gathered.ts';
import type { StoredPayload } from './payload-store.ts';

export interface UserSessionRow {
  id: string;
  tenantId: string;
  userId: string;
  oidcSessionUidHash: Buffer;
  userAgent: string | null;
  ip: string | null;
  amr: string[];
  acr: string | null;
  loginAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
  revokedAt: Date | null;
}

const columns =
  'id, tenant_id, user_id, oidc_session_uid_hash, user_agent, host(ip) as ip, amr, acr, login_at, last_seen_at, expires_at, revoked_at';

const lockByUid = prepared(
  'session-lock',
  `select ${columns} from user_sessions where oidc_session_uid_hash = $1 for update`,
);

/** The sign-in of a browser session, locked to the end of the transaction. */
export async function lockSessionByUid(trx: Database, uidHash: Buffer): Promise<UserSessionRow | undefined> {
  return (await runPrepared<UserSessionRow>(trx, lockByUid, [uidHash])).rows[0];
}

export interface NewUserSession {
  id: string;
  tenantId: string;
  userId: string;
  oidcSessionUidHash: Buffer;
  userAgent: string | null;
  ip: string | null;
  deviceFingerprint: Buffer | null;
  amr: string[];
  acr: string | null;
  loginAt: Date;
  expiresAt: Date;
}

const insert = prepared(
  'session-insert',
  `insert into user_sessions (id, tenant_id, user_id, oidc_session_uid_hash, user_agent, ip, device_fingerprint, amr, acr,
                              login_at, expires_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
);

/** The tenant is the person's, as `recordSignIn` (domain/users) answered it. */
export async function insertSession(trx: Database, session: NewUserSession): Promise<void> {
  const { id, tenantId, userId, oidcSessionUidHash, userAgent, ip, deviceFingerprint, amr, acr, loginAt, expiresAt } =
    session;
  const values = [
    id,
    tenantId,
    userId,
    oidcSessionUidHash,
    userAgent,
    ip,
    deviceFingerprint,
    amr,
    acr,
    loginAt,
    expiresAt,
  ];
  await runPrepared(trx, insert, values);
}

/** A new proof in the same session: when, how and how strongly. */
export async function updateSessionLogin(
  trx: Database,
  id: string,
  login: {
    loginAt: Date;
    amr: string[];
    acr: string | null;
    ip: string | null;
    userAgent: string | null;
    expiresAt: Date;
  },
): Promise<void> {
  await rows(
    trx,
    `update user_sessions
        set login_at = :loginAt, last_seen_at = now(), amr = :amr, acr = :acr, expires_at = :expiresAt,
            ip = coalesce(:ip, ip), user_agent = coalesce(:userAgent, user_agent)
      where id = :id`,
    { id, ...login },
  );
}

const touch = prepared(
  'session-touch',
  `update user_sessions set last_seen_at = now(), expires_at = $2, ip = coalesce($3, ip) where id = $1`,
);

export async function touchSession(trx: Database, id: string, expiresAt: Date, ip: string | null): Promise<void> {
  await runPrepared(trx, touch, [id, expiresAt, ip]);
}

const insertClients = prepared(
  'session-clients-insert',
  `insert into session_clients (tenant_id, user_session_id, client_id, sid, grant_id)
   select $1, $2, c.client_id, c.sid, c.grant_id
     from jsonb_to_recordset($3::jsonb) as c(client_id text, sid text, grant_id text)
   on conflict (user_session_id, client_id) do update set sid = excluded.sid, grant_id = excluded.grant_id
    where (session_clients.sid, session_clients.grant_id) is distinct from (excluded.sid, excluded.grant_id)`,
);

export async function upsertSessionClients(
  trx: Database,
  session: { id: string; tenantId: string },
  clients: { client_id: string; sid: string; grant_id: string | null }[],
): Promise<void> {
  if (clients.length === 0) return;
  await runPrepared(trx, insertClients, [session.tenantId, session.id, JSON.stringify(clients)]);
}

export interface LiveSession extends UserSessionRow {
  /** Where it led to, by name. */
  applications: string[];
}

/** The live sessions of a person, newest first. */
export async function listLiveSessions(db: Database, tenantId: string, userId: string): Promise<LiveSession[]> {
  return rows<LiveSession>(
    db,
    `select ${columns},
            array(select c.name
                    from session_clients sc
                    join clients c on c.client_id = sc.client_id and c.deleted_at is null
                   where sc.user_session_id = user_sessions.id
                   order by 1) as applications
       from user_sessions
      where tenant_id = ? and user_id = ? and revoked_at is null and expires_at > now()
      order by login_at desc
      limit 100`,
    [tenantId, userId],
  );
}

/** Marks the sign-in of a browser session as ended; undefined where it was ended already. */
export async function endSessionByUid(
  trx: Database,
  uidHash: Buffer,
): Promise<{ id: string; tenantId: string; userId: string } | undefined> {
  return firstRow(
    trx,
    `update user_sessions set revoked_at = now()
      where oidc_session_uid_hash = ? and revoked_at is null
      returning id, tenant_id, user_id`,
    [uidHash],
  );
}

const byUid = prepared(
  'session-payload-by-uid',
  `select wanted.n::int, p.id_hash, p.payload, p.consumed_at is not null as consumed
     from unnest((select $1::bytea[])) with ordinality as wanted(uid_hash, n)
     join lateral (select p.id_hash, p.payload, p.consumed_at
                     from oidc_payloads p
                    where p.uid_hash = wanted.uid_hash and (p.expires_at is null or p.expires_at > now())
                   offset 0) p on true`,
);

export const findPayloadByUid: (db: Database, uidHash: Buffer) => Promise<StoredPayload | undefined> =
  gatheredRows<StoredPayload>(byUid);

const lockPayload = prepared(
  'session-payload-lock',
  `select id_hash, payload, consumed_at is not null as consumed from oidc_payloads where uid_hash = $1 for update`,
);

/** The row, expired or not, locked to the end of the transaction. */
export async function lockPayloadByUid(trx: Database, uidHash: Buffer): Promise<StoredPayload | undefined> {
  return (await runPrepared<StoredPayload>(trx, lockPayload, [uidHash])).rows[0];
}

export interface BrowserSession {
  idHash: Buffer;
  uidHash: Buffer;
  /** Sealed. */
  payload: Buffer;
  expiresAt: Date;
}

// The row is found by the session's uid: when the id changes (session fixation), it changes in place.
const upsertSession = prepared(
  'session-upsert',
  `insert into oidc_payloads (model, id_hash, payload, uid_hash, account_id, expires_at)
   values ('Session', $1, $2, $3, $4, $5)
   on conflict (uid_hash) where uid_hash is not null do update
      set id_hash = excluded.id_hash, payload = excluded.payload, account_id = excluded.account_id,
          expires_at = excluded.expires_at`,
);

/** The browser session of a person; in the transaction that keeps their sign-in. */
export async function upsertBrowserSession(trx: Database, session: BrowserSession & { userId: string }): Promise<void> {
  const { idHash, payload, uidHash, userId, expiresAt } = session;
  await runPrepared(trx, upsertSession, [idHash, payload, uidHash, userId, expiresAt]);
}

const upsertAnonymousSession = prepared(
  'session-upsert-anonymous',
  `insert into oidc_payloads (model, id_hash, payload, uid_hash, expires_at)
   values ('Session', $1, $2, $3, $4)
   on conflict (uid_hash) where uid_hash is not null do update
      set id_hash = excluded.id_hash, payload = excluded.payload, expires_at = excluded.expires_at
    where oidc_payloads.account_id is null`,
);

/** Somebody may have signed in meanwhile, in another tab: a request that knew nobody leaves that alone. */
export async function upsertAnonymousBrowserSession(db: Database, session: BrowserSession): Promise<void> {
  const { idHash, payload, uidHash, expiresAt } = session;
  await runPrepared(db, upsertAnonymousSession, [idHash, payload, uidHash, expiresAt]);
}

const replaceSession = prepared(
  'session-replace',
  `update oidc_payloads set payload = $2 where model = 'Session' and uid_hash = $1`,
);

/** Give the transaction that holds the row (`lockPayloadByUid`). */
export async function replaceBrowserSession(trx: Database, uidHash: Buffer, payload: Buffer): Promise<void> {
  await runPrepared(trx, replaceSession, [uidHash, payload]);
}

/** The uid's hash of a browser session that is known by its id. */
export async function findBrowserSessionUid(db: Database, idHash: Buffer): Promise<Buffer | undefined> {
  const found = await firstRow<{ uidHash: Buffer }>(
    db,
    `select uid_hash from oidc_payloads where model = 'Session' and id_hash = ?`,
    [idHash],
  );
  return found?.uidHash;
}

export async function deleteBrowserSession(trx: Database, uidHash: Buffer): Promise<void> {
  await rows(trx, `delete from oidc_payloads where model = 'Session' and uid_hash = ?`, [uidHash]);
}

const login = prepared(
  'session-login',
  'select login_at from user_sessions where oidc_session_uid_hash = $1 and revoked_at is null and expires_at > now()',
);

/** When a live session began. */
export async function selectLogin(db: Database, sessionUidHash: Buffer): Promise<Date | undefined> {
  return (await runPrepared<{ loginAt: Date }>(db, login, [sessionUidHash])).rows[0]?.loginAt;
}
