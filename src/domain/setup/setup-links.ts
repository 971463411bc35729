/**
 * Setting the server up: one-time links that make the first administrator, or one more tenant with its owner. Owns that
 * a link works once, for a day, and that nobody is an administrator by default. The link's token is stored as SHA-256.
 */
import { type Database, firstRow, inTransaction, rows } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { defineLimits } from '../../platform/rate-limits.ts';
import { randomToken, sha256 } from '../../platform/secrets.ts';
import { findRoleByName } from '../access/roles.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { assignRole } from '../organisation/org-assignments.ts';
import { findRootNode } from '../organisation/org-nodes.ts';
import { setFirstPlatformTenant } from '../tenants/platform-tenant.ts';
import { findTenantById } from '../tenants/tenants.ts';
import { createUser, type NewPasswords } from '../users/users.ts';
import { createTenant } from './create-tenant.ts';

export const setupCodes = defineCodes({
  SETUP_LINK_EXPIRED: { kind: 'expired', means: 'the link is too old' },
  SETUP_LINK_INVALID: {
    kind: 'not_found',
    means: 'the link is incomplete, used, replaced by a newer one, or leads to a tenant that is no more',
  },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof setupCodes> {}
}

const lifeSeconds = 24 * 3600;

export const setupLimits = defineLimits({
  /** Set-up links tried from one address. The token itself is 256 bits; this keeps the noise down. */
  setupLinkPerIp: { hits: 20, windowSeconds: 600 },
});

export interface SetupLink {
  id: string;
  /** Set: the person becomes an owner of this tenant. Null: a new tenant is made. */
  tenantId: string | null;
  email: string | null;
}

/**
 * Makes a link. Earlier links for the same end that nobody used stop working.
 * @returns the token, shown once; the page is at `/set-up/<token>`
 */
export async function createSetupLink(
  db: Database,
  wanted: { tenantId?: string | null; email?: string | null },
  caller: Caller,
): Promise<{ token: string; expiresAt: Date }> {
  const token = randomToken(32);
  const { tenantId = null, email = null } = wanted;
  const expiresAt = await storeSetupLink(db, { id: newId(), tenantId, email, token }, caller);
  return { token, expiresAt };
}

/** Stores a link in the place of earlier ones for the same end. @returns when it expires */
export async function storeSetupLink(
  db: Database,
  { token, ...link }: SetupLink & { token: string },
  caller: Caller,
): Promise<Date> {
  const { id, tenantId, email } = link;
  const expiresAt = new Date(Date.now() + lifeSeconds * 1000);
  await inTransaction(db, async (trx) => {
    await lockSetupLinks(trx);
    await rows(
      trx,
      `with held as (
         select id
           from setup_links
          where tenant_id is not distinct from :tenantId and email is not distinct from :email
            and consumed_at is null and revoked_at is null
          order by id
            for update
       )
       update setup_links l set revoked_at = now() from held where l.id = held.id`,
      { tenantId, email },
    );
    await trx('setup_links').insert({ ...link, tokenHash: sha256(token), expiresAt });
    await recordEvent(trx, { tenantId, action: 'setup_link.created', entityType: 'setup_link', entityId: id }, caller);
  });
  return expiresAt;
}

/** Of several that make links at once, each sees what the one before it made. */
export async function lockSetupLinks(trx: Database): Promise<void> {
  await rows(trx, `select pg_advisory_xact_lock(hashtextextended('gatehouse:setup-links', 0))`);
}

/** Ends the links that make an owner of a tenant: all of them, or those for one address. */
export async function endSetupLinksOf(
  trx: Database,
  { tenantId, email }: { tenantId: string; email?: string },
): Promise<void> {
  await rows(
    trx,
    `with held as (
       select id
         from setup_links
        where tenant_id = :tenantId and consumed_at is null and revoked_at is null
          ${email === undefined ? '' : 'and lower(email) = lower(:email)'}
        order by id
          for update
     )
     update setup_links l set revoked_at = now() from held where l.id = held.id`,
    { tenantId, ...(email === undefined ? {} : { email }) },
  );
}

/** True while nobody could sign in to anything: no person exists. */
export async function needsSetup(db: Database): Promise<boolean> {
  const found = await firstRow<{ empty: boolean }>(
    db,
    `select not exists (select from users where deleted_at is null) as empty`,
  );
  return found?.empty ?? true;
}

/**
 * The link of a token, if it can be used now.
 * @throws DomainError not_found SETUP_LINK_INVALID, expired SETUP_LINK_EXPIRED
 */
export async function findSetupLink(db: Database, token: string): Promise<SetupLink> {
  const link = await firstRow<SetupLink & { usable: boolean; expired: boolean }>(
    db,
    `select id, tenant_id, email, consumed_at is null and revoked_at is null as usable, expires_at <= now() as expired
       from setup_links
      where token_hash = ?`,
    [sha256(token)],
  );
  if (!link?.usable) throw new DomainError('not_found', 'SETUP_LINK_INVALID');
  if (link.expired) throw new DomainError('expired', 'SETUP_LINK_EXPIRED');
  return link;
}

/** A DNS label from a name; the first free of name, name-2, name-3. */
async function freeSlug(trx: Database, name: string): Promise<string> {
  const base =
    name
      .normalize('NFKD')
      // The dots of an ö stand by themselves now, and would part the word.
      .replace(/\p{M}+/gu, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 50)
      .replace(/-+$/, '') || 'tenant';
  const taken = new Set(
    (
      await rows<{ slug: string }>(trx, `select slug from tenants where slug = ? or slug like ? || '-%'`, [base, base])
    ).map((row) => row.slug),
  );
  let slug = base;
  for (let n = 2; taken.has(slug); n++) slug = `${base}-${n}`;
  return slug;
}

/**
 * Uses a link: makes the tenant (unless the link names one) and its owner, in one transaction with the link's end.
 * Of many at once, one succeeds.
 * @returns `tenantSlug` of a tenant that was made
 * @throws DomainError SETUP_LINK_INVALID, SETUP_LINK_EXPIRED, and what createTenant and createUser refuse
 */
export async function completeSetup(
  db: Database,
  wanted: { token: string; tenantName: string; fullName: string; email: string; password: string; locale?: string },
  { passwords, caller }: { passwords: NewPasswords; caller: Caller },
): Promise<{ tenantId: string; userId: string; tenantSlug: string | undefined }> {
  const link = await findSetupLink(db, wanted.token);
  if (link.tenantId === null && wanted.tenantName.trim() === '')
    throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'tenant_name' });
  if (wanted.fullName.trim() === '') throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'full_name' });
  const email = link.email ?? wanted.email;
  const existing = link.tenantId ? await findTenantById(db, link.tenantId) : undefined;
  const passwordHash = await passwords.hashNew(wanted.password, {
    email,
    fullName: wanted.fullName,
    tenantName: existing?.name ?? wanted.tenantName,
  });
  return inTransaction(db, async (trx) => {
    // First, so that the second of two requests waits here for the row and then finds it used.
    const consumed = await rows(
      trx,
      `update setup_links set consumed_at = now()
        where id = ? and consumed_at is null and revoked_at is null and expires_at > now()
        returning id`,
      [link.id],
    );
    if (consumed.length === 0) throw new DomainError('not_found', 'SETUP_LINK_INVALID');
    const tenant = link.tenantId
      ? await findTenantById(trx, link.tenantId)
      : await createTenant(
          trx,
          { slug: await freeSlug(trx, wanted.tenantName), name: wanted.tenantName.trim() },
          caller,
        );
    if (!tenant) throw new DomainError('not_found', 'SETUP_LINK_INVALID');
    // Who sets an empty server up runs it. An operator with the command line names a later one.
    if (!link.tenantId && (await needsSetup(trx))) await setFirstPlatformTenant(trx, tenant.id, caller);
    const user = await createUser(
      trx,
      { tenantId: tenant.id, email, fullName: wanted.fullName.trim(), locale: wanted.locale, passwordHash },
      { passwords, caller },
    );
    const owner = await findRoleByName(trx, tenant.id, 'owner');
    const root = await findRootNode(trx, tenant.id);
    if (!owner || !root) throw new Error('a tenant without its system roles or root node');
    await assignRole(trx, { tenantId: tenant.id, userId: user.id, roleId: owner.id, orgNodeId: root.id }, caller);
    await recordEvent(
      trx,
      {
        tenantId: tenant.id,
        action: 'setup_link.used',
        entityType: 'setup_link',
        entityId: link.id,
        payload: { userId: user.id },
      },
      caller,
    );
    return { tenantId: tenant.id, userId: user.id, tenantSlug: link.tenantId ? undefined : tenant.slug };
  });
}
