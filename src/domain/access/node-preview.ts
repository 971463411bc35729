/**
 * Who would gain and lose what if a node were moved, switched off or on. Owns that it is answered as effective access is
 * (docs/access-model.md): a role reaches a node from there or above, while every node on the way is active. Changes and locks nothing,
 * and does no more work than its bound, however large the branch.
 */
import { type Database, firstRow } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import { reachable } from './effective-access-store.ts';

/** Further changes are not looked at: the counts are then of so many. */
export const changesCountedAtMost = 10_000;
const shown = 50;

export type NodeChange = { parentId: string } | { active: boolean };

interface ChangedRole {
  roleId: string;
  role: string;
  /** Where it is held. */
  orgNodeId: string;
  orgNode: string;
}

export interface PersonChanged {
  userId: string;
  fullName: string | null;
  email: string | null;
  gained: ChangedRole[];
  lost: ChangedRole[];
}

export interface NodePreview {
  gaining: { people: number; roles: number };
  losing: { people: number; roles: number };
  /** More changes than are counted. */
  isCut: boolean;
  /** The first of them, by their ids. */
  people: PersonChanged[];
}

interface State {
  before: boolean;
  after: boolean;
}

/** Whether what is held there counts before and after; undefined where a node is not there. */
async function stateOf(
  db: Database,
  { tenantId, orgNodeId, change }: { tenantId: string; orgNodeId: string; change: NodeChange },
): Promise<State | undefined> {
  const place = 'parentId' in change ? ':parentId::uuid' : 'n.parent_id';
  return firstRow<State>(
    db,
    `select coalesce(${reachable('n.id')}, false) as before,
            ${'active' in change ? ':active::boolean' : 'n.active'}
              and coalesce((select true from org_nodes p where p.id = ${place} and p.tenant_id = n.tenant_id), false)
              and coalesce(${reachable(place)}, true) as after
       from org_nodes n
      where n.tenant_id = :tenantId and n.id = :orgNodeId and n.deleted_at is null`,
    { tenantId, orgNodeId, ...change },
  );
}

const live = (alias: string) =>
  `${alias}.starts_at <= statement_timestamp() and (${alias}.ends_at is null or ${alias}.ends_at > statement_timestamp())`;

/** SQL: the nodes above the node, before and after. */
const oldAbove = `select up.ancestor_id as id from org_node_paths up where up.descendant_id = :orgNodeId and up.depth > 0`;
const newAbove = `select up.ancestor_id as id from org_node_paths up where up.descendant_id = :newParentId::uuid`;

/** SQL: every node between the changed one and `node` is active, the changed one apart. */
const isOpenBelow = (node: string) => `(
  select coalesce(bool_and(above.active and above.deleted_at is null), true)
    from org_node_paths up
    join org_nodes above      on above.id = up.ancestor_id and above.id <> :orgNodeId
    join org_node_paths below on below.descendant_id = above.id and below.ancestor_id = :orgNodeId
   where up.descendant_id = ${node})`;

/** SQL: what reaches the node on one side of the change and not on the other. */
function changesOf({ before, after }: State, side: 'gained' | 'lost'): string {
  const [mine, other] = side === 'lost' ? [before, after] : [after, before];
  const [above, otherAbove] = side === 'lost' ? [oldAbove, newAbove] : [newAbove, oldAbove];
  const columns = `select a.user_id, a.role_id, a.org_node_id, '${side}' as side`;
  const parts = [
    // From above: only where it moves, for what stands above it on both sides reaches it on both.
    mine &&
      `${columns}
         from (${above} except ${otherAbove}) n
         join org_assignments a on a.org_node_id = n.id
        where ${live('a')} and :newParentId::uuid is not null
          and not (${other} and exists (
                select from (${otherAbove}) o
                  join org_assignments b on b.org_node_id = o.id
                 where b.user_id = a.user_id and b.role_id = a.role_id and ${live('b')}))`,
    mine &&
      !other &&
      `${columns}
         from org_node_paths p
         join org_assignments a on a.org_node_id = p.descendant_id
        where p.ancestor_id = :orgNodeId and ${live('a')} and ${isOpenBelow('a.org_node_id')}`,
  ].filter((part) => typeof part === 'string');
  return parts.length === 0 ? `${columns} from org_assignments a where false` : parts.join(' union all ');
}

/**
 * SQL: as far as people may act, the role is there, and where it is held is within reach. Each is asked of one row by its id: of
 * people who have just come in by the thousand the statistics say that there is one, and a join would read all of them each time.
 */
const seen = (changes: string) => `
  select c.user_id, c.role_id, c.org_node_id, c.side
    from (${changes}) c
   where (select u.state = 'active' and u.deleted_at is null from users u where u.id = c.user_id)
     and (select r.deleted_at is null from roles r where r.id = c.role_id)
     and (:within::uuid[] is null or exists (select from org_node_paths reach
                                              where reach.descendant_id = c.org_node_id
                                                and reach.ancestor_id = any(:within::uuid[])))
   limit ${changesCountedAtMost + 1}`;

const ofSide = (side: 'gained' | 'lost') => `
  coalesce(jsonb_agg(jsonb_build_object('roleId', r.id, 'role', r.name, 'orgNodeId', n.id, 'orgNode', n.name) order by r.name, n.name)
             filter (where c.side = '${side}'), '[]') as ${side}`;

/**
 * Undefined for a node of another tenant, or one that is not there.
 * @param asked.within people are told who hold something at or below one of these nodes; absent: all
 */
export async function previewNodeChange(
  db: Database,
  asked: { tenantId: string; orgNodeId: string; change: NodeChange; within?: readonly string[] },
): Promise<NodePreview | undefined> {
  const { tenantId, orgNodeId, change, within = null } = asked;
  if (!isId(tenantId) || !isId(orgNodeId)) return undefined;
  const state = await stateOf(db, { tenantId, orgNodeId, change });
  if (!state) return undefined;
  const found = await firstRow<{
    gainers: number;
    gained: number;
    losers: number;
    lost: number;
    people: PersonChanged[];
  }>(
    db,
    `with changed as materialized (
       (${seen(changesOf(state, 'gained'))}) union all (${seen(changesOf(state, 'lost'))})
     ), person as (
       select u.id as user_id, u.full_name, u.email, ${ofSide('gained')}, ${ofSide('lost')}
         from (select distinct user_id from changed order by user_id limit ${shown}) first
         join changed c   on c.user_id = first.user_id
         join users u     on u.id = c.user_id
         join roles r     on r.id = c.role_id
         join org_nodes n on n.id = c.org_node_id
        group by u.id
     )
     select count(distinct user_id) filter (where side = 'gained') as gainers, count(*) filter (where side = 'gained') as gained,
            count(distinct user_id) filter (where side = 'lost') as losers, count(*) filter (where side = 'lost') as lost,
            coalesce((select jsonb_agg(jsonb_build_object('userId', user_id, 'fullName', full_name, 'email', email,
                                                          'gained', gained, 'lost', lost) order by user_id) from person), '[]') as people
       from changed`,
    { orgNodeId, newParentId: 'parentId' in change ? change.parentId : null, within },
  );
  if (!found) throw new Error('no row of a count');
  const { gainers, gained, losers, lost, people } = found;
  const most = changesCountedAtMost;
  return {
    gaining: { people: gainers, roles: Math.min(gained, most) },
    losing: { people: losers, roles: Math.min(lost, most) },
    isCut: gained > most || lost > most,
    people,
  };
}
