/**
 * Migrations on millions of rows while others write and read: a database as migration 0065 left it is filled, then each later one is applied,
 * and after them what migrations may do by the rules (migration-samples.ts). Prints for each what `gatehouse migrate --plan` had said,
 * what it took, and how long writers and readers waited for a lock, and by the clock; then how many rows a second PostgreSQL reads,
 * indexes, writes anew and changes, which is what the plan reckons with (src/platform/migration-plan/plan-migrations.ts). Run it with
 * `node bench/migrations.ts`; options: `--people N` (default 1000000, some nine rows each), `--payloads N` (default 3000000, each with two thirds of a
 * row of services and of the trail), `--only PART` (samples whose name has it). The default takes 15 GB for the time of the run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { migrateToLatest } from '../src/platform/apply-migrations.ts';
import { createDatabase, type Database } from '../src/platform/database.ts';
import { type PlannedMigration, planMigrations } from '../src/platform/migration-plan/plan-migrations.ts';
import { migrations, type NamedMigration } from '../src/platform/migrations.ts';
import { migrationFaults } from '../test/support/migration-rules.ts';
import { fillProtocol } from './fill-protocol.ts';
import { type Role, startWaiting, type Waits } from './lock-waits.ts';
import { sampleMigrations } from './migration-samples.ts';
import { startBenchDatabase } from './targets.ts';
import { withoutIndexes } from './without-indexes.ts';

const { values: options } = parseArgs({
  options: {
    people: { type: 'string', default: '1000000' },
    payloads: { type: 'string', default: '3000000' },
    only: { type: 'string', default: '' },
  },
});
const people = Number(options.people);
const payloads = Number(options.payloads);

/** Up to here no rule held them. */
const firstWithRules = '0066';

/** By its own statements: today's program does not work on the schema of then. */
async function makeTenant(db: Database): Promise<void> {
  await db.raw(`
    with tenant as (
      insert into tenants (slug, name) values ('bench', 'Bench') returning id
    ), root as (
      insert into org_nodes (tenant_id, type, name) select id, 'tenant', 'Bench' from tenant
    ), member as (
      insert into roles (tenant_id, name, is_system) select id, 'member', true from tenant
    )
    insert into clients (tenant_id, client_id, kind, name)
    select id, kind, kind, kind from tenant, unnest(array['web', 'service']) kind`);
}

/** Of each assignment what it is and what it was before. */
async function fillHistory(db: Database): Promise<void> {
  await db.transaction(async (trx) => {
    await trx.raw('set local statement_timeout = 0');
    await withoutIndexes(trx, ['org_assignments_history'], async () => {
      await trx.raw(`
        insert into org_assignments_history
        select a.id, a.tenant_id, a.user_id, a.role_id, a.org_node_id, a.starts_at, a.ends_at, a.assigned_by, a.created_at,
               now() - make_interval(days => 2 - n), case n when 0 then now() - interval '1 day' end
          from org_assignments a, generate_series(0, 1) n`);
    });
  });
  await db.raw('vacuum analyze org_assignments_history');
}

const milliseconds = (ms: number) => `${ms.toFixed(0)} ms`;

function waitText({ lock, clock }: Waits): string {
  const waited = lock.seen === 0 ? 'none' : `${lock.seen.toFixed(0)}..${lock.atMost.toFixed(0)} ms (${lock.table})`;
  return `${waited} | ${milliseconds(clock)}`;
}

const longest = (plan: PlannedMigration) => Math.max(0, ...plan.locks.map(({ seconds }) => seconds));

type Waiting = Awaited<ReturnType<typeof startWaiting>>;

/** One migration, after all that stand before it. */
async function apply(db: Database, list: NamedMigration[], waiting: Waiting): Promise<string> {
  const { name, migration } = list.at(-1) as NamedMigration;
  await db.raw('analyze');
  const [plan] = (await planMigrations(db, list)).migrations as [PlannedMigration];
  let tries = 0;
  const counted: NamedMigration = {
    name,
    migration: {
      ...migration,
      up: (trx) => {
        // It is also called to be read.
        if ('isTransaction' in trx) tries++;
        return migration.up(trx);
      },
    },
  };
  await waiting.take();
  const start = performance.now();
  await migrateToLatest(db, { list: [...list.slice(0, -1), counted] });
  const seconds = (performance.now() - start) / 1000;
  const { writer, reader } = await waiting.take();
  return `| ${name} | ${plan.seconds.toFixed(1)} s, ${milliseconds(longest(plan) * 1000)} | ${seconds.toFixed(1)} s | ${Math.max(1, tries)} | ${waitText(writer)} | ${waitText(reader)} |`;
}

const rateStatements: [work: string, sql: string][] = [
  ['read', 'alter table users add constraint users_rate check (char_length(full_name) > 0)'],
  ['index', 'create index users_rate_idx on users (tenant_id, email)'],
  [
    'change',
    `update users set full_name = full_name || '.' where id in (select id from users limit ${Math.ceil(people / 10)})`,
  ],
  ['rewrite', 'alter table users add column rate uuid default gen_random_uuid()'],
];

/** Of `users`, with all its indexes; nobody else at work. */
async function measureRates(db: Database): Promise<void> {
  for (const [work, sql] of rateStatements) {
    const count = work === 'change' ? Math.ceil(people / 10) : people;
    const start = performance.now();
    await db.raw(sql);
    const seconds = (performance.now() - start) / 1000;
    console.log(`${work}: ${seconds.toFixed(1)} s, ${Math.round(count / seconds).toLocaleString('en')} rows a second`);
  }
}

const alive = setInterval(() => {}, 1000);
const database = await startBenchDatabase();
const db = createDatabase({ url: database.url, poolMax: 3, statementTimeoutMs: 3_600_000, acquireTimeoutMs: 60_000 });
try {
  const released = migrations.filter(({ name }) => name < firstWithRules);
  await migrateToLatest(db, { list: released });
  await makeTenant(db);
  const begun = performance.now();
  await fillProtocol(db, { people: { from: 1, until: people }, payloads: { from: 1, until: payloads } });
  await fillHistory(db);
  console.error(`filled in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  const sizes = await db.raw(`
    select relname as name, reltuples::bigint as rows, pg_size_pretty(pg_total_relation_size(oid)) as size
      from pg_class where relkind = 'r' and reltuples > 10000 order by reltuples desc`);
  for (const { name, rows, size } of sizes.rows) console.error(`${name}: ${rows} rows, ${size}`);
  const waiting = await startWaiting(database.url);
  console.log(
    '| migration | planned: all, longest lock | took | tries | writers: for a lock | by the clock | readers: for a lock | by the clock |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  for (
    let at: Record<Role, Waits> | undefined;
    !at?.writer.statements || !at.reader.statements;
    at = await waiting.take()
  )
    await sleep(1000);
  await sleep(5000);
  const idle = await waiting.take();
  console.log(`| none, for 5 s | | | | ${waitText(idle.writer)} | ${waitText(idle.reader)} |`);
  const samples = sampleMigrations.filter(({ name }) => name.includes(options.only));
  const all = [...migrations, ...samples];
  for (let count = released.length + 1; count <= all.length; count++) {
    const list = all.slice(0, count);
    const faults = await migrationFaults(list.at(-1) as NamedMigration, list.slice(0, -1));
    if (faults.length > 0) throw new Error(faults.join('\n'));
    console.log(await apply(db, list, waiting));
  }
  await waiting.stop();
  await measureRates(db);
} finally {
  await db.destroy();
  await database.stop();
  clearInterval(alive);
}
process.exit(0);
