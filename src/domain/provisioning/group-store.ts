/** The SQL of provisioned groups, and of who is a member: who holds the group's role at its place now. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import type { FilterSql } from '../../platform/filter-sql.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';

export interface GroupRow {
  id: string;
  tenantId: string;
  displayName: string;
  externalId: string | null;
  roleId: string;
  role: string;
  orgNodeId: string;
  orgNode: string;
  orgNodeType: string;
  /** Those who hold the role there now. */
  members: number;
  /** Differs from what it was whenever somebody came or went. */
  membersVersion: string;
  createdAt: Date;
  updatedAt: Date;
}

const isHeldNow = `a.starts_at <= statement_timestamp() and (a.ends_at is null or a.ends_at > statement_timestamp())`;

const columns = `g.id, g.tenant_id, g.display_name, g.external_id, g.role_id, r.name as role, g.org_node_id,
       n.name as org_node, n.type as org_node_type, m.members, m.members_version, g.created_at, g.updated_at`;

const from = `provisioned_groups g
  join roles r     on r.id = g.role_id     and r.deleted_at is null
  join org_nodes n on n.id = g.org_node_id and n.deleted_at is null
  cross join lateral (
    select count(*) as members, concat(count(*), '.', max(a.id::text)) as members_version
      from org_assignments a
      join users u on u.id = a.user_id and u.deleted_at is null
     where a.tenant_id = g.tenant_id and a.role_id = g.role_id and a.org_node_id = g.org_node_id and ${isHeldNow}
  ) m`;

const isReached = `exists (select from org_node_paths reach
  where reach.descendant_id = g.org_node_id and reach.ancestor_id = any(:within::uuid[]))`;

export interface NewGroupRow {
  id: string;
  tenantId: string;
  displayName: string;
  externalId: string | null;
  roleId: string;
  orgNodeId: string;
}

/** False where the role or the place is not there. What stood for one that is gone makes way. */
export async function insertGroup(trx: Database, group: NewGroupRow): Promise<boolean> {
  await rows(
    trx,
    `update provisioned_groups g set deleted_at = now()
       from roles r, org_nodes n
      where g.tenant_id = :tenantId and g.deleted_at is null and r.id = g.role_id and n.id = g.org_node_id
        and (r.deleted_at is not null or n.deleted_at is not null)`,
    { tenantId: group.tenantId },
  );
  const inserted = await rows(
    trx,
    `insert into provisioned_groups (id, tenant_id, display_name, external_id, role_id, org_node_id)
     select :id, r.tenant_id, :displayName, :externalId, r.id, n.id
       from roles r
       join org_nodes n on n.tenant_id = r.tenant_id and n.id = :orgNodeId and n.deleted_at is null
      where r.tenant_id = :tenantId and r.id = :roleId and r.deleted_at is null
        for share of r, n
  returning id`,
    { ...group },
  );
  return inserted.length === 1;
}

export async function updateGroup(
  trx: Database,
  { tenantId, id, ...change }: { tenantId: string; id: string; displayName: string; externalId: string | null },
): Promise<void> {
  await trx('provisioned_groups').where({ tenantId, id }).update(change);
}

export async function deleteGroup(trx: Database, { tenantId, id }: { tenantId: string; id: string }): Promise<void> {
  await trx('provisioned_groups').where({ tenantId, id }).update({ deletedAt: trx.fn.now() });
}

/** What a group stood for, of one that is deleted too. */
export interface OnceGroup {
  id: string;
  tenantId: string;
  displayName: string;
  externalId: string | null;
  roleId: string;
  orgNodeId: string;
  deletedAt: Date | null;
}

export async function selectOnceGroup(
  db: Database,
  group: { tenantId: string; id: string },
  { lock = false }: { lock?: boolean } = {},
): Promise<OnceGroup | undefined> {
  return firstRow<OnceGroup>(
    db,
    `select id, tenant_id, display_name, external_id, role_id, org_node_id, deleted_at
       from provisioned_groups
      where tenant_id = :tenantId and id = :id ${lock ? 'for no key update' : ''}`,
    group,
  );
}

/** Undefined also for one whose role or place is gone. */
export async function selectGroup(
  db: Database,
  group: { tenantId: string; id: string },
  { lock = false }: { lock?: boolean } = {},
): Promise<GroupRow | undefined> {
  const sql = `select ${columns} from ${from} where g.tenant_id = :tenantId and g.id = :id and g.deleted_at is null ${lock ? 'for no key update of g' : ''}`;
  return firstRow<GroupRow>(db, sql, group);
}

export function selectGroups(
  db: Database,
  { tenantId, within }: { tenantId: string; within?: readonly string[] },
  request: PageRequest,
): Promise<Page<GroupRow>> {
  return selectPage<GroupRow>(
    db,
    byId('g.id'),
    request,
    ({ key, where, order }) =>
      `select ${columns}, ${key} from ${from}
        where g.tenant_id = :tenantId and g.deleted_at is null ${within ? `and ${isReached}` : ''} and ${where} ${order}`,
    { tenantId, within },
  );
}

interface GroupSearch {
  tenantId: string;
  condition: FilterSql;
  offset: number;
  limit: number;
  within?: readonly string[];
}

/** SQL for a filter: whether somebody is a member of group `g`. */
export const hasMember = (condition: string) => `exists (
  select from org_assignments a
   where a.tenant_id = g.tenant_id and a.role_id = g.role_id and a.org_node_id = g.org_node_id and ${isHeldNow} and ${condition})`;

/** A window of the groups that fit, in the order in which they were made, and how many fit in all. */
export async function findGroupsBy(
  db: Database,
  { tenantId, condition, offset, limit, within }: GroupSearch,
): Promise<{ total: number; items: GroupRow[] }> {
  const where = `g.tenant_id = :tenantId and g.deleted_at is null and (${condition.sql}) ${within ? `and ${isReached}` : ''}`;
  const bindings = { tenantId, within, ...condition.bindings };
  const counted = await firstRow<{ count: number }>(
    db,
    `select count(*) as count
       from provisioned_groups g
       join roles r     on r.id = g.role_id     and r.deleted_at is null
       join org_nodes n on n.id = g.org_node_id and n.deleted_at is null
      where ${where}`,
    bindings,
  );
  const total = counted?.count ?? 0;
  if (limit === 0 || offset >= total) return { total, items: [] };
  const items = await rows<GroupRow>(
    db,
    `select ${columns} from ${from} where ${where} order by g.id offset :offset limit :limit`,
    { ...bindings, offset, limit },
  );
  return { total, items };
}

export interface GroupMember {
  userId: string;
  name: string | null;
  /** By which the person is a member. */
  assignmentId: string;
}

/** Those who hold the role at the place now, in the order in which they were given it. */
export async function selectMembers(
  db: Database,
  query: { tenantId: string; roleId: string; orgNodeId: string; userId: string | null; limit: number },
): Promise<GroupMember[]> {
  return rows<GroupMember>(
    db,
    `select a.user_id, coalesce(u.full_name, u.username, u.email, u.phone) as name, a.id as assignment_id
       from org_assignments a
       join users u on u.id = a.user_id and u.deleted_at is null
      where a.tenant_id = :tenantId and a.role_id = :roleId and a.org_node_id = :orgNodeId and ${isHeldNow}
        and (:userId::uuid is null or a.user_id = :userId)
      order by a.id
      limit :limit`,
    query,
  );
}

export interface MembershipOfPerson {
  id: string;
  name: string;
}

/** Of each person the groups that they are members of, within reach. */
export async function groupsOfPeople(
  db: Database,
  { tenantId, userIds, within }: { tenantId: string; userIds: readonly string[]; within?: readonly string[] },
): Promise<Map<string, MembershipOfPerson[]>> {
  const found =
    userIds.length === 0
      ? []
      : await rows<MembershipOfPerson & { userId: string }>(
          db,
          `select a.user_id, g.id, g.display_name as name
             from org_assignments a
             join provisioned_groups g on g.tenant_id = a.tenant_id and g.role_id = a.role_id and g.org_node_id = a.org_node_id
                                       and g.deleted_at is null
             join roles r     on r.id = g.role_id     and r.deleted_at is null
             join org_nodes n on n.id = g.org_node_id and n.deleted_at is null
            where a.tenant_id = :tenantId and a.user_id = any(:userIds::uuid[]) and ${isHeldNow}
              ${within ? `and ${isReached}` : ''}
            order by g.id`,
          { tenantId, userIds, within },
        );
  const byPerson = new Map<string, MembershipOfPerson[]>();
  for (const { userId, ...group } of found) byPerson.set(userId, [...(byPerson.get(userId) ?? []), group]);
  return byPerson;
}
