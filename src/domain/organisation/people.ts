/** The people of a tenant, as far as somebody reaches them, found by a part of what they are called. Changes nothing. */
import type { Database } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import { emptyPage, type Keyset, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { type Profile, profileColumns } from '../users/profiles.ts';
import { type BranchList, selectPageInBranch } from './branch-page.ts';
import { atOrBelow, searchPattern } from './org-node-store.ts';

const byId = { expression: 'u.id', type: 'uuid' } as const;

/** What is not there sorts first by a name, and last by a time. */
const orders = {
  name: { columns: [{ expression: `lower(coalesce(u.full_name, ''))`, type: 'text' }, byId] },
  email: { columns: [{ expression: `lower(coalesce(u.email, ''))`, type: 'text' }, byId] },
  // The order of ids is that of creation.
  created_at: { columns: [byId], descending: true },
  // Who never signed in has the beginning of time there. The ids are those of the same table, so that its index has the order.
  last_login_at: {
    columns: [
      { expression: 'l.last_login_at', type: 'timestamptz' },
      { expression: 'l.user_id', type: 'uuid' },
    ],
    descending: true,
  },
} as const satisfies Record<string, Keyset>;

export const peopleOrders = ['name', 'email', 'created_at', 'last_login_at'] as const satisfies (keyof typeof orders)[];

export interface PeopleQuery extends PageRequest {
  tenantId: string;
  state?: Profile['state'];
  /** A part of a name, an address, a username or an external id, whatever its case. */
  search?: string;
  /** Only who holds something, now or later, at or below this node. */
  orgNodeId?: string;
  /** Only who holds this role, now or later; with `orgNodeId`: there. */
  roleId?: string;
  lastLogin?: (typeof lastLogins)[number];
  /** Default: the latest first. */
  sort?: keyof typeof orders;
  /** Only who holds something, now or later, at or below one of these nodes. */
  within?: readonly string[];
}

/** SQL: what a person is found by, each behind a space. An index has this very expression (migration 0021). */
const words = `(' ' || ${['full_name', 'given_name', 'family_name', 'email', 'phone', 'username', 'external_id']
  .map((column) => `coalesce(u.${column}, '')`)
  .join(` || ' ' || `)})`;

/** How long ago somebody signed in last. */
export const lastLogins = ['within_7_days', 'within_30_days', 'before_90_days', 'never'] as const;

const signedIn: Record<(typeof lastLogins)[number], string> = {
  within_7_days: `u.last_login_at >= statement_timestamp() - interval '7 days'`,
  within_30_days: `u.last_login_at >= statement_timestamp() - interval '30 days'`,
  before_90_days: `u.last_login_at < statement_timestamp() - interval '90 days'`,
  never: 'u.last_login_at is null',
};

const lasts = (table: string) => `(${table}.ends_at is null or ${table}.ends_at > statement_timestamp())`;
/** A role that was deleted holds nobody. By one look at the tenant's roles, and not one for each assignment. */
const isLive = 'a.role_id in (select r.id from roles r where r.tenant_id = :tenantId and r.deleted_at is null)';

/** SQL: of `users u`, who holds something at or below a node of `:within`. A set, joined from the nodes: a branch is found by it, and not by asking everybody. */
export const peopleWithin = `u.id in (
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

/** Asked of one person after the other: `offset 0` keeps PostgreSQL from making a join of it. */
const isWithin = `(
  exists (select from org_assignments a
           where a.user_id = u.id and ${lasts('a')} and ${isLive} and ${atOrBelow('a.org_node_id', ':within')} offset 0)
  or exists (select from visibility_grants v
              where v.user_id = u.id and ${lasts('v')} and ${atOrBelow('v.org_node_id', ':within')} offset 0))`;

/**
 * SQL: whether one thing that the person holds, now or later, fits all that is asked at once. One that stands out of reach
 * must not tell that it is there by fitting the rest. A set, joined from the nodes: the people of a branch are found by it,
 * and not by asking everybody.
 */
function isHolder({ within, orgNodeId, roleId }: Pick<PeopleQuery, 'within' | 'orgNodeId' | 'roleId'>): string {
  const held = (table: string, alias: string) => `select ${alias}.user_id
    from ${table} ${alias}
    ${within ? `join org_node_paths reach on reach.descendant_id = ${alias}.org_node_id and reach.ancestor_id = any(:within::uuid[])` : ''}
    ${orgNodeId ? `join org_node_paths place on place.descendant_id = ${alias}.org_node_id and place.ancestor_id = :orgNodeId` : ''}`;
  const assigned = `${held('org_assignments', 'a')}
    join roles r on r.id = a.role_id and r.deleted_at is null
   where a.tenant_id = :tenantId and ${lasts('a')} ${roleId ? 'and a.role_id = :roleId' : ''}`;
  const seeing = `${held('visibility_grants', 'v')} where v.tenant_id = :tenantId and ${lasts('v')}`;
  return `u.id in (${assigned} ${roleId ? '' : `union all ${seeing}`})`;
}

/**
 * People who are not deleted.
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listPeople(db: Database, query: PeopleQuery): Promise<Page<Profile>> {
  const { tenantId, state, search, lastLogin, sort = 'created_at', orgNodeId, roleId, ...rest } = query;
  if (![tenantId, orgNodeId ?? tenantId, roleId ?? tenantId].every(isId)) return emptyPage();
  // Who reaches everything, and looks at a branch, sees of it what somebody does who reaches this branch alone.
  const { within: reach, ...request } = rest;
  const isJoint = roleId !== undefined || (orgNodeId !== undefined && reach !== undefined);
  const within = isJoint || orgNodeId === undefined ? reach : [orgNodeId];
  const keyset: Keyset = orders[sort];
  const pattern = search && searchPattern(search);
  const bindings = { tenantId, state, pattern, within, orgNodeId, roleId };
  const from = sort === 'last_login_at' ? 'from user_last_logins l join users u on u.id = l.user_id' : 'from users u';
  const conditions = [
    'u.tenant_id = :tenantId and u.deleted_at is null',
    sort === 'last_login_at' && 'l.tenant_id = :tenantId',
    state && 'u.state = :state',
    pattern && `${words} ilike :pattern`,
    lastLogin && signedIn[lastLogin],
  ];
  const wanted = conditions.filter((condition) => condition).join(' and ');
  const page = (asked: PageRequest, condition: string, more: { ids?: readonly string[] } = {}) =>
    selectPage<Profile>(
      db,
      keyset,
      asked,
      ({ key, where, order }) =>
        `select ${profileColumns}, ${key} ${from} where ${wanted} and ${condition} and ${where} ${order}`,
      { ...bindings, ...more },
    );
  if (isJoint) return page(request, isHolder(query));
  if (!within) return page(request, 'true');
  const list: BranchList<Profile> = {
    keyset,
    rowsAnItem: 30,
    looked: {
      rows: ({ keys, where, order }) => `select u.id, ${keys} ${from} where ${wanted} and ${where} ${order}`,
      as: 'u',
      passes: isWithin,
    },
    page: (asked, of, more) => page(asked, of === 'set' ? peopleWithin : 'u.id = any(:ids::uuid[])', more),
  };
  return selectPageInBranch(db, list, within, request, bindings);
}
