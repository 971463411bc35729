/**
 * The SQL of effective access (docs/access-model.md). A role is held at a node where an assignment that is live stands at
 * the node or above it, and every node from the root of the tree down to it is active. Named statements: they are asked
 * at every token. `$1` is the tenant in each; `statement_timestamp()` is the database's clock at the moment of asking.
 *
 * What the caller names is held against the tenant once; from there rows are found by the ids in them, which no foreign
 * key lets leave the tenant. A condition on the tenant in every join would only tempt the planner (migrations/0002).
 */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';
import { sourceAt } from './access-history-store.ts';

/** Holds at `$at`: half-open. `$at` is null except in tests. */
export const liveAt = (alias: string, at: string) => `
  ${alias}.starts_at <= coalesce(${at}::timestamptz, statement_timestamp())
  and (${alias}.ends_at is null or ${alias}.ends_at > coalesce(${at}::timestamptz, statement_timestamp()))`;

/**
 * Every node from the root down to `node` is active. An aggregate and not a `not exists`, which the planner may turn
 * into a join over the whole tree: this stays what it is, one look at a handful of ancestors.
 */
export const reachable = (node: string) => `(
  select bool_and(above.active and above.deleted_at is null)
    from org_node_paths up
    join org_nodes above on above.id = up.ancestor_id
   where up.descendant_id = ${node})`;

/** What is held at `node` counts at `wanted`: it stands there or above, and the way to it is active. */
const reachesNow = (node: string, wanted: string) => `
  exists (select from org_node_paths down where down.ancestor_id = ${node} and down.descendant_id = ${wanted})
  and ${reachable(wanted)}`;

/** Where a statement reads: the tables, or the versions that they had at another moment (access-history-store.ts). */
export interface AccessSource {
  /** Common table expressions to begin with, each with its comma. */
  tables: string;
  reachable(node: string): string;
  reaches(node: string, wanted: string): string;
  /** The ids of a node of the tenant and of those above it, as `org_node_id`. */
  atOrAbove(node: string, tenant: string): string;
}

export const sourceNow: AccessSource = {
  tables: '',
  reachable,
  reaches: reachesNow,
  atOrAbove: (node, tenant) =>
    `select up.ancestor_id as org_node_id from org_node_paths up where up.tenant_id = ${tenant} and up.descendant_id = ${node}`,
};

const tenantIsActive = `exists (select from tenants where id = $1 and state = 'active')`;

/** The user `$2`, if they may act now. */
const person = `
  account as materialized (
    select id, tenant_id from users where id = $2 and state = 'active' and deleted_at is null
  ),
  person as (
    select id from account where tenant_id = $1 and ${tenantIsActive}
  )`;

/** JSON of a timestamptz is ISO 8601, with an offset and up to microseconds. */
interface EffectiveAccessRow {
  assignments: {
    id: string;
    role: string;
    org_node_id: string;
    org_node: string;
    org_node_type: string;
    starts_at: string;
    ends_at: string | null;
  }[];
  visibilityGrants: {
    id: string;
    org_node_id: string;
    org_node: string;
    access_scope: 'read' | 'analyze';
    starts_at: string;
    ends_at: string | null;
  }[];
  capabilities: string[];
}

/** `counts` says where what is held at the node of that name has to count. */
const accessWhere = ({ tables }: AccessSource, counts: (node: string) => string) => `
   with ${tables}${person},
   assignment as materialized (
     select a.id, a.role_id, r.name as role, n.id as org_node_id, n.name as org_node, n.type as org_node_type,
            a.starts_at, a.ends_at
       from person p
       join org_assignments a on a.user_id = p.id
       join roles r           on r.id = a.role_id and r.deleted_at is null
       join org_nodes n       on n.id = a.org_node_id
      where ${liveAt('a', '$3')} and ${counts('a.org_node_id')}
   ),
   visibility as (
     select v.id, n.id as org_node_id, n.name as org_node, v.access_scope, v.starts_at, v.ends_at
       from person p
       join visibility_grants v on v.user_id = p.id
       join org_nodes n         on n.id = v.org_node_id
      where ${liveAt('v', '$3')} and ${counts('v.org_node_id')}
   ),
   capability as (
     select distinct c.key
       from (select distinct role_id from assignment) held
       join role_capabilities rc on rc.role_id = held.role_id
       join capabilities c       on c.id = rc.capability_id and c.deleted_at is null and not c.is_system
   )
   select coalesce((select jsonb_agg(to_jsonb(a) - 'role_id' order by a.starts_at, a.id) from assignment a), '[]') as assignments,
          coalesce((select jsonb_agg(to_jsonb(v) order by v.starts_at, v.id) from visibility v), '[]') as visibility_grants,
          coalesce((select jsonb_agg(c.key order by c.key) from capability c), '[]') as capabilities`;

// Two statements, not one with an `or`: that one has no plan worth keeping and was planned anew each time, for 1 ms more.
const statementsOf = (name: string, source: AccessSource) => ({
  anywhere: prepared(name, accessWhere(source, source.reachable)),
  atNode: prepared(
    `${name}-at-node`,
    accessWhere(source, (node) => source.reaches(node, '$4')),
  ),
});
const effectiveAccess = statementsOf('effective-access', sourceNow);
const effectiveAccessThen = statementsOf('effective-access-then', sourceAt('$3'));

/** @param query.past a moment that is over, by what held then; else `at`, by what is known now */
export async function selectEffectiveAccess(
  db: Database,
  query: { tenantId: string; userId: string; at: Date | null; past: Date | null; orgNodeId: string | null },
): Promise<EffectiveAccessRow> {
  const { tenantId, userId, at, past, orgNodeId } = query;
  const { anywhere, atNode } = past ? effectiveAccessThen : effectiveAccess;
  const values = [tenantId, userId, past ?? at];
  const { rows } = orgNodeId
    ? await runPrepared<EffectiveAccessRow>(db, atNode, [...values, orgNodeId])
    : await runPrepared<EffectiveAccessRow>(db, anywhere, values);
  const [row] = rows;
  if (!row) throw new Error('no row of effective access');
  return row;
}

export interface NodeRow {
  id: string;
  parentId: string | null;
  type: string;
  name: string;
  externalId: string | null;
}

/**
 * The nodes where `$2` has a capability of which `isMeant` holds, of those that `isWanted`. Below each node where it is held
 * the closure is read in the order of ids, no further than the page needs.
 */
export const nodesWhere = (isMeant: string, isWanted = 'true') => `
   with ${person},
   held as materialized (
     select distinct a.org_node_id
       from person p
       join org_assignments a    on a.user_id = p.id
       join roles r              on r.id = a.role_id and r.deleted_at is null
       join role_capabilities rc on rc.role_id = r.id
       join capabilities c       on c.id = rc.capability_id and c.deleted_at is null and ${isMeant}
      where ${liveAt('a', '$4')} and ${reachable('a.org_node_id')}
   ),
   page as materialized (
     select distinct below.id
       from held
      cross join lateral (
        select path.descendant_id as id
          from org_node_paths path
         where path.ancestor_id = held.org_node_id and path.descendant_id > $5
           and ${reachable('path.descendant_id')} and ${isWanted}
         order by path.descendant_id
         limit $6) below
      order by below.id
      limit $6
   )
   select n.id, n.parent_id, n.type, n.name, n.external_id
     from page
     join org_nodes n on n.id = page.id
    order by n.id`;

export interface HolderRow {
  id: string;
  fullName: string | null;
  email: string | null;
  externalId: string | null;
}

/**
 * The active users who have a capability of which `isMeant` holds at the node `$2`. Of each role that carries it, at each
 * node from here up, the holders are read in the order of ids. Whether a user may act is asked of each holder: as a join it
 * let the planner begin with all users of all tenants.
 */
export const usersWhere = (isMeant: string) => `
   with place as materialized (
     select up.ancestor_id as org_node_id
       from org_node_paths up
      where up.tenant_id = $1 and up.descendant_id = $2 and ${tenantIsActive} and ${reachable('$2')}
   ),
   carrying as materialized (
     select r.id as role_id
       from capabilities c
       join role_capabilities rc on rc.capability_id = c.id and rc.tenant_id = $1
       join roles r              on r.id = rc.role_id and r.deleted_at is null
      where ${isMeant} and c.deleted_at is null
   ),
   page as materialized (
     select distinct holder.user_id
       from place
      cross join carrying
      cross join lateral (
        select a.user_id
          from org_assignments a
         where a.org_node_id = place.org_node_id and a.role_id = carrying.role_id
           and a.user_id > $5 and ${liveAt('a', '$4')}
           and (select u.state = 'active' and u.deleted_at is null from users u where u.id = a.user_id)
         order by a.user_id
         limit $6) holder
      order by holder.user_id
      limit $6
   )
   select u.id, u.full_name, u.email, u.external_id
     from page
     join users u on u.id = page.user_id
    order by u.id`;
