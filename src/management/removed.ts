/**
 * Deleting twice is deleting once, also of what leaves no row behind: the trail knows what stood in the tenant. What stood
 * elsewhere, or nowhere, is not there.
 */
import { findRemoval, type Removal } from '../domain/audit/find-events.ts';
import { isPlatformTenant } from '../domain/tenants/platform-tenant.ts';
import { DomainError } from '../platform/errors.ts';
import type { Lookup } from './operation.ts';

/** Where it stood: in the tenant that is acted in; null: in all, asked where the server is run. */
export async function findRemoved(
  { db, tenantId, actor }: Lookup,
  removal: Omit<Removal, 'tenantIds'>,
): Promise<{ tenantId: string | null } | undefined> {
  const seesShared = actor.standingOf === 'system' || (await isPlatformTenant(db, tenantId));
  return findRemoval(db, { ...removal, tenantIds: seesShared ? [tenantId, null] : [tenantId] });
}

/** For what was there a moment ago: where another request was quicker, it is gone as wanted. */
export async function unlessGone(removing: Promise<unknown>): Promise<undefined> {
  try {
    await removing;
  } catch (error) {
    if (!(error instanceof DomainError && error.kind === 'not_found')) throw error;
  }
  return undefined;
}
