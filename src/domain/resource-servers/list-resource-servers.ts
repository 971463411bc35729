/** The APIs of a tenant, or of the server, with the capabilities that are their scopes. Changes nothing. */
import type { Database } from '../../platform/database.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import type { ResourceServer } from './resource-servers.ts';

export interface ListedResourceServer extends Omit<ResourceServer, 'tenantId'> {
  /** The slug of the tenant whose it is; null: of all tenants. */
  tenant: string | null;
  /** Keys, sorted. */
  capabilities: string[];
}

/**
 * In the order of their ids. `limit` up to 1000.
 * @param query.tenantId this tenant's own alone, with `shared` also those of all tenants; absent or null: all
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listResourceServers(
  db: Database,
  { tenantId = null, shared = false, ...page }: PageRequest & { tenantId?: string | null; shared?: boolean },
): Promise<Page<ListedResourceServer>> {
  return selectPage<ListedResourceServer>(
    db,
    byId('r.id', 1000),
    page,
    ({ key, where, order }) =>
      `select r.id, r.identifier, r.name, t.slug as tenant, r.token_format, r.signing_alg, r.access_token_ttl,
              r.token_exchange, r.required_acr, r.skip_consent,
              array(select k.key from capabilities k where k.resource_server_id = r.id and k.deleted_at is null order by k.key)
                as capabilities,
              ${key}
         from resource_servers r
         left join tenants t on t.id = r.tenant_id
        where (:tenantId::uuid is null or r.tenant_id = :tenantId or (:shared and r.tenant_id is null)) and ${where}
        ${order}`,
    { tenantId, shared },
  );
}
