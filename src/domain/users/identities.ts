/**
 * What an account can be signed in to by: a password, and accounts elsewhere. Owns the rows of `user_identities`; what a
 * proof is worth, and who may link what, is decided by the methods (domain/methods), which write by these functions. The
 * event of a change is theirs too.
 */
import { type Database, prepared, rows, runPrepared } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import type { AddressKind } from './verified-address.ts';

/**
 * Sets or replaces the password of a user.
 * @param user.recoveredBy the kind of address that it was recovered through; null: it was not; left out: as it was before
 */
export async function upsertPasswordHash(
  trx: Database,
  {
    recoveredBy,
    ...user
  }: { tenantId: string; userId: string; passwordHash: string; recoveredBy?: AddressKind | null },
): Promise<void> {
  await rows(
    trx,
    `insert into user_identities (id, tenant_id, user_id, provider, subject, password_hash, recovered_by)
     values (:id, :tenantId, :userId, 'password', :userId, :passwordHash, :recoveredBy)
     on conflict (user_id, provider) do update
        set password_hash = excluded.password_hash,
            recovered_by  = case when :isKnown then excluded.recovered_by else user_identities.recovered_by end`,
    { id: newId(), ...user, recoveredBy: recoveredBy ?? null, isKnown: recoveredBy !== undefined },
  );
}

/** The kind of address that the password was last recovered through; null where it was not, or there is none. */
export async function passwordRecoveredBy(
  db: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<AddressKind | null> {
  const sql = `select recovered_by from user_identities where tenant_id = ? and user_id = ? and provider = 'password'`;
  const [row] = await rows<{ recoveredBy: AddressKind | null }>(db, sql, [tenantId, userId]);
  return row?.recoveredBy ?? null;
}

/**
 * The statement that marks a password as used, or that part of a larger one; it answers with a row if the proof holds. It holds
 * also where another sign-in has replaced the very hash that was verified.
 * All values are expressions: the tenant, the user, the hash that was verified (ours, or a foreign one as it is kept) and
 * one that replaces it, or null
 */
export function usePasswordSql(tenantId: string, userId: string, verifiedHash: string, newHash: string): string {
  const isAsVerified = `coalesce(i.password_hash, i.foreign_password_hash) = ${verifiedHash}`;
  const digest = `sha256(convert_to(${verifiedHash}, 'UTF8'))`;
  return `update user_identities i
      set last_used_at  = now(),
          password_hash = case when ${isAsVerified} then coalesce(${newHash}, i.password_hash) else i.password_hash end,
          rehashed_from = case when ${isAsVerified} and ${newHash} is not null then ${digest} else i.rehashed_from end
     from users u
     join tenants t on t.id = u.tenant_id and t.state = 'active'
    where i.tenant_id = ${tenantId} and i.user_id = ${userId} and i.provider = 'password'
      and (${isAsVerified} or i.rehashed_from = ${digest})
      and u.tenant_id = i.tenant_id and u.id = i.user_id and u.state = 'active' and u.deleted_at is null
   returning i.id`;
}

const usedPassword = prepared('password-used', usePasswordSql('$1', '$2', '$3::text', '$4::text'));

/**
 * Marks a password as used, and replaces its hash by a stronger one where there is one. False where the account or its
 * password changed while it was compared: the proof is then worth nothing.
 */
export async function usePassword(
  trx: Database,
  proof: { tenantId: string; userId: string; verifiedHash: string; newHash: string | null },
): Promise<boolean> {
  const { tenantId, userId, verifiedHash, newHash } = proof;
  const used = await runPrepared(trx, usedPassword, [tenantId, userId, verifiedHash, newHash]);
  return used.rows.length > 0;
}

/** Marks an identity as used. False where the account was stopped, or the identity unlinked, meanwhile. */
export async function useIdentity(
  trx: Database,
  used: { identityId: string; email: string | null; emailVerified: boolean },
): Promise<boolean> {
  const found = await rows(
    trx,
    `update user_identities i
        set last_used_at = now(), email = coalesce(:email, i.email),
            email_verified = case when :email::text is null then i.email_verified else :emailVerified end
       from users u
       join tenants t on t.id = u.tenant_id and t.state = 'active'
      where i.id = :identityId
        and u.tenant_id = i.tenant_id and u.id = i.user_id and u.state = 'active' and u.deleted_at is null
     returning i.id`,
    used,
  );
  return found.length > 0;
}

/** Links an account elsewhere. Refused by `user_identities_subject_key` where somebody has it. */
export async function insertIdentity(
  trx: Database,
  identity: {
    tenantId: string;
    userId: string;
    provider: string;
    issuer: string;
    subject: string;
    email: string | null;
    emailVerified: boolean;
    /** Null: nobody has signed in with it yet. */
    lastUsedAt: Date | null;
  },
): Promise<void> {
  await rows(
    trx,
    `insert into user_identities (id, tenant_id, user_id, provider, issuer, subject, email, email_verified, last_used_at)
     values (:id, :tenantId, :userId, :provider, :issuer, :subject, :email, :emailVerified, :lastUsedAt)`,
    { id: newId(), ...identity },
  );
}

/** Takes one identity away. */
export async function deleteIdentity(trx: Database, id: string): Promise<void> {
  await trx('user_identities').where({ id }).delete();
}

/** Takes the identities at a provider away from everybody who has one. */
export async function deleteProviderIdentities(trx: Database, key: string): Promise<void> {
  await rows(
    trx,
    `with held as (
       select id from user_identities where provider = :key order by id for update
     )
     delete from user_identities i using held where i.id = held.id`,
    { key },
  );
}

/** Takes the password of a user away. False where there was none. */
export async function deletePasswordOf(
  trx: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<boolean> {
  const deleted = await rows(
    trx,
    `with removed as (
       delete from user_identities where tenant_id = :tenantId and user_id = :userId and provider = 'password' returning id
     ), without_password as (
       update users set password_changed_at = null
        where tenant_id = :tenantId and id = :userId and exists (select from removed)
     )
     select id from removed`,
    { tenantId, userId },
  );
  return deleted.length > 0;
}

/** Takes every identity of a user at a provider away, or those linked from a moment on. Answers the keys of the providers. */
export async function deleteIdentitiesOf(
  trx: Database,
  { tenantId, userId, since }: { tenantId: string; userId: string; since?: Date },
): Promise<string[]> {
  const deleted = await rows<{ provider: string }>(
    trx,
    `with held as (
       select id from user_identities
        where tenant_id = :tenantId and user_id = :userId and provider <> 'password'
          and created_at >= coalesce(:since::timestamptz, '-infinity')
        order by id
          for update
     )
     delete from user_identities i using held where i.id = held.id returning i.provider`,
    { tenantId, userId, since: since ?? null },
  );
  return deleted.map(({ provider }) => provider);
}
