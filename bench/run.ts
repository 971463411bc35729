/**
 * `npm run bench`: every operation of Gatehouse beside the bare library in one run. Processor time an operation holds on a
 * noisy machine; requests a second do not. Options: `--only NAME` (part of an operation's name, may be repeated),
 * `--seconds N`, `--json FILE`, `--skip-bare`, `--database URL`, `--list` (the statements of one operation, in order), and for each other server
 * `--peer NAME=ISSUER,CLIENT_ID,CLIENT_SECRET`, whose client must be allowed client credentials.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Load, type Measured, measureIdle, type Stretch, startLoad, summaryOf } from './load.ts';
import { type BenchOperation, benchOperations, discoverEndpoints } from './operations.ts';
import { residentMebibytes } from './processor-time.ts';
import { type StatementCounter, startStatementCounter } from './statement-counter.ts';
import {
  type BenchDatabase,
  leaveFirstCoreToServers,
  startBareTarget,
  startBenchDatabase,
  startGatehouseTarget,
  type Target,
} from './targets.ts';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '16' },
    json: { type: 'string' },
    database: { type: 'string' },
    'skip-bare': { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    'skip-statements': { type: 'boolean', default: false },
    peer: { type: 'string', multiple: true },
  },
});

interface Row {
  operation: string;
  statements?: number;
  gatehouse?: Measured;
  bare?: Measured;
  peers: Record<string, Measured>;
}

const wanted = benchOperations.filter(
  ({ name }) => !options.only || options.only.some((part) => name.toLowerCase().includes(part.toLowerCase())),
);
const rows: Row[] = wanted.map(({ name }) => ({ operation: name, peers: {} }));
const rowOf = (operation: BenchOperation) => rows.find((row) => row.operation === operation.name) as Row;

function connectionsOf(operation: BenchOperation): number {
  return operation.connections ?? Number(options.connections);
}

const idle = new Map<Target, Promise<Record<string, number>>>();

/** Measured once, before the first operation. */
function idleOf(target: Target): Promise<Record<string, number>> {
  const known = idle.get(target) ?? measureIdle(target.pids);
  idle.set(target, known);
  return known;
}

/** Undefined where nobody can be signed in there. */
async function loadOf(target: Target, operation: BenchOperation): Promise<Load | undefined> {
  if (operation.needsPerson && !target.people) return undefined;
  const endpoints = await discoverEndpoints(target);
  return startLoad((connection) => operation.prepare(target, endpoints, connection), {
    connections: connectionsOf(operation),
    seconds: Number(options.seconds),
    pids: target.pids,
    idle: await idleOf(target),
  });
}

function tell(target: Target, operation: BenchOperation, measured: Measured): void {
  const spent = Object.entries(measured.processor).map(([name, ms]) => `${name} ${ms.toFixed(2)} ms`);
  console.error(`${target.name}: ${operation.name}: ${measured.perSecond.toFixed(0)}/s, ${spent.join(', ')}`);
}

/**
 * In turns of a second or two: the machine may do a third less from one minute to the next, and what is measured one after the other says
 * more of that than of the servers.
 */
async function measureInTurns(operation: BenchOperation, targets: readonly Target[]): Promise<Map<Target, Measured>> {
  const seconds = Number(options.seconds);
  const turns = Math.max(4, Math.ceil(seconds / 2));
  const measured = new Map<Target, { load: Load; stretches: Stretch[] }>();
  for (const target of targets) {
    const load = await loadOf(target, operation);
    if (load) measured.set(target, { load, stretches: [] });
  }
  for (let turn = 0; turn < turns; turn++)
    for (const { load, stretches } of measured.values()) stretches.push(await load.runFor(seconds / turns));
  return new Map([...measured].map(([target, { stretches }]) => [target, summaryOf(stretches)]));
}

async function measureSideBySide(gatehouse: Target, bare: Target | undefined, peers: readonly Target[]): Promise<void> {
  for (const operation of wanted) {
    const row = rowOf(operation);
    const targets = [gatehouse, ...(bare ? [bare] : []), ...peers];
    for (const [target, measured] of await measureInTurns(operation, targets)) {
      tell(target, operation, measured);
      if (target === gatehouse) row.gatehouse = measured;
      else if (target === bare) row.bare = measured;
      else row.peers[target.name] = measured;
    }
  }
}

const counted = 20;

async function countStatements(database: BenchDatabase, known: Awaited<ReturnType<typeof startGatehouseTarget>>) {
  const counter = await startStatementCounter(database.url);
  const target = await startGatehouseTarget(counter.url, { known });
  const endpoints = await discoverEndpoints(target);
  for (const operation of wanted) {
    const run = await operation.prepare(target, endpoints, 0);
    for (let n = 0; n < 5; n++) await run();
    const before = counter.count();
    for (let n = 0; n < counted; n++) await run();
    rowOf(operation).statements = (counter.count() - before) / counted;
    if (options.list) await listStatements(counter, operation.name, run);
  }
  await target.stop();
  counter.stop();
}

/** What one operation asks, with the milliseconds until each was answered. */
async function listStatements(counter: StatementCounter, name: string, run: () => Promise<void>): Promise<void> {
  console.log(`\n${name}`);
  let n = 0;
  counter.listen((statement, took) => {
    n += 1;
    const text = statement.replace(/\s+/g, ' ').slice(0, 160);
    console.log(`${String(n).padStart(3)} ${took.toFixed(2).padStart(6)} ms  ${text}`);
  });
  await run();
  counter.listen(undefined);
}

function peerOf(text: string): Target {
  const [, name, issuer, clientId, clientSecret] = /^([^=]+)=([^,]+),([^,]+),(.+)$/.exec(text) ?? [];
  if (!name || !issuer || !clientId || !clientSecret) throw new Error(`--peer ${text}: NAME=ISSUER,ID,SECRET`);
  return { name, issuer, pids: {}, service: { clientId, clientSecret }, stop: async () => {} };
}

const ms = (value: number | undefined) => (value === undefined ? '' : value.toFixed(2));
const ratio = (a: Measured | undefined, b: Measured | undefined) =>
  a && b ? (a.perSecond / b.perSecond).toFixed(2) : '';
const processorRatio = (row: Row) =>
  row.gatehouse && row.bare
    ? ((row.bare.processor.server as number) / (row.gatehouse.processor.server as number)).toFixed(2)
    : '';

function table(): string {
  const names = [
    'operation',
    'req/s',
    'of bare',
    'server ms',
    'postgres ms',
    'bare ms',
    'bare/server',
    'statements',
    'p50',
    'p99',
  ];
  const peers = [...new Set(rows.flatMap((row) => Object.keys(row.peers)))];
  const lines = rows.map((row) => [
    row.operation,
    row.gatehouse?.perSecond.toFixed(0) ?? '',
    ratio(row.gatehouse, row.bare),
    ms(row.gatehouse?.processor.server),
    ms(row.gatehouse?.processor.postgres),
    ms(row.bare?.processor.server),
    processorRatio(row),
    row.statements?.toFixed(1) ?? '',
    ms(row.gatehouse?.p50),
    ms(row.gatehouse?.p99),
    ...peers.map((peer) => ratio(row.gatehouse, row.peers[peer])),
  ]);
  const all = [[...names, ...peers.map((peer) => `of ${peer}`)], ...lines];
  const [head = [], ...body] = all.map((cells) => `| ${cells.join(' | ')} |`);
  return [head, `|${'---|'.repeat(names.length + peers.length)}`, ...body].join('\n');
}

leaveFirstCoreToServers();
const database: BenchDatabase = options.database
  ? { url: options.database, pid: 0, stop: async () => {} }
  : await startBenchDatabase();
const summary: Record<string, number> = {};
const running: Target[] = [];
try {
  const gatehouse = await startGatehouseTarget(database.url, database.pid ? { postgresPid: database.pid } : {});
  running.push(gatehouse);
  summary.startMs = Math.round(gatehouse.startMs);
  summary.idleMebibytes = Math.round(residentMebibytes(gatehouse.pids.server as number));
  const bare = options['skip-bare'] ? undefined : await startBareTarget();
  if (bare) running.push(bare);
  await measureSideBySide(gatehouse, bare, (options.peer ?? []).map(peerOf));
  summary.loadedMebibytes = Math.round(residentMebibytes(gatehouse.pids.server as number));
  await gatehouse.stop();
  if (!options['skip-statements']) await countStatements(database, gatehouse);
} finally {
  for (const target of running) await target.stop();
  await database.stop();
}
console.log(`Node.js ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores; ${JSON.stringify(summary)}\n`);
console.log(table());
if (options.json) writeFileSync(options.json, JSON.stringify({ node: process.version, ...summary, rows }, null, 2));
process.exit(0);
