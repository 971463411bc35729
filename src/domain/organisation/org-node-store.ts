/** The SQL of organisation nodes. Triggers keep `org_node_paths`, and refuse cycles and orphans. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
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

const names = ['id', 'tenant_id', 'parent_id', 'type', 'name', 'external_id', 'active', 'created_at', 'updated_at'];
const columns = names.join(', ');
const columnsOf = (alias: string) => names.map((name) => `${alias}.${name}`).join(', ');

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

export interface OrgNodeFilter {
  type?: string;
  externalId?: string;
  /** A part of the name, whatever its case. */
  search?: string;
  /** At or below one of these nodes. */
  within?: readonly string[];
}

/**
 * For `ilike` on a text that begins with a space: a part of it, whatever the case. Of one or two characters: the beginning of a
 * word, which an index of three letters finds as well.
 */
export function searchPattern(search: string): string {
  const escaped = search.replace(/[\\%_]/g, '\\$&');
  return [...search].length < 3 ? `% ${escaped}%` : `%${escaped}%`;
}

/** The conditions of a filter, and what they name. */
function filtering({ type, externalId, search, within }: OrgNodeFilter): {
  sql: string;
  bindings: Record<string, unknown>;
} {
  const conditions = [
    type !== undefined && 'n.type = :type',
    externalId !== undefined && 'n.external_id = :externalId',
    search !== undefined && `(' ' || n.name) ilike :pattern`,
    within && atOrBelow('n.id', ':within'),
  ].filter((condition) => condition !== false && condition !== undefined);
  const pattern = search && searchPattern(search);
  return {
    sql: conditions.map((condition) => `and ${condition}`).join(' '),
    bindings: { type, externalId, pattern, within },
  };
}

/** SQL: whether a node is one of some, or stands below one of them. */
export function atOrBelow(node: string, among: string): string {
  return `exists (select from org_node_paths reach where reach.descendant_id = ${node} and reach.ancestor_id = any(${among}::uuid[]))`;
}

/** In the order of ids, which is that of creation. */
export async function selectOrgNodes(
  db: Database,
  query: OrgNodeFilter & { tenantId: string; below: string | null; parentId: string | null },
  request: PageRequest,
): Promise<Page<OrgNodeRow>> {
  const { tenantId, below, parentId, ...filter } = query;
  const { sql: filtered, bindings } = filtering(filter);
  // Each way of asking finds its rows by one index, in the order of the answer or few enough to sort.
  const [from, where, id]: [string, string, string] = below
    ? [
        'org_node_paths p join org_nodes n on n.id = p.descendant_id',
        'p.tenant_id = :tenantId and p.ancestor_id = :below',
        'p.descendant_id',
      ]
    : parentId
      ? [
          'org_nodes parent join org_nodes n on n.parent_id = parent.id',
          'parent.tenant_id = :tenantId and parent.id = :parentId',
          'n.id',
        ]
      : ['org_nodes n', 'n.tenant_id = :tenantId', 'n.id'];
  return selectPage<OrgNodeRow>(
    db,
    byId(id),
    request,
    (page) =>
      `select ${columnsOf('n')}, ${page.key}
         from ${from}
        where ${where} and n.deleted_at is null
          ${below && parentId ? 'and n.parent_id = :parentId' : ''} ${filtered}
          and ${page.where}
        ${page.order}`,
    { tenantId, below, parentId, ...bindings },
  );
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
