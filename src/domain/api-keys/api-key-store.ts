/** The SQL of API keys. A key itself is nowhere: its hash is, and the prefix that finds it. */
import { type Database, firstRow, prepared, rows, runPrepared } from '../../platform/database.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { actorInTenant } from '../organisation/acting-user.ts';

export interface ApiKeyRow {
  id: string;
  tenantId: string;
  orgNodeId: string;
  userId: string | null;
  name: string;
  prefix: string;
  active: boolean;
  expiresAt: Date;
  /** To the minute. */
  lastUsedAt: Date | null;
  revokedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
  createdBy: string | null;
  capabilities: string[];
}

const columns = `k.id, k.tenant_id, k.org_node_id, k.user_id, k.name, k.prefix, k.active, k.expires_at, k.last_used_at, k.revoked_at,
       k.created_at, k.updated_at, k.created_by,
       array(select c.key
               from api_key_capabilities kc
               join capabilities c on c.id = kc.capability_id and c.deleted_at is null
              where kc.api_key_id = k.id
              order by c.key) as capabilities`;

export interface NewApiKeyRow {
  id: string;
  tenantId: string;
  orgNodeId: string;
  userId: string | null;
  name: string;
  prefix: string;
  keyHash: Buffer;
  expiresAt: Date;
  actorId: string | null;
}

/** False where the node or the person is not there or may not act. Holds both, so that what ends them ends the key as well. */
export async function insertApiKey(trx: Database, key: NewApiKeyRow): Promise<boolean> {
  const inserted = await rows(
    trx,
    `with person as (
       select id from users
        where tenant_id = :tenantId and id = :userId and state = 'active' and deleted_at is null
          for no key update
     ), node as (
       select id from org_nodes where tenant_id = :tenantId and id = :orgNodeId and deleted_at is null for share
     )
     insert into api_keys (id, tenant_id, org_node_id, user_id, name, prefix, key_hash, expires_at, created_by)
     select :id, :tenantId, n.id, p.id, :name, :prefix, :keyHash, :expiresAt, ${actorInTenant}
       from node n
       left join person p on true
      where p.id is not null or :userId::uuid is null
  returning 1`,
    { ...key },
  );
  return inserted.length === 1;
}

/** Puts these capabilities in the place of what the key has. Answers how many of them there are. */
export async function replaceKeyCapabilities(trx: Database, id: string, keys: readonly string[]): Promise<number> {
  await trx('api_key_capabilities').where({ apiKeyId: id }).delete();
  const put = await rows(
    trx,
    `insert into api_key_capabilities (api_key_id, capability_id)
     select :id, c.id from capabilities c where c.key = any(:keys) and c.deleted_at is null
  returning 1`,
    { id, keys: [...keys] },
  );
  return put.length;
}

export async function selectApiKey(
  db: Database,
  query: { tenantId: string; id: string },
): Promise<ApiKeyRow | undefined> {
  return firstRow<ApiKeyRow>(
    db,
    `select ${columns} from api_keys k where k.tenant_id = :tenantId and k.id = :id`,
    query,
  );
}

/** Locks the row, and says whether it has ended by the database's clock. */
export async function selectApiKeyForUpdate(
  trx: Database,
  query: { tenantId: string; id: string },
): Promise<(ApiKeyRow & { hasEnded: boolean }) | undefined> {
  return firstRow<ApiKeyRow & { hasEnded: boolean }>(
    trx,
    `select ${columns}, k.revoked_at is not null or k.expires_at <= now() as has_ended
       from api_keys k
      where k.tenant_id = :tenantId and k.id = :id
        for no key update of k`,
    query,
  );
}

export async function updateApiKey(
  trx: Database,
  id: string,
  change: { name?: string; active?: boolean; expiresAt?: Date },
): Promise<void> {
  if (Object.values(change).some((value) => value !== undefined)) await trx('api_keys').where({ id }).update(change);
}

export async function revokeApiKeyRow(trx: Database, id: string): Promise<void> {
  await trx('api_keys').where({ id }).update({ revokedAt: trx.fn.now() });
}

/** The key's node is one of those named, or below one. */
const isAtOrBelow = (nodes: string) => `exists (select from org_node_paths p
                    where p.descendant_id = k.org_node_id and p.ancestor_id = any(${nodes}))`;

/** Its node and every node above it are active. */
const placeCounts = `(select bool_and(n.active and n.deleted_at is null)
             from org_node_paths p
             join org_nodes n on n.id = p.ancestor_id
            where p.descendant_id = k.org_node_id)`;

export type ApiKeyState = 'live' | 'inactive' | 'ended';

const states: Record<ApiKeyState, string> = {
  live: 'k.active and k.revoked_at is null and k.expires_at > statement_timestamp()',
  inactive: 'not k.active and k.revoked_at is null and k.expires_at > statement_timestamp()',
  ended: '(k.revoked_at is not null or k.expires_at <= statement_timestamp())',
};

export async function selectApiKeys(
  db: Database,
  query: {
    tenantId: string;
    orgNodeId?: string;
    userId?: string;
    state?: ApiKeyState;
    /** At or below this node. */
    under?: string;
    /** At or below one of these nodes. */
    within?: readonly string[];
  },
  request: PageRequest,
): Promise<Page<ApiKeyRow>> {
  return selectPage<ApiKeyRow>(
    db,
    byId('k.id'),
    request,
    ({ key, where, order }) =>
      `select ${columns}, ${key}
         from api_keys k
        where k.tenant_id = :tenantId
          ${query.orgNodeId ? 'and k.org_node_id = :orgNodeId' : ''}
          ${query.userId ? 'and k.user_id = :userId' : ''}
          ${query.state ? `and ${states[query.state]}` : ''}
          ${query.under ? `and ${isAtOrBelow('array[:under::uuid]')}` : ''}
          ${query.within ? `and ${isAtOrBelow(':within::uuid[]')}` : ''}
          and ${where}
        ${order}`,
    { ...query },
  );
}

export interface FoundKey {
  id: string;
  tenantId: string;
  orgNodeId: string;
  userId: string | null;
  keyHash: Buffer;
  createdAt: Date;
  expiresAt: Date;
  tenantSlug: string;
  tenantName: string;
  /** It counts now: so do its tenant, its place and its person. */
  isLive: boolean;
  /** Its last use is to be written: it was a minute ago or more. */
  isUnwritten: boolean;
}

const found = (condition: string) =>
  `select k.id, k.tenant_id, k.org_node_id, k.user_id, k.key_hash, k.created_at, k.expires_at,
          t.slug as tenant_slug, t.name as tenant_name,
          ${states.live} and t.state = 'active' and ${placeCounts}
            and (k.user_id is null or (u.state = 'active' and u.deleted_at is null)) as is_live,
          k.last_used_at is null or k.last_used_at <= statement_timestamp() - interval '1 minute' as is_unwritten
     from api_keys k
     join tenants t    on t.id = k.tenant_id
     left join users u on u.id = k.user_id
    where ${condition}`;

const byPrefix = prepared('api-key-by-prefix', found('k.prefix = $1'));
const byKeyId = prepared('api-key-by-id', found('k.id = $1'));

export async function selectKeyByPrefix(db: Database, prefix: string): Promise<FoundKey | undefined> {
  return (await runPrepared<FoundKey>(db, byPrefix, [prefix])).rows[0];
}

/** Whether it counts, as of a key that is shown. */
export async function selectKeyById(db: Database, id: string): Promise<FoundKey | undefined> {
  return (await runPrepared<FoundKey>(db, byKeyId, [id])).rows[0];
}

const ofApi = prepared(
  'api-key-capabilities-of-api',
  `select c.key
     from capabilities c
    where c.resource_server_id = $1 and c.key = any($2::text[]) and c.deleted_at is null and not c.is_system
    order by c.key`,
);

/** Which of some capabilities are those of an API. */
export async function selectCapabilitiesOfApi(
  db: Database,
  { resourceServerId, keys }: { resourceServerId: string; keys: readonly string[] },
): Promise<string[]> {
  const found = await runPrepared<{ key: string }>(db, ofApi, [resourceServerId, keys]);
  return found.rows.map(({ key }) => key);
}

const writeUse = prepared(
  'api-key-used',
  `update api_keys set last_used_at = now()
    where id = $1 and (last_used_at is null or last_used_at <= now() - interval '1 minute')`,
);

/** At most once a minute, however many requests come at once. */
export async function updateLastUsed(db: Database, id: string): Promise<void> {
  await runPrepared(db, writeUse, [id]);
}

/** Ends the keys of a person, of a node or of a whole tenant, in the order of their ids. Answers how many lived until now. */
export async function revokeKeysOf(
  trx: Database,
  {
    tenantId,
    userId = null,
    orgNodeId = null,
  }: { tenantId: string; userId?: string | null; orgNodeId?: string | null },
): Promise<number> {
  const ended = await rows(
    trx,
    `with ending as (
       select id from api_keys
        where tenant_id = :tenantId
          and (:userId::uuid is null or user_id = :userId)
          and (:orgNodeId::uuid is null or org_node_id = :orgNodeId)
          and revoked_at is null
        order by id
          for no key update
     )
     update api_keys k set revoked_at = now() from ending e where k.id = e.id
  returning 1`,
    { tenantId, userId, orgNodeId },
  );
  return ended.length;
}
