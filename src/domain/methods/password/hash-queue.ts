/**
 * The line before the cores that hash. Owns that nobody waits in it longer than so long: what would begin later is refused
 * at once, with the time after which to come again. Whoever has taken places keeps them, so what an attempt has counted
 * is compared. Bounded by time and not by number: on a slow machine fewer may wait.
 */
import { type Codes, DomainError, defineCodes } from '../../../platform/errors.ts';
import { traced } from '../../../platform/tracing.ts';

export const passwordHashCodes = defineCodes({
  SERVICE_BUSY: { kind: 'unavailable', params: ['seconds'], means: 'too many passwords are being hashed at once' },
});
declare module '../../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof passwordHashCodes> {}
}

/** Places that were taken before the work is known. */
export interface HashPlaces {
  /** Does a piece of work in its turn; nobody who comes later overtakes. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Frees the places that were not used. */
  leave(): void;
}

export interface HashQueue {
  /** @throws DomainError unavailable SERVICE_BUSY `{ seconds }` where the last of them would wait too long */
  takePlaces(count: number): HashPlaces;
  /** Running and waiting. */
  readonly pending: number;
}

export interface HashQueueOptions {
  /** At once. */
  concurrency: number;
  longestWaitMs: number;
  /** What one hash is thought to take until some were measured. */
  expectedMs: number;
}

export function createHashQueue({ concurrency, longestWaitMs, expectedMs }: HashQueueOptions): HashQueue {
  const waiting: (() => void)[] = [];
  /** When each of those that run began; the oldest first. */
  const begun = new Set<{ at: number }>();
  let turns = 0;
  let promised = 0;
  let averageMs = expectedMs;

  /** Until the last of so many more would begin. One that runs longer than the others says what the next will take. */
  function waitMs(count: number): number {
    const [oldest] = begun;
    const eachMs = Math.max(averageMs, oldest ? performance.now() - oldest.at : 0);
    const ahead = turns + waiting.length + promised + count - concurrency;
    return (Math.max(0, ahead) * eachMs) / concurrency;
  }

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    // The turn is handed over, not given back: nobody who comes later overtakes.
    if (turns < concurrency) turns += 1;
    else await traced('password hash wait', {}, () => new Promise<void>((resume) => waiting.push(resume)));
    const run = { at: performance.now() };
    begun.add(run);
    try {
      return await traced('password hash', {}, work);
    } finally {
      averageMs += (performance.now() - run.at - averageMs) / 16;
      begun.delete(run);
      const next = waiting.shift();
      if (next) next();
      else turns -= 1;
    }
  }

  return {
    takePlaces(count) {
      const ms = waitMs(count);
      if (ms > longestWaitMs) throw new DomainError('unavailable', 'SERVICE_BUSY', { seconds: Math.ceil(ms / 1000) });
      let left = count;
      promised += left;
      return {
        inTurn(work) {
          if (left === 0) throw new Error('more work than places were taken for');
          left -= 1;
          promised -= 1;
          return inTurn(work);
        },
        leave() {
          promised -= left;
          left = 0;
        },
      };
    },
    get pending() {
      return turns + waiting.length;
    },
  };
}
