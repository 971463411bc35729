/** The SQL of signing in with a password: whom an address may mean, and who has one. */
import { type Database, prepared, rows, runPrepared } from '../../../platform/database.ts';
import { giveBackHitsSql } from '../../../platform/rate-limits.ts';
import { clearFailuresSql } from '../../sign-in/sign-in-failures.ts';
import { type AccountRow, activeAccountSql, type NoAccountRow } from '../../users/account-row.ts';
import { usePasswordSql } from '../../users/identities.ts';
import { type AccountProfile, accountOf } from '../../users/users.ts';

export interface CandidateRow {
  userId: string;
  tenantId: string;
  tenantName: string;
  tenantSlug: string;
  tenantSettings: unknown;
  tenantActive: boolean;
  userActive: boolean;
  fullName: string | null;
  email: string | null;
  phone: string | null;
  username: string | null;
  passwordHash: string | null;
  /** Of another system, sealed, until the person has signed in. */
  foreignPasswordHash: string | null;
}

const candidateColumns = `u.id as user_id, u.tenant_id, t.name as tenant_name, t.slug as tenant_slug,
          t.settings as tenant_settings, t.state = 'active' as tenant_active, u.state = 'active' as user_active,
          u.full_name, u.email, u.phone, u.username, i.password_hash, i.foreign_password_hash
     from users u
     join tenants t on t.id = u.tenant_id
     left join user_identities i on i.tenant_id = u.tenant_id and i.user_id = u.id and i.provider = 'password'`;
const candidateOrder = `order by (u.state = 'active' and t.state = 'active' and i.id is not null) desc,
             u.last_login_at desc nulls last, u.id
    limit 10`;

const byEmail = prepared(
  'password-candidates-by-email',
  `select ${candidateColumns}
    where lower(u.email) = lower($1) and u.deleted_at is null and ($2::uuid is null or u.tenant_id = $2)
    ${candidateOrder}`,
);

const byPhone = prepared(
  'password-candidates-by-phone',
  `select ${candidateColumns}
    where u.phone = $1 and u.deleted_at is null and ($2::uuid is null or u.tenant_id = $2)
    ${candidateOrder}`,
);

// Within one tenant alone: elsewhere the same name is another person's.
const byUsername = prepared(
  'password-candidates-by-username',
  `select ${candidateColumns}
    where u.tenant_id = $2::uuid and lower(u.username) = lower($1) and u.deleted_at is null
    ${candidateOrder}`,
);

/** What a person may be found by, in canonical form. */
export type SignInName = { email: string } | { phone: string } | { username: string };

/** Users that are not deleted under a name in canonical form; those who may sign in first. At most 10. */
export async function selectCandidates(
  db: Database,
  name: SignInName,
  tenantId: string | null,
): Promise<CandidateRow[]> {
  if ('email' in name) return (await runPrepared<CandidateRow>(db, byEmail, [name.email, tenantId])).rows;
  if ('phone' in name) return (await runPrepared<CandidateRow>(db, byPhone, [name.phone, tenantId])).rows;
  return (await runPrepared<CandidateRow>(db, byUsername, [name.username, tenantId])).rows;
}

const severalTenants = prepared(
  'password-several-tenants',
  `select count(*) > 1 as several from (select from tenants limit 2) as found`,
);

export async function hasSeveralTenants(db: Database): Promise<boolean> {
  return (await runPrepared<{ several: boolean }>(db, severalTenants, [])).rows[0]?.several === true;
}

const costliest = (where: string) => `select i.user_id, i.foreign_password_hash
     from user_identities i
    where i.foreign_password_hash is not null${where}
    order by i.foreign_password_ms desc
    limit 1`;
const costliestOfTenant = prepared('password-foreign-of-tenant', costliest(' and i.tenant_id = $1'));
const costliestAtAll = prepared('password-foreign', costliest(''));

/** Of those who were imported and have not signed in, in a tenant or at all: whose password takes longest to compare. */
export async function selectCostliestForeignHash(
  db: Database,
  tenantId: string | null,
): Promise<{ userId: string; foreignPasswordHash: string } | undefined> {
  type Row = { userId: string; foreignPasswordHash: string };
  const found =
    tenantId === null
      ? await runPrepared<Row>(db, costliestAtAll, [])
      : await runPrepared<Row>(db, costliestOfTenant, [tenantId]);
  return found.rows[0];
}

export async function hasPassword(
  db: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<boolean> {
  const found = await rows(
    db,
    `select id from user_identities where tenant_id = ? and user_id = ? and provider = 'password'`,
    [tenantId, userId],
  );
  return found.length > 0;
}

const useAndForget = prepared(
  'password-used-and-forgotten',
  `with used as (
     ${usePasswordSql('$1', '$2', '$3::text', '$4::text')}
   ), given_back as (
     ${giveBackHitsSql('select $6::text[]', 'exists (select from used)')}
     returning 1
   ), cleared as (
     ${clearFailuresSql('select $5::bytea[]', 'exists (select from used) and (select count(*) from given_back) >= 0')}
   )
   select a.* from used left join lateral (${activeAccountSql('$2::uuid')}) a on true`,
);

/**
 * Marks a password as used (`usePassword` of domain/users) and takes back what the attempt was counted as, if the proof holds.
 * @returns the account as it may act now, or nobody; undefined where the proof does not hold
 * @param proof `keys`: of failures, as `hashesOf` orders them; `atAddress`: of the limit of its address
 */
export async function usePasswordAndForget(
  db: Database,
  proof: {
    tenantId: string;
    userId: string;
    verifiedHash: string;
    newHash: string | null;
    keys: readonly Buffer[];
    atAddress: readonly string[];
  },
): Promise<{ account: AccountProfile | undefined } | undefined> {
  const { tenantId, userId, verifiedHash, newHash, keys, atAddress } = proof;
  const values = [tenantId, userId, verifiedHash, newHash, keys, atAddress];
  const [row] = (await runPrepared<AccountRow | NoAccountRow>(db, useAndForget, values)).rows;
  return row && { account: row.userId === null ? undefined : accountOf(row) };
}
