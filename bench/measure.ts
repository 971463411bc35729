/** Times one question many times, one after the other. */
import { type Database, firstRow } from '../src/platform/database.ts';
import { millisecondsRun, parentOf, processorSeconds } from './processor-time.ts';

/** Processor time so far, in ms, which holds on a busy machine: of this process, and of the whole database server. */
async function spent(db: Database): Promise<{ server: number; postgres: number }> {
  const { user, system } = process.cpuUsage();
  const session = await firstRow<{ pid: number }>(db, 'select pg_backend_pid() as pid');
  // Its parent outlives the sessions, and counts those that have ended.
  const postgres = parentOf(session?.pid ?? 0);
  return { server: (user + system) / 1000, postgres: processorSeconds(postgres) * 1000 };
}

/**
 * Prints p50 and p99, and where a database is given the processor time of each question. What answers an empty list counts
 * as without an answer.
 */
export async function measure(
  name: string,
  times: number,
  ask: (n: number) => Promise<unknown[] | object>,
  processorOf?: Database,
): Promise<void> {
  const took: number[] = [];
  let answered = 0;
  let before = { server: 0, postgres: 0 };
  for (let n = -Math.min(20, times); n < times; n++) {
    if (n === 0 && processorOf) before = await spent(processorOf);
    const start = performance.now();
    const answer = await ask(n + 100);
    const ms = performance.now() - start;
    if (n < 0) continue;
    took.push(ms);
    if (!Array.isArray(answer) || answer.length > 0) answered++;
  }
  took.sort((a, b) => a - b);
  const at = (share: number) => (took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0).toFixed(2);
  const each = (ms: number) => (ms / times).toFixed(2).padStart(7);
  const after = processorOf && (await spent(processorOf));
  const processor = after
    ? `   server ${each(after.server - before.server)} ms   postgres ${each(after.postgres - before.postgres)} ms`
    : '';
  console.log(
    `${name.padEnd(46)} p50 ${at(0.5).padStart(8)} ms   p99 ${at(0.99).padStart(8)} ms${processor}   (${answered} of ${times} with an answer)`,
  );
}

/**
 * As `measure`, by the processor time of each single question: of this process and of the one session of `db`, whose pool has no more.
 * It holds on a busy machine, where the slowest of a hundred by the clock is one that waited for its turn.
 */
export async function measureProcessor(
  db: Database,
  name: string,
  times: number,
  ask: (n: number) => Promise<unknown[] | object>,
): Promise<void> {
  const session = await firstRow<{ pid: number }>(db, 'select pg_backend_pid() as pid');
  const spentSoFar = () => {
    const { user, system } = process.cpuUsage();
    return { server: (user + system) / 1000, postgres: millisecondsRun(session?.pid ?? 0) };
  };
  const took: { server: number; postgres: number }[] = [];
  const clock: number[] = [];
  let answered = 0;
  for (let n = -Math.min(20, times); n < times; n++) {
    const [before, start] = [spentSoFar(), performance.now()];
    const answer = await ask(n + 100);
    const ms = performance.now() - start;
    const after = spentSoFar();
    if (n < 0) continue;
    took.push({ server: after.server - before.server, postgres: after.postgres - before.postgres });
    clock.push(ms);
    if (!Array.isArray(answer) || answer.length > 0) answered++;
  }
  const at = (values: number[], share: number) =>
    (values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0).toFixed(2);
  const of = (values: number[]) => `p50 ${at(values, 0.5).padStart(8)} ms   p99 ${at(values, 0.99).padStart(8)} ms`;
  const both = took.map(({ server, postgres }) => server + postgres);
  console.log(
    `${name.padEnd(46)} processor ${of(both)} (PostgreSQL ${of(took.map(({ postgres }) => postgres))})   clock ${of(clock)}   (${answered} of ${times} with an answer)`,
  );
}
