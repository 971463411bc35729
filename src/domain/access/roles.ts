/**
 * Roles of a tenant and the capabilities they carry. Owns making, renaming and deleting them. Refuses two roles of one
 * name in a tenant, and renaming or deleting the system roles, which every tenant has.
 */
import { type Database, inTransaction, violatedConstraint } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { emptyPage, type Page, type PageRequest } from '../../platform/paging.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { differences } from '../audit/differences.ts';
import { actingUserId } from '../organisation/acting-user.ts';
import { checkDisplayName } from '../tenants/display-name.ts';
import { findCapability } from './capabilities.ts';
import {
  deleteRoleCapability,
  insertRole,
  insertRoleCapability,
  type RoleRow,
  roleWasDeleted,
  selectCapabilitiesOfRoles,
  selectRole,
  selectRoleByName,
  selectRoleCapabilities,
  selectRoleForUpdate,
  selectRoles,
  updateRole as storeRole,
} from './role-store.ts';

export const roleCodes = defineCodes({
  SYSTEM_ROLE_FIXED: { kind: 'conflict', means: 'the role belongs to the server and stays as it is' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof roleCodes> {}
}

export type Role = RoleRow;

/** Names a role; one of another tenant, or deleted, is not found. */
export interface RoleReference {
  tenantId: string;
  roleId: string;
}

/**
 * Makes a role. It carries nothing yet.
 * @throws DomainError invalid FIELD_REQUIRED or INVALID_INPUT (name, description), conflict DUPLICATE (name), not_found
 *   NOT_FOUND (tenant)
 */
export async function createRole(
  db: Database,
  wanted: { tenantId: string; name: string; description?: string | null },
  caller: Caller,
): Promise<Role> {
  const { tenantId } = wanted;
  const name = checkDisplayName(wanted.name);
  const description = wanted.description?.trim() ? checkDisplayName(wanted.description, 'description') : null;
  if (!isId(tenantId)) throw notFound('tenant');
  return inTransaction(db, async (trx) => {
    const actorId = actingUserId(caller);
    const role = await refusing(insertRole(trx, { id: newId(), tenantId, name, description, actorId }));
    await recordEvent(trx, { ...about(role), action: 'role.created', payload: { name, description } }, caller);
    return role;
  });
}

/**
 * Changes what a role is called and how it is described. Already so: nothing changes, and nothing is recorded.
 * @param wanted.description null or blank takes it away; absent leaves it
 * @throws DomainError as createRole, conflict SYSTEM_ROLE_FIXED, not_found NOT_FOUND
 */
export async function updateRole(
  db: Database,
  { tenantId, roleId, ...wanted }: RoleReference & { name?: string; description?: string | null },
  caller: Caller,
): Promise<Role> {
  const name = wanted.name === undefined ? undefined : checkDisplayName(wanted.name);
  const { description: text } = wanted;
  const description = text === undefined ? undefined : text?.trim() ? checkDisplayName(text, 'description') : null;
  return inTransaction(db, async (trx) => {
    const before = await lockRole(trx, { tenantId, roleId });
    const { from, to } = differences(before, { name, description });
    if (Object.keys(to).length === 0) return before;
    const actorId = actingUserId(caller);
    const after = await refusing(storeRole(trx, { tenantId, id: roleId, actorId, ...to }));
    const action = 'name' in to ? 'role.renamed' : 'role.changed';
    await recordEvent(trx, { ...about(before), action, payload: { from, to } }, caller);
    return after ?? before;
  });
}

/**
 * Deletes a role softly: its holders hold nothing by it from now on, and its name is free again. Once more does no
 * harm.
 * @throws DomainError conflict SYSTEM_ROLE_FIXED, not_found NOT_FOUND
 */
export async function deleteRole(db: Database, { tenantId, roleId }: RoleReference, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    // Locked first: of two at once the second finds it deleted.
    const before = await lockRole(trx, { tenantId, roleId }).catch(async (error) => {
      if (isId(tenantId) && isId(roleId) && (await roleWasDeleted(trx, tenantId, roleId))) return undefined;
      throw error;
    });
    if (!before) return;
    await refusing(storeRole(trx, { tenantId, id: roleId, actorId: actingUserId(caller), deleted: true }));
    await recordEvent(trx, { ...about(before), action: 'role.deleted', payload: { name: before.name } }, caller);
  });
}

/**
 * Has a role carry a capability. Once more does no harm.
 * @param wanted.capability its key, such as `inventory.read`
 * @throws DomainError not_found NOT_FOUND (role or capability)
 */
export async function grantCapabilityToRole(
  db: Database,
  { tenantId, roleId, capability }: RoleReference & { capability: string },
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const role = await lockRole(trx, { tenantId, roleId });
    const found = await findCapability(trx, capability);
    if (!found) throw notFound('capability');
    const actorId = actingUserId(caller);
    if (!(await insertRoleCapability(trx, { tenantId, roleId, capabilityId: found.id, actorId }))) return;
    await recordEvent(trx, { ...about(role), action: 'role.capability_granted', payload: { capability } }, caller);
  });
}

/**
 * Takes a capability from a role. One it did not carry changes nothing.
 * @throws DomainError not_found NOT_FOUND (role or capability)
 */
export async function revokeCapabilityFromRole(
  db: Database,
  { tenantId, roleId, capability }: RoleReference & { capability: string },
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const role = await lockRole(trx, { tenantId, roleId });
    const found = await findCapability(trx, capability);
    if (!found) throw notFound('capability');
    if (!(await deleteRoleCapability(trx, { tenantId, roleId, capabilityId: found.id }))) return;
    await recordEvent(trx, { ...about(role), action: 'role.capability_revoked', payload: { capability } }, caller);
  });
}

/**
 * Has a role carry these capabilities and no others, in one step. Records each that comes and each that goes.
 * @throws DomainError not_found NOT_FOUND (role or a capability)
 */
export async function replaceRoleCapabilities(
  db: Database,
  { capabilities, ...reference }: RoleReference & { capabilities: readonly string[] },
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const { added, removed } = await changedCapabilities(trx, { capabilities, ...reference });
    for (const capability of added) await grantCapabilityToRole(trx, { ...reference, capability }, caller);
    for (const capability of removed) await revokeCapabilityFromRole(trx, { ...reference, capability }, caller);
  });
}

/**
 * What would come and what would go if a role carried these and no others. Locks the role: within a transaction it stays so.
 * @throws DomainError not_found NOT_FOUND
 */
export async function changedCapabilities(
  db: Database,
  { capabilities, ...reference }: RoleReference & { capabilities: readonly string[] },
): Promise<{ added: string[]; removed: string[] }> {
  await lockRole(db, reference);
  const carried = await listRoleCapabilities(db, reference);
  return {
    added: [...new Set(capabilities)].filter((key) => !carried.includes(key)).sort(),
    removed: carried.filter((key) => !capabilities.includes(key)),
  };
}

/** Keys of what each of these roles carries, sorted; in one statement. A role that carries nothing is absent. */
export async function listCapabilitiesOfRoles(
  db: Database,
  tenantId: string,
  roleIds: readonly string[],
): Promise<Map<string, string[]>> {
  const rows = roleIds.length === 0 ? [] : await selectCapabilitiesOfRoles(db, tenantId, roleIds);
  return new Map(rows.map(({ roleId, capabilities }) => [roleId, capabilities]));
}

export async function findRole(db: Database, { tenantId, roleId }: RoleReference): Promise<Role | undefined> {
  return isId(tenantId) && isId(roleId) ? selectRole(db, tenantId, roleId) : undefined;
}

/** By name, whatever its case. */
export async function findRoleByName(db: Database, tenantId: string, name: string): Promise<Role | undefined> {
  return isId(tenantId) ? selectRoleByName(db, tenantId, name) : undefined;
}

/** Keys of what a role carries, sorted. */
export async function listRoleCapabilities(db: Database, { tenantId, roleId }: RoleReference): Promise<string[]> {
  return isId(tenantId) && isId(roleId) ? selectRoleCapabilities(db, tenantId, roleId) : [];
}

/**
 * The roles of a tenant in the order of their ids.
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listRoles(
  db: Database,
  { tenantId, ...page }: PageRequest & { tenantId: string },
): Promise<Page<Role>> {
  return isId(tenantId) ? selectRoles(db, tenantId, page) : emptyPage();
}

async function lockRole(trx: Database, { tenantId, roleId }: RoleReference): Promise<Role> {
  const role = isId(tenantId) && isId(roleId) ? await selectRoleForUpdate(trx, tenantId, roleId) : undefined;
  if (!role) throw notFound('role');
  return role;
}

function about(role: Role): { tenantId: string; entityType: string; entityId: string } {
  return { tenantId: role.tenantId, entityType: 'role', entityId: role.id };
}

function notFound(entity: string): DomainError {
  return new DomainError('not_found', 'NOT_FOUND', { entity });
}

/** What the database refused, as the domain says it. */
async function refusing<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    switch (violatedConstraint(error)?.constraint) {
      case 'roles_name_key':
        throw new DomainError('conflict', 'DUPLICATE', { field: 'name' });
      case 'roles_system_is_fixed':
      case 'roles_system_is_not_deleted':
        throw new DomainError('conflict', 'SYSTEM_ROLE_FIXED');
      case 'roles_tenant_fk':
        throw notFound('tenant');
      default:
        throw error;
    }
  }
}
