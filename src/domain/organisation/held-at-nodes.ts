/** Pages of what people hold at nodes for a time: assignments and visibility grants are listed alike. Changes nothing. */
import type { Database } from '../../platform/database.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { type BranchList, nodesOfBranch, selectPageInBranch } from './branch-page.ts';
import { atOrBelow } from './org-node-store.ts';
import { inState, type PeriodState } from './period.ts';

export interface HeldQuery {
  tenantId: string;
  userId: string | null;
  orgNodeId: string | null;
  roleId?: string | null;
  state?: PeriodState;
  /** At or below one of these nodes. */
  within?: readonly string[];
}

/**
 * In the order of ids.
 * @param columns the select list, without a name of the table
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function selectHeldAtNodes<T extends object>(
  db: Database,
  { table, columns }: { table: 'org_assignments' | 'visibility_grants'; columns: string },
  query: HeldQuery,
  request: PageRequest,
): Promise<Page<T>> {
  const { within, userId, orgNodeId, roleId, state } = query;
  const keyset = byId('h.id');
  const conditions = [
    'h.tenant_id = :tenantId',
    userId && 'h.user_id = :userId',
    orgNodeId && 'h.org_node_id = :orgNodeId',
    roleId && 'h.role_id = :roleId',
    state && inState(state),
    // All of one node lie where it does, which is asked once. Of one person there are few.
    within && orgNodeId && atOrBelow(':orgNodeId::uuid', ':within'),
    within && userId && !orgNodeId && atOrBelow('h.org_node_id', ':within'),
  ];
  const wanted = conditions.filter((condition) => condition).join(' and ');
  const page = (asked: PageRequest, from: string, more: { ids?: readonly string[] } = {}) =>
    selectPage<T>(
      db,
      keyset,
      asked,
      ({ key, where, order }) =>
        `select ${columns}, ${key}
           from ${from}
          where ${wanted} ${more.ids ? 'and h.id = any(:ids::uuid[])' : ''} and ${where}
          ${order}`,
      { ...query, ...more },
    );
  if (!within || userId || orgNodeId) return page(request, `${table} h`);
  // From node to node: `offset 0` keeps PostgreSQL from reading the whole table in the order of ids.
  const inBranch = `${nodesOfBranch}
    cross join lateral (select ${columns} from ${table} where org_node_id = reach.descendant_id offset 0) h`;
  const list: BranchList<T> = {
    keyset,
    rowsAnItem: 100,
    looked: {
      rows: ({ keys, where, order }) =>
        `select h.id, h.org_node_id, ${keys} from ${table} h where ${wanted} and ${where} ${order}`,
      as: 'h',
      passes: atOrBelow('h.org_node_id', ':within'),
    },
    page: (asked, of, more) => (of === 'set' ? page(asked, inBranch) : page(asked, `${table} h`, more)),
  };
  return selectPageInBranch(db, list, within, request, { ...query });
}
