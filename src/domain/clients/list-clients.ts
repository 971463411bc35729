/** The applications and services of a tenant, or of the server. Changes nothing, and shows no secret. */
import { type Database, rows } from '../../platform/database.ts';
import { byId, type Keyset, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { type ClientOrigin, type ClientRow, originOf } from './client-store.ts';

export interface ListedClient extends Pick<ClientRow, 'id' | 'clientId' | 'name' | 'kind' | 'state' | 'firstParty'> {
  /** The slug of the tenant whose it is; null: of all tenants. */
  tenant: string | null;
  redirectUris: string[];
  origin: ClientOrigin;
  /** It acts for people while they are away. */
  agent: boolean;
  /** Secrets that work now. */
  secrets: number;
  createdAt: Date;
}

/** What lists of clients can be sorted by. */
export const clientOrders = ['created_at', 'name'] as const;

/** In the order of their ids, which is that of their making; or of their names. */
const orders: Record<(typeof clientOrders)[number], Keyset> = {
  created_at: byId('c.id', 1000),
  name: {
    columns: [
      { expression: 'lower(c.name)', type: 'text' },
      { expression: 'c.id', type: 'uuid' },
    ],
    most: 1000,
  },
};

/**
 * `limit` up to 1000.
 * @param query.tenantId this tenant's own alone, with `shared` also those of all tenants; absent or null: all
 * @param query.services services alone (true), or applications alone (false)
 * @param query.search a part of the name or of the client_id, whatever the case
 * @param query.mayCall resource_servers.id: services that may ask for a capability of this API alone
 * @param query.resourceServerId services that are this API alone
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listClients(
  db: Database,
  {
    tenantId = null,
    shared = false,
    kind = null,
    services = null,
    state = null,
    firstParty = null,
    search = null,
    sort = 'created_at',
    mayCall = null,
    resourceServerId = null,
    ...page
  }: PageRequest & {
    tenantId?: string | null;
    shared?: boolean;
    kind?: ClientRow['kind'] | null;
    services?: boolean | null;
    state?: ClientRow['state'] | null;
    firstParty?: boolean | null;
    search?: string | null;
    sort?: (typeof clientOrders)[number];
    mayCall?: string | null;
    resourceServerId?: string | null;
  },
): Promise<Page<ListedClient>> {
  return selectPage<ListedClient>(
    db,
    orders[sort],
    page,
    ({ key, where, order }) =>
      `select c.id, c.client_id, c.name, c.kind, c.state, c.first_party, t.slug as tenant, c.created_at,
              coalesce(c.metadata -> 'redirect_uris', '[]') as redirect_uris,
              ${originOf('c')} as origin, coalesce((c.metadata ->> 'agent')::boolean, false) as agent,
              (select count(*)
                 from client_secrets s
                where s.client_id = c.id and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())
              ) as secrets,
              ${key}
         from clients c
         left join tenants t on t.id = c.tenant_id
        where c.deleted_at is null
          and (:tenantId::uuid is null or c.tenant_id = :tenantId or (:shared and c.tenant_id is null))
          and (:services::boolean is null or (c.kind = 'service') = :services)
          and (:kind::text is null or c.kind = :kind)
          and (:state::text is null or c.state = :state)
          and (:firstParty::boolean is null or c.first_party = :firstParty)
          and (:search::text is null or strpos(lower(c.name), lower(:search)) > 0 or strpos(lower(c.client_id), lower(:search)) > 0)
          and (:resourceServerId::uuid is null or c.resource_server_id = :resourceServerId)
          and (:mayCall::uuid is null
               or exists (select from client_capabilities cc
                            join capabilities k on k.id = cc.capability_id and k.deleted_at is null
                           where cc.client_id = c.id and k.resource_server_id = :mayCall))
          and ${where}
        ${order}`,
    { tenantId, shared, kind, services, state, firstParty, search, mayCall, resourceServerId },
  );
}

/** What clients of a tenant, and those of all tenants, are called; deleted ones too. @param query.clientIds as the protocol has them */
export async function findClientNames(
  db: Database,
  { tenantId, clientIds }: { tenantId: string; clientIds: readonly string[] },
): Promise<Map<string, string>> {
  if (clientIds.length === 0) return new Map();
  const found = await rows<{ clientId: string; name: string }>(
    db,
    'select client_id, name from clients where client_id = any(:clientIds) and (tenant_id = :tenantId or tenant_id is null)',
    { tenantId, clientIds: [...new Set(clientIds)] },
  );
  return new Map(found.map(({ clientId, name }) => [clientId, name]));
}
