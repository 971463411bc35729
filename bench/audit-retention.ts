/**
 * How long a writer of the audit trail waits while months come and go: one of ROWS events that is over, one of which a tenant keeps
 * its part, and a default partition with as many. Prints the longest wait of writers and readers in each phase, beside one in
 * which nothing else happens, and what each step took. Run it with `node bench/audit-retention.ts`; options: `--rows N` (default
 * 10000000, which takes some 20 GB for the time of the run), `--kept N` (in the month that is kept; default a fiftieth), `--stray N` (in
 * the default partition; default as many as in the month that is over).
 */
import { parseArgs } from 'node:util';
import { recordEvent, systemCaller } from '../src/domain/audit/audit-events.ts';
import { ensureAuditPartitions, purgeAuditEvents } from '../src/domain/audit/audit-upkeep.ts';
import { migrateToLatest } from '../src/platform/apply-migrations.ts';
import { createDatabase, type Database, rows } from '../src/platform/database.ts';
import { migrateJobs } from '../src/platform/jobs/jobs.ts';
import { createTenant } from '../test/support/factories.ts';
import { startBenchDatabase } from './targets.ts';

const { values: options } = parseArgs({
  options: { rows: { type: 'string', default: '10000000' }, kept: { type: 'string' }, stray: { type: 'string' } },
});
const size = Number(options.rows);
const keptSize = options.kept === undefined ? Math.ceil(size / 50) : Number(options.kept);
const straySize = Number(options.stray ?? size);
const retentionDays = 180;

interface Month {
  name: string;
  from: string;
  to: string;
}

function monthAgo(months: number): Month {
  const now = new Date();
  const first = (n: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - n, 1)).toISOString();
  const from = first(months);
  return { name: `audit_events_${from.slice(0, 7).replace('-', '_')}`, from, to: first(months - 1) };
}

/** Events of several tenants over a span of time, in a table aside: the indexes are built when it is attached. */
async function fill(db: Database, name: string, { from, to }: Omit<Month, 'name'>, count: number, tenants: string[]) {
  await db.raw(`create table ${name} (like audit_events including defaults including constraints)`);
  await rows(
    db,
    `insert into ${name} (tenant_id, actor_type, actor_id, action, entity_type, entity_id, ip, user_agent, request_id, payload, occurred_at)
     select (:tenants::uuid[])[1 + n % :some::integer], 'user', md5((n % 50000)::text)::uuid, 'login.succeeded', 'user',
            md5((n % 50000)::text)::uuid, '192.0.2.1', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0', gen_random_uuid(),
            '{"amr": ["pwd"], "method": "password"}', :from::timestamptz + (:to::timestamptz - :from::timestamptz) * (n::float / :count::integer)
       from generate_series(0, :count::integer - 1) as n`,
    { tenants, some: tenants.length, from, to, count },
  );
}

interface Waits {
  times: number[];
  stop(): Promise<void>;
}

/** Does one thing after another and notes how long each took. */
function keepDoing(work: () => Promise<unknown>): Waits {
  const times: number[] = [];
  let isOver = false;
  const done = (async () => {
    while (!isOver) {
      const startedAt = performance.now();
      await work();
      times.push(performance.now() - startedAt);
    }
  })();
  return {
    times,
    async stop() {
      isOver = true;
      await done;
    },
  };
}

function told(times: number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
  return `${sorted.length} times, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`;
}

/** Runs one phase beside two writers and a reader. */
async function phase(name: string, url: string, tenantId: string, work: () => Promise<unknown>): Promise<void> {
  const others = createDatabase({ url, poolMax: 4, answerTimeoutMs: 900_000 });
  const write = () => recordEvent(others, { tenantId, action: 'login.succeeded' }, systemCaller);
  const read = () =>
    rows(others, 'select id from audit_events where tenant_id = ? order by occurred_at desc limit 50', [tenantId]);
  await Promise.all([write(), write(), read()]);
  const waits = [keepDoing(write), keepDoing(write), keepDoing(read)] as const;
  const startedAt = performance.now();
  await work();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  for (const wait of waits) await wait.stop();
  await others.destroy();
  console.log(`\n${name}: ${seconds} s`);
  console.log(`  writers  ${told([...waits[0].times, ...waits[1].times])}`);
  console.log(`  a reader ${told(waits[2].times)}`);
}

/** Prints what each call of the upkeep's functions took: no lock of theirs was held longer. */
function timeSteps(db: Database): void {
  const startedAt = new Map<string, number>();
  db.on('query', ({ __knexQueryUid: id }) => startedAt.set(id, performance.now()));
  const note = ({ __knexQueryUid: id, sql }: { __knexQueryUid: string; sql: string }, how = '') => {
    const [step] = /(?:ensure|detach|drop)\w*partitions?/.exec(sql) ?? [];
    if (step) console.log(`  ${step}: ${(performance.now() - (startedAt.get(id) ?? 0)).toFixed(1)} ms${how}`);
  };
  db.on('query-response', (_, query) => note(query));
  db.on('query-error', (error, query) => note(query, ` (${error.code}, tried again)`));
}

async function run(db: Database, url: string): Promise<void> {
  const [usual, long] = [await createTenant(db), await createTenant(db, { settings: { auditRetentionDays: 400 } })];
  const startedAt = performance.now();
  const [over, kept, stray] = [monthAgo(10), monthAgo(8), { from: '2032-01-01', to: '2034-01-01' }];
  await fill(db, over.name, over, size, [usual.id]);
  await db.raw(
    `alter table audit_events attach partition ${over.name} for values from ('${over.from}') to ('${over.to}')`,
  );
  await fill(db, kept.name, kept, keptSize, [usual.id, long.id]);
  await db.raw(
    `alter table audit_events attach partition ${kept.name} for values from ('${kept.from}') to ('${kept.to}')`,
  );
  await db.raw('drop table audit_events_default');
  await fill(db, 'audit_events_default', stray, straySize, [usual.id]);
  await db.raw('alter table audit_events attach partition audit_events_default default');
  // As where it has not been made yet.
  await db.raw(`drop table if exists ${monthAgo(-2).name}`);
  // Otherwise PostgreSQL does it in the middle, with a lock that the upkeep waits for.
  await db.raw('vacuum analyze audit_events');
  console.log(`${size + straySize + keptSize} events made in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);

  const upkeep = createDatabase({ url, poolMax: 1, statementTimeoutMs: 900_000, answerTimeoutMs: 900_000 });
  timeSteps(upkeep);
  const tenantId = usual.id;
  const quiet = () => new Promise((resolve) => setTimeout(resolve, 10_000));
  await phase('nothing else', url, tenantId, quiet);
  await phase('a month made ahead', url, tenantId, () => ensureAuditPartitions(upkeep));
  await phase('a month dropped, another emptied in batches', url, tenantId, () =>
    purgeAuditEvents(upkeep, retentionDays),
  );
  await phase('nothing else', url, tenantId, quiet);
  const left = await rows<{ part: string; events: number }>(
    db,
    `select relname as part, reltuples::bigint as events from pg_class
      where relkind = 'r' and relname like '%audit_events\\_%' order by 1`,
  );
  console.log(`\nleft: ${left.map(({ part }) => part).join(', ')}`);
  await upkeep.destroy();
}

const postgres = await startBenchDatabase();
const patient = { statementTimeoutMs: 7_200_000, answerTimeoutMs: 7_200_000 };
const db = createDatabase({ url: postgres.url, poolMax: 2, ...patient });
try {
  await migrateToLatest(db);
  await migrateJobs({ databaseUrl: postgres.url });
  await run(db, postgres.url);
} finally {
  await db.destroy();
  await postgres.stop();
}
