/** What of applications that register themselves moves with a tenant. */
import { type Database, rows } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { type ArrivalFault, defineTravelling } from '../../platform/travelling.ts';
import { checkDisplayName } from '../tenants/display-name.ts';
import { isHostName, longestTokenDays, mostTokenUses } from './initial-access-tokens.ts';

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
  check(row) {
    checkDisplayName(row.string('name'));
    const strange = row.strings('redirect_hosts').find((host) => !isHostName(host));
    if (strange !== undefined)
      throw new DomainError('invalid', 'INVALID_INPUT', { field: 'redirect_hosts', value: strange });
    if (row.strings('scopes').some((scope) => !/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/.test(scope)))
      throw new DomainError('invalid', 'INVALID_INPUT', { field: 'scopes' });
    if (!(Number(row.number('most_uses')) <= mostTokenUses))
      throw new DomainError('invalid', 'INVALID_INPUT', { field: 'most_uses' });
    const left = (row.time('expires_at')?.getTime() ?? Number.NaN) - Date.now();
    if (!(left <= longestTokenDays * 86_400_000))
      throw new DomainError('invalid', 'INVALID_INPUT', { field: 'expires_at' });
  },
  isHidden: true,
  namedBy: ['name'],
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
  faults: trustedRegistrations,
  isHidden: true,
  namedBy: ['client_id'],
});

/** What registers itself goes through people's consent. */
async function trustedRegistrations(trx: Database, tenantId: string): Promise<ArrivalFault[]> {
  const found = await rows<{ clientId: string }>(
    trx,
    `select c.client_id
       from client_registrations r
       join clients c on c.id = r.client_id
      where c.tenant_id = :tenantId and c.first_party and c.deleted_at is null
      order by c.client_id`,
    { tenantId },
  );
  return found.map(({ clientId: name }) => ({ name, fault: 'first_party: it registered itself' }));
}
