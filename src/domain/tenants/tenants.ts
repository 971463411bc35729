/**
 * Tenants. Owns that a tenant is born whole (its root node and the roles owner, admin and member come with it), its
 * name, its settings and whether it is active. Refuses a slug that is taken or no DNS label. A suspended tenant gives
 * nobody any access, and what its people and clients hold ends with the suspension.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Database, inTransaction, violatedConstraint } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { checkDisplayName } from './display-name.ts';
import {
  checkTenantSettings,
  parseTenantSettings,
  type TenantSettings,
  type TenantSettingsInput,
} from './tenant-settings.ts';
import {
  endTenantSessions,
  insertRootNode,
  insertSystemRole,
  insertTenant,
  renameRootNode,
  selectTenantById,
  selectTenantBySlug,
  selectTenantForUpdate,
  type TenantRow,
  updateTenant,
} from './tenant-store.ts';

export interface Tenant {
  id: string;
  /** A DNS label, unique on the server. */
  slug: string;
  name: string;
  state: 'active' | 'suspended';
  settings: TenantSettings;
  createdAt: Date;
  updatedAt: Date;
}

/** A tenant as it was just made, with the ids of what came with it. */
export interface NewTenant extends Tenant {
  rootNodeId: string;
  systemRoleIds: Record<SystemRoleName, string>;
}

export type SystemRoleName = 'owner' | 'admin' | 'member';

const systemRoles: { name: SystemRoleName; description: string }[] = [
  { name: 'owner', description: 'Answers for the organisation. One owner always remains.' },
  { name: 'admin', description: 'Manages people, roles and applications.' },
  { name: 'member', description: 'Belongs to the organisation.' },
];

const slugForm = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Makes a tenant with its root node (type `tenant`, the tenant's name) and its three system roles.
 * @throws DomainError invalid INVALID_INPUT or FIELD_REQUIRED (slug, name, settings.<field>), conflict DUPLICATE (slug)
 */
export async function createTenant(
  db: Database,
  wanted: { slug: string; name: string; settings?: TenantSettingsInput },
  caller: Caller,
): Promise<NewTenant> {
  if (!slugForm.test(wanted.slug)) throw new DomainError('invalid', 'INVALID_INPUT', { field: 'slug' });
  const name = checkDisplayName(wanted.name);
  const settings = checkTenantSettings(wanted.settings ?? {});
  return inTransaction(db, async (trx) => {
    const row = await insertTenant(trx, { id: newId(), slug: wanted.slug, name, settings }).catch((error) => {
      if (violatedConstraint(error)?.constraint === 'tenants_slug_key')
        throw new DomainError('conflict', 'DUPLICATE', { field: 'slug' });
      throw error;
    });
    const tenantId = row.id;
    await recordEvent(
      trx,
      { ...about(row), action: 'tenant.created', payload: { slug: row.slug, name, settings } },
      caller,
    );

    const rootNodeId = await insertRootNode(trx, tenantId, name);
    await recordEvent(
      trx,
      {
        tenantId,
        action: 'org_node.created',
        entityType: 'org_node',
        entityId: rootNodeId,
        payload: { name, type: 'tenant' },
      },
      caller,
    );

    const systemRoleIds = { owner: '', admin: '', member: '' };
    for (const role of systemRoles) {
      const id = await insertSystemRole(trx, { tenantId, ...role });
      systemRoleIds[role.name] = id;
      await recordEvent(
        trx,
        {
          tenantId,
          action: 'role.created',
          entityType: 'role',
          entityId: id,
          payload: { name: role.name, isSystem: true },
        },
        caller,
      );
    }
    return { ...tenantOf(row), rootNodeId, systemRoleIds };
  });
}

export async function findTenantBySlug(db: Database, slug: string): Promise<Tenant | undefined> {
  if (!slugForm.test(slug)) return undefined;
  const row = await selectTenantBySlug(db, slug);
  return row && tenantOf(row);
}

export async function findTenantById(db: Database, id: string): Promise<Tenant | undefined> {
  if (!isId(id)) return undefined;
  const row = await selectTenantById(db, id);
  return row && tenantOf(row);
}

/**
 * Stops a tenant: nobody of it may act, and what they and its clients hold ends at once.
 * @throws DomainError not_found NOT_FOUND
 */
export async function suspendTenant(db: Database, tenantId: string, caller: Caller): Promise<Tenant> {
  return setState(db, tenantId, 'suspended', 'tenant.suspended', caller);
}

/** @throws DomainError not_found NOT_FOUND */
export async function activateTenant(db: Database, tenantId: string, caller: Caller): Promise<Tenant> {
  return setState(db, tenantId, 'active', 'tenant.activated', caller);
}

/** Already so: nothing changes, and nothing is recorded. */
async function setState(
  db: Database,
  tenantId: string,
  state: Tenant['state'],
  action: string,
  caller: Caller,
): Promise<Tenant> {
  return change(db, tenantId, async (trx, before) => {
    if (before.state === state) return before;
    const after = await updateTenant(trx, tenantId, { state });
    const payload = state === 'suspended' ? { ...(await endTenantSessions(trx, tenantId)) } : {};
    await recordEvent(trx, { ...about(before), action, payload }, caller);
    return after;
  });
}

/**
 * Renames a tenant and the root of its tree with it.
 * @throws DomainError invalid INVALID_INPUT or FIELD_REQUIRED (name), not_found NOT_FOUND
 */
export async function renameTenant(db: Database, tenantId: string, newName: string, caller: Caller): Promise<Tenant> {
  const name = checkDisplayName(newName);
  return change(db, tenantId, async (trx, before) => {
    if (before.name === name) return before;
    const after = await updateTenant(trx, tenantId, { name });
    await renameRootNode(trx, tenantId, name);
    await recordEvent(
      trx,
      { ...about(before), action: 'tenant.renamed', payload: { from: before.name, to: name } },
      caller,
    );
    return after;
  });
}

/**
 * Replaces the named settings and leaves the others as they are. Already so: nothing changes, and nothing is recorded.
 * @throws DomainError invalid INVALID_INPUT (settings.<field>), not_found NOT_FOUND
 */
export async function updateTenantSettings(
  db: Database,
  tenantId: string,
  input: TenantSettingsInput,
  caller: Caller,
): Promise<Tenant> {
  const settings = checkTenantSettings(input);
  return change(db, tenantId, async (trx, before) => {
    const stored = before.settings as Record<string, object | undefined>;
    const branding = settings.branding && { branding: { ...stored.branding, ...settings.branding } };
    const wanted = { ...stored, ...settings, ...branding };
    if (isDeepStrictEqual(wanted, stored)) return before;
    const after = await updateTenant(trx, tenantId, { settings: wanted });
    await recordEvent(
      trx,
      { ...about(before), action: 'tenant.settings_changed', payload: { from: stored, to: after?.settings } },
      caller,
    );
    return after;
  });
}

async function change(
  db: Database,
  tenantId: string,
  work: (trx: Database, before: TenantRow) => Promise<TenantRow | undefined>,
): Promise<Tenant> {
  return inTransaction(db, async (trx) => {
    const before = isId(tenantId) ? await selectTenantForUpdate(trx, tenantId) : undefined;
    const after = before && (await work(trx, before));
    if (!after) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'tenant' });
    return tenantOf(after);
  });
}

function tenantOf(row: TenantRow): Tenant {
  return { ...row, settings: parseTenantSettings(row.settings) };
}

function about(row: TenantRow): { tenantId: string; entityType: string; entityId: string } {
  return { tenantId: row.id, entityType: 'tenant', entityId: row.id };
}
