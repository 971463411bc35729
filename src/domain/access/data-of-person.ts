/**
 * What was held on a person's access before it was changed: told. It names nobody but by opaque ids, so that erasing leaves it, and
 * goes with the retention of the trail.
 */
import { type Database, rows } from '../../platform/database.ts';

interface Version {
  validFrom: Date;
  validTo: Date;
}

export interface EarlierAccess {
  states: (Version & { state: string })[];
  assignments: (Version & {
    id: string;
    roleId: string;
    orgNodeId: string;
    startsAt: Date;
    endsAt: Date | null;
    assignedBy: string | null;
  })[];
  visibilityGrants: (Version & {
    id: string;
    orgNodeId: string;
    accessScope: string;
    startsAt: Date;
    endsAt: Date | null;
    grantedBy: string | null;
  })[];
}

/** Versions that are over; what is there now is told by those whose it is. */
export async function exportEarlierAccessOf(
  db: Database,
  user: { tenantId: string; userId: string },
): Promise<EarlierAccess> {
  const all = <T>(sql: string) => rows<T>(db, `${sql} and valid_to is not null order by valid_from, id`, user);
  return {
    states: await all(
      'select state, valid_from, valid_to from users_history where tenant_id = :tenantId and id = :userId',
    ),
    assignments: await all(
      `select id, role_id, org_node_id, starts_at, ends_at, assigned_by, valid_from, valid_to
         from org_assignments_history
        where tenant_id = :tenantId and user_id = :userId`,
    ),
    visibilityGrants: await all(
      `select id, org_node_id, access_scope, starts_at, ends_at, granted_by, valid_from, valid_to
         from visibility_grants_history
        where tenant_id = :tenantId and user_id = :userId`,
    ),
  };
}
