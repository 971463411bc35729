/** What a person holds in the organisation: told. It names nobody but by opaque ids, so that erasing leaves it. */
import { type Database, rows } from '../../platform/database.ts';

interface AssignmentOfPerson {
  id: string;
  role: string;
  orgNodeId: string;
  place: string;
  startsAt: Date;
  endsAt: Date | null;
  assignedBy: string | null;
  createdAt: Date;
}

interface VisibilityOfPerson {
  id: string;
  orgNodeId: string;
  place: string;
  accessScope: string;
  startsAt: Date;
  endsAt: Date | null;
  grantedBy: string | null;
  createdAt: Date;
}

/** What a person holds, will hold and has held. */
export async function exportPlacesOf(
  db: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<{ assignments: AssignmentOfPerson[]; visibilityGrants: VisibilityOfPerson[] }> {
  const assignments = await rows<AssignmentOfPerson>(
    db,
    `select a.id, r.name as role, a.org_node_id, n.name as place, a.starts_at, a.ends_at, a.assigned_by, a.created_at
       from org_assignments a
       join roles r on r.tenant_id = a.tenant_id and r.id = a.role_id
       join org_nodes n on n.tenant_id = a.tenant_id and n.id = a.org_node_id
      where a.tenant_id = :tenantId and a.user_id = :userId
      order by a.starts_at, a.id`,
    { tenantId, userId },
  );
  const visibilityGrants = await rows<VisibilityOfPerson>(
    db,
    `select g.id, g.org_node_id, n.name as place, g.access_scope, g.starts_at, g.ends_at, g.granted_by, g.created_at
       from visibility_grants g
       join org_nodes n on n.tenant_id = g.tenant_id and n.id = g.org_node_id
      where g.tenant_id = :tenantId and g.user_id = :userId
      order by g.starts_at, g.id`,
    { tenantId, userId },
  );
  return { assignments, visibilityGrants };
}
