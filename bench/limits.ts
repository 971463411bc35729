/**
 * What the table of bench/run.ts does not show: the start (to its first token, on an existing database, with the processor time
 * of commands), two processes beside one (what they do, the processor time of an operation, and how often a statement was seen waiting
 * for a lock), and the times of answers at 70 % of what the server can do. Run it with `node bench/limits.ts`; `--seconds N`.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createDatabase, type Database, rows } from '../src/platform/database.ts';
import { processEnvironment } from '../test/support/process-environment.ts';
import { type Measured, measure, measureAtRate, measureIdle, type Operation } from './load.ts';
import { type BenchOperation, benchOperations, discoverEndpoints } from './operations.ts';
import { processorSeconds } from './processor-time.ts';
import {
  type GatehouseTarget,
  leaveFirstCoreToServers,
  spawnOnFirstCore,
  startBenchDatabase,
  startGatehouseTarget,
  type Target,
} from './targets.ts';

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '5' } } });
const seconds = Number(options.seconds);
/** To each server. */
const connections = 16;
const windowCount = 12;
const measured = ['service token, JWT ES256', 'introspection', 'userinfo', 'refresh with rotation', 'session sign-on'];
const operations = benchOperations.filter(({ name }) => measured.includes(name));
type Known = GatehouseTarget & { secretKey: string };

async function prepared(operation: BenchOperation, targets: readonly Target[]): Promise<Operation[]> {
  const all: Operation[] = [];
  for (let n = 0; n < connections * targets.length; n++) {
    const target = targets[n % targets.length] as Target;
    all.push(await operation.prepare(target, await discoverEndpoints(target), n));
  }
  return all;
}

/** What statements wait for, looked at every 50 ms: how often each was seen. */
async function watchWaits(
  db: Database,
  which: string,
  during: Promise<unknown>,
): Promise<{ looks: number; waits: Map<string, number> }> {
  let over = false;
  const end = during.finally(() => {
    over = true;
  });
  const waits = new Map<string, number>();
  let looks = 0;
  while (!over) {
    looks++;
    const found = await rows<{ what: string }>(
      db,
      `select coalesce(wait_event, 'at work') || ': ' || left(regexp_replace(query, '\\s+', ' ', 'g'), 60) as what
         from pg_stat_activity where ${which} and pid <> pg_backend_pid()`,
    );
    for (const { what } of found) waits.set(what, (waits.get(what) ?? 0) + 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await end;
  return { looks, waits };
}

const forLock = "wait_event_type = 'Lock'";
/** What then holds up everybody. */
const forLong = "state = 'active' and query_start < clock_timestamp() - interval '30 ms'";

/** What takes half of the servers' core, as a second process does, until it is told to stop or this program is gone. */
function takeHalfOfCore(): () => void {
  const busy = spawnOnFirstCore('-e', ['const { ppid } = process; while (process.ppid === ppid);'], {});
  return () => void busy.kill('SIGKILL');
}

/**
 * One process that has half of a core, then two that have a half each: all that they can do, over as many connections each. A process that
 * has a whole core has more requests of a moment share a statement, which two on one core could not.
 */
async function compareTwo(db: Database, one: Known, two: Known): Promise<void> {
  console.log(
    '\n| operation | one process | two | two do, of one | an operation of one | of two | waits for a lock |\n|---|---|---|---|---|---|---|',
  );
  for (const operation of operations) {
    // A browser goes to the issuer, whichever server it is given.
    if (operation.name === 'session sign-on') continue;
    const results: Measured[] = [];
    let locks = '';
    for (const targets of [[one], [one, two]]) {
      const pids = { ...one.pids, ...(targets.length > 1 && { second: two.pids.server as number }) };
      const idle = await measureIdle(pids, 2);
      const ready = await prepared(operation, targets);
      const giveBack = targets.length === 1 ? takeHalfOfCore() : undefined;
      const running = measure(async (n) => ready[n] as Operation, { connections: ready.length, seconds, pids, idle });
      const { looks, waits } = await watchWaits(db, forLock, running);
      results.push(await running);
      giveBack?.();
      locks = `${[...waits.values()].reduce((sum, n) => sum + n, 0)} in ${looks} looks${[...waits.keys()].slice(0, 2).map((what) => `; ${what}`)}`;
    }
    const [single, both] = results as [Measured, Measured];
    const each = (of: Measured) =>
      Object.values(of.processor)
        .map((ms) => ms.toFixed(2))
        .join(' + ');
    console.log(
      `| ${operation.name} | ${single.perSecond.toFixed(0)}/s | ${both.perSecond.toFixed(0)}/s | ${(both.perSecond / single.perSecond).toFixed(2)} | ${each(single)} ms | ${each(both)} ms | ${locks} |`,
    );
  }
}

/** For a minute, in windows: what holds up everybody for a moment, such as a slow disk, is in some of them and not in others. */
async function atSeventyPercent(db: Database, target: Known): Promise<void> {
  console.log(
    '\n| operation | can do | at 70 % p50 | p99 of each window | waited for in windows over 50 ms |\n|---|---|---|---|---|',
  );
  for (const operation of operations) {
    const ready = await prepared(operation, [target]);
    const idle = {};
    const most = await measure(async (n) => ready[n] as Operation, { connections, seconds, pids: {}, idle });
    const windows: { p50: number; p99: number }[] = [];
    const held = new Map<string, number>();
    for (let n = 0; n < windowCount; n++) {
      const running = measureAtRate(ready, { perSecond: most.perSecond * 0.7, seconds });
      const { waits } = await watchWaits(db, forLong, running);
      const times = await running;
      const at = (q: number) => times[Math.floor(times.length * q)] ?? 0;
      windows.push({ p50: at(0.5), p99: at(0.99) });
      if (at(0.99) < 50) continue;
      for (const [what, count] of waits) held.set(what, (held.get(what) ?? 0) + count);
    }
    const p50s = windows.map(({ p50 }) => p50).toSorted((a, b) => a - b);
    const p99s = windows.map(({ p99 }) => p99).toSorted((a, b) => a - b);
    const told = [...held].toSorted(([, a], [, b]) => b - a).map(([what, count]) => `${count} ${what}`);
    console.log(
      `| ${operation.name} | ${most.perSecond.toFixed(0)}/s | ${p50s[windowCount >> 1]?.toFixed(1)} ms | ${p99s.map((ms) => ms.toFixed(0)).join(', ')} ms | ${told.slice(0, 3).join('; ')} |`,
    );
  }
}

/** Milliseconds by the clock and seconds of the processor, from the start of the process to its first token. */
async function measureStart(databaseUrl: string, known: Known): Promise<void> {
  const tokens = benchOperations[0] as BenchOperation;
  for (let n = 0; n < 3; n++) {
    const begun = performance.now();
    const target = await startGatehouseTarget(databaseUrl, { known });
    await (await tokens.prepare(target, await discoverEndpoints(target), 0))();
    const ms = performance.now() - begun;
    console.log(
      `start to the first token: ${ms.toFixed(0)} ms, ${processorSeconds(target.pids.server as number).toFixed(2)} s of the processor`,
    );
    await target.stop();
  }
  const program = fileURLToPath(new URL('../bin/gatehouse.js', import.meta.url));
  for (const args of [['--help'], ['users', 'list', '--tenant', 'bench']])
    for (let n = 0; n < 3; n++) {
      const own = () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;
      const before = processorSeconds(process.pid) - own();
      const { status } = spawnSync(process.execPath, [program, ...args], {
        env: { ...processEnvironment(), DATABASE_URL: databaseUrl, SECRET_KEY: known.secretKey, ISSUER: known.issuer },
      });
      const spent = processorSeconds(process.pid) - own() - before;
      console.log(
        `gatehouse ${args.join(' ')}: ${spent.toFixed(2)} s of the processor${status ? `, failed with ${status}` : ''}`,
      );
    }
}

leaveFirstCoreToServers();
const alive = setInterval(() => {}, 1000);
const database = await startBenchDatabase();
const db = createDatabase({ url: database.url, poolMax: 2 });
const one = await startGatehouseTarget(database.url, { postgresPid: database.pid });
try {
  const two = await startGatehouseTarget(database.url, { known: one, beside: true });
  await compareTwo(db, one, two);
  await two.stop();
  await atSeventyPercent(db, one);
  await one.stop();
  await measureStart(database.url, one);
} finally {
  await db.destroy();
  await one.stop();
  await database.stop();
  clearInterval(alive);
}
process.exit(0);
