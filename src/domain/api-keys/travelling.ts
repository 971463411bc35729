/** What of API keys moves with a tenant: all. What they may do is named by its key, since it has another id elsewhere. */
import { defineTravelling } from '../../platform/travelling.ts';
import { checkDisplayName } from '../tenants/display-name.ts';
import { checkLongestLife } from './api-keys.ts';

const columns = `id, tenant_id, org_node_id, user_id, name, prefix, key_hash, active, expires_at, last_used_at, revoked_at, created_at,
  updated_at, created_by`;

export const travellingApiKeys = defineTravelling({
  table: 'api_keys',
  columns,
  rows: `select ${columns} from api_keys where tenant_id = :tenantId`,
  put: `insert into api_keys (${columns})
        select ${columns}
          from jsonb_populate_recordset(null::api_keys, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  check(row) {
    checkDisplayName(row.string('name'));
    checkLongestLife(row.time('expires_at'));
  },
  isHidden: true,
  namedBy: ['prefix'],
});

const ofKey = 'exists (select from api_keys a where a.id = r.api_key_id and a.tenant_id = :tenantId)';

export const travellingApiKeyCapabilities = defineTravelling({
  table: 'api_key_capabilities',
  columns: 'api_key_id',
  stays: { capability_id: 'told by its key' },
  rows: `select r.api_key_id, k.key as capability
           from api_key_capabilities r
           join capabilities k on k.id = r.capability_id and k.deleted_at is null
          where ${ofKey}`,
  put: `insert into api_key_capabilities (api_key_id, capability_id)
        select r.api_key_id, k.id
          from jsonb_to_recordset(:rows::jsonb) as r(api_key_id uuid, capability text)
          join capabilities k on k.key = r.capability and k.deleted_at is null
         where ${ofKey}
            on conflict do nothing`,
  isHidden: true,
  namedBy: ['capability'],
});
