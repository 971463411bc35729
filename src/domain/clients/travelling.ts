/**
 * What of applications and services moves with their tenant. A capability, and an API that is not of the tenant, are named by
 * what they are called, since they have other ids elsewhere.
 */
import { defineTravelling } from '../../platform/travelling.ts';
import { checkArrivingClient, clientFaults, crossAppFaults, workloadFaults } from './arriving-clients.ts';
import { checkCrossAppAudience } from './cross-app-audiences.ts';
import { checkWorkloadIdentity } from './workload-identities.ts';

const columns = `id, tenant_id, client_id, kind, name, state, first_party, metadata, created_at, updated_at, deleted_at, created_by,
  updated_by, deleted_by, security_profile`;
const given = columns.replaceAll(/\w+/g, 'r.$&');

/** Of a person of the tenant: somebody else is not where it goes. */
const ofTenant = (column: string) => `(select u.id from users u where u.id = ${column} and u.tenant_id = :tenantId)`;

const apiOf = (identifier: string) => `(select s.id from resource_servers s
                   where s.identifier = ${identifier} and (s.tenant_id is null or s.tenant_id = :tenantId))`;

/** As the tables have it; nobody else's API defines it. */
const capabilityOf = (key: string) => `(select k.id
                    from capabilities k
                    left join resource_servers s on s.id = k.resource_server_id
                   where k.key = ${key} and k.deleted_at is null
                     and (s.id is null or s.tenant_id is null or s.tenant_id = :tenantId))`;

const ofClient = (column: string) =>
  `exists (select from clients c where c.id = ${column} and c.tenant_id = :tenantId)`;

export const travellingClients = defineTravelling({
  table: 'clients',
  columns,
  stays: { resource_server_id: 'told by the identifier of the API' },
  rows: `select ${given}, s.identifier as resource_server
           from clients r
           left join resource_servers s on s.id = r.resource_server_id
          where r.tenant_id = :tenantId`,
  put: `insert into clients (${columns}, resource_server_id)
        select ${given}, ${apiOf('n.resource_server')}
          from jsonb_array_elements(:rows::jsonb) as one(row)
         cross join lateral jsonb_populate_record(null::clients, one.row) r
         cross join lateral jsonb_to_record(one.row) as n(resource_server text)
         where r.tenant_id = :tenantId and (n.resource_server is null or ${apiOf('n.resource_server')} is not null)
            on conflict do nothing`,
  check: checkArrivingClient,
  faults: clientFaults,
  namedBy: ['client_id'],
});

const secretColumns = 'id, client_id, secret_hash, hint, expires_at, last_used_at, revoked_at, created_at';

export const travellingClientSecrets = defineTravelling({
  table: 'client_secrets',
  columns: secretColumns,
  rows: `select ${secretColumns} from client_secrets r where ${ofClient('r.client_id')}`,
  put: `insert into client_secrets (${secretColumns})
        select ${secretColumns}
          from jsonb_populate_recordset(null::client_secrets, :rows::jsonb) r
         where ${ofClient('r.client_id')}
            on conflict do nothing`,
  check: (row) => void row.string('hint', 10),
  isHidden: true,
});

/** Of the two tables of what a client may ask for. */
const capabilityColumns = 'client_id, granted_at, granted_by';
const rowsOfCapabilities = (table: string) => `
  select r.client_id, r.granted_at, k.key as capability, ${ofTenant('r.granted_by')} as granted_by
    from ${table} r
    join capabilities k on k.id = r.capability_id and k.deleted_at is null
   where ${ofClient('r.client_id')}`;
const givenCapabilities = `
  select r.client_id, r.granted_at, r.granted_by, ${capabilityOf('r.capability')}
    from jsonb_to_recordset(:rows::jsonb) as r(client_id uuid, granted_at timestamptz, granted_by uuid, capability text)
   where ${ofClient('r.client_id')} and ${capabilityOf('r.capability')} is not null
     and (r.granted_by is null or ${ofTenant('r.granted_by')} is not null)`;
const toldByKey = { capability_id: 'told by its key' };

export const travellingClientCapabilities = defineTravelling({
  table: 'client_capabilities',
  columns: capabilityColumns,
  stays: toldByKey,
  rows: rowsOfCapabilities('client_capabilities'),
  put: `insert into client_capabilities (client_id, granted_at, granted_by, capability_id) ${givenCapabilities}
            on conflict do nothing`,
  namedBy: ['capability'],
});

export const travellingExchangeCapabilities = defineTravelling({
  table: 'client_exchange_capabilities',
  columns: capabilityColumns,
  stays: toldByKey,
  rows: rowsOfCapabilities('client_exchange_capabilities'),
  put: `insert into client_exchange_capabilities (client_id, granted_at, granted_by, capability_id) ${givenCapabilities}
            on conflict do nothing`,
  namedBy: ['capability'],
});

const audienceColumns = 'id, client_id, audience, audience_client_id, scopes, created_at';

export const travellingCrossAppAudiences = defineTravelling({
  table: 'cross_app_audiences',
  columns: `${audienceColumns}, created_by`,
  rows: `select ${audienceColumns}, ${ofTenant('r.created_by')} as created_by from cross_app_audiences r where ${ofClient('r.client_id')}`,
  put: `insert into cross_app_audiences (${audienceColumns}, created_by)
        select ${audienceColumns}, ${ofTenant('r.created_by')}
          from jsonb_populate_recordset(null::cross_app_audiences, :rows::jsonb) r
         where ${ofClient('r.client_id')}
            on conflict do nothing`,
  check(row) {
    checkCrossAppAudience({
      audience: row.string('audience'),
      audienceClientId: row.string('audience_client_id'),
      scopes: row.strings('scopes'),
    });
  },
  faults: crossAppFaults,
  namedBy: ['audience'],
});

const workloadColumns = 'id, client_id, issuer, audience, subject, jwks_uri, single_use, created_at, last_used_at';

export const travellingWorkloadIdentities = defineTravelling({
  table: 'workload_identities',
  columns: `${workloadColumns}, created_by`,
  rows: `select ${workloadColumns}, ${ofTenant('r.created_by')} as created_by from workload_identities r where ${ofClient('r.client_id')}`,
  put: `insert into workload_identities (${workloadColumns}, created_by)
        select ${workloadColumns}, ${ofTenant('r.created_by')}
          from jsonb_populate_recordset(null::workload_identities, :rows::jsonb) r
         where ${ofClient('r.client_id')}
            on conflict do nothing`,
  check(row) {
    checkWorkloadIdentity({
      issuer: row.string('issuer'),
      audience: row.string('audience'),
      subject: row.string('subject'),
      jwksUri: row.text('jwks_uri'),
    });
  },
  faults: workloadFaults,
  namedBy: ['subject'],
});
