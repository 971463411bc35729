/** What people hold, by names that mean the same in another tenant: roles by their names, places by external id or path. */
import { type Database, rows } from '../../platform/database.ts';

export interface RoleToExport {
  userId: string;
  role: string;
  /** As `findOrgNodeByPath` reads it: names from below the root, a slash in a name escaped; empty: the root. */
  place: string;
  startsAt: Date;
  endsAt: Date | null;
}

/** Of some people, what they hold now or later. */
export async function selectRolesToExport(
  db: Database,
  { tenantId, userIds }: { tenantId: string; userIds: readonly string[] },
): Promise<RoleToExport[]> {
  return rows<RoleToExport>(
    db,
    `select a.user_id, r.name as role, a.starts_at, a.ends_at,
            coalesce(n.external_id,
                     (select string_agg(replace(above.name, '/', '\\/'), '/' order by p.depth desc)
                        from org_node_paths p
                        join org_nodes above on above.tenant_id = p.tenant_id and above.id = p.ancestor_id
                       where p.tenant_id = n.tenant_id and p.descendant_id = n.id and above.parent_id is not null),
                     '') as place
       from org_assignments a
       join roles r     on r.tenant_id = a.tenant_id and r.id = a.role_id     and r.deleted_at is null
       join org_nodes n on n.tenant_id = a.tenant_id and n.id = a.org_node_id and n.deleted_at is null
      where a.tenant_id = :tenantId and a.user_id = any(:userIds::uuid[])
        and (a.ends_at is null or a.ends_at > statement_timestamp())
      order by a.user_id, a.id`,
    { tenantId, userIds },
  );
}
