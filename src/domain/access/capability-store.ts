/** The SQL of capabilities, which all tenants share. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { type Keyset, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';

export interface CapabilityRow {
  id: string;
  key: string;
  description: string | null;
  module: string | null;
  resourceServerId: string | null;
  /** What an API that asks for a decision calls it; null: by the key. */
  action: string | null;
  /** What an action has to say of itself to be this one; null: nothing. */
  actionProperties: ActionProperties | null;
  /** Of the program itself. */
  isSystem: boolean;
}

export type ActionProperties = Readonly<Record<string, string | number | boolean>>;

type CapabilityValues = Omit<CapabilityRow, 'id' | 'isSystem'> & { actorId: string | null };

const columns = 'id, key, description, module, resource_server_id, action, action_properties, is_system';

/** As the statements take them. */
function bound({ actionProperties, ...values }: CapabilityValues): Record<string, unknown> {
  return { ...values, actionProperties: actionProperties === null ? null : JSON.stringify(actionProperties) };
}

export async function selectCapability(db: Database, key: string): Promise<CapabilityRow | undefined> {
  return firstRow<CapabilityRow>(db, `select ${columns} from capabilities where key = :key and deleted_at is null`, {
    key,
  });
}

/** Locks the row to the end of the transaction: what is decided on what it says stays true. */
export async function lockCapability(trx: Database, key: string): Promise<CapabilityRow | undefined> {
  return firstRow<CapabilityRow>(
    trx,
    `select ${columns} from capabilities where key = :key and deleted_at is null for no key update`,
    { key },
  );
}

export async function capabilityWasDeleted(db: Database, key: string): Promise<boolean> {
  return (
    (await rows(db, 'select 1 from capabilities where key = :key and deleted_at is not null limit 1', { key })).length >
    0
  );
}

/** Nothing where a capability of that key is there already, or another caller is just making it. */
export async function insertCapability(
  db: Database,
  { id, ...values }: CapabilityValues & { id: string },
): Promise<CapabilityRow | undefined> {
  return firstRow<CapabilityRow>(
    db,
    `insert into capabilities (id, key, description, module, resource_server_id, action, action_properties, created_by)
     values (:id, :key, :description, :module, :resourceServerId, :action, :actionProperties::jsonb,
             (select id from users where id = :actorId))
         on conflict (key) where deleted_at is null do nothing
  returning ${columns}`,
    { id, ...bound(values) },
  );
}

/** Nothing where the row says so already. */
export async function updateCapability(db: Database, values: CapabilityValues): Promise<CapabilityRow | undefined> {
  return firstRow<CapabilityRow>(
    db,
    `update capabilities
        set description        = :description,
            module             = :module,
            resource_server_id = :resourceServerId,
            action             = :action,
            action_properties  = :actionProperties::jsonb,
            updated_by         = (select id from users where id = :actorId)
      where key = :key and deleted_at is null
        and (description, module, resource_server_id, action, action_properties)
            is distinct from
            (:description::text, :module::text, :resourceServerId::uuid, :action::text, :actionProperties::jsonb)
  returning ${columns}`,
    bound(values),
  );
}

/** Whom a move of a capability concerns: clients by their `client_id`. */
export interface CapabilityHolders {
  /** Live services that may ask for it, or get it for people. */
  services: string[];
  /** Those of them whose default API is the one that it leaves, where they have no other capability. */
  servicesWithoutDefault: string[];
  /** Live applications whose default API is the one that it leaves. */
  applications: string[];
  /** How many roles carry it. */
  roles: number;
}

export const noHolders: CapabilityHolders = { services: [], servicesWithoutDefault: [], applications: [], roles: 0 };

export async function selectHolders(
  db: Database,
  { id, resourceServerId }: { id: string; resourceServerId: string | null },
): Promise<CapabilityHolders> {
  const held = await firstRow<CapabilityHolders>(
    db,
    `select array(select c.client_id
                    from clients c
                   where c.deleted_at is null
                     and (exists (select from client_capabilities cc
                                   where cc.client_id = c.id and cc.capability_id = :id)
                          or exists (select from client_exchange_capabilities ec
                                      where ec.client_id = c.id and ec.capability_id = :id))
                   order by c.client_id) as services,
            array(select c.client_id
                    from client_capabilities cc
                    join clients c on c.id = cc.client_id and c.deleted_at is null
                    join resource_servers s on s.identifier = c.metadata ->> 'default_resource'
                   where cc.capability_id = :id and s.id = :resourceServerId::uuid
                     and not exists (select from client_capabilities other
                                       join capabilities k on k.id = other.capability_id and k.deleted_at is null
                                      where other.client_id = c.id and k.id <> :id and k.resource_server_id = s.id)
                   order by c.client_id) as services_without_default,
            array(select c.client_id
                    from clients c
                    join resource_servers s on s.identifier = c.metadata ->> 'default_resource'
                   where s.id = :resourceServerId::uuid and c.kind <> 'service' and c.deleted_at is null
                   order by c.client_id) as applications,
            (select count(*)::int
               from role_capabilities rc
               join roles r on r.id = rc.role_id and r.deleted_at is null
              where rc.capability_id = :id) as roles`,
    { id, resourceServerId },
  );
  return held ?? noHolders;
}

export async function deleteCapabilityRow(trx: Database, id: string, actorId: string | null): Promise<void> {
  await rows(
    trx,
    `update capabilities
        set deleted_at = now(), deleted_by = (select id from users where id = :actorId)
      where id = :id`,
    { id, actorId },
  );
}

export async function forgetResourceServerOfDeleted(trx: Database, resourceServerId: string): Promise<void> {
  await rows(
    trx,
    `with held as (
       select id from capabilities
        where resource_server_id = :resourceServerId and deleted_at is not null
        order by id
          for no key update
     )
     update capabilities c set resource_server_id = null from held where c.id = held.id`,
    { resourceServerId },
  );
}

const byKey: Keyset = { columns: [{ expression: 'key', type: 'text' }] };

/** A capability, and the API whose scope it is: as far as that is one of all tenants, or of the tenant that asks. */
export interface ListedCapabilityRow extends CapabilityRow {
  resourceServer: string | null;
  resourceServerIdentifier: string | null;
}

/** @param tenantId absent: those of all tenants are named alone */
export async function selectCapabilities(
  db: Database,
  { tenantId = null, ...request }: PageRequest & { tenantId?: string | null },
): Promise<Page<ListedCapabilityRow>> {
  const ofApi = (column: string) => `(select ${column} from resource_servers r
                 where r.id = resource_server_id and (r.tenant_id is null or r.tenant_id = :tenantId::uuid))`;
  return selectPage<ListedCapabilityRow>(
    db,
    byKey,
    request,
    ({ key, where, order }) =>
      `select ${columns}, ${ofApi('name')} as resource_server, ${ofApi('identifier')} as resource_server_identifier, ${key}
         from capabilities
        where deleted_at is null and ${where}
        ${order}`,
    { tenantId },
  );
}

/** The capabilities of the program itself are scopes of its own API, and of no other. */
export async function bindSystemCapabilities(trx: Database, resourceServerId: string): Promise<void> {
  await rows(
    trx,
    `with held as (
       select id from capabilities
        where is_system and resource_server_id is distinct from :resourceServerId
        order by id
          for no key update
     )
     update capabilities c set resource_server_id = :resourceServerId from held where c.id = held.id`,
    { resourceServerId },
  );
}
