/** The SQL of a service's token: its row, its session and its event are one statement, and those of one moment are too. */
import { type Database, prepared, rows, runPrepared } from '../../platform/database.ts';
import { gathered } from '../../platform/gathered.ts';
import { insertEventSql } from '../audit/audit-events.ts';
import type { PayloadRow } from './payload-store.ts';

export interface ServiceToken {
  row: Pick<PayloadRow, 'model' | 'idHash' | 'payload' | 'clientId' | 'expiresAt'>;
  session: { id: string; jti: string; ip: string | null };
  auditRow: Record<string, unknown> | null;
}

// The client is looked at again: what this process remembers of it may be a moment old.
const store = prepared(
  'service-tokens-store',
  `with live as (
     select g.*, c.id as client_row_id, c.tenant_id
       from jsonb_to_recordset($1::jsonb) as g(n int, model text, id_hash text, payload text, client_id text,
              expires_at timestamptz, session_id uuid, jti text, ip inet, event jsonb)
       join clients c on c.client_id = g.client_id
       left join tenants t on t.id = c.tenant_id
      where c.state = 'active' and c.deleted_at is null
        and (t.id is null or t.state = 'active')
   ), stored as (
     insert into oidc_payloads (model, id_hash, payload, client_id, expires_at)
     select model, decode(id_hash, 'base64'), decode(payload, 'base64'), client_id, expires_at from live
   ), begun as (
     insert into service_sessions (id, tenant_id, client_id, jti, ip, expires_at)
     select session_id, tenant_id, client_row_id, jti, ip, expires_at from live
   ), audited as (
     ${insertEventSql('l.event', 'true', { from: 'live l' })}
   )
   select n from live`,
);

const storeGathered = gathered<ServiceToken, boolean>(async (db, tokens) => {
  const rows = tokens.map(({ row, session, auditRow }, n) => ({
    n,
    model: row.model,
    id_hash: row.idHash.toString('base64'),
    payload: row.payload.toString('base64'),
    client_id: row.clientId,
    expires_at: row.expiresAt,
    session_id: session.id,
    jti: session.jti,
    ip: session.ip,
    event: auditRow,
  }));
  const stored = await runPrepared<{ n: number }>(db, store, [JSON.stringify(rows)]);
  const done = new Set(stored.rows.map(({ n }) => n));
  return tokens.map((_, n) => done.has(n));
});

/** Stores a token with its session and its event. False where the client may not act any more: then nothing was stored. */
export async function storeServiceToken(db: Database, token: ServiceToken): Promise<boolean> {
  return storeGathered(db, token);
}

/** What is stored of tokens that services got for themselves, as far as it is there still. Sealed. */
export async function selectServiceTokenPayloads(
  db: Database,
  idHashes: readonly Buffer[],
): Promise<{ idHash: Buffer; payload: Buffer }[]> {
  if (idHashes.length === 0) return [];
  return rows(
    db,
    `select id_hash, payload from oidc_payloads where model = 'ClientCredentials' and id_hash = any(:idHashes)`,
    { idHashes: [...idHashes] },
  );
}
