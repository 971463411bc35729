/** People of whom somebody should know: whose role ends, who must enrol a second factor. As far as somebody reaches them. */
import { type Database, rows } from '../../platform/database.ts';
import { type Glimpse, glimpse } from '../../platform/glimpse.ts';
import type { TenantSettings } from '../tenants/tenant-settings.ts';
import { atOrBelow } from './org-node-store.ts';

interface Asked {
  tenantId: string;
  /** At or below one of these nodes; absent: all of the tenant. */
  within?: readonly string[];
}

/** SQL: what a person is called. */
const calling = `coalesce(u.full_name, u.email, u.phone, u.username, '')`;

/** Roles that end within a week and are not held on. `id`: the person; `detail`: the role. */
export async function findEndingRoles(db: Database, { tenantId, within }: Asked): Promise<Glimpse> {
  return glimpse(
    db,
    `select u.id, ${calling} as name, r.name as detail, a.ends_at as at
       from org_assignments a
       join users u on u.id = a.user_id and u.state = 'active' and u.deleted_at is null
       join roles r on r.id = a.role_id and r.deleted_at is null
      where a.tenant_id = :tenantId and a.starts_at <= now()
        and a.ends_at > now() and a.ends_at <= now() + interval '7 days'
        and not exists (select from org_assignments o
                         where o.user_id = a.user_id and o.role_id = a.role_id and o.org_node_id = a.org_node_id
                           and o.starts_at = a.ends_at)
        ${within ? `and ${atOrBelow('a.org_node_id', ':within')}` : ''}`,
    { tenantId, within },
  );
}

/**
 * SQL: whether somebody holds something, now or later, at or below one of the nodes; asked of each of few. Lists
 * of people (people.ts) find all who do instead.
 */
const reached = `exists (
  select from org_assignments a
    join roles r              on r.id = a.role_id and r.deleted_at is null
    join org_node_paths reach on reach.descendant_id = a.org_node_id
   where a.user_id = u.id and reach.ancestor_id = any(:within::uuid[]) and (a.ends_at is null or a.ends_at > now())
   union all
  select from visibility_grants v
    join org_node_paths reach on reach.descendant_id = v.org_node_id
   where v.user_id = u.id and reach.ancestor_id = any(:within::uuid[]) and (v.ends_at is null or v.ends_at > now()))`;

/** SQL: whom a tenant binds; few but for `everyone`, so that they are found first and asked about then. */
const boundBy: Record<TenantSettings['secondFactorFor'], string> = {
  nobody: `select b.id from users b where b.tenant_id = :tenantId and b.mfa_required and b.deleted_at is null`,
  administrators: `
    select b.id from users b where b.tenant_id = :tenantId and b.mfa_required and b.deleted_at is null
     union
    select a.user_id
      from roles r
      join org_assignments a on a.role_id = r.id and a.tenant_id = r.tenant_id
     where r.tenant_id = :tenantId and r.is_system and r.name in ('owner', 'admin')
       and a.starts_at <= now() and (a.ends_at is null or a.ends_at > now())`,
  everyone: `select b.id from users b where b.tenant_id = :tenantId and b.deleted_at is null`,
};

/**
 * People who may act, must prove a second factor and have none. `detail` is null, `at`: when they last signed in.
 * @param secondFactorFor of whom the tenant asks it, beside those whose own row does
 */
export async function findWithoutFactor(
  db: Database,
  { tenantId, within, secondFactorFor }: Asked & Pick<TenantSettings, 'secondFactorFor'>,
): Promise<Glimpse> {
  return glimpse(
    db,
    `select u.id, ${calling} as name, null as detail, u.last_login_at as at
       from (${boundBy[secondFactorFor]}) bound
       join users u on u.id = bound.id
      where u.state = 'active' and u.deleted_at is null
        and not exists (select from user_factors f
                         where f.tenant_id = u.tenant_id and f.user_id = u.id and (f.ends_at is null or f.ends_at > now()))
        ${within ? `and ${reached}` : ''}`,
    { tenantId, within },
  );
}

export interface NamedPerson {
  userId: string;
  name: string;
  email: string | null;
  phone: string | null;
  username: string | null;
}

/** Those of these people who may act, as far as they are within. */
export async function findPeopleAmong(
  db: Database,
  { tenantId, userIds, within }: Asked & { userIds: readonly string[] },
): Promise<NamedPerson[]> {
  if (userIds.length === 0) return [];
  return rows<NamedPerson>(
    db,
    `select u.id as user_id, ${calling} as name, u.email, u.phone, u.username
       from users u
      where u.tenant_id = :tenantId and u.id = any(:userIds::uuid[]) and u.state = 'active' and u.deleted_at is null
        ${within ? `and ${reached}` : ''}`,
    { tenantId, userIds: [...userIds], within },
  );
}
