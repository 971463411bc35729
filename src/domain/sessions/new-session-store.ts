/** The SQL of a browser session that begins with a sign-in: all its rows and the event of the sign-in are one statement. */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';
import { insertEventSql } from '../audit/audit-events.ts';
import type { BrowserSession, NewUserSession } from './session-store.ts';

export interface NewSession {
  signIn: NewUserSession;
  browser: Pick<BrowserSession, 'idHash' | 'payload'>;
  clients: readonly { client_id: string; sid: string; grant_id: string | null }[];
  auditRow: Record<string, unknown>;
}

// The browser session is found by its uid, as everywhere.
const insert = prepared(
  'session-begin',
  `with sign_in as (
     insert into user_sessions (id, tenant_id, user_id, oidc_session_uid_hash, user_agent, ip, device_fingerprint, amr, acr,
                                login_at, expires_at)
     values ($1::uuid, $2::uuid, $3::uuid, $4::bytea, $5, $6, $7, $8, $9, $10, $11::timestamptz)
   ), clients as (
     insert into session_clients (tenant_id, user_session_id, client_id, sid, grant_id)
     select $2::uuid, $1::uuid, c.client_id, c.sid, c.grant_id
       from jsonb_to_recordset($12::jsonb) as c(client_id text, sid text, grant_id text)
   ), browser as (
     insert into oidc_payloads (model, id_hash, payload, uid_hash, account_id, expires_at)
     values ('Session', $13, $14, $4::bytea, $3::uuid, $11::timestamptz)
     on conflict (uid_hash) where uid_hash is not null do update
        set id_hash = excluded.id_hash, payload = excluded.payload, account_id = excluded.account_id,
            expires_at = excluded.expires_at
   )
   ${insertEventSql('$15', 'true')}`,
);

/** Stores what a sign-in begins; in the transaction that holds the person (`beginSignIn` of domain/users). */
export async function insertNewSession(
  trx: Database,
  { signIn, browser, clients, auditRow }: NewSession,
): Promise<void> {
  const { id, tenantId, userId, oidcSessionUidHash, userAgent, ip, deviceFingerprint, amr, acr } = signIn;
  await runPrepared(trx, insert, [
    id,
    tenantId,
    userId,
    oidcSessionUidHash,
    userAgent,
    ip,
    deviceFingerprint,
    amr,
    acr,
    signIn.loginAt,
    signIn.expiresAt,
    JSON.stringify(clients),
    browser.idHash,
    browser.payload,
    JSON.stringify(auditRow),
  ]);
}
