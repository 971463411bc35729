/**
 * The SQL of a browser session that begins with a sign-in: holding the person, all its rows, what is stored beside it and the events
 * of that are one statement, which ends the interaction as well. Refuses one of a person who may not act any more: then nothing is
 * stored. Refuses a second one of the same interaction, also of requests that come at the same moment.
 */
import { type Database, type PreparedStatement, prepared, runPrepared } from '../../platform/database.ts';
import { giveBackHitsSql } from '../../platform/rate-limits.ts';
import { insertEventSql } from '../audit/audit-events.ts';
import { beginSignInSql } from '../users/user-state.ts';
import { storePayloadsSql, type Upsert, upsertRows } from './payload-store.ts';
import type { BrowserSession, NewUserSession } from './session-store.ts';

export interface NewSession {
  /** The tenant is the person's. */
  signIn: Omit<NewUserSession, 'tenantId'>;
  browser: Pick<BrowserSession, 'idHash' | 'payload'>;
  clients: readonly { client_id: string; sid: string; grant_id: string | null }[];
  auditRow: Record<string, unknown>;
  /** What is stored with it, such as the code and its grant. */
  beside: readonly Upsert[];
  /** The interaction that ends with it, if it comes of one. */
  interactionHash: Buffer | null;
}

/** Another request has ended the interaction of which a session was about to begin. */
export class InteractionGoneError extends Error {}

/**
 * The statement under a name of its own. Where the condition does not hold, nothing has happened.
 * @param condition under which it begins, of the rows `u` (the person) and `t` (their tenant); it may name `$2`, the person, `$6`, the
 *   browser, and parameters from `$17`. Default: none, and the interaction of a person who may not act any more ends as well
 */
export function newSessionStatement(name: string, condition?: string): PreparedStatement {
  // The browser session is found by its uid, as everywhere. The interaction's row is locked after the person, as by whatever ends
  // what they hold: so the person is asked for first, whatever comes of it.
  const afterPerson = condition === undefined ? '(select count(*) from held) >= 0' : 'exists (select from held)';
  return prepared(
    name,
    `with ${beginSignInSql('$2::uuid', '$9::timestamptz', condition ?? 'true')}, ended as (
     delete from oidc_payloads
      where model = 'Interaction' and id_hash = $16::bytea and ${afterPerson}
     returning counted_as, consumed_at
   ), given_back as (
     ${giveBackHitsSql('select counted_as from ended where consumed_at is null')}
   ), begun as (
     select * from held where $16::bytea is null or exists (select from ended)
   ), sign_in as (
     insert into user_sessions (id, tenant_id, user_id, oidc_session_uid_hash, user_agent, ip, device_fingerprint, amr, acr,
                                login_at, expires_at)
     select $1::uuid, tenant_id, id, $3::bytea, $4, $5::inet, $6::bytea, $7::text[], $8, $9::timestamptz, $10::timestamptz
       from begun
   ), clients as (
     insert into session_clients (tenant_id, user_session_id, client_id, sid, grant_id)
     select b.tenant_id, $1::uuid, c.client_id, c.sid, c.grant_id
       from begun b
      cross join jsonb_to_recordset($11::jsonb) as c(client_id text, sid text, grant_id text)
   ), browser as (
     insert into oidc_payloads (model, id_hash, payload, uid_hash, account_id, expires_at)
     select 'Session', $12::bytea, $13::bytea, $3::bytea, id, $10::timestamptz from begun
     on conflict (uid_hash) where uid_hash is not null do update
        set id_hash = excluded.id_hash, payload = excluded.payload, account_id = excluded.account_id,
            expires_at = excluded.expires_at
   ), audited as (
     ${insertEventSql(`($14::jsonb || jsonb_build_object('tenant_id', b.tenant_id))`, 'true', { from: 'begun b' })}
   ), ${storePayloadsSql('$15', 'exists (select from begun)')}
   select tenant_id, is_first, exists (select from begun) as has_begun from held`,
  );
}

const insert = newSessionStatement('session-begin');

/**
 * Stores what a sign-in begins, at once or in the caller's transaction, which then holds the person.
 * @param statement of `newSessionStatement`, with its own parameters
 * @returns the person's tenant, and whether they had never signed in before; undefined where they may not act any more, or the
 *   statement's condition does not hold
 * @throws InteractionGoneError where the interaction has ended meanwhile: nothing is stored
 */
export async function insertNewSession(
  db: Database,
  { signIn, browser, clients, auditRow, beside, interactionHash }: NewSession,
  { statement, more }: { statement: PreparedStatement; more: readonly unknown[] } = { statement: insert, more: [] },
): Promise<{ tenantId: string; isFirst: boolean } | undefined> {
  const { id, userId, oidcSessionUidHash, userAgent, ip, deviceFingerprint, amr, acr } = signIn;
  const { rows } = await runPrepared<{ tenantId: string; isFirst: boolean; hasBegun: boolean }>(db, statement, [
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
    upsertRows(beside),
    interactionHash,
    ...more,
  ]);
  const [person] = rows;
  if (person && !person.hasBegun) throw new InteractionGoneError('the interaction has ended meanwhile');
  return person;
}
