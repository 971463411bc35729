/** A closed loop: so many connections, each of which asks again as soon as it is answered. */
import { processorSeconds } from './processor-time.ts';

export interface Measured {
  operations: number;
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** Processor milliseconds an operation, by the name of the process. */
  processor: Record<string, number>;
}

export interface LoadOptions {
  connections: number;
  seconds: number;
  /** Whose processor time is counted: process ids by name. */
  pids: Record<string, number>;
  /** What they spend in a second while nobody asks for anything: it is no operation's. */
  idle: Record<string, number>;
}

/** Processor seconds a second of each process while nothing is asked of it. */
export async function measureIdle(pids: LoadOptions['pids'], seconds = 3): Promise<Record<string, number>> {
  const before = Object.entries(pids).map(([name, pid]) => [name, pid, processorSeconds(pid)] as const);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return Object.fromEntries(before.map(([name, pid, spent]) => [name, (processorSeconds(pid) - spent) / seconds]));
}

/** One connection's own operation; each keeps its own state (a session, a line of refresh tokens). */
export type Operation = () => Promise<void>;

const warmingOperations = 2_000;
const mostWarmingMs = 10_000;

/**
 * Runs the operations until the time is over.
 * @throws what an operation throws: a benchmark of refusals says nothing
 */
export async function measure(
  prepare: (connection: number) => Promise<Operation>,
  { connections, seconds, pids, idle }: LoadOptions,
): Promise<Measured> {
  // One after the other: sign-ins that all begin at once are told to come back later.
  const operations: Operation[] = [];
  for (let index = 0; index < connections; index++) operations.push(await prepare(index));
  const run = async (isOver: (done: number) => boolean, times: number[]): Promise<void> => {
    await Promise.all(
      operations.map(async (operation) => {
        while (!isOver(times.length)) {
          const begun = performance.now();
          await operation();
          times.push(performance.now() - begun);
        }
      }),
    );
  };
  // Compiled code, prepared statements and open connections first. On a busy machine so many operations take longer.
  const warmAt = performance.now() + Math.min(2_000, seconds * 500);
  await run((done) => {
    const now = performance.now();
    return now >= warmAt && (done >= warmingOperations || now >= warmAt + mostWarmingMs);
  }, []);

  const before = Object.entries(pids).map(([name, pid]) => [name, pid, processorSeconds(pid)] as const);
  const begun = performance.now();
  const times: number[] = [];
  await run(() => performance.now() >= begun + seconds * 1000, times);
  const elapsed = (performance.now() - begun) / 1000;
  const processor = Object.fromEntries(
    before.map(([name, pid, spent]) => {
      const ofOperations = processorSeconds(pid) - spent - (idle[name] ?? 0) * elapsed;
      return [name, (Math.max(0, ofOperations) * 1000) / times.length];
    }),
  );
  times.sort((a, b) => a - b);
  const quantile = (q: number) => times[Math.min(times.length - 1, Math.floor(times.length * q))] ?? Number.NaN;
  return {
    operations: times.length,
    perSecond: times.length / elapsed,
    p50: quantile(0.5),
    p99: quantile(0.99),
    processor,
  };
}

/**
 * An open loop: so many operations a second, begun when their time has come, however long those before take. Times are counted
 * from when each should have begun, so that a server that falls behind does not look fast.
 * @returns milliseconds, sorted
 */
export async function measureAtRate(
  operations: readonly Operation[],
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<number[]> {
  const free = [...operations];
  const waiting: (() => void)[] = [];
  const count = Math.floor(perSecond * seconds);
  // Nothing is kept of an operation but its time: else collecting the memory of the load would be what is measured.
  const times = new Float64Array(count);
  const over = Promise.withResolvers<void>();
  let done = 0;
  const begun = performance.now();
  const one = async (due: number) => {
    if (free.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    const operation = free.pop() as Operation;
    await operation();
    times[done++] = performance.now() - due;
    free.push(operation);
    waiting.shift()?.();
    if (done === count) over.resolve();
  };
  for (let n = 0; n < count; n++) {
    const due = begun + (n * 1000) / perSecond;
    const early = due - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    one(due).catch(over.reject);
  }
  await over.promise;
  return [...times.sort()];
}
