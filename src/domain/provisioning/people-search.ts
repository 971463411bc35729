/**
 * People as a directory looks for them (SCIM, RFC 7644 section 3.4.2): by a filter, a window of the list, and how many there are
 * in all. In the order in which they were made, so that who is added while somebody pages comes at the end. Owns which names a
 * filter may have. Counts and reaches no further than `mostFound`, whatever a tenant has.
 */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import type { Filter } from '../../platform/filter.ts';
import { type FilterColumn, type FilterColumns, filterSql } from '../../platform/filter-sql.ts';
import { isId } from '../../platform/ids.ts';
import { peopleWithin } from '../organisation/people.ts';
import { parseEmail, parsePhone } from '../users/canonical-address.ts';
import { type Profile, profileColumns } from '../users/profiles.ts';
import { groupsOfPeople, type MembershipOfPerson } from './group-store.ts';

/** How far one may count, and page by numbers. A list of more is narrowed by a filter. */
export const mostFound = 200_000;

export interface FoundPerson extends Profile {
  locale: string | null;
  zoneinfo: string | null;
  groups: MembershipOfPerson[];
}

/** What a directory tells beyond what an account has is kept in `metadata.scim`, as SCIM has it. */
const kept = (path: string): FilterColumn => ({ type: 'text', sql: `u.metadata #>> '{scim,${path}}'` });

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:user';
const fullName: FilterColumn = { type: 'text', sql: 'u.full_name' };
const email: FilterColumn = {
  type: 'text',
  sql: 'u.email',
  equals: (value) => `lower(u.email) = lower(${value}::text)`,
};
const phone: FilterColumn = { type: 'exact', sql: 'u.phone' };
/** Each by its own unique index. An `or` of the three is estimated to fit many, and all people were read for it. */
const byUserName = (value: string) => {
  const found = (condition: string) =>
    `select m.id from users m where m.tenant_id = :tenantId and m.deleted_at is null and ${condition}`;
  return `u.id = any(array(${[
    found(`lower(m.username) = lower(${value}::text)`),
    found(`lower(m.email) = lower(${value}::text)`),
    found(`m.phone = ${value}::text`),
  ].join(' union all ')}))`;
};
const memberOf = (condition: string) => `exists (
  select from org_assignments a
    join provisioned_groups g on g.tenant_id = a.tenant_id and g.role_id = a.role_id and g.org_node_id = a.org_node_id
   where g.deleted_at is null and a.user_id = u.id and a.tenant_id = u.tenant_id and a.starts_at <= statement_timestamp()
     and (a.ends_at is null or a.ends_at > statement_timestamp()) and ${condition})`;
const groups: FilterColumn = {
  type: 'set',
  equals: (value) => memberOf(`g.id::text = lower(${value}::text)`),
  any: memberOf('true'),
};
const manager: FilterColumn = { type: 'exact', sql: `u.metadata #>> '{scim,enterprise,manager,value}'` };

const columns: FilterColumns = {
  id: { type: 'id', sql: 'u.id' },
  externalid: { type: 'exact', sql: 'u.external_id' },
  username: { type: 'text', sql: 'coalesce(u.username, u.email, u.phone)', equals: byUserName },
  displayname: fullName,
  'name.formatted': fullName,
  'name.givenname': { type: 'text', sql: 'u.given_name' },
  'name.familyname': { type: 'text', sql: 'u.family_name' },
  active: { type: 'boolean', sql: `(u.state = 'active')` },
  emails: email,
  'emails.value': email,
  'emails.type': { type: 'text', sql: `case when u.email is not null then 'work' end` },
  'emails.primary': { type: 'boolean', sql: '(u.email is not null)' },
  phonenumbers: phone,
  'phonenumbers.value': phone,
  'phonenumbers.type': { type: 'text', sql: `case when u.phone is not null then 'mobile' end` },
  title: kept('title'),
  nickname: kept('nickName'),
  usertype: kept('userType'),
  preferredlanguage: kept('preferredLanguage'),
  groups,
  'groups.value': groups,
  'meta.created': { type: 'time', sql: 'u.created_at' },
  'meta.lastmodified': { type: 'time', sql: 'u.updated_at' },
  manager,
  ...Object.fromEntries(
    ['employeeNumber', 'costCenter', 'organization', 'division', 'department'].map((name) => [
      `${enterprise}:${name.toLowerCase()}`,
      kept(`enterprise,${name}`),
    ]),
  ),
  [`${enterprise}:manager`]: manager,
  [`${enterprise}:manager.value`]: manager,
};

/** An address is stored in one form, whatever form it is asked for in. */
function canonical(filter: Filter): Filter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { ...filter, left: canonical(filter.left), right: canonical(filter.right) };
    case 'not':
    case 'within':
      return { ...filter, filter: canonical(filter.filter) };
    case 'compare': {
      const { op, value, path } = filter;
      if (
        op !== 'eq' ||
        typeof value !== 'string' ||
        !/^(?:urn:.*:)?(?:userName|emails|phoneNumbers|value)\b/i.test(path)
      )
        return filter;
      return { ...filter, value: parseEmail(value) ?? parsePhone(value) ?? value };
    }
    default:
      return filter;
  }
}

export interface PeopleSearch {
  tenantId: string;
  filter?: Filter;
  /** How many to pass over; up to `mostFound`. */
  offset: number;
  /** How many to answer; 0: none, to count alone. */
  limit: number;
  /** Only who holds something, now or later, at or below one of these nodes. */
  within?: readonly string[];
}

/**
 * @returns `total`: all that fit, `mostFound` + 1 where there are more
 * @throws DomainError invalid FILTER_INVALID
 */
export async function searchPeople(
  db: Database,
  { tenantId, filter, offset, limit, within }: PeopleSearch,
): Promise<{ total: number; items: FoundPerson[] }> {
  if (!isId(tenantId)) return { total: 0, items: [] };
  const condition = filter
    ? filterSql(canonical(filter), columns, 'urn:ietf:params:scim:schemas:core:2.0:User')
    : { sql: 'true', bindings: {} };
  const where = `u.tenant_id = :tenantId and u.deleted_at is null and (${condition.sql}) ${within ? `and ${peopleWithin}` : ''}`;
  const bindings = { tenantId, within, ...condition.bindings };
  const counted = await firstRow<{ count: number }>(
    db,
    `select count(*) as count from (select from users u where ${where} limit :most) found`,
    { ...bindings, most: mostFound + 1 },
  );
  const total = counted?.count ?? 0;
  if (limit === 0 || offset >= Math.min(total, mostFound)) return { total, items: [] };
  const found = await rows<Omit<FoundPerson, 'groups'>>(
    db,
    `select ${profileColumns}, s.locale, s.zoneinfo
       from (select u.id from users u where ${where} order by u.id offset :offset limit :limit) page
       join users u on u.id = page.id
       left join user_settings s on s.user_id = u.id
      order by u.id`,
    { ...bindings, offset, limit },
  );
  const memberships = await groupsOfPeople(db, { tenantId, userIds: found.map(({ id }) => id), within });
  return { total, items: found.map((person) => ({ ...person, groups: memberships.get(person.id) ?? [] })) };
}
