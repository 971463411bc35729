/**
 * Deletes what has ended a batch at a time, each in a statement and a transaction of its own: however much there is, no
 * statement runs into its time limit, holds many locks, or keeps the rest of the database from cleaning up behind it.
 */
export interface Batches {
  /** Rows of one statement. */
  size?: number;
  /** No batch is begun after that; what is left is for the next time. Less than ten minutes, after which the next time is. */
  milliseconds?: number;
}

/**
 * @param deleteSome deletes so many rows at the most, and answers how many it found
 * @returns how many went
 */
export async function inBatches(
  deleteSome: (most: number) => Promise<number>,
  { size = 2_000, milliseconds = 120_000 }: Batches = {},
): Promise<number> {
  const until = performance.now() + milliseconds;
  let gone = 0;
  let last: number;
  do {
    last = await deleteSome(size);
    gone += last;
  } while (last === size && performance.now() < until);
  return gone;
}
