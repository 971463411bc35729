/** The SQL of org assignments: who holds which role at which node, from when until when. */
import { type Database, firstRow } from '../../platform/database.ts';
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
