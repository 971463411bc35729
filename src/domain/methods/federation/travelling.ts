/** What of other providers moves with a tenant: its own. Those of the server are at the other one, or are not. */
import type { ArrivingRow } from '../../../platform/arriving-row.ts';
import { type Database, rows } from '../../../platform/database.ts';
import { DomainError } from '../../../platform/errors.ts';
import { type ArrivalFault, type ArrivalRules, defineTravelling } from '../../../platform/travelling.ts';
import { findBringingFault } from '../../clients/cross-app-audiences.ts';
import { checkDisplayName } from '../../tenants/display-name.ts';
import { checkClaimMapping } from './claim-mapping.ts';
import { checkTerms, mostBringing } from './cross-app.ts';
import {
  type CrossAppTerms,
  checkClientId,
  checkClientSecret,
  checkedIssuer,
  checkedScopes,
  clientSecretContext,
  isProviderKey,
  sealedClientSecrets,
} from './identity-providers.ts';

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
  check: checkProvider,
  faults: strangeBringers,
  namedBy: ['key'],
});

function checkProvider(row: ArrivingRow, { ownAddress: here, allowHttp }: ArrivalRules): void {
  if (!isProviderKey(row.string('key'))) throw new DomainError('invalid', 'INVALID_INPUT', { field: 'key' });
  checkDisplayName(row.string('name'));
  const issuer = checkedIssuer(row.string('issuer'), allowHttp);
  checkClientId(row.string('client_id'));
  if (checkedScopes(row.strings('scopes')).length !== row.strings('scopes').length)
    throw new DomainError('invalid', 'INVALID_INPUT', { field: 'scopes' });
  checkClaimMapping(row.record('claim_mapping'));
  const secret = row.opened('client_secret_sealed');
  if (secret !== null) checkClientSecret(secret);
  if (row.has('cross_app')) checkTerms(termsOf(row), { issuer, tenantId: row.string('tenant_id') }, here);
}

function termsOf(row: ArrivingRow): CrossAppTerms {
  const refusal = new DomainError('invalid', 'INVALID_INPUT', { field: 'cross_app' });
  const { clientIds, scopes, theirTenant, ...more } = row.record('cross_app');
  const isList = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((one) => typeof one === 'string');
  if (!isList(clientIds) || !isList(scopes) || Object.keys(more).length > 0) throw refusal;
  if (clientIds.length === 0 || clientIds.length > mostBringing) throw refusal;
  if (theirTenant !== null && typeof theirTenant !== 'string') throw refusal;
  return { clientIds, scopes, theirTenant };
}

/** Who brings its assertions is an application of the tenant that can prove itself. */
async function strangeBringers(trx: Database, tenantId: string): Promise<ArrivalFault[]> {
  const found = await rows<{ key: string; clientId: string }>(
    trx,
    `select p.key, c.client_id
       from identity_providers p
      cross join lateral jsonb_array_elements_text(p.cross_app -> 'clientIds') as c(client_id)
      where p.tenant_id = :tenantId and p.cross_app is not null`,
    { tenantId },
  );
  const faults: ArrivalFault[] = [];
  for (const { key, clientId } of found) {
    const fault = await findBringingFault(trx, { clientId, tenantId });
    if (fault !== undefined) faults.push({ name: key, fault: `cross_app: ${clientId}: ${fault}` });
  }
  return faults;
}
