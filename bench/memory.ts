/**
 * What a server holds in memory under a load that goes on: every operation of bench/operations.ts at once, and at equal distances
 * what its heap holds after a collection and what the process holds of the machine. Ends with a fault where the heap still grows in
 * the last two thirds. Run it with `node bench/memory.ts`; `--minutes N` (default 10), `--looks N`.
 */
import { parseArgs } from 'node:util';
import { freePort } from '../test/support/free-port.ts';
import { type HeapOfProcess, openHeapAt } from '../test/support/heap-of-process.ts';
import { type BenchOperation, benchOperations, discoverEndpoints } from './operations.ts';
import { residentMebibytes } from './processor-time.ts';
import { startBenchDatabase, startGatehouseTarget } from './targets.ts';

const { values: options } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, looks: { type: 'string', default: '10' } },
});
const looks = Number(options.looks);
const betweenMs = (Number(options.minutes) * 60_000) / looks;
/** As in test/flows/memory.test.ts. */
const mostGrowthMebibytes = 4;

const port = await freePort();
process.env.BENCH_NODE_OPTIONS = `--inspect=127.0.0.1:${port}`;
const alive = setInterval(() => {}, 1000);
const database = await startBenchDatabase();
const target = await startGatehouseTarget(database.url, { postgresPid: database.pid }).catch(async (error) => {
  await database.stop();
  throw error;
});

/** What a server that has too little of the machine is asked and refuses: it belongs to a long run. */
const refused = 'refusals';

/** Two connections do each operation again and again; answers how many were done of each. */
async function loadFor(
  ready: { name: string; run: () => Promise<void> }[],
  milliseconds: number,
): Promise<Map<string, number>> {
  const until = performance.now() + milliseconds;
  const done = new Map<string, number>();
  await Promise.all(
    ready.map(async ({ name, run }) => {
      while (performance.now() < until) {
        const isDone = await run().then(
          () => true,
          () => false,
        );
        const as = isDone ? name : refused;
        done.set(as, (done.get(as) ?? 0) + 1);
        // Who is told to come back later does not come at once.
        if (!isDone) await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }),
  );
  return done;
}

async function prepare(operation: BenchOperation, connection: number) {
  const run = await operation.prepare(target, await discoverEndpoints(target), connection);
  return { name: operation.name, run };
}

/** Anew each time: an access token lives for some minutes. */
async function prepareAll() {
  const ready: Awaited<ReturnType<typeof prepare>>[] = [];
  for (const operation of benchOperations)
    for (let n = 0; n < 2; n++) ready.push(await prepare(operation, ready.length));
  return ready;
}

const sum = (counts: Iterable<number>) => [...counts].reduce((all, count) => all + count, 0);

let heap: HeapOfProcess | undefined;
try {
  const [inspected] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  heap = await openHeapAt(inspected?.webSocketDebuggerUrl as string);
  const held: number[] = [];
  const all = new Map<string, number>();
  console.log('| minutes | operations | of them refused | heap after a collection | resident |\n|---|---|---|---|---|');
  for (let look = 1; look <= looks; look++) {
    for (const [name, count] of await loadFor(await prepareAll(), betweenMs))
      all.set(name, (all.get(name) ?? 0) + count);
    held.push((await heap.used()) / 2 ** 20);
    const cells = [
      ((look * betweenMs) / 60_000).toFixed(1),
      sum(all.values()),
      all.get(refused) ?? 0,
      `${held.at(-1)?.toFixed(1)} MiB`,
      `${residentMebibytes(target.pids.server as number).toFixed(0)} MiB`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
  console.log([...all].map(([name, count]) => `${count} of ${name}`).join(', '));
  const growth = (held.at(-1) as number) - (held[Math.floor(looks / 3)] as number);
  console.log(`from a third of the time to its end: ${growth.toFixed(2)} MiB`);
  if (growth > mostGrowthMebibytes) process.exitCode = 1;
} finally {
  // A server that is inspected waits for that to end.
  heap?.close();
  await target.stop();
  await database.stop();
  clearInterval(alive);
}
process.exit();
