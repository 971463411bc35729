/** What of APIs moves with their tenant: its own. Others' are named by their identifier. */
import { defineTravelling } from '../../platform/travelling.ts';

const columns = `id, tenant_id, identifier, name, token_format, signing_alg, access_token_ttl, created_at, updated_at, token_exchange,
  required_acr, skip_consent`;

export const travellingResourceServers = defineTravelling({
  table: 'resource_servers',
  columns,
  stays: { is_system: 'our own API is of no tenant' },
  rows: `select ${columns} from resource_servers where tenant_id = :tenantId`,
  put: `insert into resource_servers (${columns})
        select ${columns}
          from jsonb_populate_recordset(null::resource_servers, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  namedBy: ['identifier'],
});
