/**
 * The SQL of why somebody may do something (access-chains.ts): as effective-access-store.ts decides it, with what each answer
 * rests on. One statement for each question. It is asked by administrators, so that it also knows the program's own
 * capabilities, and shows no assignment or grant that stands outside of what is within reach.
 */
import { type Database, firstRow } from '../../platform/database.ts';
import { type Keyset, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { sourceAt } from './access-history-store.ts';
import { type AccessSource, liveAt, sourceNow } from './effective-access-store.ts';

/** What a question is asked about, besides the person or the node. */
export interface AskedAccess {
  tenantId: string;
  /** Another moment than now, by what is known now. */
  at: Date | null;
  /** A moment that is over, by what held then. */
  past: Date | null;
  /** Nodes at or below which something has to stand, now, to be shown; null: all of the tenant. */
  within: readonly string[] | null;
}

const sourceThen = sourceAt(':at');
const sourceOf = ({ past }: AskedAccess): AccessSource => (past ? sourceThen : sourceNow);
const bindings = (query: AskedAccess): Record<string, unknown> => ({ ...query, at: query.past ?? query.at });

const isWithin = (node: string) => `(:within::uuid[] is null or exists (
    select from org_node_paths reach
     where reach.descendant_id = ${node} and reach.ancestor_id = any(:within::uuid[])))`;
const counts = ({ reachable }: AccessSource, alias: string) =>
  `${liveAt(alias, ':at')} and ${reachable(`${alias}.org_node_id`)} and ${isWithin(`${alias}.org_node_id`)}`;
const mayAct = `u.state = 'active' and u.deleted_at is null and t.state = 'active'`;
const person = `select u.id from users u join tenants t on t.id = u.tenant_id
                 where u.tenant_id = :tenantId and u.id = :userId and ${mayAct}`;

/** JSON of a timestamptz is ISO 8601, with an offset and up to microseconds. */
export interface HeldPlace {
  id: string;
  orgNodeId: string;
  orgNode: string;
  orgNodeType: string;
  startsAt: string;
  endsAt: string | null;
}

export interface AccessRow {
  mayAct: boolean;
  roles: string[];
  capabilities: string[];
  assignments: (HeldPlace & { roleId: string; role: string; assignedBy: string | null })[];
  visibilityGrants: (HeldPlace & { accessScope: 'read' | 'analyze'; grantedBy: string | null })[];
}

const place = (alias: string) => `'id', ${alias}.id, 'orgNodeId', ${alias}.org_node_id, 'orgNode', ${alias}.org_node,
          'orgNodeType', ${alias}.org_node_type, 'startsAt', ${alias}.starts_at, 'endsAt', ${alias}.ends_at`;

/** All that a person holds, as far as it is within reach; of assignments and grants `most` at the most. */
export async function selectAccess(
  db: Database,
  query: AskedAccess & { userId: string; most: number },
): Promise<AccessRow> {
  const source = sourceOf(query);
  const row = await firstRow<AccessRow>(
    db,
    `with ${source.tables}person as materialized (${person}),
     assignment as materialized (
       select a.id, a.role_id, r.name as role, n.id as org_node_id, n.name as org_node, n.type as org_node_type,
              a.starts_at, a.ends_at, a.assigned_by
         from person p
         join org_assignments a on a.user_id = p.id
         join roles r           on r.id = a.role_id and r.deleted_at is null
         join org_nodes n       on n.id = a.org_node_id
        where ${counts(source, 'a')}
     ),
     visibility as (
       select v.id, n.id as org_node_id, n.name as org_node, n.type as org_node_type, v.access_scope, v.starts_at,
              v.ends_at, v.granted_by
         from person p
         join visibility_grants v on v.user_id = p.id
         join org_nodes n         on n.id = v.org_node_id
        where ${counts(source, 'v')}
        order by v.id
        limit :most
     ),
     shown as (select * from assignment order by id limit :most)
     select exists (select from person) as may_act,
            coalesce((select jsonb_agg(distinct a.role order by a.role) from assignment a), '[]') as roles,
            coalesce((select jsonb_agg(c.key order by c.key)
                        from capabilities c
                       where c.deleted_at is null
                         and exists (select from role_capabilities rc
                                      where rc.capability_id = c.id
                                        and rc.role_id in (select a.role_id from assignment a))), '[]') as capabilities,
            coalesce((select jsonb_agg(jsonb_build_object(${place('s')}, 'roleId', s.role_id, 'role', s.role,
                                                          'assignedBy', s.assigned_by) order by s.id)
                        from shown s), '[]') as assignments,
            coalesce((select jsonb_agg(jsonb_build_object(${place('v')}, 'accessScope', v.access_scope,
                                                          'grantedBy', v.granted_by) order by v.id)
                        from visibility v), '[]') as visibility_grants`,
    bindings(query),
  );
  if (!row) throw new Error('no row of access');
  return row;
}

/** One capability of a role, and who put it there. */
export interface CarriedCapability {
  key: string;
  grantedAt: string;
  /** users.id; null: no person of the tenant. */
  grantedBy: string | null;
}

export interface ChainRow {
  assignmentId: string;
  userId: string;
  fullName: string | null;
  email: string | null;
  roleId: string;
  role: string;
  orgNodeId: string;
  orgNode: string;
  orgNodeType: string;
  startsAt: Date;
  endsAt: Date | null;
  createdAt: Date;
  assignedBy: string | null;
  capabilities: CarriedCapability[];
}

const chainColumns = `a.id as assignment_id, u.id as user_id, u.full_name, u.email, r.id as role_id, r.name as role,
            n.id as org_node_id, n.name as org_node, n.type as org_node_type, a.starts_at, a.ends_at, a.created_at,
            a.assigned_by,
            coalesce((select jsonb_agg(jsonb_build_object('key', c.key, 'grantedAt', rc.granted_at,
                                                          'grantedBy', rc.granted_by) order by c.key)
                        from role_capabilities rc
                        join capabilities c on c.id = rc.capability_id and c.deleted_at is null
                       where rc.role_id = r.id and (:capability::text is null or c.key = :capability)), '[]')
              as capabilities`;
const carries = `exists (select from role_capabilities rc
                     join capabilities c on c.id = rc.capability_id and c.deleted_at is null and c.key = :capability
                    where rc.role_id = r.id)`;

/** Before a statement that has no common table expressions of its own. */
const tables = (source: AccessSource) => (source.tables === '' ? '' : `with ${source.tables.replace(/,$/, '')} `);

const byAssignment: Keyset = { columns: [{ expression: 'a.id', type: 'uuid' }] };

export interface ChainsOfPerson extends AskedAccess {
  userId: string;
  /** Where it has to count: there, or above. */
  orgNodeId: string | null;
  roleId: string | null;
  capability: string | null;
}

/** The assignments by which a person holds something. */
export async function selectChainsOfPerson(
  db: Database,
  query: ChainsOfPerson,
  page: PageRequest,
): Promise<Page<ChainRow>> {
  const { orgNodeId, roleId, capability } = query;
  const source = sourceOf(query);
  const conditions = [
    orgNodeId !== null && source.reaches('a.org_node_id', ':orgNodeId::uuid'),
    roleId !== null && 'a.role_id = :roleId',
    capability !== null && carries,
  ].filter((condition) => condition !== false);
  return selectPage<ChainRow>(
    db,
    byAssignment,
    page,
    ({ key, where, order }) =>
      `${tables(source)}select ${chainColumns}, ${key}
         from users u
         join tenants t         on t.id = u.tenant_id
         join org_assignments a on a.user_id = u.id
         join roles r           on r.id = a.role_id and r.deleted_at is null
         join org_nodes n       on n.id = a.org_node_id
        where u.tenant_id = :tenantId and u.id = :userId and ${mayAct}
          and ${counts(source, 'a')}
          ${conditions.map((condition) => `and ${condition}`).join(' ')}
          and ${where}
        ${order}`,
    bindings(query),
  );
}

const byPerson: Keyset = {
  columns: [
    { expression: 'a.user_id', type: 'uuid' },
    { expression: 'a.id', type: 'uuid' },
  ],
};

/**
 * The assignments by which people have a capability at a node. Of each role that carries it, at each node from here up, they
 * are read in the order of people, no further than the page needs: nobody holds a role at a node twice at one time, so that the
 * order of the index is enough.
 */
export async function selectChainsAtNode(
  db: Database,
  query: AskedAccess & { orgNodeId: string; capability: string },
  page: PageRequest,
): Promise<Page<ChainRow>> {
  const source = sourceOf(query);
  return selectPage<ChainRow>(
    db,
    byPerson,
    page,
    ({ key, where, order }) =>
      `with ${source.tables}place as materialized (
         select way.org_node_id
           from (${source.atOrAbove(':orgNodeId::uuid', ':tenantId')}) way
          where exists (select from tenants where id = :tenantId and state = 'active')
            and ${source.reachable(':orgNodeId::uuid')} and ${isWithin('way.org_node_id')}
       ),
       carrying as materialized (
         select r.id as role_id
           from capabilities c
           join role_capabilities rc on rc.capability_id = c.id and rc.tenant_id = :tenantId
           join roles r              on r.id = rc.role_id and r.deleted_at is null
          where c.key = :capability and c.deleted_at is null
       ),
       found as materialized (
         select holder.user_id, holder.id
           from place
          cross join carrying
          cross join lateral (
            select a.user_id, a.id
              from org_assignments a
             where a.org_node_id = place.org_node_id and a.role_id = carrying.role_id
               and ${where} and ${liveAt('a', ':at')}
               and (select u.state = 'active' and u.deleted_at is null from users u where u.id = a.user_id)
             order by a.user_id
             limit :pageLimit) holder
       ),
       page as materialized (select a.user_id, a.id from found a ${order})
       select ${chainColumns}, ${key}
         from page
         join org_assignments a on a.id = page.id
         join users u           on u.id = a.user_id
         join roles r           on r.id = a.role_id
         join org_nodes n       on n.id = a.org_node_id
        where ${where}
        ${order}`,
    bindings(query),
  );
}
