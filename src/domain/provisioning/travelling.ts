/** What of groups of a directory moves with a tenant. What became of its requests is of the place that it came to. */
import { defineTravelling } from '../../platform/travelling.ts';
import { checkedText } from '../users/profile-fields.ts';

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
  check(row) {
    checkedText('display_name', row.string('display_name'), 256);
    checkedText('external_id', row.text('external_id'), 255);
  },
  namedBy: ['display_name'],
});
