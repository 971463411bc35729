/** The SQL of accounts elsewhere that sign in to accounts here, and of whom an email address may mean. */
import { type Database, firstRow, rows } from '../../../platform/database.ts';
import { isId } from '../../../platform/ids.ts';
import { byId, emptyPage, type Page, type PageRequest, selectPage } from '../../../platform/paging.ts';

export interface AccountRow {
  userId: string;
  tenantId: string;
  tenantName: string;
  tenantSlug: string;
  tenantSettings: unknown;
  tenantActive: boolean;
  userActive: boolean;
  fullName: string | null;
  email: string | null;
}

const accountColumns = `u.id as user_id, u.tenant_id, t.name as tenant_name, t.slug as tenant_slug,
          t.settings as tenant_settings, t.state = 'active' as tenant_active, u.state = 'active' as user_active,
          u.full_name, u.email`;

/** The accounts of an identity, the last used first: one in a tenant, and in several tenants several. At most 10. */
export async function selectIdentityAccounts(
  db: Database,
  wanted: { provider: string; issuer: string; subject: string; tenantId: string | null },
): Promise<(AccountRow & { identityId: string })[]> {
  return rows(
    db,
    `select i.id as identity_id, ${accountColumns}
       from user_identities i
       join users u on u.tenant_id = i.tenant_id and u.id = i.user_id and u.deleted_at is null
       join tenants t on t.id = u.tenant_id
      where i.provider = :provider and i.issuer = :issuer and i.subject = :subject
        and (:tenantId::uuid is null or i.tenant_id = :tenantId)
      order by u.last_login_at desc nulls last, u.id
      limit 10`,
    wanted,
  );
}

/** Whether an identity is there, of a provider that is active and vouches to this application. */
export async function isLinkedAndTrusted(
  db: Database,
  wanted: { identityId: string; clientId: string },
): Promise<boolean> {
  const found = await rows(
    db,
    `select 1
       from user_identities i
       join identity_providers p on p.key = i.provider and p.tenant_id = i.tenant_id and p.state = 'active'
                                and p.cross_app -> 'clientIds' @> to_jsonb(:clientId::text)
      where i.id = :identityId`,
    wanted,
  );
  return found.length > 0;
}

export interface AddressedAccountRow extends AccountRow {
  emailVerified: boolean;
  phoneVerified: boolean;
  hasPassword: boolean;
  /** Another account at the same provider is linked to it. */
  hasIdentityThere: boolean;
}

/** The account of an email address in a tenant; without a tenant, accounts where the address is verified, at most 2. */
export async function selectAccountsByEmail(
  db: Database,
  wanted: { provider: string; email: string; tenantId: string | null },
): Promise<AddressedAccountRow[]> {
  return rows(
    db,
    `select ${accountColumns}, u.email_verified_at is not null as email_verified,
            u.phone_verified_at is not null as phone_verified,
            exists (select from user_identities i
                     where i.tenant_id = u.tenant_id and i.user_id = u.id and i.provider = 'password') as has_password,
            exists (select from user_identities i
                     where i.tenant_id = u.tenant_id and i.user_id = u.id and i.provider = :provider) as has_identity_there
       from users u
       join tenants t on t.id = u.tenant_id
      where lower(u.email) = lower(:email) and u.deleted_at is null
        and (u.tenant_id = :tenantId::uuid or (:tenantId::uuid is null and u.email_verified_at is not null))
      limit 2`,
    wanted,
  );
}

export interface LinkableUserRow {
  email: string | null;
  emailVerified: boolean;
  locale: string | null;
  tenantName: string;
  tenantSettings: unknown;
}

/** A user who may act now, locked to the end of the transaction. */
export async function lockActiveUser(
  trx: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<LinkableUserRow | undefined> {
  return firstRow(
    trx,
    `select u.email, u.email_verified_at is not null as email_verified, s.locale, t.name as tenant_name,
            t.settings as tenant_settings
       from users u
       join tenants t on t.id = u.tenant_id and t.state = 'active'
       left join user_settings s on s.user_id = u.id
      where u.tenant_id = :tenantId and u.id = :userId and u.state = 'active' and u.deleted_at is null
        for no key update of u`,
    { tenantId, userId },
  );
}

/** True for a provider that may be used now; it is not removed before the end of the transaction. */
export async function holdActiveProvider(trx: Database, id: string): Promise<boolean> {
  const found = await rows(trx, `select id from identity_providers where id = ? and state = 'active' for key share`, [
    id,
  ]);
  return found.length > 0;
}

/** False where it has been removed; it is not removed before the end of the transaction. */
export async function holdProvider(trx: Database, id: string): Promise<boolean> {
  return (await rows(trx, 'select id from identity_providers where id = ? for key share', [id])).length > 0;
}

export interface IdentityRow {
  id: string;
  provider: string;
  issuer: string;
  subject: string;
  email: string | null;
  emailVerified: boolean;
  lastUsedAt: Date | null;
  createdAt: Date;
}

const identityColumns = 'id, provider, issuer, subject, email, email_verified, last_used_at, created_at';

/** The identities of a user at providers: everything but the password. */
export async function selectIdentities(
  db: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<IdentityRow[]> {
  return rows(
    db,
    `select ${identityColumns}
       from user_identities
      where tenant_id = ? and user_id = ? and provider <> 'password'
      order by created_at, id`,
    [tenantId, userId],
  );
}

/** The same, page by page. */
export async function selectIdentityPage(
  db: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
  request: PageRequest,
): Promise<Page<IdentityRow>> {
  if (!isId(tenantId) || !isId(userId)) return emptyPage();
  return selectPage<IdentityRow>(
    db,
    byId('i.id'),
    request,
    ({ key, where, order }) =>
      `select i.*, ${key}
         from (select ${identityColumns} from user_identities
                where tenant_id = :tenantId and user_id = :userId and provider <> 'password') i
        where ${where}
        ${order}`,
    { tenantId, userId },
  );
}
