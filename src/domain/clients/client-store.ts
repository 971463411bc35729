/** The SQL of clients, their secrets and what a service may ask for. */
import { timingSafeEqual } from 'node:crypto';
import { type Database, firstRow, prepared, rows, runPrepared } from '../../platform/database.ts';
import { remembered } from '../../platform/remembered.ts';
import { actorInTenant } from '../organisation/acting-user.ts';
import type { SecurityProfile } from './security-profile.ts';

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
  securityProfile: SecurityProfile;
  /** In the registered OpenID Connect names, without a secret. */
  metadata: Record<string, unknown>;
}

/** With what else the protocol asks of a client. */
export interface LiveClientRow extends ClientRow {
  /** It may get assertions about its people for other servers (cross-app-audiences.ts). */
  vouches: boolean;
}

const columns =
  'id, tenant_id, client_id, kind, name, state, first_party, resource_server_id, security_profile, metadata';

const liveClient = prepared(
  'live-client',
  `select c.id, c.tenant_id, c.client_id, c.kind, c.name, c.state, c.first_party, c.resource_server_id,
          c.security_profile, c.metadata, exists (select from cross_app_audiences a where a.client_id = c.id) as vouches
     from clients c
     left join tenants t on t.id = c.tenant_id
    where c.client_id = $1
      and c.state = 'active'
      and c.deleted_at is null
      and (t.id is null or t.state = 'active')`,
);

/** The client that may act now: active, not deleted, its tenant (if it has one) not suspended. Shared: not to be changed. */
export async function findLiveClient(db: Database, clientId: string): Promise<LiveClientRow | undefined> {
  return remembered(db, `client ${clientId}`, async () => {
    const found = await runPrepared<LiveClientRow>(db, liveClient, [clientId]);
    return found.rows[0];
  });
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

export async function insertClient(db: Database, client: ClientRow, actorId: string | null): Promise<void> {
  const createdBy = db.raw(actorInTenant, { tenantId: client.tenantId, actorId });
  await db('clients').insert({ ...client, metadata: JSON.stringify(client.metadata), createdBy });
}

/** Writes what a change of a client may change; `deleted` also that it is no more. */
export async function updateClientRow(
  trx: Database,
  { id, tenantId, name, state, firstParty, securityProfile, metadata }: ClientRow,
  { actorId, deleted = false }: { actorId: string | null; deleted?: boolean },
): Promise<void> {
  const by = trx.raw(actorInTenant, { tenantId, actorId });
  await trx('clients')
    .where({ id })
    .update({
      name,
      state,
      firstParty,
      securityProfile,
      metadata: JSON.stringify(metadata),
      updatedBy: by,
      ...(deleted && { deletedAt: trx.fn.now(), deletedBy: by }),
    });
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

interface LiveSecret {
  id: string;
  secretHash: Buffer;
  expiresAt: Date | null;
  /** When it was used last, as far as this process knows. */
  lastUsedAt: Date | null;
}

const liveSecrets = prepared(
  'live-client-secrets',
  `select s.id, s.secret_hash, s.expires_at, s.last_used_at
     from client_secrets s
     join clients c on c.id = s.client_id
    where c.client_id = $1
      and s.revoked_at is null
      and (s.expires_at is null or s.expires_at > now())`,
);

const markSecretUsed = prepared(
  'mark-client-secret-used',
  `update client_secrets set last_used_at = now()
    where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
);

/** True if the SHA-256 hash is that of a live secret of the client. */
export async function clientSecretMatches(db: Database, clientId: string, secretHash: Buffer): Promise<boolean> {
  const select = async () => (await runPrepared<LiveSecret>(db, liveSecrets, [clientId])).rows;
  const now = Date.now();
  const matches = ({ secretHash: known, expiresAt }: LiveSecret) =>
    timingSafeEqual(known, secretHash) && (expiresAt === null || expiresAt.getTime() > now);
  const remembers = (await remembered(db, `client-secrets ${clientId}`, select)).find(matches);
  // One that was made a moment ago, at another node, counts here at once.
  const used = remembers ?? (await select()).find(matches);
  if (!used) return false;
  // Written at most once a minute: a busy service must not turn each token request into an update.
  if (used.lastUsedAt === null || used.lastUsedAt.getTime() < now - 60_000) {
    used.lastUsedAt = new Date(now);
    await runPrepared(db, markSecretUsed, [used.id]);
  }
  return true;
}

/** Answers which of the capabilities there are, and which the service did not have. */
export async function insertClientCapabilities(
  db: Database,
  id: string,
  capabilityKeys: readonly string[],
  actorId: string | null,
): Promise<{ known: string[]; added: string[] }> {
  const found = await rows<{ key: string; added: boolean }>(
    db,
    `with wanted as (
       select id, key from capabilities where key = any(:capabilityKeys) and deleted_at is null
     ), granted as (
       insert into client_capabilities (client_id, capability_id, granted_by)
       select :id, id, (select id from users where id = :actorId) from wanted
           on conflict do nothing
    returning capability_id
     )
     select w.key, g.capability_id is not null as added
       from wanted w
       left join granted g on g.capability_id = w.id`,
    { capabilityKeys: [...capabilityKeys], id, actorId },
  );
  return { known: found.map(({ key }) => key), added: found.filter(({ added }) => added).map(({ key }) => key) };
}

/** False where the service did not have it. */
export async function deleteClientCapability(trx: Database, id: string, key: string): Promise<boolean> {
  const gone = await rows(
    trx,
    `delete from client_capabilities cc
      using capabilities k
      where cc.client_id = :id and k.id = cc.capability_id and k.key = :key
  returning cc.capability_id`,
    { id, key },
  );
  return gone.length > 0;
}

/** How it came here: somebody registered it (`managed`), it registered itself (`dynamic`), or it is known by a document. */
export const clientOrigins = ['managed', 'dynamic', 'document'] as const;
export type ClientOrigin = (typeof clientOrigins)[number];

/** Of `clients` under this name. What is known by a document has its address as `client_id`, and nobody can register such a one. */
export const originOf = (table: string): string =>
  `case when ${table}.client_id like 'https://%' then 'document'
        when exists (select from client_registrations r where r.client_id = ${table}.id) then 'dynamic'
        else 'managed' end`;

export interface ClientDetails extends ClientRow {
  origin: ClientOrigin;
  createdAt: Date;
  updatedAt: Date;
  /** Of a service: what it may ask for, sorted. */
  capabilities: string[];
}

/** With what a reader is told besides; disabled ones too. @param deletedToo a `client_id` is not given out again */
export async function selectClientDetails(
  db: Database,
  clientId: string,
  { deletedToo = false }: { deletedToo?: boolean } = {},
): Promise<ClientDetails | undefined> {
  return firstRow<ClientDetails>(
    db,
    `select ${columns}, created_at, updated_at, ${originOf('clients')} as origin,
            array(select k.key
                    from client_capabilities cc
                    join capabilities k on k.id = cc.capability_id and k.deleted_at is null
                   where cc.client_id = clients.id
                   order by k.key) as capabilities
       from clients
      where client_id = :clientId and (deleted_at is null or :deletedToo)`,
    { clientId, deletedToo },
  );
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

/** The capabilities a service may ask for, each with the API (audience) it belongs to. Shared: not to be changed. */
export async function findServiceCapabilities(
  db: Database,
  clientId: string,
): Promise<{ key: string; identifier: string | null }[]> {
  return remembered(db, `service-capabilities ${clientId}`, async () => {
    const found = await runPrepared<{ key: string; identifier: string | null }>(db, serviceScope, [clientId]);
    return found.rows;
  });
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

export async function forgetResourceServerOfDeleted(trx: Database, resourceServerId: string): Promise<void> {
  await rows(
    trx,
    `with held as (
       select id from clients
        where resource_server_id = :resourceServerId and deleted_at is not null
        order by id
          for no key update
     )
     update clients c set resource_server_id = null from held where c.id = held.id`,
    { resourceServerId },
  );
}
