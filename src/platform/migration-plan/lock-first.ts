/**
 * Has a migration take its locks at one go, right before the first statement that needs one, and wait no longer for all of them than it may for one:
 * who locks one table after another makes others wait behind the first while it waits for the second, and behind each partition.
 */
import type { Knex } from 'knex';
import { isInTransaction, type NamedMigration } from '../migrations.ts';
import type { Blocks, Effect } from './effect.ts';
import { recordMigration } from './record-migration.ts';
import { type Statement, sqlStatements } from './sql-statements.ts';
import { effectsOn } from './statement-effects.ts';

type Mode = 'share update exclusive' | 'share row exclusive' | 'access exclusive';

/** No weaker than what the statements themselves take. */
const modes: Record<Exclude<Blocks, 'nothing'>, Mode> = {
  writes: 'share row exclusive',
  everything: 'access exclusive',
};

/**
 * For the lock that keeps a vacuum away. It stops nobody who reads or writes, and nobody waits behind who waits for it; PostgreSQL asks an
 * autovacuum to give way to whoever has waited for `deadlock_timeout`, a second, which is longer than anybody may wait for a strong one.
 */
const vacuumTimeoutMs = 5_000;

const isStrong = ({ locks }: Effect) => locks.some(({ blocks }) => blocks !== 'nothing');

/** The tables in their order, each with the strongest that is asked of it. */
function strongLocks(effects: readonly Effect[]): Map<string, Mode> {
  const found = new Map<string, Mode>();
  for (const { table, blocks } of effects.flatMap(({ locks }) => locks)) {
    if (blocks === 'nothing' || !/^[a-z_][a-z0-9_]*$/.test(table)) continue;
    if (found.get(table) !== 'access exclusive') found.set(table, modes[blocks]);
  }
  return found;
}

/** Locks these tables and their partitions, those that are there; waits for all of them together no longer than `budgetMs`. */
async function lockTables(trx: Knex, locks: Map<string, Mode>, budgetMs: number): Promise<void> {
  if (locks.size === 0) return;
  const wanted = [...locks].map(([table, mode], place) => `(${place}, '${table}', '${mode}')`);
  await trx.raw(`
    do $$
    declare
      deadline timestamptz := clock_timestamp() + interval '${budgetMs} ms';
      next     record;
    begin
      for next in
        select w.mode, t.relation
          from (values ${wanted.join(', ')}) w (place, name, mode)
          cross join lateral (
            select 0 as depth, to_regclass(w.name) as relation
            union all
            select 1, inhrelid::regclass from pg_inherits where inhparent = to_regclass(w.name)
          ) t
         where t.relation is not null
         order by w.place, t.depth, t.relation::text
      loop
        perform set_config('lock_timeout', greatest(1, ceil(extract(epoch from deadline - clock_timestamp()) * 1000)::integer)::text, true);
        execute format('lock table only %s in %s mode', next.relation, next.mode);
      end loop;
      -- What was not foreseen gets what is left.
      perform set_config('lock_timeout', greatest(10, ceil(extract(epoch from deadline - clock_timestamp()) * 1000)::integer)::text, true);
    end $$`);
}

/** Where the first statement stands that makes others wait; undefined where none does. `made`: what statements before have made; it gets more. */
function firstStrong(sql: string, made: Set<string>): Statement | undefined {
  const statements = sqlStatements(sql);
  return statements.find((statement) => effectsOn([statement], made).some(isStrong));
}

/** The same migration. One that opts out of a transaction, or of which nothing can be told, is left to its own. */
export function lockingFirst({ name, migration }: NamedMigration, lockTimeoutMs: number): NamedMigration {
  if (!isInTransaction(migration)) return { name, migration };
  const up = async (trx: Knex) => {
    const { statements = [] } = await recordMigration({ name, migration });
    const locks = strongLocks(effectsOn(statements, new Set()));
    await lockTables(
      trx,
      new Map([...locks.keys()].map((table) => [table, 'share update exclusive'])),
      vacuumTimeoutMs,
    );
    // Locks end with the commit, which waits for the disk and for synchronous standbys. After a crash it is undone whole, or not at all.
    await trx.raw(`set local lock_timeout = '${lockTimeoutMs}ms'; set local synchronous_commit = off`);
    const made = new Set<string>();
    let held = locks.size === 0;
    const raw = async (sql: string, ...bindings: unknown[]) => {
      const run = (text: string) => trx.raw(text, ...(bindings as [Knex.RawBinding[]]));
      const first = held ? undefined : firstStrong(sql, made);
      if (!first) return run(sql);
      held = true;
      const before = sql.slice(0, first.at);
      // Bindings count from the beginning.
      const cut = bindings.length === 0 && sqlStatements(before).length > 0;
      if (cut) await trx.raw(before);
      await lockTables(trx, locks, lockTimeoutMs);
      return run(cut ? sql.slice(first.at) : sql);
    };
    await migration.up(new Proxy(trx, { get: (target, key) => (key === 'raw' ? raw : Reflect.get(target, key)) }));
  };
  return { name, migration: { ...migration, up } };
}
