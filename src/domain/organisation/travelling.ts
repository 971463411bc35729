/** What of the tree, and of who stands where in it, moves with a tenant. Triggers make the closure of what comes in. */
import { defineTravelling } from '../../platform/travelling.ts';
import { checkDisplayName } from '../tenants/display-name.ts';

const nodeColumns = `id, tenant_id, parent_id, type, name, active, external_id, created_at, updated_at, deleted_at, created_by,
  updated_by, deleted_by`;

export const travellingNodes = defineTravelling({
  table: 'org_nodes',
  columns: nodeColumns,
  // Parents first.
  rows: `select ${nodeColumns}
           from org_nodes n
          where tenant_id = :tenantId
          order by (select max(p.depth) from org_node_paths p where p.descendant_id = n.id), id`,
  put: `insert into org_nodes (${nodeColumns})
        select ${nodeColumns}
          from jsonb_populate_recordset(null::org_nodes, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  check(row) {
    checkDisplayName(row.string('name'));
    checkDisplayName(row.string('type'), 'type');
    row.text('external_id', 255);
  },
  namedBy: ['name'],
});

const assignmentColumns = 'id, tenant_id, user_id, role_id, org_node_id, starts_at, ends_at, assigned_by, created_at';

export const travellingAssignments = defineTravelling({
  table: 'org_assignments',
  columns: assignmentColumns,
  rows: `select ${assignmentColumns} from org_assignments where tenant_id = :tenantId`,
  put: `insert into org_assignments (${assignmentColumns})
        select ${assignmentColumns}
          from jsonb_populate_recordset(null::org_assignments, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
});

const grantColumns = 'id, tenant_id, user_id, org_node_id, access_scope, starts_at, ends_at, granted_by, created_at';

export const travellingVisibilityGrants = defineTravelling({
  table: 'visibility_grants',
  columns: grantColumns,
  rows: `select ${grantColumns} from visibility_grants where tenant_id = :tenantId`,
  put: `insert into visibility_grants (${grantColumns})
        select ${grantColumns}
          from jsonb_populate_recordset(null::visibility_grants, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
});
