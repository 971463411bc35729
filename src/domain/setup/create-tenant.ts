/** Making a tenant. Owns that it is born whole: the root of its tree and the roles owner, admin and member come with it. */
import { type Database, inTransaction } from '../../platform/database.ts';
import { createSystemRoles, type SystemRoleName } from '../access/system-roles.ts';
import type { Caller } from '../audit/audit-events.ts';
import { knowsMethod as anyMethodThere } from '../methods/tenant-methods.ts';
import { createRootNode } from '../organisation/root-node.ts';
import type { KnowsMethod, TenantSettingsInput } from '../tenants/tenant-settings.ts';
import { storeNewTenant, type Tenant } from '../tenants/tenants.ts';

/** A tenant as it was just made, with the ids of what came with it. */
export interface NewTenant extends Tenant {
  rootNodeId: string;
  systemRoleIds: Record<SystemRoleName, string>;
}

/**
 * Makes a tenant with its root node (type `tenant`, the tenant's name) and its three system roles.
 * @param knowsMethod of the ways to sign in that the settings may name, beside those of every tenant's default
 * @throws DomainError invalid INVALID_INPUT or FIELD_REQUIRED (slug, name, settings.<field>), conflict DUPLICATE (slug),
 *   not_found NOT_FOUND (identity_provider) where the settings name a provider that is not there
 */
export async function createTenant(
  db: Database,
  wanted: { slug: string; name: string; settings?: TenantSettingsInput },
  caller: Caller,
  knowsMethod: KnowsMethod = anyMethodThere,
): Promise<NewTenant> {
  return inTransaction(db, async (trx) => {
    const tenant = await storeNewTenant(trx, wanted, caller, knowsMethod);
    const { id: tenantId, name } = tenant;
    const rootNodeId = await createRootNode(trx, { tenantId, name }, caller);
    return { ...tenant, rootNodeId, systemRoleIds: await createSystemRoles(trx, tenantId, caller) };
  });
}
