/** What of a tenant moves with it. It comes in switched off, and never as the one whose owners run the server. */
import { defineTravelling } from '../../platform/travelling.ts';
import { checkDisplayName } from './display-name.ts';
import { checkTenantSettings } from './tenant-settings.ts';

const columns = 'id, slug, name, settings, created_at, updated_at';

export const travellingTenants = defineTravelling({
  table: 'tenants',
  columns,
  stays: {
    state: 'it comes in suspended, for the operator to let in',
    is_platform: 'whose owners run a server is for that server to say',
    moved_to: 'says where it went, at the place that it left',
    moved_state: 'says what it was there, as the first line of an export does',
    moved_at: 'says when it went, at the place that it left',
    arrived_at: 'is of the place that it came to',
  },
  rows: `select ${columns} from tenants where id = :tenantId`,
  put: `insert into tenants (${columns}, state, arrived_at)
        select ${columns}, 'suspended', now()
          from jsonb_populate_recordset(null::tenants, :rows::jsonb)
         where id = :tenantId
            on conflict do nothing`,
  check(row) {
    checkDisplayName(row.string('name'));
    checkTenantSettings(row.record('settings'));
  },
  namedBy: ['slug'],
});
