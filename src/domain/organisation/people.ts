/** The people of a tenant, as far as somebody reaches them, found by a part of what they are called. Changes nothing. */
import type { Database } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import { emptyPage, type Keyset, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { type Profile, profileColumns } from '../users/profiles.ts';
import { searchPattern } from './org-node-store.ts';

const byId = { expression: 'u.id', type: 'uuid' } as const;

/** What is not there sorts first by a name, and last by a time. */
const orders = {
  name: { columns: [{ expression: `lower(coalesce(u.full_name, ''))`, type: 'text' }, byId] },
  email: { columns: [{ expression: `lower(coalesce(u.email, ''))`, type: 'text' }, byId] },
  // The order of ids is that of creation.
  created_at: { columns: [byId], descending: true },
  last_login_at: {
    columns: [{ expression: `coalesce(u.last_login_at, 'epoch')`, type: 'timestamptz' }, byId],
    descending: true,
  },
} as const satisfies Record<string, Keyset>;

export const peopleOrders = ['name', 'email', 'created_at', 'last_login_at'] as const satisfies (keyof typeof orders)[];

export interface PeopleQuery extends PageRequest {
  tenantId: string;
  state?: Profile['state'];
  /** A part of a name, an address, a username or an external id, whatever its case. */
  search?: string;
  /** Default: the latest first. */
  sort?: keyof typeof orders;
  /** Only who holds something, now or later, at or below one of these nodes. */
  within?: readonly string[];
}

/** SQL: what a person is found by, each behind a space. An index has this very expression (migration 0021). */
const words = `(' ' || ${['full_name', 'given_name', 'family_name', 'email', 'phone', 'username', 'external_id']
  .map((column) => `coalesce(u.${column}, '')`)
  .join(` || ' ' || `)})`;

const lasts = (table: string) => `(${table}.ends_at is null or ${table}.ends_at > statement_timestamp())`;
/** A set, joined from the nodes: the people of a branch are found by it, and not by asking everybody. */
const isWithin = `u.id in (
  select a.user_id
    from org_node_paths reach
    join org_assignments a on a.org_node_id = reach.descendant_id
    join roles r           on r.id = a.role_id and r.deleted_at is null
   where reach.ancestor_id = any(:within::uuid[]) and ${lasts('a')}
   union all
  select v.user_id
    from org_node_paths reach
    join visibility_grants v on v.org_node_id = reach.descendant_id
   where reach.ancestor_id = any(:within::uuid[]) and ${lasts('v')})`;

/**
 * People who are not deleted.
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listPeople(db: Database, query: PeopleQuery): Promise<Page<Profile>> {
  const { tenantId, state, search, sort = 'created_at', within, ...page } = query;
  if (!isId(tenantId)) return emptyPage();
  const pattern = search && searchPattern(search);
  const conditions = [state && 'u.state = :state', pattern && `${words} ilike :pattern`, within && isWithin].filter(
    (condition) => condition,
  );
  return selectPage<Profile>(
    db,
    orders[sort],
    page,
    ({ key, where, order }) =>
      `select ${profileColumns}, ${key}
         from users u
        where u.tenant_id = :tenantId and u.deleted_at is null
          ${conditions.map((condition) => `and ${condition}`).join(' ')}
          and ${where}
        ${order}`,
    { tenantId, state, pattern, within },
  );
}
