/** What of APIs moves with their tenant: its own. Others' are named by their identifier. */
import { type Database, rows } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { type ArrivalFault, defineTravelling } from '../../platform/travelling.ts';
import { checkDisplayName } from '../tenants/display-name.ts';
import { normalIdentifier } from './normal-identifier.ts';
import { findSpellings, lockIdentifier } from './resource-servers.ts';

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
  check(row) {
    checkDisplayName(row.string('name'));
    if (normalIdentifier(row.string('identifier', 500)) === undefined)
      throw new DomainError('invalid', 'INVALID_INPUT', { field: 'identifier' });
  },
  faults: otherSpellings,
  namedBy: ['identifier'],
});

/** What is here already under another spelling would be taken for it. */
async function otherSpellings(trx: Database, tenantId: string): Promise<ArrivalFault[]> {
  const own = await rows<{ identifier: string }>(
    trx,
    'select identifier from resource_servers where tenant_id = :tenantId order by identifier',
    { tenantId },
  );
  const faults: ArrivalFault[] = [];
  for (const { identifier } of own) {
    await lockIdentifier(trx, identifier);
    const other = (await findSpellings(trx, identifier)).find((one) => one !== identifier);
    if (other !== undefined) faults.push({ name: identifier, fault: `means the same as ${other}, which is here` });
  }
  return faults;
}
