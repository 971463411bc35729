/** The tenants of the server, for those who may see across them. Changes nothing. */
import type { Database } from '../../platform/database.ts';
import { firstRow } from '../../platform/database.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';

export interface ListedTenant {
  id: string;
  slug: string;
  name: string;
  state: 'active' | 'suspended';
  /** People who are not deleted. */
  users: number;
  /** Its owners run the server. */
  isPlatform: boolean;
  createdAt: Date;
  updatedAt: Date;
}

/**
 * In the order of their ids. `limit` up to 1000.
 * @param wanted.address those in which somebody who is not deleted has this email address, or this phone number in
 *   canonical form
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listTenants(
  db: Database,
  { address, ...page }: PageRequest & { address?: string },
): Promise<Page<ListedTenant>> {
  return selectPage<ListedTenant>(
    db,
    byId('t.id', 1000),
    page,
    ({ key, where, order }) =>
      `select t.id, t.slug, t.name, t.state, t.is_platform, t.created_at, t.updated_at,
              (select count(*) from users u where u.tenant_id = t.id and u.deleted_at is null) as users, ${key}
         from tenants t
        where ${where}${
          address === undefined
            ? ''
            : `
          and exists (select from users u
                       where u.tenant_id = t.id and u.deleted_at is null
                         and (lower(u.email) = lower(:address) or u.phone = :address))`
        }
        ${order}`,
    { address },
  );
}

/**
 * How many active tenants let messages go to phones anywhere.
 * @param serverCountries ISO 3166-1 alpha-2; empty: the server does not narrow the tenants' lists
 */
export async function countTenantsWithCountries(db: Database, serverCountries: readonly string[]): Promise<number> {
  const found = await firstRow<{ tenants: number }>(
    db,
    `select count(*) as tenants
       from tenants t
      where t.state = 'active'
        and exists (select from jsonb_array_elements_text(t.settings -> 'countryList') as c(country)
                     where cardinality(:countries::text[]) = 0 or c.country = any (:countries::text[]))`,
    { countries: [...serverCountries] },
  );
  return found?.tenants ?? 0;
}
