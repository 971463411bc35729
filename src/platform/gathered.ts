/**
 * What requests ask of the database at the same moment, in one statement: the way there costs more than the rows. Nobody waits
 * for company: what comes in one turn of the event loop goes together, and what comes while statements are under way goes with
 * the next. Each is told of its own outcome, and of nothing before the statement has committed.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Database, isConnectionError, type PreparedStatement, runPrepared } from './database.ts';

/** Answers each item, in the same order. One statement, or one transaction. */
type Run<Item, Result> = (db: Database, items: readonly Item[]) => Promise<Result[]>;

interface Waiting<Item, Result> {
  item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export interface GatheredOptions {
  /** Items in one statement at the most. */
  most?: number;
  /** Statements at the same time; more would take connections from the rest. */
  atOnce?: number;
}

/** Gathers calls of `run`. Within a transaction there is no company: the item goes alone, on the transaction's connection. */
export function gathered<Item, Result>(
  run: Run<Item, Result>,
  { most = 64, atOnce = 2 }: GatheredOptions = {},
): (db: Database, item: Item) => Promise<Result> {
  const queues = new WeakMap<Database, ReturnType<typeof createQueue<Item, Result>>>();
  return async (db, item) => {
    if (db.isTransaction) return (await run(db, [item]))[0] as Result;
    let queue = queues.get(db);
    if (!queue) {
      queue = createQueue((items) => run(db, items), most, atOnce);
      queues.set(db, queue);
    }
    return queue(item);
  };
}

/**
 * Finds a row by its key, those of one moment in one statement.
 * @param statement takes the keys as one array (`$1`) and answers with each row the place of its key, from 1, as `n`:
 *   `from unnest((select $1::uuid[])) with ordinality as wanted(id, n) join lateral (select ... offset 0) ...`, `n::int`.
 *   So its plan does not depend on how many keys there are, and PostgreSQL keeps it: an array of one looks cheaper than any
 *   array, and would be planned anew each time. Each row is found by an index, also in a table that was small then.
 */
export function gatheredRows<Row>(
  statement: PreparedStatement,
): (db: Database, key: string | Buffer) => Promise<Row | undefined> {
  return gathered<string | Buffer, Row | undefined>(async (db, keys) => {
    const found = await runPrepared<Row & { n: number }>(db, statement, [keys]);
    const byPlace = new Map(found.rows.map(({ n, ...row }) => [n, row as Row]));
    return keys.map((_, index) => byPlace.get(index + 1));
  });
}

/** How many go on in one turn of the event loop: what each does next may take a millisecond, and others wait meanwhile. */
const toldAtOnce = 8;

async function tell<Item, Result>(batch: readonly Waiting<Item, Result>[], results: readonly Result[]): Promise<void> {
  for (const [index, { resolve }] of batch.entries()) {
    if (index > 0 && index % toldAtOnce === 0) await nextTurn();
    resolve(results[index] as Result);
  }
}

function createQueue<Item, Result>(
  run: (items: readonly Item[]) => Promise<Result[]>,
  most: number,
  atOnce: number,
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = [];
  let underWay = 0;
  let scheduled = false;

  async function settle(batch: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await run(batch.map(({ item }) => item));
      void tell(batch, results);
    } catch (error) {
      // One that cannot be stored must not take the others with it.
      if (batch.length > 1 && !isConnectionError(error)) await Promise.all(batch.map((one) => settle([one])));
      else for (const { reject } of batch) reject(error);
    }
  }

  function send(): void {
    scheduled = false;
    while (waiting.length > 0 && underWay < atOnce) {
      const batch = waiting.slice(0, most);
      waiting = waiting.slice(most);
      underWay += 1;
      void settle(batch).finally(() => {
        underWay -= 1;
        send();
      });
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (scheduled || underWay >= atOnce) return;
      scheduled = true;
      setImmediate(send);
    });
}
