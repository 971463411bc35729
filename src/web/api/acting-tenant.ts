/** In which tenant a request acts: the actor's own, unless another one is named; of a service that serves all, the platform's. */
import { findPlatformTenantId } from '../../domain/tenants/platform-tenant.ts';
import { findTenantById, findTenantBySlug } from '../../domain/tenants/tenants.ts';
import type { Actor } from '../../management/actor.ts';
import { assertMayActIn } from '../../management/permission.ts';
import { ValidationError } from '../../management/validate.ts';
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';

/**
 * @param named `tenant` of the query, an id or a slug
 * @throws DomainError not_found NOT_FOUND, also where the actor may not act there; ValidationError
 */
export async function actingTenant(db: Database, actor: Actor, named: unknown): Promise<string> {
  if (named === undefined) {
    const own = actor.tenantId ?? (await findPlatformTenantId(db));
    if (own !== undefined) return own;
    throw new ValidationError([{ field: 'query.tenant', message: 'say in which tenant' }]);
  }
  const text = typeof named === 'string' ? named : '';
  const tenant = isId(text) ? await findTenantById(db, text) : await findTenantBySlug(db, text);
  if (!tenant) throw new DomainError('not_found', 'NOT_FOUND');
  await assertMayActIn({ db, tenantId: tenant.id, actor });
  return tenant.id;
}
