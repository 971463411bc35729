/** The platform's own tenant: its owners run the server, and may act in the others. There is at most one. */
import { type Database, firstRow, inTransaction, prepared, rows, runPrepared } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';

export const platformTenantCodes = defineCodes({
  PLATFORM_TENANT_NEEDED: { kind: 'conflict', means: 'the tenant is the one whose owners run the server' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof platformTenantCodes> {}
}

const platform = prepared('platform-tenant', 'select id from tenants where is_platform');

/** The id of the platform's tenant, if there is one. */
export async function findPlatformTenantId(db: Database): Promise<string | undefined> {
  return (await runPrepared<{ id: string }>(db, platform, [])).rows[0]?.id;
}

export async function isPlatformTenant(db: Database, tenantId: string): Promise<boolean> {
  return (await findPlatformTenantId(db)) === tenantId;
}

const lock = `select pg_advisory_xact_lock(hashtextextended('platform-tenant', 0))`;

/**
 * Makes a tenant the platform's, in the place of the one before. For the command line and the first set-up alone: the one who
 * owns this tenant owns the server.
 * @throws DomainError not_found NOT_FOUND, forbidden TENANT_SUSPENDED
 */
export async function setPlatformTenant(db: Database, tenantId: string, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    await trx.raw(lock);
    await replacePlatform(trx, tenantId, caller);
  });
}

/** As `setPlatformTenant` where there is none yet; else it changes nothing. Of several at once, one. */
export async function setFirstPlatformTenant(trx: Database, tenantId: string, caller: Caller): Promise<void> {
  await trx.raw(lock);
  if ((await findPlatformTenantId(trx)) === undefined) await replacePlatform(trx, tenantId, caller);
}

async function replacePlatform(trx: Database, tenantId: string, caller: Caller): Promise<void> {
  const before = await findPlatformTenantId(trx);
  if (before === tenantId) return;
  const tenant = isId(tenantId)
    ? await firstRow<{ state: string }>(trx, 'select state from tenants where id = :tenantId for no key update', {
        tenantId,
      })
    : undefined;
  if (!tenant) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'tenant' });
  if (tenant.state !== 'active') throw new DomainError('forbidden', 'TENANT_SUSPENDED');
  await rows(trx, 'update tenants set is_platform = false where is_platform');
  await rows(trx, 'update tenants set is_platform = true where id = ?', [tenantId]);
  const payload = { from: before ?? null };
  await recordEvent(
    trx,
    { tenantId, action: 'tenant.made_platform', entityType: 'tenant', entityId: tenantId, payload },
    caller,
  );
}

/**
 * Refuses what would leave the server without the people who run it.
 * @throws DomainError conflict PLATFORM_TENANT_NEEDED
 */
export function refusePlatform({ isPlatform }: { isPlatform: boolean }): void {
  if (isPlatform) throw new DomainError('conflict', 'PLATFORM_TENANT_NEEDED');
}
