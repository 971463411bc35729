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
}

/** One connection's own operation; each keeps its own state (a session, a line of refresh tokens). */
export type Operation = () => Promise<void>;

/**
 * Runs the operations until the time is over.
 * @throws what an operation throws: a benchmark of refusals says nothing
 */
export async function measure(
  prepare: (connection: number) => Promise<Operation>,
  { connections, seconds, pids }: LoadOptions,
): Promise<Measured> {
  const operations = await Promise.all(Array.from({ length: connections }, (_, index) => prepare(index)));
  const run = async (until: number, times: number[]): Promise<void> => {
    await Promise.all(
      operations.map(async (operation) => {
        while (performance.now() < until) {
          const begun = performance.now();
          await operation();
          times.push(performance.now() - begun);
        }
      }),
    );
  };
  // Compiled code, prepared statements and open connections first.
  await run(performance.now() + Math.min(2_000, seconds * 500), []);

  const before = Object.entries(pids).map(([name, pid]) => [name, pid, processorSeconds(pid)] as const);
  const begun = performance.now();
  const times: number[] = [];
  await run(begun + seconds * 1000, times);
  const elapsed = (performance.now() - begun) / 1000;
  const processor = Object.fromEntries(
    before.map(([name, pid, spent]) => [name, ((processorSeconds(pid) - spent) * 1000) / times.length]),
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
