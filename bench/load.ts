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

/** What came of a load in one stretch of time. */
export interface Stretch {
  /** Milliseconds of each operation. */
  times: number[];
  elapsedSeconds: number;
  /** Seconds of the processor, by the name of the process, without what it spends in idleness. */
  spent: Record<string, number>;
}

/** A load that is ready: its connections are open, and its code has run. */
export interface Load {
  /** @throws what an operation throws: a benchmark of refusals says nothing */
  runFor(seconds: number): Promise<Stretch>;
}

/** Opens the connections and has everything run for a while. `seconds`: for how long it will be measured in all. */
export async function startLoad(
  prepare: (connection: number) => Promise<Operation>,
  { connections, seconds, pids, idle }: LoadOptions,
): Promise<Load> {
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

  return {
    async runFor(forSeconds) {
      const before = Object.entries(pids).map(([name, pid]) => [name, pid, processorSeconds(pid)] as const);
      const begun = performance.now();
      const times: number[] = [];
      await run(() => performance.now() >= begun + forSeconds * 1000, times);
      const elapsedSeconds = (performance.now() - begun) / 1000;
      const spent = before.map(
        ([name, pid, then]) => [name, processorSeconds(pid) - then - (idle[name] ?? 0) * elapsedSeconds] as const,
      );
      return { times, elapsedSeconds, spent: Object.fromEntries(spent) };
    },
  };
}

/** All stretches of a load as one. */
export function summaryOf(stretches: readonly Stretch[]): Measured {
  const times = stretches.flatMap((stretch) => stretch.times).sort((a, b) => a - b);
  const elapsedSeconds = stretches.reduce((sum, stretch) => sum + stretch.elapsedSeconds, 0);
  const processor: Measured['processor'] = {};
  for (const name of Object.keys(stretches[0]?.spent ?? {})) {
    const spent = stretches.reduce((sum, stretch) => sum + (stretch.spent[name] ?? 0), 0);
    processor[name] = (Math.max(0, spent) * 1000) / times.length;
  }
  const quantile = (q: number) => times[Math.min(times.length - 1, Math.floor(times.length * q))] ?? Number.NaN;
  return {
    operations: times.length,
    perSecond: times.length / elapsedSeconds,
    p50: quantile(0.5),
    p99: quantile(0.99),
    processor,
  };
}

/**
 * Runs the operations until the time is over.
 * @throws what an operation throws
 */
export async function measure(
  prepare: (connection: number) => Promise<Operation>,
  options: LoadOptions,
): Promise<Measured> {
  const load = await startLoad(prepare, options);
  return summaryOf([await load.runFor(options.seconds)]);
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
