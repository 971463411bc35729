/** What an operator names by its slug or its address on the command line. Refuses what is not there. */
import { findTenantBySlug, type Tenant } from '../../domain/tenants/tenants.ts';
import { findUserByIdOrAddress } from '../../domain/users/list-users.ts';
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';

/** @throws DomainError not_found NOT_FOUND (tenant) */
export async function tenantOf(db: Database, slug: string): Promise<Tenant> {
  const tenant = await findTenantBySlug(db, slug);
  if (!tenant) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'tenant', value: slug });
  return tenant;
}

/** The id of the tenant of a slug; null for no slug: all tenants. @throws DomainError not_found NOT_FOUND (tenant) */
export async function optionalTenantId(db: Database, slug: string | undefined): Promise<string | null> {
  return slug === undefined ? null : (await tenantOf(db, slug)).id;
}

/** By id, email address or phone number. @throws DomainError not_found NOT_FOUND (user) */
export async function userOf(
  db: Database,
  tenantId: string,
  named: string,
): Promise<{ id: string; email: string | null }> {
  const user = await findUserByIdOrAddress(db, tenantId, named);
  if (!user) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'user', value: named });
  return user;
}
