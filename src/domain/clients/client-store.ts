/** The SQL of clients, their secrets and what a service may ask for. */
import { type Database, firstRow, prepared, rows, runPrepared } from '../../platform/database.ts';

export type ClientKind = 'web' | 'spa' | 'native' | 'service';

export interface ClientRow {
  id: string;
  tenantId: string | null;
  clientId: string;
  kind: ClientKind;
  name: string;
  state: 'active' | 'disabled';
  firstParty: boolean;
  resourceServerId: string | null;
  /** In the registered OpenID Connect names, without a secret. */
  metadata: Record<string, unknown>;
}

const columns = 'id, tenant_id, client_id, kind, name, state, first_party, resource_server_id, metadata';

const liveClient = prepared(
  'live-client',
  `select c.id, c.tenant_id, c.client_id, c.kind, c.name, c.state, c.first_party, c.resource_server_id, c.metadata
     from clients c
     left join tenants t on t.id = c.tenant_id
    where c.client_id = $1
      and c.state = 'active'
      and c.deleted_at is null
      and (t.id is null or t.state = 'active')`,
);

/** The client that may act now: active, not deleted, its tenant (if it has one) not suspended. */
export async function findLiveClient(db: Database, clientId: string): Promise<ClientRow | undefined> {
  const found = await runPrepared<ClientRow>(db, liveClient, [clientId]);
  return found.rows[0];
}

/** Any client that was not deleted, disabled ones too. */
export async function findClient(db: Database, clientId: string): Promise<ClientRow | undefined> {
  return firstRow<ClientRow>(db, `select ${columns} from clients where client_id = ? and deleted_at is null`, [
    clientId,
  ]);
}

/** Locks the row. */
export async function findClientForUpdate(trx: Database, clientId: string): Promise<ClientRow | undefined> {
  return firstRow<ClientRow>(
    trx,
    `select ${columns} from clients where client_id = ? and deleted_at is null for no key update`,
    [clientId],
  );
}

export async function insertClient(db: Database, client: ClientRow): Promise<void> {
  await db('clients').insert({ ...client, metadata: JSON.stringify(client.metadata) });
}

export async function updateClientState(db: Database, id: string, state: 'active' | 'disabled'): Promise<void> {
  await db('clients').where({ id }).update({ state });
}

export async function insertClientSecret(
  db: Database,
  secret: { id: string; clientId: string; secretHash: Buffer; hint: string; expiresAt: Date | null },
): Promise<void> {
  await db('client_secrets').insert(secret);
}

/** Lets the live secrets of a client die: now, or after an overlap in seconds. Answers how many. */
export async function expireClientSecrets(db: Database, id: string, overlapSeconds: number): Promise<number> {
  const result = await db.raw(
    `update client_secrets
        set revoked_at = case when ? = 0 then now() end,
            expires_at = least(coalesce(expires_at, 'infinity'), now() + make_interval(secs => ?))
      where client_id = ?
        and revoked_at is null
        and (expires_at is null or expires_at > now())`,
    [overlapSeconds, overlapSeconds, id],
  );
  return result.rowCount;
}

// last_used_at is written at most once a minute: a busy service must not turn each token request into an update.
const useSecret = prepared(
  'use-client-secret',
  `with live as (
     select s.id, s.last_used_at
       from client_secrets s
       join clients c on c.id = s.client_id
      where c.client_id = $1
        and s.secret_hash = $2
        and s.revoked_at is null
        and (s.expires_at is null or s.expires_at > now())
   ), used as (
     update client_secrets s
        set last_used_at = now()
       from live
      where s.id = live.id
        and (live.last_used_at is null or live.last_used_at < now() - interval '1 minute')
   )
   select true as matches from live`,
);

/** True if the hash belongs to a live secret of the client. The comparison is of SHA-256 values, in the index. */
export async function clientSecretMatches(db: Database, clientId: string, secretHash: Buffer): Promise<boolean> {
  const found = await runPrepared<{ matches: boolean }>(db, useSecret, [clientId, secretHash]);
  return found.rows.length > 0;
}

export async function insertClientCapabilities(db: Database, id: string, capabilityKeys: string[]): Promise<string[]> {
  const granted = await rows<{ key: string }>(
    db,
    `with wanted as (
       select id, key from capabilities where key = any(?) and deleted_at is null
     ), granted as (
       insert into client_capabilities (client_id, capability_id) select ?, id from wanted on conflict do nothing
     )
     select key from wanted`,
    [capabilityKeys, id],
  );
  return granted.map((row) => row.key);
}

const serviceScope = prepared(
  'service-scope',
  `select k.key, r.identifier
     from client_capabilities cc
     join clients c      on c.id = cc.client_id
     join capabilities k on k.id = cc.capability_id
     left join resource_servers r on r.id = k.resource_server_id
    where c.client_id = $1
      and k.deleted_at is null
    order by k.key`,
);

/** The capabilities a service may ask for, each with the API (audience) it belongs to. */
export async function findServiceCapabilities(
  db: Database,
  clientId: string,
): Promise<{ key: string; identifier: string | null }[]> {
  return (await runPrepared<{ key: string; identifier: string | null }>(db, serviceScope, [clientId])).rows;
}

/** True if a client of this tenant may stand for the API: the API is nobody's, or the tenant's own. */
export async function mayServeApi(db: Database, resourceServerId: string, tenantId: string | null): Promise<boolean> {
  const found = await firstRow(
    db,
    `select 1 from resource_servers where id = ?::uuid and (tenant_id is null or tenant_id = ?::uuid)`,
    [resourceServerId, tenantId],
  );
  return found !== undefined;
}
