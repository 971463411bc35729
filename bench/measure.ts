/** Times one question many times, one after the other. */
import { type Database, firstRow } from '../src/platform/database.ts';
import { parentOf, processorSeconds } from './processor-time.ts';

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
