/**
 * The SQL of access at a moment that is over (decision 59): the statements of today, on the versions that the tables had then.
 * Triggers write these (migrations/0053); here they are read. The role that the server works as can do no more. Owns that a version holds from the moment at which it
 * became visible until just before the next one.
 */
import { type Database, firstRow } from '../../platform/database.ts';
import type { AccessSource } from './effective-access-store.ts';

const asOf = (alias: string, at: string) =>
  `${alias}.valid_from <= ${at}::timestamptz and (${alias}.valid_to is null or ${alias}.valid_to > ${at}::timestamptz)`;

/**
 * Instead of the tables of the same names, for the rest of the statement. What is deleted had no version then. Of a person, what
 * they are called is of today.
 */
const tablesAt = (at: string) => `
   tenants as not materialized (
     select t.id, t.state from tenants_history t where ${asOf('t', at)}
   ),
   users as not materialized (
     select h.id, h.tenant_id, h.state, null::timestamptz as deleted_at, u.full_name, u.email
       from users_history h
       join users u on u.id = h.id
      where ${asOf('h', at)}
   ),
   org_nodes as not materialized (
     select n.id, n.tenant_id, n.type, n.name from org_nodes_history n where ${asOf('n', at)}
   ),
   roles as not materialized (
     select r.id, r.tenant_id, r.name, null::timestamptz as deleted_at from roles_history r where ${asOf('r', at)}
   ),
   capabilities as not materialized (
     select c.id, c.key, c.is_system, null::timestamptz as deleted_at from capabilities_history c where ${asOf('c', at)}
   ),
   role_capabilities as not materialized (
     select rc.tenant_id, rc.role_id, rc.capability_id, rc.granted_at, rc.granted_by
       from role_capabilities_history rc
      where ${asOf('rc', at)}
   ),
   org_assignments as not materialized (
     select a.id, a.user_id, a.role_id, a.org_node_id, a.starts_at, a.ends_at, a.assigned_by, a.created_at
       from org_assignments_history a
      where ${asOf('a', at)}
   ),
   visibility_grants as not materialized (
     select v.id, v.user_id, v.org_node_id, v.access_scope, v.starts_at, v.ends_at, v.granted_by
       from visibility_grants_history v
      where ${asOf('v', at)}
   ),`;

/** `up`: a node and those above it, found one by one; a join would let the planner read the whole tree. */
const upFrom = (node: string, at: string) => `
  with recursive up as (
    select n.id, n.tenant_id, n.parent_id, n.active from org_nodes_history n where n.id = ${node} and ${asOf('n', at)}
    union all
    select above.id, above.tenant_id, above.parent_id, above.active
      from up
     cross join lateral (
       select n.id, n.tenant_id, n.parent_id, n.active
         from org_nodes_history n
        where n.id = up.parent_id and ${asOf('n', at)}
       offset 0) above
  )`;

/** @param at the parameter that holds the moment */
export function sourceAt(at: string): AccessSource {
  // Of a node below one that was deleted, the way does not come to the root.
  const reachable = (node: string) =>
    `(${upFrom(node, at)} select bool_and(up.active) and bool_or(up.parent_id is null) from up)`;
  return {
    tables: tablesAt(at),
    reachable,
    // Asked of each row: as a join it would be led to all that is held at the node and above it, which at the root is everybody's.
    reaches: (node, wanted) =>
      `exists (${upFrom(wanted, at)} select from up where up.id = ${node}) and ${reachable(wanted)}`,
    atOrAbove: (node, tenant) =>
      `${upFrom(node, at)} select up.id as org_node_id from up where up.tenant_id = ${tenant}`,
  };
}

/** Whether a person could act then: they and their tenant were active. */
export async function selectMayHaveActed(db: Database, query: { userId: string; past: Date }): Promise<boolean> {
  const found = await firstRow(
    db,
    `select 1
       from users_history u
       join tenants_history t on t.id = u.tenant_id and t.state = 'active' and ${asOf('t', ':past')}
      where u.id = :userId and u.state = 'active' and ${asOf('u', ':past')}`,
    query,
  );
  return found !== undefined;
}

/** From when on the past of a tenant can be asked about, and whether a moment lies in it; undefined for no tenant. */
export async function selectKnownSince(
  db: Database,
  query: { tenantId: string; at: Date; serverDays: number },
): Promise<{ since: Date; isOver: boolean } | undefined> {
  return firstRow<{ since: Date; isOver: boolean }>(
    db,
    `select greatest(coalesce(h.since, t.created_at), now() - make_interval(days =>
              greatest(30, coalesce(nullif(t.settings ->> 'auditRetentionDays', '')::integer, :serverDays::integer)))) as since,
            :at::timestamptz <= statement_timestamp() as is_over
       from tenants t
       left join access_history_since h on h.tenant_id = t.id
      where t.id = :tenantId`,
    query,
  );
}

/** Deletes versions that ended before what is kept of them. @returns how many went */
export async function sweepVersions(db: Database, sweep: { serverDays: number; most: number }): Promise<number> {
  const found = await firstRow<{ gone: number }>(
    db,
    'select sweep_access_history(:serverDays::integer, :most::integer) as gone',
    sweep,
  );
  return found?.gone ?? 0;
}
