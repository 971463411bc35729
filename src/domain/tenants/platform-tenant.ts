/** The platform's own tenant: its owners run the server, and may act in the others. There is at most one. */
import { type Database, inTransaction, prepared, rows, runPrepared } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';

const platform = prepared('platform-tenant', 'select id from tenants where is_platform');

/** The id of the platform's tenant, if there is one. */
export async function findPlatformTenantId(db: Database): Promise<string | undefined> {
  return (await runPrepared<{ id: string }>(db, platform, [])).rows[0]?.id;
}

export async function isPlatformTenant(db: Database, tenantId: string): Promise<boolean> {
  return (await findPlatformTenantId(db)) === tenantId;
}

/**
 * Makes a tenant the platform's, in the place of the one before. For the command line and the first set-up alone: whoever
 * owns this tenant owns the server.
 * @throws DomainError not_found NOT_FOUND
 */
export async function setPlatformTenant(db: Database, tenantId: string, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    await trx.raw(`select pg_advisory_xact_lock(hashtextextended('platform-tenant', 0))`);
    const before = await findPlatformTenantId(trx);
    if (before === tenantId) return;
    await rows(trx, 'update tenants set is_platform = false where is_platform');
    const made = isId(tenantId)
      ? await rows(trx, 'update tenants set is_platform = true where id = ? returning id', [tenantId])
      : [];
    if (made.length === 0) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'tenant' });
    const payload = { from: before ?? null };
    await recordEvent(
      trx,
      { tenantId, action: 'tenant.made_platform', entityType: 'tenant', entityId: tenantId, payload },
      caller,
    );
  });
}
