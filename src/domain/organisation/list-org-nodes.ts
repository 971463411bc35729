/** Pages of the nodes of a tree, narrowed to a part of it, to a name, and to what somebody reaches. Changes nothing. */
import type { Database } from '../../platform/database.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { type BranchList, nodesOfBranch, selectPageInBranch } from './branch-page.ts';
import { atOrBelow, columnsOf, type OrgNodeRow, searchPattern } from './org-node-store.ts';

export interface OrgNodesQuery {
  tenantId: string;
  /** At or below this node. */
  below: string | null;
  parentId: string | null;
  type?: string;
  externalId?: string;
  /** A part of the name, whatever its case. */
  search?: string;
  /** At or below one of these nodes. */
  within?: readonly string[];
}

/** Each way of asking finds its rows by one index, in the order of the answer or few enough to sort. */
function fromOf({ below, parentId }: OrgNodesQuery): { from: string; where: string; id: string } {
  if (below)
    return {
      from: 'org_node_paths p join org_nodes n on n.id = p.descendant_id',
      where: 'p.tenant_id = :tenantId and p.ancestor_id = :below',
      id: 'p.descendant_id',
    };
  if (parentId)
    return {
      from: 'org_nodes parent join org_nodes n on n.parent_id = parent.id',
      where: 'parent.tenant_id = :tenantId and parent.id = :parentId',
      id: 'n.id',
    };
  return { from: 'org_nodes n', where: 'n.tenant_id = :tenantId', id: 'n.id' };
}

/** In the order of ids, which is that of creation. @throws DomainError invalid CURSOR_INVALID */
export async function selectOrgNodes(
  db: Database,
  query: OrgNodesQuery,
  request: PageRequest,
): Promise<Page<OrgNodeRow>> {
  const { tenantId, below, parentId, type, externalId, search, within } = query;
  const { from, where, id } = fromOf(query);
  const conditions = [
    'n.deleted_at is null',
    below && parentId && 'n.parent_id = :parentId',
    type !== undefined && 'n.type = :type',
    externalId !== undefined && 'n.external_id = :externalId',
    search !== undefined && `(' ' || n.name) ilike :pattern`,
  ];
  const wanted = conditions.filter((condition) => condition).join(' and ');
  const bindings = { tenantId, below, parentId, type, externalId, pattern: search && searchPattern(search), within };
  const pageOf = (asked: PageRequest, rowsOf: ReturnType<typeof fromOf>, condition = 'true', more: object = {}) =>
    selectPage<OrgNodeRow>(
      db,
      byId(rowsOf.id),
      asked,
      (page) =>
        `select ${columnsOf('n')}, ${page.key}
           from ${rowsOf.from}
          where ${rowsOf.where} and ${wanted} and ${condition} and ${page.where}
          ${page.order}`,
      { ...bindings, ...more },
    );
  if (!within) return pageOf(request, { from, where, id });
  // A node that is named among others, or has a parent that is, is one of few.
  if (parentId || externalId !== undefined) return pageOf(request, { from, where, id }, atOrBelow('n.id', ':within'));
  const inBranch = {
    from: `${nodesOfBranch}
      cross join lateral (select ${columnsOf('n')}, n.deleted_at from org_nodes n where n.id = reach.descendant_id offset 0) n`,
    where: `n.tenant_id = :tenantId ${below ? `and ${atOrBelow('n.id', 'array[:below]')}` : ''}`,
    id: 'n.id',
  };
  const list: BranchList<OrgNodeRow> = {
    keyset: byId(id),
    rowsAnItem: 100,
    mostLieWithin: below !== null,
    looked: {
      rows: ({ keys, where: after, order }) =>
        `select n.id, ${keys} from ${from} where ${where} and ${wanted} and ${after} ${order}`,
      as: 'n',
      passes: atOrBelow('n.id', ':within'),
    },
    page: (asked, of, more) =>
      of === 'set'
        ? pageOf(asked, inBranch)
        : pageOf(asked, fromOf({ ...query, below: null }), 'n.id = any(:ids::uuid[])', more),
  };
  return selectPageInBranch(db, list, within, request, bindings);
}
