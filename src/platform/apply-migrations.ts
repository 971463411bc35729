/**
 * Brings the schema up to date, beside processes that go on working with it. Refuses a database that is ahead of this code.
 *
 * A statement that waits for a strong lock makes all later ones on that table wait behind it. So a migration waits no longer than
 * `lockTimeoutMs` for all of its locks: then it is undone, whoever waited goes on, and it is tried again (docs/decisions/0068-...).
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from './database.ts';
import { lockingFirst } from './migration-plan/lock-first.ts';
import { migrationConfig, migrationStatus, migrations, type NamedMigration } from './migrations.ts';

export interface ApplyOptions {
  /** How long a migration may wait for its locks, all of them together. */
  lockTimeoutMs?: number;
  /** How long a migration is tried again, where the locks that it needs are held by others. */
  patienceMs?: number;
  /** Default: those of this version. */
  list?: readonly NamedMigration[];
}

/** Half of what anybody should ever wait: the other half is for what it does with them. */
export const defaultLockTimeoutMs = 50;
const defaultPatienceMs = 120_000;

/** Lock not available, and deadlock detected. */
const locked = new Set(['55P03', '40P01']);

/**
 * Applies what is pending: to a database without any schema in one transaction, else each migration in its own, so that what one
 * locks is free before the next begins. Many processes may call it at once: they take turns on an advisory lock, and Knex's
 * own lock row cannot be left behind by a kill -9 because it is released here.
 * @returns the names applied by this call.
 */
export async function migrateToLatest(db: Database, options: ApplyOptions = {}): Promise<string[]> {
  const { list = migrations } = options;
  return db.transaction(async (lock) => {
    await lock.raw(`set local idle_in_transaction_session_timeout = 0`);
    await takeTurn(lock);
    const { pending, unknown, appliedCount } = await migrationStatus(db, list);
    if (unknown.length > 0) {
      throw new Error(
        `The database was migrated by a newer version (${unknown.join(', ')}). Start that version, or restore a backup.`,
      );
    }
    if (pending.length === 0) return [];
    if (appliedCount === 0) {
      await db.migrate.forceFreeMigrationsLock(migrationConfig(list));
      const [, names] = (await db.migrate.latest(migrationConfig(list))) as [number, string[]];
      return names;
    }
    for (const name of pending) await applyNext(db, name, options);
    // A commit that waits for the disk, and so for all before it: what is told as applied is.
    await db.migrate.forceFreeMigrationsLock(migrationConfig(list));
    return pending;
  });
}

/** Asks again and again: one that waits in the database holds a snapshot, and `create index concurrently` waits for that. */
async function takeTurn(lock: Database): Promise<void> {
  for (;;) {
    const { rows } = await lock.raw(
      `select pg_try_advisory_xact_lock(hashtextextended('gatehouse:migrations', 0)) as taken`,
    );
    if (rows[0].taken) return;
    await sleep(100);
  }
}

async function applyNext(db: Database, name: string, options: ApplyOptions): Promise<void> {
  const { lockTimeoutMs = defaultLockTimeoutMs, patienceMs = defaultPatienceMs, list = migrations } = options;
  const deadline = Date.now() + patienceMs;
  const hurried = list.map((entry) => (entry.name === name ? lockingFirst(entry, lockTimeoutMs) : entry));
  for (;;) {
    await db.migrate.forceFreeMigrationsLock(migrationConfig(hurried));
    try {
      await db.migrate.up(migrationConfig(hurried));
      return;
    } catch (error) {
      if (!locked.has((error as { code?: string }).code ?? '')) throw error;
      if (Date.now() >= deadline) throw new Error(await whyLocked(db, name), { cause: error });
    }
    // Longer than it waited: those who were held up come first.
    await sleep(randomInt(lockTimeoutMs * 4, lockTimeoutMs * 12));
  }
}

async function whyLocked(db: Database, name: string): Promise<string> {
  // Of another role's, such as an autovacuum, one sees the locks and not since when; a vacuum is told by its lock.
  const { rows } = await db.raw(
    `select a.pid, case when v.is_vacuum and a.xact_start is null then 'a vacuum' else coalesce(nullif(a.application_name, ''), 'unnamed') end as program,
            extract(epoch from clock_timestamp() - a.xact_start)::integer as seconds
       from pg_stat_activity a
       join lateral (select bool_or(l.mode = 'ShareUpdateExclusiveLock') as is_vacuum from pg_locks l
                      where l.pid = a.pid and l.locktype = 'relation' and l.granted) v on v.is_vacuum is not null
      where a.datname = current_database() and a.pid <> pg_backend_pid()
        and (a.xact_start < clock_timestamp() - interval '5 seconds' or (v.is_vacuum and a.xact_start is null))
      order by a.xact_start
      limit 3`,
  );
  const holders = rows.map((row: { pid: number; program: string; seconds: number | null }) => {
    return `process ${row.pid} (${row.program}${row.seconds === null ? '' : `, ${row.seconds} s`})`;
  });
  return (
    `${name} did not get the locks that it needs, because others hold them. Nothing of it was applied. ` +
    (holders.length > 0 ? `Transactions that are open for long: ${holders.join(', ')}. ` : '') +
    'Run gatehouse migrate again when they have ended.'
  );
}
