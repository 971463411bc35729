/**
 * How the operations of the protocol cost with growth: each of bench/operations.ts on a database of few people and rows, and again
 * after it has grown, by processor time of the server and of PostgreSQL. At the end, what sweeping takes while tokens are issued. Run
 * it with `node bench/growth.ts`; options: `--sizes PEOPLE:PAYLOADS,...` (default 1000:10000,100000:1000000), `--seconds N`, `--only NAME`.
 */
import { parseArgs } from 'node:util';
import { sweepPayloads } from '../src/domain/sessions/payload-store.ts';
import { createDatabase, type Database } from '../src/platform/database.ts';
import { fillProtocol } from './fill-protocol.ts';
import { type Measured, measure, measureIdle } from './load.ts';
import { type BenchOperation, benchOperations, discoverEndpoints } from './operations.ts';
import { processorSeconds } from './processor-time.ts';
import { type GatehouseTarget, startBenchDatabase, startGatehouseTarget } from './targets.ts';

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1000:10000,100000:1000000' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true },
  },
});
const sizes = options.sizes.split(',').map((size) => {
  const [people = 0, payloads = 0] = size.split(':').map(Number);
  return { people, payloads };
});
const wanted = benchOperations.filter(
  ({ name }) => !options.only || options.only.some((part) => name.toLowerCase().includes(part.toLowerCase())),
);
const seconds = Number(options.seconds);

/** What was filled in is written out by PostgreSQL for a while: that is no operation's. */
async function untilQuiet(target: GatehouseTarget): Promise<Record<string, number>> {
  for (let attempt = 0; ; attempt++) {
    const idle = await measureIdle(target.pids, 2);
    if ((idle.postgres ?? 0) < 0.03 || attempt === 30) return idle;
  }
}

const cost = ({ processor }: Measured) => (processor.server ?? 0) + (processor.postgres ?? 0);

function told(error: unknown): undefined {
  console.error(`a run that does not count: ${(error as Error).message}`);
}

/** The least of three runs: others on the machine make caches cold, and so an operation dearer, never cheaper. */
async function measureAll(target: GatehouseTarget): Promise<Map<BenchOperation, Measured>> {
  const idle = await untilQuiet(target);
  const endpoints = await discoverEndpoints(target);
  const measured = new Map<BenchOperation, Measured>();
  for (const operation of wanted) {
    const connections = operation.connections ?? 16;
    for (let run = 0; run < 3 || (run < 9 && !measured.has(operation)); run++) {
      const prepare = (connection: number) => operation.prepare(target, endpoints, connection);
      // One in which something was refused says nothing: others may leave a server too little to answer in time.
      const found = await measure(prepare, { connections, seconds, pids: target.pids, idle }).catch(told);
      if (!found) continue;
      const least = measured.get(operation);
      if (!least || cost(found) < cost(least)) measured.set(operation, found);
    }
  }
  return measured;
}

/** Payloads that have ended, swept beside a load of tokens. */
async function measureSweeping(db: Database, target: GatehouseTarget): Promise<void> {
  const ended = 100_000;
  await db.raw(
    `insert into oidc_payloads (model, id_hash, payload, client_id, expires_at)
     select 'ClientCredentials', sha256(('ended' || n)::bytea), decode(repeat(md5(n::text), 20), 'hex'), 'bench', now() - make_interval(secs => n)
       from generate_series(1, ?::integer) n`,
    [ended],
  );
  await db.raw('analyze oidc_payloads');
  const postgres = target.pids.postgres as number;
  const before = processorSeconds(postgres);
  const alone = await sweepPayloads(db, {});
  const spent = processorSeconds(postgres) - before;
  const perRow = (spent * 1e6) / alone;
  console.log(
    `\nsweeping ${alone} payloads: ${perRow.toFixed(1)} us of PostgreSQL a row, so 2,000 tokens a second take ${((perRow * 2000) / 1e4).toFixed(1)} % of a core`,
  );
}

const alive = setInterval(() => {}, 1000);
const database = await startBenchDatabase();
const db = createDatabase({ url: database.url, poolMax: 2, statementTimeoutMs: 1_800_000, answerTimeoutMs: 1_800_000 });
const target = await startGatehouseTarget(database.url, { postgresPid: database.pid });
try {
  const all: Map<BenchOperation, Measured>[] = [];
  let done = { people: 0, payloads: 0 };
  for (const size of sizes) {
    const began = performance.now();
    await fillProtocol(db, {
      people: { from: done.people + 1, until: size.people },
      payloads: { from: done.payloads + 1, until: size.payloads },
    });
    done = size;
    console.error(
      `${size.people} people, ${size.payloads} payloads: made in ${((performance.now() - began) / 1000).toFixed(0)} s`,
    );
    all.push(await measureAll(target));
  }
  const heads = sizes.map(({ people, payloads }) => `${people} people, ${payloads} payloads`);
  console.log(`| operation | ${heads.join(' | ')} | last / first |\n|${'---|'.repeat(heads.length + 2)}`);
  for (const operation of wanted) {
    const each = all.flatMap((measured) => measured.get(operation) ?? []);
    if (each.length < all.length) continue;
    const cells = each.map(({ processor }) => `${processor.server?.toFixed(2)} + ${processor.postgres?.toFixed(2)} ms`);
    const ratio = cost(each.at(-1) as Measured) / cost(each[0] as Measured);
    console.log(`| ${operation.name} | ${cells.join(' | ')} | ${ratio.toFixed(2)} |`);
  }
  await measureSweeping(db, target);
} finally {
  await db.destroy();
  await target.stop();
  await database.stop();
  clearInterval(alive);
}
process.exit(0);
