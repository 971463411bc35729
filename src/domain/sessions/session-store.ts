/** The SQL of sign-ins on devices, and of ending them with everything they led to. */
import { type Database, firstRow, prepared, rows, runPrepared } from '../../platform/database.ts';

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

/**
 * The tenant comes from the person's row, whatever the caller believes. Undefined for a person who may not act, also where
 * they were stopped after they had proved themselves. `isFirst`: they had never signed in before.
 */
export async function insertSession(
  trx: Database,
  session: NewUserSession,
): Promise<{ tenantId: string; isFirst: boolean } | undefined> {
  return firstRow<{ tenantId: string; isFirst: boolean }>(
    trx,
    `with person as (
       update users set last_login_at = :loginAt
        where id = :userId and state = 'active' and deleted_at is null
          and exists (select from tenants t where t.id = users.tenant_id and t.state = 'active')
       -- As it was before this statement.
       returning id, tenant_id, (select b.last_login_at is null from users b where b.id = users.id) as is_first
     ), session as (
       insert into user_sessions (id, tenant_id, user_id, oidc_session_uid_hash, user_agent, ip, device_fingerprint, amr,
                                  acr, login_at, expires_at)
       select :id, tenant_id, id, :oidcSessionUidHash, :userAgent, :ip, :deviceFingerprint, :amr, :acr, :loginAt, :expiresAt
         from person
     )
     select tenant_id, is_first from person`,
    { ...session },
  );
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
    `with session as (
       update user_sessions
          set login_at = :loginAt, last_seen_at = now(), amr = :amr, acr = :acr, expires_at = :expiresAt,
              ip = coalesce(:ip, ip), user_agent = coalesce(:userAgent, user_agent)
        where id = :id
       returning user_id
     )
     update users set last_login_at = :loginAt from session where users.id = session.user_id`,
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

/** The live sessions of a person, newest first. */
export async function listLiveSessions(db: Database, tenantId: string, userId: string): Promise<UserSessionRow[]> {
  return rows<UserSessionRow>(
    db,
    `select ${columns}
       from user_sessions
      where tenant_id = ? and user_id = ? and revoked_at is null and expires_at > now()
      order by login_at desc
      limit 100`,
    [tenantId, userId],
  );
}

export interface EndedSession {
  id: string;
  tenantId: string;
  userId: string;
  clients: { clientId: string; sid: string }[];
}

/**
 * Ends live sessions of a person and, in the same statement, the browser sessions, grants, tokens and codes they led to.
 * @param sessionId one session, or null for all of them
 */
export async function endSessions(
  trx: Database,
  wanted: { tenantId: string; userId: string; sessionId: string | null },
): Promise<EndedSession[]> {
  return rows<EndedSession>(
    trx,
    `with ended as (
       update user_sessions
          set revoked_at = now()
        where tenant_id = :tenantId and user_id = :userId and revoked_at is null
          and (:sessionId::uuid is null or id = :sessionId::uuid)
       returning id, tenant_id, user_id, oidc_session_uid_hash
     ), told as (
       select e.id, c.client_id, c.sid, c.grant_id from ended e join session_clients c on c.user_session_id = e.id
     ), gone as (
       delete from oidc_payloads p
        where p.uid_hash in (select oidc_session_uid_hash from ended)
           or p.session_uid_hash in (select oidc_session_uid_hash from ended)
           or p.grant_id in (select grant_id from told where grant_id is not null)
     )
     select e.id, e.tenant_id, e.user_id,
            coalesce((select jsonb_agg(jsonb_build_object('clientId', t.client_id, 'sid', t.sid))
                        from told t where t.id = e.id), '[]') as clients
       from ended e`,
    wanted,
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
