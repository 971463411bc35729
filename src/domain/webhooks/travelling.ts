/** What of webhooks moves with a tenant: all, and they sign as before. */
import { DomainError } from '../../platform/errors.ts';
import { defineTravelling, type SealedColumn } from '../../platform/travelling.ts';
import { checkDisplayName } from '../tenants/display-name.ts';
import { webhookSecretPurpose } from './deliver-webhook.ts';
import { isWebhookSecret } from './sign-webhook.ts';
import { checkedWebhookUrl, mostWebhooks } from './webhooks.ts';

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
  check(row, { allowHttp }) {
    checkDisplayName(row.string('name'));
    checkedWebhookUrl(row.string('url'), allowHttp);
    for (const column of ['sealed_secret', 'sealed_secret_before']) {
      const opened = row.opened(column);
      if (opened === null ? column === 'sealed_secret' : !isWebhookSecret(opened))
        throw new DomainError('invalid', 'INVALID_INPUT', { field: column });
    }
  },
  most: mostWebhooks,
  namedBy: ['name'],
});
