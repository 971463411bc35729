/**
 * What `gatehouse migrate` would do to this database, and for how long, told before it is done: the pending migrations are read
 * and not run, and the database is asked for nothing but how large its tables are.
 */
import { defaultLockTimeoutMs } from '../apply-migrations.ts';
import type { Database } from '../database.ts';
import { migrationStatus, migrations, type NamedMigration } from '../migrations.ts';
import type { Blocks, Effect, Work } from './effect.ts';
import { recordMigration } from './record-migration.ts';
import type { Statement } from './sql-statements.ts';
import { effectsOn } from './statement-effects.ts';
import { columnsWithValue, madeNotNull } from './validated-checks.ts';

/**
 * Rows in a second, measured by bench/migrations.ts on the tables of an installation with 14 x 10^6 rows, on two cores that had much else to do
 * (PostgreSQL 16, November 2026; docs/performance.md). Writing anew and changing are those of `users`, which has sixteen indexes: a table with
 * one takes a quarter of that. A quiet machine takes a fraction of the time; a table that is not in memory, more.
 */
export const rowsPerSecond: Readonly<Record<Work, number>> = {
  read: 1_000_000,
  index: 150_000,
  rewrite: 15_000,
  change: 2_500,
};

/** What a statement takes by itself, the commit after it, and all that is not rows. */
const statementSeconds = 0.005;

export interface PlannedWork {
  table: string;
  work: Work;
  /** As the statistics of the database have it. */
  rows: number;
  seconds: number;
}

export interface PlannedLock {
  table: string;
  blocks: Exclude<Blocks, 'nothing'>;
  /** To the end of its transaction, with what others wait while it is asked for. */
  seconds: number;
}

export interface PlannedMigration {
  name: string;
  /** All of it holds, or nothing. */
  transaction: boolean;
  seconds: number;
  locks: PlannedLock[];
  works: PlannedWork[];
  /** Statements of which nothing can be told, as they are. */
  unknown: string[];
}

export interface MigrationPlan {
  migrations: PlannedMigration[];
  /** Applied by a newer version: this one would refuse to migrate. */
  newer: string[];
  seconds: number;
  /** The longest that somebody else may have to wait for a table. */
  longestLockSeconds: number;
}

/** Rows of the tables, and 0 of those that are not there yet. Of a table that was never analysed, by its size. */
async function tableSizes(db: Database): Promise<Map<string, number>> {
  const { rows } = await db.raw(`
    select coalesce(root.relname, c.relname) as name,
           sum(case when c.relkind = 'p' then 0
                    when c.reltuples >= 0   then c.reltuples
                    else pg_relation_size(c.oid) / 100 end)::bigint as rows
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
      left join pg_inherits i on i.inhrelid = c.oid
      left join pg_class root on root.oid = i.inhparent
     where c.relkind in ('r', 'p')
     group by 1`);
  return new Map(rows.map((row: { name: string; rows: string }) => [row.name, Number(row.rows)]));
}

const round = (seconds: number) => Math.round(seconds * 1000) / 1000;

function planned(effects: readonly Effect[], transaction: boolean, sizes: Map<string, number>) {
  const works = effects.map((effect) =>
    effect.works.map(({ table, work }): PlannedWork => {
      const rows = sizes.get(table) ?? 0;
      return { table, work, rows, seconds: round(rows / rowsPerSecond[work]) };
    }),
  );
  const each = works.map((of) => statementSeconds + of.reduce((sum, { seconds }) => sum + seconds, 0));
  const sum = (of: readonly number[]) => of.reduce((all, seconds) => all + seconds, 0);
  // All of them before the first statement that needs one (lock-first.ts), until the transaction ends; outside of one, for the statement.
  const first = effects.findIndex(({ locks }) => locks.some(({ blocks }) => blocks !== 'nothing'));
  const locks = new Map<string, PlannedLock>();
  effects.forEach((effect, at) => {
    const held = sum(transaction ? each.slice(first) : each.slice(at, at + 1));
    for (const { table, blocks } of effect.locks) {
      if (blocks === 'nothing') continue;
      const seconds = round(held + defaultLockTimeoutMs / 1000);
      const before = locks.get(table);
      locks.set(table, {
        table,
        blocks: before?.blocks === 'everything' ? 'everything' : blocks,
        seconds: Math.max(seconds, before?.seconds ?? 0),
      });
    }
  });
  return {
    seconds: round(sum(each)),
    locks: [...locks.values()],
    works: works.flat().filter(({ rows }) => rows > 0),
  };
}

/** The plan for these migrations, on tables of these sizes. `before`: those that have run. */
export async function planOf(
  list: readonly NamedMigration[],
  sizes: Map<string, number>,
  before: readonly NamedMigration[] = [],
): Promise<PlannedMigration[]> {
  const plans: PlannedMigration[] = [];
  for (const [at, migration] of list.entries()) {
    const { name, transaction, statements } = await recordMigration(migration);
    const known = await columnsWithValue([...before, ...list.slice(0, at)]);
    const effects = effectsOn(statements ?? [], new Set()).map((effect, place) => {
      const column = madeNotNull(statements?.[place] as Statement);
      return column !== undefined && known.has(column) ? { ...effect, works: [] } : effect;
    });
    const unknown = statements
      ? effects.flatMap((effect) => (effect.unknown ? [effect.text] : []))
      : ['it asks the database first'];
    plans.push({ name, transaction, ...planned(effects, transaction, sizes), unknown });
  }
  return plans;
}

/** Changes nothing and locks nothing. `list`: default those of this version. */
export async function planMigrations(db: Database, list = migrations): Promise<MigrationPlan> {
  const { pending, unknown: newer } = await migrationStatus(db, list);
  const plans = await planOf(
    list.filter(({ name }) => pending.includes(name)),
    await tableSizes(db),
    list.filter(({ name }) => !pending.includes(name)),
  );
  const locks = plans.flatMap((plan) => plan.locks.map(({ seconds }) => seconds));
  return {
    migrations: plans,
    newer,
    seconds: round(plans.reduce((sum, { seconds }) => sum + seconds, 0)),
    longestLockSeconds: Math.max(0, ...locks),
  };
}
