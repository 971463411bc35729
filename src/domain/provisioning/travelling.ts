/** What of groups of a directory moves with a tenant. What became of its requests is of the place that it came to. */
import { defineTravelling } from '../../platform/travelling.ts';

const columns = 'id, tenant_id, display_name, external_id, role_id, org_node_id, created_at, updated_at, deleted_at';

export const travellingProvisionedGroups = defineTravelling({
  table: 'provisioned_groups',
  columns,
  rows: `select ${columns} from provisioned_groups where tenant_id = :tenantId`,
  put: `insert into provisioned_groups (${columns})
        select ${columns}
          from jsonb_populate_recordset(null::provisioned_groups, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  namedBy: ['display_name'],
});
