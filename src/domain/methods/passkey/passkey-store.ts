/** The SQL of passkeys. */
import { type Database, firstRow, prepared, rows, runPrepared } from '../../../platform/database.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../../platform/paging.ts';
import type { UserOfTenant } from '../../users/users.ts';

/** What is told of a passkey. */
export interface PasskeyRow {
  id: string;
  name: string;
  /** Whether it may be copied to other devices of its owner, and whether it has been. */
  backupEligible: boolean;
  backedUp: boolean;
  transports: string[];
  createdAt: Date;
  lastUsedAt: Date | null;
}

/** A passkey with whose it is, and what a signature is held against. */
export interface CredentialRow extends UserOfTenant {
  id: string;
  publicKey: Buffer;
  signCount: number;
  backupEligible: boolean;
  transports: string[];
  tenantName: string;
  tenantSlug: string;
  tenantSettings: unknown;
  tenantActive: boolean;
  userActive: boolean;
  fullName: string | null;
  email: string | null;
}

const columns = 'p.id, p.name, p.backup_eligible, p.backed_up, p.transports, p.created_at, p.last_used_at';

export async function selectPasskeyPage(
  db: Database,
  { tenantId, userId }: UserOfTenant,
  page: PageRequest,
): Promise<Page<PasskeyRow>> {
  return selectPage<PasskeyRow>(
    db,
    byId('p.id'),
    page,
    ({ key, where, order }) =>
      `select ${columns}, ${key} from passkeys p
        where p.tenant_id = :tenantId and p.user_id = :userId and ${where} ${order}`,
    { tenantId, userId },
  );
}

/** The oldest first. */
export async function selectPasskeys(
  db: Database,
  { tenantId, userId }: UserOfTenant,
): Promise<(PasskeyRow & { credentialId: Buffer })[]> {
  return rows(
    db,
    `select ${columns}, p.credential_id from passkeys p
      where p.tenant_id = :tenantId and p.user_id = :userId order by p.created_at, p.id`,
    { tenantId, userId },
  );
}

const byCredential = prepared(
  'passkey-by-credential',
  `select p.id, p.tenant_id, p.user_id, p.public_key, p.sign_count::float8 as sign_count, p.backup_eligible, p.transports,
          t.name as tenant_name, t.slug as tenant_slug, t.settings as tenant_settings, t.state = 'active' as tenant_active,
          u.state = 'active' as user_active, u.full_name, u.email
     from passkeys p
     join users u on u.tenant_id = p.tenant_id and u.id = p.user_id and u.deleted_at is null
     join tenants t on t.id = p.tenant_id
    where p.credential_id = $1`,
);

export async function selectCredential(db: Database, credentialId: Buffer): Promise<CredentialRow | undefined> {
  return (await runPrepared<CredentialRow>(db, byCredential, [credentialId])).rows[0];
}

const use = prepared(
  'passkey-use',
  `update passkeys p
      set sign_count = $2, backed_up = $3, last_used_at = now()
     from users u
     join tenants t on t.id = u.tenant_id and t.state = 'active'
    where p.id = $1 and (p.sign_count < $2 or (p.sign_count = 0 and $2 = 0))
      and u.tenant_id = p.tenant_id and u.id = p.user_id and u.state = 'active' and u.deleted_at is null
   returning p.id`,
);

/**
 * Keeps the counter of a signature. False where it has not gone on (a copy of the authenticator, or two at once), the passkey is
 * gone, or its owner may not act any longer.
 */
export async function usePasskey(
  trx: Database,
  { id, signCount, backedUp }: { id: string; signCount: number; backedUp: boolean },
): Promise<boolean> {
  return (await runPrepared(trx, use, [id, signCount, backedUp])).rows.length > 0;
}

export interface NewPasskey extends UserOfTenant {
  id: string;
  credentialId: Buffer;
  publicKey: Buffer;
  signCount: number;
  backupEligible: boolean;
  backedUp: boolean;
  transports: readonly string[];
  name: string;
}

/** Refused by `passkeys_credential_key` where somebody has it. */
export async function insertPasskey(trx: Database, passkey: NewPasskey): Promise<void> {
  await rows(
    trx,
    `insert into passkeys (id, tenant_id, user_id, credential_id, public_key, sign_count, backup_eligible, backed_up,
                           transports, name)
     values (:id, :tenantId, :userId, :credentialId, :publicKey, :signCount, :backupEligible, :backedUp,
             :transports::text[], :name)`,
    { ...passkey },
  );
}

/** @returns the name that it had; undefined where it is not the person's */
export async function renameRow(
  trx: Database,
  { tenantId, userId, id, name }: UserOfTenant & { id: string; name: string },
): Promise<string | undefined> {
  const renamed = await firstRow<{ before: string }>(
    trx,
    `with held as (
       select id, name from passkeys where tenant_id = :tenantId and user_id = :userId and id = :id for update
     )
     update passkeys p set name = :name from held where p.id = held.id
     returning held.name as before`,
    { tenantId, userId, id, name },
  );
  return renamed?.before;
}

/** @returns the name that it had; undefined where it is not the person's */
export async function deletePasskey(
  trx: Database,
  { tenantId, userId, id }: UserOfTenant & { id: string },
): Promise<string | undefined> {
  const deleted = await firstRow<{ name: string }>(
    trx,
    'delete from passkeys where tenant_id = :tenantId and user_id = :userId and id = :id returning name',
    { tenantId, userId, id },
  );
  return deleted?.name;
}

/** All, or those added from a moment on. @returns how many there were */
export async function deletePasskeysOf(
  trx: Database,
  { tenantId, userId, since }: UserOfTenant & { since?: Date },
): Promise<number> {
  const sql = `delete from passkeys
                where tenant_id = :tenantId and user_id = :userId and created_at >= coalesce(:since::timestamptz, '-infinity')
               returning id`;
  return (await rows(trx, sql, { tenantId, userId, since: since ?? null })).length;
}

export async function hasPasskey(db: Database, { tenantId, userId }: UserOfTenant): Promise<boolean> {
  const sql = 'select 1 as found from passkeys where tenant_id = :tenantId and user_id = :userId limit 1';
  return (await firstRow(db, sql, { tenantId, userId })) !== undefined;
}
