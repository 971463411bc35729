/** What of applications that register themselves moves with a tenant. */
import { defineTravelling } from '../../platform/travelling.ts';

const columns = `id, tenant_id, name, token_hash, hint, redirect_hosts, scopes, most_uses, uses, expires_at, last_used_at, revoked_at,
  created_at, created_by`;

export const travellingInitialAccessTokens = defineTravelling({
  table: 'initial_access_tokens',
  columns,
  rows: `select ${columns} from initial_access_tokens where tenant_id = :tenantId`,
  put: `insert into initial_access_tokens (${columns})
        select ${columns}
          from jsonb_populate_recordset(null::initial_access_tokens, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  isHidden: true,
});

const registered = 'client_id, initial_access_token_id, token_hash, created_at, used_at';
const ofBoth = `exists (select from clients c where c.id = r.client_id and c.tenant_id = :tenantId)
           and exists (select from initial_access_tokens t where t.id = r.initial_access_token_id and t.tenant_id = :tenantId)`;

export const travellingClientRegistrations = defineTravelling({
  table: 'client_registrations',
  columns: registered,
  rows: `select ${registered} from client_registrations r where ${ofBoth}`,
  put: `insert into client_registrations (${registered})
        select ${registered}
          from jsonb_populate_recordset(null::client_registrations, :rows::jsonb) r
         where ${ofBoth}
            on conflict do nothing`,
  isHidden: true,
});
