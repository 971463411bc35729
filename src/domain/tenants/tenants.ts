/**
 * Tenants. Owns their name, their settings and whether they are active. Refuses a slug that is taken or no DNS label. A
 * suspended tenant gives nobody any access. That a tenant is born whole is for domain/setup, and what ends with its
 * suspension for domain/lifecycle.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Database, inTransaction, violatedConstraint } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { checkDisplayName } from './display-name.ts';
import {
  checkNamedMethods,
  checkTenantSettings,
  type KnowsMethod,
  noFurtherMethod,
  parseTenantSettings,
  type TenantSettings,
  type TenantSettingsInput,
} from './tenant-settings.ts';
import {
  insertTenant,
  selectManyTenants,
  selectTenantById,
  selectTenantBySlug,
  selectTenantForUpdate,
  shareTenant,
  type TenantRow,
  updateMovedTo,
  updateTenant,
} from './tenant-store.ts';

export const tenantCodes = defineCodes({
  LAST_OWNER: { kind: 'conflict', means: 'the tenant would be left without an owner' },
  TENANT_MOVED: {
    kind: 'conflict',
    params: ['issuer'],
    means: 'the tenant is at another server now, and is not changed here',
  },
  TENANT_SUSPENDED: { kind: 'forbidden', means: 'the tenant is suspended: nobody of it can act' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof tenantCodes> {}
}

export interface Tenant {
  id: string;
  /** A DNS label, unique on the server. */
  slug: string;
  name: string;
  state: 'active' | 'suspended';
  settings: TenantSettings;
  /** Its owners run the server (platform-tenant.ts). */
  isPlatform: boolean;
  /** The issuer that it is at now; null: it is here. */
  movedTo: string | null;
  /** What it was when it moved, and is again when it is taken back; null: it is here. */
  movedState: 'active' | 'suspended' | null;
  /** It came from elsewhere, and nobody has let it in yet. */
  arrivedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

const slugForm = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Stores a new tenant and its event. What makes it whole, its tree and its roles, comes with it in domain/setup, which
 * alone calls this.
 * @param knowsMethod of the ways to sign in that the settings may name, beside those of every tenant's default
 * @throws DomainError invalid INVALID_INPUT or FIELD_REQUIRED (slug, name, settings.<field>), conflict DUPLICATE (slug),
 *   not_found NOT_FOUND (identity_provider)
 */
export async function storeNewTenant(
  trx: Database,
  wanted: { slug: string; name: string; settings?: TenantSettingsInput },
  caller: Caller,
  knowsMethod: KnowsMethod = noFurtherMethod,
): Promise<Tenant> {
  if (!slugForm.test(wanted.slug)) throw new DomainError('invalid', 'INVALID_INPUT', { field: 'slug' });
  const name = checkDisplayName(wanted.name);
  const settings = checkTenantSettings(wanted.settings ?? {});
  const row = await insertTenant(trx, { id: newId(), slug: wanted.slug, name, settings }).catch((error) => {
    if (violatedConstraint(error)?.constraint === 'tenants_slug_key')
      throw new DomainError('conflict', 'DUPLICATE', { field: 'slug' });
    throw error;
  });
  await checkNamedMethods(trx, { tenantId: row.id, before: parseTenantSettings({}), wanted: settings }, knowsMethod);
  const payload = { slug: row.slug, name, settings };
  await recordEvent(trx, { ...about(row), action: 'tenant.created', payload }, caller);
  return tenantOf(row);
}

export async function findTenantBySlug(db: Database, slug: string): Promise<Tenant | undefined> {
  if (!slugForm.test(slug)) return undefined;
  const row = await selectTenantBySlug(db, slug);
  return row && tenantOf(row);
}

/** Whether an address may have more accounts than are compared without a tenant. Says nothing of any address. */
export async function hasManyTenants(db: Database): Promise<boolean> {
  return selectManyTenants(db);
}

export async function findTenantById(db: Database, id: string): Promise<Tenant | undefined> {
  if (!isId(id)) return undefined;
  const row = await selectTenantById(db, id);
  return row && tenantOf(row);
}

/** Keeps a tenant from being changed to the end of the transaction: what stops it waits, or has come before. */
export async function holdTenant(trx: Database, tenantId: string): Promise<void> {
  await shareTenant(trx, tenantId);
}

/**
 * A tenant that is to be changed, locked to the end of the transaction; first of all that the change locks.
 * @throws DomainError not_found NOT_FOUND
 */
export async function lockTenant(trx: Database, tenantId: string): Promise<Tenant> {
  const row = isId(tenantId) ? await selectTenantForUpdate(trx, tenantId) : undefined;
  if (!row) throw notFound();
  return tenantOf(row);
}

/**
 * Writes whether a tenant is active, and the event. What its people hold is ended by domain/lifecycle, which alone calls
 * this.
 * @param change.payload of the event
 */
export async function storeTenantState(
  trx: Database,
  { tenantId, state, payload }: { tenantId: string; state: Tenant['state']; payload: Record<string, unknown> },
  caller: Caller,
): Promise<Tenant> {
  const row = await updateTenant(trx, tenantId, { state });
  if (!row) throw notFound();
  const action = state === 'active' ? 'tenant.activated' : 'tenant.suspended';
  await recordEvent(trx, { ...about(row), action, payload }, caller);
  return tenantOf(row);
}

/**
 * Writes that a tenant is at another issuer now, which closes it here, or that it did not go after all and the event. What its
 * people hold is ended by domain/lifecycle, which alone calls this.
 */
export async function storeTenantMove(
  trx: Database,
  { tenantId, movedTo, issuer }: { tenantId: string; movedTo: string | null; issuer: string },
  caller: Caller,
): Promise<Tenant> {
  const row = await updateMovedTo(trx, { id: tenantId, movedTo });
  if (!row) throw notFound();
  const action = movedTo === null ? 'tenant.returned' : 'tenant.moved';
  await recordEvent(trx, { ...about(row), action, payload: { issuer } }, caller);
  return tenantOf(row);
}

/** Writes a tenant's name, and the event; `renameTenant` (domain/organisation) has the tree follow. */
export async function storeTenantName(
  trx: Database,
  { tenantId, from, name }: { tenantId: string; from: string; name: string },
  caller: Caller,
): Promise<Tenant> {
  const row = await updateTenant(trx, tenantId, { name });
  if (!row) throw notFound();
  await recordEvent(trx, { ...about(row), action: 'tenant.renamed', payload: { from, to: name } }, caller);
  return tenantOf(row);
}

/**
 * Replaces the named settings and leaves the others as they are. Already so: nothing changes, and nothing is recorded.
 * @param input the settings, or what makes them of those before; of two at once the later one sees what the earlier did
 * @param knowsMethod of the ways to sign in that it may newly name; `changeTenantSettings` of
 *   methods/tenant-methods.ts asks for them
 * @throws DomainError invalid INVALID_INPUT (settings.<field>), not_found NOT_FOUND (tenant, identity_provider)
 */
export async function updateTenantSettings(
  db: Database,
  tenantId: string,
  input: TenantSettingsInput | ((before: TenantSettings) => TenantSettingsInput),
  caller: Caller,
  knowsMethod: KnowsMethod = noFurtherMethod,
): Promise<Tenant> {
  return inTransaction(db, async (trx) => {
    const before = isId(tenantId) ? await selectTenantForUpdate(trx, tenantId) : undefined;
    if (!before) throw notFound();
    const parsed = parseTenantSettings(before.settings);
    const settings = checkTenantSettings(typeof input === 'function' ? input(parsed) : input);
    await checkNamedMethods(trx, { tenantId, before: parsed, wanted: settings }, knowsMethod);
    const stored = before.settings as Record<string, object | undefined>;
    const { branding, addressLimits } = settings;
    const merged = {
      ...(branding && { branding: { ...stored.branding, ...branding } }),
      ...(addressLimits && { addressLimits: { ...stored.addressLimits, ...addressLimits } }),
    };
    const wanted = { ...stored, ...settings, ...merged };
    if (isDeepStrictEqual(wanted, stored)) return tenantOf(before);
    const after = await updateTenant(trx, tenantId, { settings: wanted });
    if (!after) throw notFound();
    const payload = { from: stored, to: after.settings };
    await recordEvent(trx, { ...about(before), action: 'tenant.settings_changed', payload }, caller);
    return tenantOf(after);
  });
}

function tenantOf(row: TenantRow): Tenant {
  return { ...row, settings: parseTenantSettings(row.settings) };
}

function about(row: TenantRow): { tenantId: string; entityType: string; entityId: string } {
  return { tenantId: row.id, entityType: 'tenant', entityId: row.id };
}

function notFound(): DomainError {
  return new DomainError('not_found', 'NOT_FOUND', { entity: 'tenant' });
}
