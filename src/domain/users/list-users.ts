/** The people of a tenant, and finding the one whom somebody names. Changes nothing. */
import { type Database, firstRow } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import { byId, emptyPage, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { parseAddress } from './canonical-address.ts';

export interface ListedUser {
  id: string;
  email: string | null;
  emailVerified: boolean;
  phone: string | null;
  name: string | null;
  state: 'active' | 'inactive';
  lastLoginAt: Date | null;
  createdAt: Date;
}

/**
 * The people of a tenant who are not deleted, in the order of their ids. `limit` up to 1000.
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listUsers(
  db: Database,
  { tenantId, state = null, ...page }: PageRequest & { tenantId: string; state?: ListedUser['state'] | null },
): Promise<Page<ListedUser>> {
  if (!isId(tenantId)) return emptyPage();
  return selectPage<ListedUser>(
    db,
    byId('id', 1000),
    page,
    ({ key, where, order }) =>
      `select id, email, email_verified_at is not null as email_verified, phone, full_name as name, state,
              last_login_at, created_at, ${key}
         from users
        where tenant_id = :tenantId and deleted_at is null
          and (:state::text is null or state = :state)
          and ${where}
        ${order}`,
    { tenantId, state },
  );
}

/** The person of a tenant with this id, email address or phone number, in whatever form it is typed. */
export async function findUserByIdOrAddress(
  db: Database,
  tenantId: string,
  named: string,
): Promise<{ id: string; email: string | null } | undefined> {
  const address = parseAddress(named);
  if (!isId(tenantId) || (!address && !isId(named))) return undefined;
  return firstRow(
    db,
    `select id, email
       from users
      where tenant_id = :tenantId and deleted_at is null
        and (id = :id::uuid or lower(email) = lower(:email::text) or phone = :phone::text)`,
    {
      tenantId,
      id: isId(named) ? named : null,
      email: address && 'email' in address ? address.email : null,
      phone: address && 'phone' in address ? address.phone : null,
    },
  );
}

export async function countActivePeople(db: Database, tenantId: string): Promise<number> {
  const sql = `select count(*) from users where tenant_id = ? and state = 'active' and deleted_at is null`;
  return (await firstRow<{ count: number }>(db, sql, [tenantId]))?.count ?? 0;
}
