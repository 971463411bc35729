/**
 * The tenant of an authorization request: the client's own, else the `tenant` parameter (a slug). Neither: the account
 * decides. An unknown or suspended tenant is refused, never guessed.
 */
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { TenantSettings } from '../../domain/tenants/tenant-settings.ts';
import { findTenantById, findTenantBySlug } from '../../domain/tenants/tenants.ts';
import type { Database } from '../../platform/database.ts';
import { memoryOf } from '../request-memory.ts';

export interface RequestedTenant {
  id: string;
  slug: string;
  name: string;
  settings: TenantSettings;
}

/** Reads the tenant of the request, once a request. @throws InvalidRequest, AccessDenied */
export function createTenantFinder(db: Database) {
  async function find(clientTenantId: string | undefined, slug: unknown): Promise<RequestedTenant | undefined> {
    if (clientTenantId === undefined && slug === undefined) return undefined;
    const tenant =
      clientTenantId !== undefined
        ? await findTenantById(db, clientTenantId)
        : await findTenantBySlug(db, String(slug));
    if (!tenant) throw new errors.InvalidRequest('tenant is unknown');
    if (tenant.movedTo !== null) throw new errors.AccessDenied(`tenant is at ${tenant.movedTo} now`);
    if (tenant.state !== 'active') throw new errors.AccessDenied('tenant is suspended');
    if (typeof slug === 'string' && slug !== tenant.slug) throw new errors.InvalidRequest("tenant is not the client's");
    return tenant;
  }

  return async function requestedTenant(ctx: KoaContextWithOIDC): Promise<RequestedTenant | undefined> {
    const memory = memoryOf(ctx);
    memory.requestedTenant ??= find(ctx.oidc.client?.tenant_id as string | undefined, ctx.oidc.params?.tenant);
    return memory.requestedTenant;
  };
}
