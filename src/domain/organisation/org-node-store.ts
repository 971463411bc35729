/** The SQL of organisation nodes. Triggers keep `org_node_paths`, and refuse cycles and orphans. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { actorInTenant } from './acting-user.ts';

export interface OrgNodeRow {
  id: string;
  tenantId: string;
  /** null: the root. */
  parentId: string | null;
  type: string;
  name: string;
  /** What another system calls it. */
  externalId: string | null;
  active: boolean;
  createdAt: Date;
  updatedAt: Date;
}

export interface NewOrgNode extends Pick<OrgNodeRow, 'id' | 'type' | 'name' | 'externalId'> {
  parentId: string;
}

const names = ['id', 'tenant_id', 'parent_id', 'type', 'name', 'external_id', 'active', 'created_at', 'updated_at'];
const columns = names.join(', ');
/** SQL: the columns of a node, of a table of that name in the statement. */
export const columnsOf = (alias: string) => names.map((name) => `${alias}.${name}`).join(', ');

/** Has changes to the tenant's tree take turns until the transaction ends. */
export async function lockTree(db: Database, tenantId: string): Promise<void> {
  await db.raw(`select take_turns('org_nodes', ?)`, [tenantId]);
}

export async function insertOrgNode(
  db: Database,
  node: Pick<OrgNodeRow, 'id' | 'tenantId' | 'type' | 'name' | 'externalId'> & {
    parentId: string;
    actorId: string | null;
  },
): Promise<OrgNodeRow> {
  const row = await firstRow<OrgNodeRow>(
    db,
    `insert into org_nodes (id, tenant_id, parent_id, type, name, external_id, created_by)
     values (:id, :tenantId, :parentId, :type, :name, :externalId, ${actorInTenant})
  returning ${columns}`,
    node,
  );
  if (!row) throw new Error('no row for the new node');
  return row;
}

/** Several in one statement, in their order: each comes after its parent. */
export async function insertOrgNodes(
  db: Database,
  { tenantId, actorId, nodes }: { tenantId: string; actorId: string | null; nodes: readonly NewOrgNode[] },
): Promise<void> {
  await rows(
    db,
    `insert into org_nodes (id, tenant_id, parent_id, type, name, external_id, created_by)
     select r.id, :tenantId, r."parentId", r.type, r.name, r."externalId", ${actorInTenant}
       from jsonb_to_recordset(:nodes::jsonb)
              as r(at int, id uuid, "parentId" uuid, type text, name text, "externalId" text)
      order by r.at`,
    { tenantId, actorId, nodes: JSON.stringify(nodes.map((node, at) => ({ ...node, at }))) },
  );
}

/** The root of a tenant's tree, without a parent. */
export async function insertRootNode(
  trx: Database,
  node: { id: string; tenantId: string; name: string },
): Promise<void> {
  await trx('org_nodes').insert({ ...node, parentId: null, type: 'tenant' });
}

export async function updateRootName(trx: Database, tenantId: string, name: string): Promise<void> {
  await trx('org_nodes').where({ tenantId, parentId: null }).update({ name });
}

export async function selectOrgNode(db: Database, tenantId: string, id: string): Promise<OrgNodeRow | undefined> {
  return firstRow<OrgNodeRow>(
    db,
    `select ${columns} from org_nodes where tenant_id = :tenantId and id = :id and deleted_at is null`,
    { tenantId, id },
  );
}

export async function selectDeletedOrgNode(
  db: Database,
  tenantId: string,
  id: string,
): Promise<{ parentId: string } | undefined> {
  const sql = 'select parent_id from org_nodes where tenant_id = :tenantId and id = :id and deleted_at is not null';
  return firstRow<{ parentId: string }>(db, sql, { tenantId, id });
}

export async function selectRootNode(db: Database, tenantId: string): Promise<OrgNodeRow | undefined> {
  return firstRow<OrgNodeRow>(
    db,
    `select ${columns} from org_nodes where tenant_id = :tenantId and parent_id is null`,
    { tenantId },
  );
}

export async function updateOrgNode(
  db: Database,
  change: {
    tenantId: string;
    id: string;
    actorId: string | null;
    name?: string;
    type?: string;
    /** null takes it away. */
    externalId?: string | null;
    parentId?: string;
    active?: boolean;
    deleted?: true;
  },
): Promise<OrgNodeRow | undefined> {
  return firstRow<OrgNodeRow>(
    db,
    `update org_nodes
        set name        = coalesce(:name, name),
            type        = coalesce(:type, type),
            external_id = case when :isNamed then :externalId else external_id end,
            parent_id   = coalesce(:parentId, parent_id),
            active      = coalesce(:active, active),
            deleted_at  = case when :deleted then now() end,
            deleted_by  = case when :deleted then ${actorInTenant} end,
            updated_by  = ${actorInTenant}
      where tenant_id = :tenantId and id = :id and deleted_at is null
  returning ${columns}`,
    {
      tenantId: change.tenantId,
      id: change.id,
      actorId: change.actorId,
      name: change.name ?? null,
      type: change.type ?? null,
      isNamed: change.externalId !== undefined,
      externalId: change.externalId ?? null,
      parentId: change.parentId ?? null,
      active: change.active ?? null,
      deleted: change.deleted ?? false,
    },
  );
}

/**
 * For `ilike` on a text that begins with a space: a part of it, whatever the case. Of one or two characters: the beginning of a
 * word, which an index of three letters finds as well.
 */
export function searchPattern(search: string): string {
  const escaped = search.replace(/[\\%_]/g, '\\$&');
  return [...search].length < 3 ? `% ${escaped}%` : `%${escaped}%`;
}

/** SQL: whether a node is one of some, or stands below one of them. */
export function atOrBelow(node: string, among: string): string {
  return `exists (select from org_node_paths reach where reach.descendant_id = ${node} and reach.ancestor_id = any(${among}::uuid[]))`;
}

/** The nodes above one, the top first. */
export async function selectAncestors(
  db: Database,
  query: { tenantId: string; id: string; within: readonly string[] | null },
): Promise<OrgNodeRow[]> {
  return rows<OrgNodeRow>(
    db,
    `select ${columnsOf('n')}
       from org_node_paths p
       join org_nodes n on n.id = p.ancestor_id
      where p.tenant_id = :tenantId and p.descendant_id = :id and p.depth > 0
        ${query.within ? `and ${atOrBelow('n.id', ':within')}` : ''}
      order by p.depth desc`,
    { ...query },
  );
}

/** Of these nodes, those that are there. */
export async function selectLiveNodeIds(
  db: Database,
  { tenantId, nodeIds }: { tenantId: string; nodeIds: readonly string[] },
): Promise<Set<string>> {
  const found = await rows<{ id: string }>(
    db,
    'select id from org_nodes where tenant_id = :tenantId and id = any(:nodeIds::uuid[]) and deleted_at is null',
    { tenantId, nodeIds },
  );
  return new Set(found.map(({ id }) => id));
}
