/**
 * The SQL of a browser session that begins with a sign-in: holding the person, all its rows and the event of the sign-in are one
 * statement. Refuses one of a person who may not act any more: then nothing is stored.
 */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';
import { insertEventSql } from '../audit/audit-events.ts';
import { beginSignInSql } from '../users/user-state.ts';
import type { BrowserSession, NewUserSession } from './session-store.ts';

export interface NewSession {
  /** The tenant is the person's. */
  signIn: Omit<NewUserSession, 'tenantId'>;
  browser: Pick<BrowserSession, 'idHash' | 'payload'>;
  clients: readonly { client_id: string; sid: string; grant_id: string | null }[];
  auditRow: Record<string, unknown>;
}

// The browser session is found by its uid, as everywhere.
const insert = prepared(
  'session-begin',
  `with ${beginSignInSql('$2::uuid', '$9::timestamptz')}, sign_in as (
     insert into user_sessions (id, tenant_id, user_id, oidc_session_uid_hash, user_agent, ip, device_fingerprint, amr, acr,
                                login_at, expires_at)
     select $1::uuid, tenant_id, id, $3::bytea, $4, $5::inet, $6::bytea, $7::text[], $8, $9::timestamptz, $10::timestamptz
       from held
   ), clients as (
     insert into session_clients (tenant_id, user_session_id, client_id, sid, grant_id)
     select h.tenant_id, $1::uuid, c.client_id, c.sid, c.grant_id
       from held h
      cross join jsonb_to_recordset($11::jsonb) as c(client_id text, sid text, grant_id text)
   ), browser as (
     insert into oidc_payloads (model, id_hash, payload, uid_hash, account_id, expires_at)
     select 'Session', $12::bytea, $13::bytea, $3::bytea, id, $10::timestamptz from held
     on conflict (uid_hash) where uid_hash is not null do update
        set id_hash = excluded.id_hash, payload = excluded.payload, account_id = excluded.account_id,
            expires_at = excluded.expires_at
   ), audited as (
     ${insertEventSql(`($14::jsonb || jsonb_build_object('tenant_id', h.tenant_id))`, 'true', { from: 'held h' })}
   )
   select tenant_id, is_first from held`,
);

/**
 * Stores what a sign-in begins, at once or in the caller's transaction, which then holds the person.
 * @returns the person's tenant, and whether they had never signed in before; undefined where they may not act any more
 */
export async function insertNewSession(
  db: Database,
  { signIn, browser, clients, auditRow }: NewSession,
): Promise<{ tenantId: string; isFirst: boolean } | undefined> {
  const { id, userId, oidcSessionUidHash, userAgent, ip, deviceFingerprint, amr, acr } = signIn;
  const begun = await runPrepared<{ tenantId: string; isFirst: boolean }>(db, insert, [
    id,
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
  return begun.rows[0];
}
