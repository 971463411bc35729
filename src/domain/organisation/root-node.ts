/**
 * The root of a tenant's tree: made with the tenant, named as it, and there as long as it is. Owns that it carries the
 * tenant's name.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { checkDisplayName } from '../tenants/display-name.ts';
import { lockTenant, storeTenantName, type Tenant } from '../tenants/tenants.ts';
import { insertRootNode, updateRootName } from './org-node-store.ts';

/** Makes the root (type `tenant`) of a tenant that is being made. Answers its id. */
export async function createRootNode(
  trx: Database,
  { tenantId, name }: { tenantId: string; name: string },
  caller: Caller,
): Promise<string> {
  const id = newId();
  await insertRootNode(trx, { id, tenantId, name });
  const payload = { name, type: 'tenant' };
  const about = { tenantId, entityType: 'org_node', entityId: id };
  await recordEvent(trx, { ...about, action: 'org_node.created', payload }, caller);
  return id;
}

/**
 * Renames a tenant and the root of its tree with it. Named so already: nothing changes, and nothing is recorded.
 * @throws DomainError invalid INVALID_INPUT or FIELD_REQUIRED (name), not_found NOT_FOUND
 */
export async function renameTenant(db: Database, tenantId: string, newName: string, caller: Caller): Promise<Tenant> {
  const name = checkDisplayName(newName);
  return inTransaction(db, async (trx) => {
    const before = await lockTenant(trx, tenantId);
    if (before.name === name) return before;
    await updateRootName(trx, tenantId, name);
    return storeTenantName(trx, { tenantId, from: before.name, name }, caller);
  });
}
