/**
 * The SQL of second factors and recovery codes. What has ended (`ends_at`), by a reset or because its owner took it away, is found by
 * none of it. What the owner took away (`removed_at`) waits for three days whether that is taken back.
 */
import { type Database, firstRow, prepared, rows, runPrepared } from '../../platform/database.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import type { UserOfTenant } from '../users/users.ts';

export interface FactorRow {
  id: string;
  kind: string;
  /** What the person calls a key; null: the kind says what it is. */
  name: string | null;
  createdAt: Date;
  lastUsedAt: Date | null;
  /** When a reset that waits takes it away. */
  endsAt: Date | null;
}

const columns = 'f.id, f.kind, f.name, f.created_at, f.last_used_at, f.ends_at';
// A transaction that began before the owner took it away has waited for that: `now()` alone would not tell it.
const isLive = '(f.removed_at is null and (f.ends_at is null or f.ends_at > now()))';

export async function selectFactorPage(
  db: Database,
  { tenantId, userId }: UserOfTenant,
  page: PageRequest,
): Promise<Page<FactorRow>> {
  return selectPage<FactorRow>(
    db,
    byId('f.id'),
    page,
    ({ key, where, order }) =>
      `select ${columns}, ${key} from user_factors f
        where f.tenant_id = :tenantId and f.user_id = :userId and ${isLive} and ${where} ${order}`,
    { tenantId, userId },
  );
}

export async function selectFactors(db: Database, { tenantId, userId }: UserOfTenant): Promise<FactorRow[]> {
  return rows<FactorRow>(
    db,
    `select ${columns} from user_factors f where f.tenant_id = ? and f.user_id = ? and ${isLive} order by f.id`,
    [tenantId, userId],
  );
}

export interface TotpRow {
  id: string;
  secret: Buffer;
}

const totp = prepared(
  'factor-totp',
  `select f.id, f.secret from user_factors f where f.tenant_id = $1 and f.user_id = $2 and f.kind = 'totp' and ${isLive}`,
);

export async function selectTotp(db: Database, { tenantId, userId }: UserOfTenant): Promise<TotpRow | undefined> {
  return (await runPrepared<TotpRow>(db, totp, [tenantId, userId])).rows[0];
}

const useStep = prepared(
  'factor-totp-use',
  `update user_factors f set last_step = $2, last_used_at = now()
    where f.id = $1 and f.last_step < $2 and ${isLive}
   returning f.id`,
);

/** Uses up a time step, and with it every step before. @returns false where it was used up before */
export async function useTotpStep(db: Database, id: string, step: number): Promise<boolean> {
  return (await runPrepared(db, useStep, [id, step])).rows.length > 0;
}

/** What stands there has been ended by a reset: the caller has made sure that nothing live does. */
export async function replaceTotp(
  trx: Database,
  factor: UserOfTenant & { id: string; secret: Buffer; lastStep: number },
): Promise<void> {
  await rows(
    trx,
    `delete from user_factors where tenant_id = ? and user_id = ? and kind = 'totp' and removed_at is null`,
    [factor.tenantId, factor.userId],
  );
  await rows(
    trx,
    `insert into user_factors (id, tenant_id, user_id, kind, secret, last_step, last_used_at)
     values (:id, :tenantId, :userId, 'totp', :secret, :lastStep, now())`,
    { ...factor },
  );
}

/** Everything that was enrolled, or one kind of it; with the last factor the codes go. @returns how many factors there were */
export async function deleteFactors(
  trx: Database,
  { tenantId, userId, kind }: UserOfTenant & { kind?: string },
): Promise<number> {
  const sql = `delete from user_factors
                where tenant_id = :tenantId and user_id = :userId and (:kind::text is null or kind = :kind)
               returning id`;
  const { length } = await rows(trx, sql, { tenantId, userId, kind: kind ?? null });
  if (kind === undefined || (await selectFactors(trx, { tenantId, userId })).length === 0)
    await rows(trx, 'delete from recovery_codes where tenant_id = ? and user_id = ?', [tenantId, userId]);
  return length;
}

/** Has a factor end that its owner takes away. @returns its kind; undefined where there is none such */
export async function endRemovedFactor(
  trx: Database,
  { tenantId, userId, id }: UserOfTenant & { id: string },
): Promise<string | undefined> {
  const removed = await firstRow<{ kind: string }>(
    trx,
    `update user_factors f set removed_at = clock_timestamp(), ends_at = now()
      where f.tenant_id = :tenantId and f.user_id = :userId and f.id = :id and ${isLive}
     returning f.kind`,
    { tenantId, userId, id },
  );
  return removed?.kind;
}

/**
 * What was enrolled from a moment on, and codes that were made since. @returns how many factors and sets of codes there were
 */
export async function deleteFactorsSince(
  trx: Database,
  { tenantId, userId, since }: UserOfTenant & { since: Date },
): Promise<number> {
  const those = 'where tenant_id = ? and user_id = ? and created_at >= ? returning id';
  const codes = await rows(trx, `delete from recovery_codes ${those}`, [tenantId, userId, since]);
  const factors = await rows(trx, `delete from user_factors ${those}`, [tenantId, userId, since]);
  return factors.length + (codes.length > 0 ? 1 : 0);
}

/** Gives back what was taken away from a moment on. @returns how many factors there were */
export async function restoreFactorsSince(
  trx: Database,
  { tenantId, userId, since }: UserOfTenant & { since: Date },
): Promise<number> {
  const sql = `update user_factors set removed_at = null, ends_at = null
                where tenant_id = ? and user_id = ? and removed_at >= ? returning id`;
  return (await rows(trx, sql, [tenantId, userId, since])).length;
}

/** What nobody takes back any longer, and the codes of people who have no factor left. */
export async function deleteRemovedFactors(db: Database): Promise<void> {
  await rows(
    db,
    `with gone as (
       delete from user_factors where removed_at < now() - interval '4 days' returning id, user_id
     )
     delete from recovery_codes c using gone
      where c.user_id = gone.user_id
        and not exists (select from user_factors f where f.user_id = gone.user_id and f.id not in (select id from gone))`,
  );
}

/** Has everything enrolled, or one kind of it, end at a time to come; what ends earlier stays so. @returns when; undefined: there is nothing */
export async function endFactorsAfter(
  trx: Database,
  { tenantId, userId, hours, kind }: UserOfTenant & { hours: number; kind?: string },
): Promise<Date | undefined> {
  const ended = await rows<{ endsAt: Date }>(
    trx,
    `update user_factors f set ends_at = coalesce(f.ends_at, now() + make_interval(hours => :hours))
      where f.tenant_id = :tenantId and f.user_id = :userId and (:kind::text is null or f.kind = :kind) and ${isLive}
     returning f.ends_at`,
    { tenantId, userId, hours, kind: kind ?? null },
  );
  return ended[0]?.endsAt;
}

// A reset of one kind is about that kind: what stands beside it proves nothing of it.
const keep = prepared(
  'factor-keep',
  `update user_factors f set ends_at = null
    where f.tenant_id = $1 and f.user_id = $2 and f.removed_at is null and f.ends_at > now()
      and (f.kind = $3 or not exists (select from user_factors other
                                       where other.tenant_id = f.tenant_id and other.user_id = f.user_id
                                         and other.ends_at is null and other.removed_at is null))
   returning f.id`,
);

/** Takes back a reset that waits: of what was proved, or of everything. @returns whether there was one */
export async function keepFactors(
  trx: Database,
  { tenantId, userId }: UserOfTenant,
  provedKind: string,
): Promise<boolean> {
  return (await runPrepared(trx, keep, [tenantId, userId, provedKind])).rows.length > 0;
}

export async function replaceRecoveryCodes(
  trx: Database,
  { tenantId, userId, hashes }: UserOfTenant & { hashes: readonly Buffer[] },
): Promise<void> {
  await rows(trx, 'delete from recovery_codes where tenant_id = ? and user_id = ?', [tenantId, userId]);
  await rows(
    trx,
    `insert into recovery_codes (tenant_id, user_id, code_hash)
     select :tenantId, :userId, hash from unnest(:hashes::bytea[]) as hash`,
    { tenantId, userId, hashes },
  );
}

const useCode = prepared(
  'recovery-code-use',
  `update recovery_codes set used_at = now()
    where tenant_id = $1 and user_id = $2 and code_hash = any($3::bytea[]) and used_at is null
   returning id`,
);

/** @param hashes of what was typed, under each secret key */
export async function useUpRecoveryCode(
  trx: Database,
  { tenantId, userId }: UserOfTenant,
  hashes: readonly Buffer[],
): Promise<boolean> {
  return (await runPrepared(trx, useCode, [tenantId, userId, hashes])).rows.length > 0;
}

export async function countRecoveryCodes(db: Database, { tenantId, userId }: UserOfTenant): Promise<number> {
  const sql =
    'select count(*)::int as left from recovery_codes where tenant_id = ? and user_id = ? and used_at is null';
  return (await firstRow<{ left: number }>(db, sql, [tenantId, userId]))?.left ?? 0;
}

/** When the person was first asked to enrol; from now on where they never were. */
export async function beginGrace(db: Database, { tenantId, userId }: UserOfTenant): Promise<Date> {
  const sql = 'select began_at from factor_grace where user_id = ?';
  const known = await firstRow<{ beganAt: Date }>(db, sql, [userId]);
  if (known) return known.beganAt;
  const begun = await firstRow<{ beganAt: Date }>(
    db,
    'insert into factor_grace (tenant_id, user_id) values (?, ?) on conflict do nothing returning began_at',
    [tenantId, userId],
  );
  return begun?.beganAt ?? (await firstRow<{ beganAt: Date }>(db, sql, [userId]))?.beganAt ?? new Date();
}
