/**
 * What of roles, of capabilities and of the past of access moves with a tenant. Capabilities are of all tenants, and those of the program
 * have other ids elsewhere: what is now is told by their keys. The past keeps the ids that it had; it ends when the tenant comes
 * in, and what is from then on is written by the triggers.
 */
import { type Database, rows } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { type ArrivalFault, defineTravelling, type Travelling } from '../../platform/travelling.ts';
import { checkDisplayName } from '../tenants/display-name.ts';
import { checkAction } from './capabilities.ts';
import type { ActionProperties } from './capability-store.ts';
import { systemRoleNames } from './system-roles.ts';

const roleColumns =
  'id, tenant_id, name, description, is_system, created_at, updated_at, deleted_at, created_by, updated_by, deleted_by';

export const travellingRoles = defineTravelling({
  table: 'roles',
  columns: roleColumns,
  rows: `select ${roleColumns} from roles where tenant_id = :tenantId`,
  put: `insert into roles (${roleColumns})
        select ${roleColumns}
          from jsonb_populate_recordset(null::roles, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  check(row) {
    const name = checkDisplayName(row.string('name'));
    checkDisplayName(row.text('description') ?? '-', 'description');
    if (row.is('is_system') && !systemRoleNames.some((one) => one === name))
      throw new DomainError('invalid', 'INVALID_INPUT', { field: 'is_system', reason: 'no tenant has such a role' });
  },
  faults: missingSystemRoles,
  namedBy: ['name'],
});

/** Each tenant has them; what guards its last owner goes by them. */
async function missingSystemRoles(trx: Database, tenantId: string): Promise<ArrivalFault[]> {
  const found = await rows<{ name: string }>(trx, 'select name from roles where tenant_id = :tenantId and is_system', {
    tenantId,
  });
  const there = new Set(found.map(({ name }) => name));
  return systemRoleNames.filter((name) => !there.has(name)).map((name) => ({ name, fault: 'is not there' }));
}

const apiOf = (identifier: string) => `(select s.id from resource_servers s
                   where s.identifier = ${identifier} and (s.tenant_id is null or s.tenant_id = :tenantId))`;
const capabilityColumns = 'id, key, description, module, is_system, action, action_properties, created_at, updated_at';

/** Those of the tenant's own APIs, and those that somebody of it holds. One that is there already has to be the same. */
export const travellingCapabilities = defineTravelling({
  table: 'capabilities',
  columns: capabilityColumns,
  stays: {
    resource_server_id: 'told by the identifier of the API',
    deleted_at: 'what is deleted stays',
    created_by: 'of the trail',
    updated_by: 'of the trail',
    deleted_by: 'of the trail',
  },
  rows: `select k.id, k.key, k.description, k.module, k.is_system, k.action, k.action_properties, k.created_at, k.updated_at,
                s.identifier as resource_server
           from capabilities k
           left join resource_servers s on s.id = k.resource_server_id
          where k.deleted_at is null
            and (s.tenant_id = :tenantId
                 or exists (select from role_capabilities r where r.capability_id = k.id and r.tenant_id = :tenantId)
                 or exists (select from client_capabilities r join clients c on c.id = r.client_id
                             where r.capability_id = k.id and c.tenant_id = :tenantId)
                 or exists (select from client_exchange_capabilities r join clients c on c.id = r.client_id
                             where r.capability_id = k.id and c.tenant_id = :tenantId)
                 or exists (select from api_key_capabilities r join api_keys a on a.id = r.api_key_id
                             where r.capability_id = k.id and a.tenant_id = :tenantId))
          order by k.key`,
  put: `with given as (
          select r.*, ${apiOf('r.resource_server')} as resource_server_id
            from jsonb_to_recordset(:rows::jsonb) as r(id uuid, key text, description text, module text, is_system boolean,
                   action text, action_properties jsonb, created_at timestamptz, updated_at timestamptz, resource_server text)
        ), made as (
          insert into capabilities (id, key, description, module, action, action_properties, created_at, updated_at, resource_server_id)
          select g.id, g.key, g.description, g.module, g.action, g.action_properties, g.created_at, g.updated_at, g.resource_server_id
            from given g
           where not g.is_system and (g.resource_server is null or g.resource_server_id is not null)
             and not exists (select from capabilities k where k.key = g.key and k.deleted_at is null)
              on conflict do nothing
          returning key
        )
        select key from made
        union all
        select g.key
          from given g
          join capabilities k on k.key = g.key and k.deleted_at is null and k.is_system = g.is_system
                             and (k.is_system or (k.resource_server_id is not distinct from g.resource_server_id
                                                  and (g.resource_server is null or g.resource_server_id is not null)))`,
  check(row) {
    row.string('key', 100);
    checkDisplayName(row.text('description') ?? '-', 'description');
    checkDisplayName(row.text('module') ?? '-', 'module');
    const actionProperties = row.has('action_properties') ? row.record('action_properties') : null;
    checkAction({ action: row.text('action'), actionProperties: actionProperties as ActionProperties | null });
  },
  namedBy: ['key'],
});

export const travellingRoleCapabilities = defineTravelling({
  table: 'role_capabilities',
  columns: 'tenant_id, role_id, granted_at, granted_by',
  stays: { capability_id: 'told by its key' },
  // A trigger has given the roles of every tenant what they have at first. These may have more, or less.
  before: 'delete from role_capabilities where tenant_id = :tenantId',
  rows: `select r.tenant_id, r.role_id, r.granted_at, r.granted_by, k.key as capability
           from role_capabilities r
           join capabilities k on k.id = r.capability_id and k.deleted_at is null
          where r.tenant_id = :tenantId`,
  put: `insert into role_capabilities (tenant_id, role_id, granted_at, granted_by, capability_id)
        select r.tenant_id, r.role_id, r.granted_at, r.granted_by, k.id
          from jsonb_to_recordset(:rows::jsonb)
                 as r(tenant_id uuid, role_id uuid, granted_at timestamptz, granted_by uuid, capability text)
          join capabilities k on k.key = r.capability and k.deleted_at is null
          left join resource_servers s on s.id = k.resource_server_id
         where r.tenant_id = :tenantId and (s.id is null or s.tenant_id is null or s.tenant_id = :tenantId)
            on conflict do nothing`,
  namedBy: ['capability'],
});

/** A version that holds ends as the tenant comes in. The role that the server works as writes versions by this function alone. */
const received = (table: string) =>
  `select from generate_series(1, receive_access_history(:tenantId::uuid, '${table}', :rows::jsonb))`;

function pastOf(table: string, columns: string, rows: string): Travelling {
  return defineTravelling({ table, columns, rows, put: received(table) });
}

const validity = 'valid_from, valid_to';
const capabilityVersion = `id, key, is_system, ${validity}`;
const userVersion = `id, tenant_id, state, ${validity}`;
const nodeVersion = `id, tenant_id, parent_id, type, name, active, ${validity}`;
const roleVersion = `id, tenant_id, name, ${validity}`;
const carriedVersion = `tenant_id, role_id, capability_id, granted_at, granted_by, ${validity}`;
const assignmentVersion = `id, tenant_id, user_id, role_id, org_node_id, starts_at, ends_at, assigned_by, created_at, ${validity}`;
const grantVersion = `id, tenant_id, user_id, org_node_id, access_scope, starts_at, ends_at, granted_by, ${validity}`;
const tenantVersion = `id, state, ${validity}`;
const since = 'tenant_id, since';

/** The tenant's own last: with it the past is closed, and takes no more. */
export const travellingPast: readonly Travelling[] = [
  pastOf(
    'capabilities_history',
    capabilityVersion,
    `select ${capabilityVersion}
       from capabilities_history h
      where exists (select from role_capabilities_history r where r.capability_id = h.id and r.tenant_id = :tenantId)`,
  ),
  pastOf('users_history', userVersion, `select ${userVersion} from users_history where tenant_id = :tenantId`),
  pastOf('org_nodes_history', nodeVersion, `select ${nodeVersion} from org_nodes_history where tenant_id = :tenantId`),
  pastOf('roles_history', roleVersion, `select ${roleVersion} from roles_history where tenant_id = :tenantId`),
  pastOf(
    'role_capabilities_history',
    carriedVersion,
    `select ${carriedVersion} from role_capabilities_history where tenant_id = :tenantId`,
  ),
  pastOf(
    'org_assignments_history',
    assignmentVersion,
    `select ${assignmentVersion} from org_assignments_history where tenant_id = :tenantId`,
  ),
  pastOf(
    'visibility_grants_history',
    grantVersion,
    `select ${grantVersion} from visibility_grants_history where tenant_id = :tenantId`,
  ),
  pastOf('access_history_since', since, `select ${since} from access_history_since where tenant_id = :tenantId`),
  {
    ...pastOf('tenants_history', tenantVersion, `select ${tenantVersion} from tenants_history where id = :tenantId`),
    atOnce: 10_000,
  },
];
