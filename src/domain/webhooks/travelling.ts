/** What of webhooks moves with a tenant: all, and they sign as before. */
import { defineTravelling, type SealedColumn } from '../../platform/travelling.ts';
import { webhookSecretPurpose } from './deliver-webhook.ts';

const columns = `id, tenant_id, name, url, sealed_secret, sealed_secret_before, secret_before_until, secret_since, created_at,
  created_by, updated_at`;
const secret: SealedColumn = { purpose: webhookSecretPurpose, context: ({ id }) => String(id), stored: 'bytea' };

export const travellingWebhooks = defineTravelling({
  table: 'webhooks',
  columns,
  rows: `select ${columns} from webhooks where tenant_id = :tenantId`,
  put: `insert into webhooks (${columns})
        select ${columns}
          from jsonb_populate_recordset(null::webhooks, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  hidden: ['sealed_secret', 'sealed_secret_before'],
  sealed: { sealed_secret: secret, sealed_secret_before: secret },
  namedBy: ['name'],
});
