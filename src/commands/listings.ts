/**
 * What lists on the command line show, and finding what an operator names: reads that cross tenants, which nobody but
 * the operator of the server may do. Refuses nothing; changes nothing.
 */

import { findTenantBySlug, type Tenant } from '../domain/tenants/tenants.ts';
import { parseAddress } from '../domain/users/canonical-address.ts';
import { type Database, firstRow, rows } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';

/** A page of a list, in the order of the ids. */
export interface Page {
  limit: number;
  /** The last id of the page before. */
  after?: string;
}

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

function pageBindings({ limit, after }: Page): { limit: number; after: string | null } {
  return { limit, after: after !== undefined && isId(after) ? after : null };
}

export interface ListedTenant {
  id: string;
  slug: string;
  name: string;
  state: string;
  users: number;
  createdAt: Date;
}

export async function listTenants(db: Database, page: Page): Promise<ListedTenant[]> {
  return rows(
    db,
    `select t.id, t.slug, t.name, t.state, t.created_at,
            (select count(*) from users u where u.tenant_id = t.id and u.deleted_at is null) as users
       from tenants t
      where :after::uuid is null or t.id > :after
      order by t.id
      limit :limit`,
    pageBindings(page),
  );
}

export interface ListedUser {
  id: string;
  email: string | null;
  emailVerified: boolean;
  phone: string | null;
  name: string | null;
  state: string;
  lastLoginAt: Date | null;
  createdAt: Date;
}

export async function listUsers(
  db: Database,
  { tenantId, state, ...page }: Page & { tenantId: string; state?: string },
): Promise<ListedUser[]> {
  return rows(
    db,
    `select id, email, email_verified_at is not null as email_verified, phone, full_name as name, state, last_login_at,
            created_at
       from users
      where tenant_id = :tenantId and deleted_at is null
        and (:state::text is null or state = :state)
        and (:after::uuid is null or id > :after)
      order by id
      limit :limit`,
    { tenantId, state: state ?? null, ...pageBindings(page) },
  );
}

/**
 * The user of a tenant with this id, email address or phone number.
 * @throws DomainError not_found NOT_FOUND (user)
 */
export async function userOf(db: Database, tenantId: string, named: string): Promise<{ id: string; email: string }> {
  const address = parseAddress(named);
  const found = await firstRow<{ id: string; email: string }>(
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
  if (!found) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'user', value: named });
  return found;
}

export interface ListedClient {
  id: string;
  clientId: string;
  name: string;
  kind: string;
  state: string;
  firstParty: boolean;
  tenant: string | null;
  redirectUris: string[];
  /** Secrets that work now. */
  secrets: number;
  createdAt: Date;
}

export async function listClients(
  db: Database,
  { tenantId, kind, ...page }: Page & { tenantId?: string; kind?: string },
): Promise<ListedClient[]> {
  return rows(
    db,
    `select c.id, c.client_id, c.name, c.kind, c.state, c.first_party, t.slug as tenant, c.created_at,
            coalesce(c.metadata -> 'redirect_uris', '[]') as redirect_uris,
            (select count(*)
               from client_secrets s
              where s.client_id = c.id and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())
            ) as secrets
       from clients c
       left join tenants t on t.id = c.tenant_id
      where c.deleted_at is null
        and (:tenantId::uuid is null or c.tenant_id = :tenantId)
        and (:kind::text is null or c.kind = :kind)
        and (:after::uuid is null or c.id > :after)
      order by c.id
      limit :limit`,
    { tenantId: tenantId ?? null, kind: kind ?? null, ...pageBindings(page) },
  );
}

export interface ListedApi {
  id: string;
  identifier: string;
  name: string;
  tenant: string | null;
  tokenFormat: string;
  signingAlg: string;
  accessTokenTtl: number;
  capabilities: string[];
}

export async function listApis(
  db: Database,
  { tenantId, ...page }: Page & { tenantId?: string },
): Promise<ListedApi[]> {
  return rows(
    db,
    `select r.id, r.identifier, r.name, t.slug as tenant, r.token_format, r.signing_alg, r.access_token_ttl,
            array(select k.key from capabilities k where k.resource_server_id = r.id and k.deleted_at is null order by k.key)
              as capabilities
       from resource_servers r
       left join tenants t on t.id = r.tenant_id
      where (:tenantId::uuid is null or r.tenant_id = :tenantId)
        and (:after::uuid is null or r.id > :after)
      order by r.id
      limit :limit`,
    { tenantId: tenantId ?? null, ...pageBindings(page) },
  );
}
