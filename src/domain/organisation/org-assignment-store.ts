/** The SQL of org assignments: who holds which role at which node, from when until when. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import { actorInTenant } from './acting-user.ts';
import { type HeldQuery, selectHeldAtNodes } from './held-at-nodes.ts';
import { momentOfStatement } from './period.ts';

export interface OrgAssignmentRow {
  id: string;
  tenantId: string;
  userId: string;
  roleId: string;
  orgNodeId: string;
  startsAt: Date;
  /** null: until further notice. */
  endsAt: Date | null;
  assignedBy: string | null;
  createdAt: Date;
}

const columns = 'id, tenant_id, user_id, role_id, org_node_id, starts_at, ends_at, assigned_by, created_at';

/**
 * Nothing where the user, the role or the node is not there or deleted. Locks the user: of two that are inserted at the
 * very same moment each would wait for the other's entry in the index that keeps them apart, until one is called a
 * deadlock a second later.
 */
export async function insertOrgAssignment(
  db: Database,
  assignment: {
    id: string;
    tenantId: string;
    userId: string;
    roleId: string;
    orgNodeId: string;
    startsAt: Date | null;
    endsAt: Date | null;
    actorId: string | null;
  },
): Promise<OrgAssignmentRow | undefined> {
  return firstRow<OrgAssignmentRow>(
    db,
    `insert into org_assignments (id, tenant_id, user_id, role_id, org_node_id, starts_at, ends_at, assigned_by)
     select :id, u.tenant_id, u.id, r.id, n.id, coalesce(:startsAt, ${momentOfStatement}), :endsAt, ${actorInTenant}
       from users u
       join roles     r on r.tenant_id = u.tenant_id and r.id = :roleId    and r.deleted_at is null
       join org_nodes n on n.tenant_id = u.tenant_id and n.id = :orgNodeId and n.deleted_at is null
      where u.tenant_id = :tenantId and u.id = :userId and u.deleted_at is null
        for no key update of u
  returning ${columns}`,
    assignment,
  );
}

export interface AssignmentToInsert {
  id: string;
  userId: string;
  roleId: string;
  orgNodeId: string;
  startsAt: Date;
  endsAt: Date | null;
}

/**
 * Many at once, of people who are locked or new. What somebody holds already at that place for a part of that time is left out,
 * and what names a role or a node that is gone. Answers what was given.
 */
export async function insertOrgAssignments(
  trx: Database,
  { tenantId, wanted, actorId }: { tenantId: string; wanted: readonly AssignmentToInsert[]; actorId: string | null },
): Promise<OrgAssignmentRow[]> {
  if (wanted.length === 0) return [];
  return rows<OrgAssignmentRow>(
    trx,
    `insert into org_assignments (id, tenant_id, user_id, role_id, org_node_id, starts_at, ends_at, assigned_by)
     select w.id, :tenantId, w."userId", r.id, n.id, w."startsAt", w."endsAt", ${actorInTenant}
       from jsonb_to_recordset(:wanted::jsonb) as w(id uuid, "userId" uuid, "roleId" uuid, "orgNodeId" uuid,
              "startsAt" timestamptz, "endsAt" timestamptz)
       join roles     r on r.tenant_id = :tenantId and r.id = w."roleId"    and r.deleted_at is null
       join org_nodes n on n.tenant_id = :tenantId and n.id = w."orgNodeId" and n.deleted_at is null
      where not exists (select from org_assignments a
                         where a.user_id = w."userId" and a.role_id = r.id and a.org_node_id = n.id
                           and tstzrange(a.starts_at, a.ends_at) && tstzrange(w."startsAt", w."endsAt"))
  returning ${columns}`,
    { tenantId, wanted: JSON.stringify(wanted), actorId },
  );
}

/** The database's clock, as the rows of this statement would have it. */
export async function selectMoment(db: Database): Promise<Date> {
  const row = await firstRow<{ moment: Date }>(db, `select ${momentOfStatement} as moment`, []);
  return row?.moment ?? new Date();
}

/** Locks the row, and says at what moment it would end: when it was asked to, but not in the past. */
export async function selectOrgAssignmentToEnd(
  db: Database,
  query: { tenantId: string; id: string; endsAt: Date | null },
): Promise<(OrgAssignmentRow & { ending: Date }) | undefined> {
  return firstRow<OrgAssignmentRow & { ending: Date }>(
    db,
    `select ${columns}, greatest(:endsAt, ${momentOfStatement}) as ending
       from org_assignments
      where tenant_id = :tenantId and id = :id
        for no key update`,
    query,
  );
}

export async function updateOrgAssignmentEnd(
  db: Database,
  { tenantId, id, endsAt }: { tenantId: string; id: string; endsAt: Date },
): Promise<void> {
  await db('org_assignments').where({ tenantId, id }).update({ endsAt });
}

/** Sets a period; the database refuses one that ends before it begins, or that overlaps another. */
export async function updateOrgAssignmentPeriod(
  db: Database,
  period: { tenantId: string; id: string; startsAt: Date; endsAt: Date | null },
): Promise<OrgAssignmentRow | undefined> {
  return firstRow<OrgAssignmentRow>(
    db,
    `update org_assignments
        set starts_at = :startsAt, ends_at = :endsAt
      where tenant_id = :tenantId and id = :id
  returning ${columns}`,
    period,
  );
}

export async function deleteOrgAssignment(db: Database, tenantId: string, id: string): Promise<void> {
  await db('org_assignments').where({ tenantId, id }).delete();
}

export async function selectOrgAssignment(
  db: Database,
  query: { tenantId: string; id: string },
): Promise<OrgAssignmentRow | undefined> {
  return firstRow<OrgAssignmentRow>(
    db,
    `select ${columns} from org_assignments where tenant_id = :tenantId and id = :id`,
    query,
  );
}

export function selectOrgAssignments(
  db: Database,
  query: HeldQuery,
  request: PageRequest,
): Promise<Page<OrgAssignmentRow>> {
  return selectHeldAtNodes<OrgAssignmentRow>(db, { table: 'org_assignments', columns }, query, request);
}
