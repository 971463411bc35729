/** What a tree shows of its nodes beside their names: how much stands at and below each, and the way there. Changes nothing. */
import { type Database, rows } from '../../platform/database.ts';
import { atOrBelow } from './org-node-store.ts';
import { inState } from './period.ts';

/** More roles than that are not counted: `liveRoles` is then one more, and `people` those among them. */
export const rolesCountedAtMost = 1000;

export interface NodeCounts {
  /** Directly below it. */
  children: number;
  /** At it and below it; null where nobody of it may be seen. */
  people: number | null;
  liveRoles: number | null;
}

export interface NodeStep {
  id: string;
  name: string;
}

/**
 * All of them in one statement, whose work is bounded however much stands below.
 * @param query.peopleWithin nodes at or below which people may be seen; absent: everywhere; none: nowhere
 */
export async function countAtNodes(
  db: Database,
  {
    tenantId,
    nodeIds,
    peopleWithin,
  }: { tenantId: string; nodeIds: readonly string[]; peopleWithin?: readonly string[] },
): Promise<Map<string, NodeCounts>> {
  const found = await rows<NodeCounts & { id: string }>(
    db,
    `select n.id, (select count(*) from org_nodes c where c.parent_id = n.id and c.deleted_at is null) as children,
            held.people, held.live_roles
       from org_nodes n
      cross join lateral (
        select count(distinct few.user_id) as people, count(*) as live_roles
          from (select a.user_id
                  from org_node_paths p
                  join org_assignments a on a.org_node_id = p.descendant_id
                 where (select u.deleted_at is null from users u where u.id = a.user_id)
                   and (select r.deleted_at is null from roles r where r.id = a.role_id)
                   and p.ancestor_id = n.id and ${inState('live')}
                   ${peopleWithin ? `and ${atOrBelow('a.org_node_id', ':peopleWithin')}` : ''}
                 limit ${rolesCountedAtMost + 1}) few) held
      where n.tenant_id = :tenantId and n.id = any(:nodeIds::uuid[])`,
    { tenantId, nodeIds: [...nodeIds], peopleWithin },
  );
  const isHidden = peopleWithin?.length === 0;
  return new Map(
    found.map(({ id, children, people, liveRoles }) => [
      id,
      isHidden ? { children, people: null, liveRoles: null } : { children, people, liveRoles },
    ]),
  );
}

/** The nodes above each of them, the top first, as far as they stand at or below one of `within`. */
export async function findPathsOf(
  db: Database,
  { tenantId, nodeIds, within }: { tenantId: string; nodeIds: readonly string[]; within?: readonly string[] },
): Promise<Map<string, NodeStep[]>> {
  const found = await rows<{ id: string; path: NodeStep[] }>(
    db,
    `select p.descendant_id as id,
            jsonb_agg(jsonb_build_object('id', n.id, 'name', n.name) order by p.depth desc) as path
       from org_node_paths p
       join org_nodes n on n.id = p.ancestor_id
      where p.tenant_id = :tenantId and p.descendant_id = any(:nodeIds::uuid[]) and p.depth > 0
        ${within ? `and ${atOrBelow('n.id', ':within')}` : ''}
      group by 1`,
    { tenantId, nodeIds: [...nodeIds], within },
  );
  return new Map(found.map(({ id, path }) => [id, path]));
}
