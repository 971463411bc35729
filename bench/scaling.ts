/**
 * What grows with nodes and with rows, for docs/scaling.md. When the same load goes to one process and to ten: the processor time of
 * an operation, of the servers and of PostgreSQL, and the write-ahead log and the events of the trail that it leaves. What each idle
 * node costs. How many bytes a row of each large table takes with its indexes. Run it with `node bench/scaling.ts`; `--nodes 1,2,10`,
 * `--seconds N`, `--per-second N` (all nodes together), `--people N`, `--payloads N`.
 */
import { parseArgs } from 'node:util';
import { createDatabase, type Database, firstRow, rows } from '../src/platform/database.ts';
import { fillProtocol } from './fill-protocol.ts';
import { measureAtRate, measureIdle, type Operation } from './load.ts';
import { type BenchOperation, benchOperations, discoverEndpoints } from './operations.ts';
import { processorSeconds, residentMebibytes } from './processor-time.ts';
import { type GatehouseTarget, startBenchDatabase, startGatehouseTarget } from './targets.ts';

const { values: options } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1,2,10' },
    seconds: { type: 'string', default: '10' },
    'per-second': { type: 'string', default: '200' },
    people: { type: 'string', default: '100000' },
    payloads: { type: 'string', default: '300000' },
  },
});
const seconds = Number(options.seconds);
const numbers = options.nodes.split(',').map(Number);
const connections = 32;
/** What a sign-in takes is a hash: a tenth of the rate of the others. */
const measured = new Map([
  ['service token, JWT ES256', 1],
  ['introspection', 1],
  ['userinfo', 1],
  ['refresh with rotation', 1],
  ['session sign-on', 1],
  ['whole password sign-in', 0.05],
]);

async function prepareAcross(operation: BenchOperation, nodes: readonly GatehouseTarget[]): Promise<Operation[]> {
  const ready: Operation[] = [];
  for (let n = 0; n < connections; n++) {
    const node = nodes[n % nodes.length] as GatehouseTarget;
    ready.push(await operation.prepare(node, await discoverEndpoints(node), n));
  }
  return ready;
}

/** Bytes of write-ahead log so far. */
async function logBytes(db: Database): Promise<number> {
  const position = await firstRow<{ bytes: string }>(
    db,
    `select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as bytes`,
  );
  return Number(position?.bytes);
}

/** Events of the trail so far. */
async function eventCount(db: Database): Promise<number> {
  return (await firstRow<{ n: number }>(db, 'select count(*) as n from audit_events'))?.n ?? 0;
}

interface Spent {
  server: number;
  postgres: number;
  log: number;
  events: number;
}

async function spentSoFar(db: Database, nodes: readonly GatehouseTarget[], postgresPid: number): Promise<Spent> {
  const server = nodes.reduce((sum, { pids }) => sum + processorSeconds(pids.server as number), 0);
  return {
    server,
    postgres: processorSeconds(postgresPid),
    log: await logBytes(db),
    events: await eventCount(db),
  };
}

async function measureNodes(db: Database, nodes: readonly GatehouseTarget[], postgresPid: number): Promise<void> {
  const pids = Object.fromEntries([
    ['postgres', postgresPid],
    ...nodes.map(({ pids }, n) => [`server${n}`, pids.server as number] as const),
  ]);
  const idle = await measureIdle(pids, 10);
  const idleServers = nodes.reduce((sum, _, n) => sum + (idle[`server${n}`] ?? 0), 0);
  const count = await firstRow<{ n: number }>(
    db,
    `select count(*) as n from pg_stat_activity where backend_type = 'client backend'`,
  );
  const memory = nodes.map(({ pids: { server = 0 } }) => residentMebibytes(server).toFixed(0));
  console.log(
    `\n${nodes.length} nodes, idle: ${((idleServers / nodes.length) * 1000).toFixed(1)} ms of processor a second each, PostgreSQL ${((idle.postgres ?? 0) * 1000).toFixed(1)} ms a second; ${count?.n} connections; ${memory.join(', ')} MiB`,
  );
  for (const [name, share] of measured) {
    const operation = benchOperations.find((candidate) => candidate.name === name) as BenchOperation;
    const ready = await prepareAcross(operation, nodes);
    for (const one of ready) await one();
    const before = await spentSoFar(db, nodes, postgresPid);
    const begun = performance.now();
    const times = await measureAtRate(ready, { perSecond: Number(options['per-second']) * share, seconds });
    const elapsed = (performance.now() - begun) / 1000;
    const after = await spentSoFar(db, nodes, postgresPid);
    const each = (what: keyof Spent, idlePerSecond = 0) =>
      (after[what] - before[what] - idlePerSecond * elapsed) / times.length;
    console.log(
      `| ${nodes.length} | ${name} | ${(each('server', idleServers) * 1000).toFixed(2)} ms | ${(each('postgres', idle.postgres) * 1000).toFixed(2)} ms | ${(each('log') / 1024).toFixed(1)} KiB | ${each('events').toFixed(1)} | ${(times.length / elapsed).toFixed(0)}/s |`,
    );
  }
}

/** Bytes of a row with its indexes and its part of the table's free space; partitions count with their table. */
async function measureStorage(db: Database): Promise<void> {
  await fillProtocol(db, {
    people: { from: 1, until: Number(options.people) },
    payloads: { from: 1, until: Number(options.payloads) },
  });
  const tables = await rows<{ name: string; count: number; bytes: number; indexes: number }>(
    db,
    `select coalesce(parent.relname, c.relname) as name, sum(c.reltuples)::bigint as count,
            sum(pg_total_relation_size(c.oid))::bigint as bytes, sum(pg_indexes_size(c.oid))::bigint as indexes
       from pg_class c
       left join pg_inherits i on i.inhrelid = c.oid
       left join pg_class parent on parent.oid = i.inhparent
      where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
      group by 1
     having sum(c.reltuples) >= 10000
      order by 3 desc`,
  );
  console.log('\n| table | rows | bytes a row, indexes included | of them indexes |\n|---|---|---|---|');
  for (const { name, count, bytes, indexes } of tables)
    console.log(`| ${name} | ${count} | ${(bytes / count).toFixed(0)} | ${(indexes / count).toFixed(0)} |`);
}

const alive = setInterval(() => {}, 1000);
const database = await startBenchDatabase();
const db = createDatabase({ url: database.url, poolMax: 2, statementTimeoutMs: 1_800_000, answerTimeoutMs: 1_800_000 });
const first = await startGatehouseTarget(database.url, { postgresPid: database.pid });
const nodes: GatehouseTarget[] = [first];
try {
  console.log(
    '| nodes | operation | servers | PostgreSQL | write-ahead log | events of the trail | rate |\n|---|---|---|---|---|---|---|',
  );
  for (const number of numbers) {
    while (nodes.length < number) nodes.push(await startGatehouseTarget(database.url, { known: first, beside: true }));
    await measureNodes(db, nodes, database.pid);
  }
  await measureStorage(db);
} finally {
  await db.destroy();
  for (const node of nodes) await node.stop();
  await database.stop();
  clearInterval(alive);
}
process.exit(0);
