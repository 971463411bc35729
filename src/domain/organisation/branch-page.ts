/**
 * Pages of lists that are narrowed to a branch of the tree, for whoever reaches no more than that. What lies in a small branch is
 * a set, found from its nodes and sorted. A list of a large branch is read in its own order, each row asked whether it lies
 * there: a page is full after a few, where the set would be half a tenant. Not for long, though: where few of the first rows
 * lie there (they were made together, or their names begin alike), the set is cheaper after all.
 */
import { type Database, firstRow } from '../../platform/database.ts';
import {
  boundedLimit,
  type Keyset,
  type LookedAt,
  type Page,
  type PageRequest,
  selectIdsByLooking,
} from '../../platform/paging.ts';

/** From the nodes to their rows costs some 5 us a node: 10 ms. */
const nodesOfSmallBranch = 2000;

/** A list within a branch. `:within` are the nodes at the top of it. */
export interface BranchList<T> {
  keyset: Keyset;
  /** How many rows are asked for each one that a page has room for; what that costs in vain is some 30 ms for a page of 50. */
  rowsAnItem: number;
  /** Nearly all that is asked for lies in the branch, however small that is: its rows are looked at first. */
  mostLieWithin?: boolean;
  /** How its rows are read in order; `passes`: the row lies in the branch. */
  looked: Omit<LookedAt, 'most'>;
  /** The page out of the set that is made from the nodes (`:within`), or of the rows with some ids (`:ids`). */
  page: (request: PageRequest, of: 'set' | 'ids', more: { ids?: readonly string[] }) => Promise<Page<T>>;
}

/** SQL: the nodes of the branch, each once; `reach.descendant_id`. */
export const nodesOfBranch =
  '(select distinct descendant_id from org_node_paths where ancestor_id = any(:within::uuid[])) reach';

/** @throws DomainError invalid CURSOR_INVALID */
export async function selectPageInBranch<T>(
  db: Database,
  list: BranchList<T>,
  within: readonly string[],
  request: PageRequest,
  bindings: Record<string, unknown>,
): Promise<Page<T>> {
  if (list.mostLieWithin || (await isLarge(db, within))) {
    const { keyset, rowsAnItem } = list;
    const most = rowsAnItem * (boundedLimit(request.limit, keyset.most) + 1);
    const found = await selectIdsByLooking(db, keyset, request, { ...list.looked, most }, { ...bindings, within });
    if (found) {
      const page = await list.page({ limit: request.limit }, 'ids', { ids: found.items });
      return { items: page.items, next: found.next };
    }
  }
  return list.page(request, 'set', {});
}

async function isLarge(db: Database, within: readonly string[]): Promise<boolean> {
  const found = await firstRow<{ count: number }>(
    db,
    `select count(*) as count
       from (select from org_node_paths where ancestor_id = any(:within::uuid[]) limit :most) counted`,
    { within, most: nodesOfSmallBranch + 1 },
  );
  return (found?.count ?? 0) > nodesOfSmallBranch;
}
