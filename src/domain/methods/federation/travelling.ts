/** What of other providers moves with a tenant: its own. Those of the server are at the other one, or are not. */
import { defineTravelling } from '../../../platform/travelling.ts';
import { clientSecretContext, sealedClientSecrets } from './identity-providers.ts';

const columns = `id, tenant_id, key, name, state, issuer, client_id, client_secret_sealed, scopes, claim_mapping, created_at, updated_at,
  response_mode, cross_app`;

export const travellingIdentityProviders = defineTravelling({
  table: 'identity_providers',
  columns,
  rows: `select ${columns} from identity_providers where tenant_id = :tenantId`,
  put: `insert into identity_providers (${columns})
        select ${columns}
          from jsonb_populate_recordset(null::identity_providers, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  hidden: ['client_secret_sealed'],
  sealed: {
    client_secret_sealed: {
      purpose: sealedClientSecrets,
      context: ({ id }) => clientSecretContext(String(id)),
      stored: 'bytea',
    },
  },
  namedBy: ['key'],
});
