/**
 * Who listens to this process for as long as they like: how many at once, of one and of all, and that they end with the process.
 * Refuses more: each asks the database twice a second.
 */
import type { Readable } from 'node:stream';
import { type Codes, DomainError, defineCodes } from './errors.ts';

export const listenerCodes = defineCodes({
  TOO_MANY_LISTENERS: {
    kind: 'rate_limited',
    params: ['seconds'],
    means: 'as many listen already as may, in one name or in all',
  },
});
declare module './errors.ts' {
  interface ErrorCodes extends Codes<typeof listenerCodes> {}
}

export interface Listeners {
  /**
   * Counts one in until its stream is closed, by whose name it is.
   * @throws DomainError rate_limited TOO_MANY_LISTENERS
   */
  add(name: string, open: () => Readable): Readable;
  /** How many there are. */
  count(): number;
  /** Ends them all, and lets in no more. */
  end(): void;
}

export function createListeners({ most = 30, mostOfOne = 4 }: { most?: number; mostOfOne?: number } = {}): Listeners {
  const open = new Map<Readable, string>();
  let hasEnded = false;
  return {
    add(name, make) {
      const ofOne = [...open.values()].filter((other) => other === name).length;
      if (hasEnded || open.size >= most || ofOne >= mostOfOne)
        throw new DomainError('rate_limited', 'TOO_MANY_LISTENERS', { seconds: 30 });
      const stream = make();
      open.set(stream, name);
      stream.once('close', () => open.delete(stream));
      return stream;
    },
    count: () => open.size,
    end() {
      hasEnded = true;
      for (const stream of open.keys()) stream.destroy();
    },
  };
}
