import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database } from '../../src/platform/database.ts';
import { gathered } from '../../src/platform/gathered.ts';

/** What a queue knows of a database: nothing but which one it is. */
const database = (isTransaction = false) => ({ isTransaction }) as Database;

describe('what is gathered into one statement', () => {
  it('is all of one turn, in the order in which it came, each with its own answer', async () => {
    const statements: number[][] = [];
    const double = gathered<number, number>(async (_db, items) => {
      statements.push([...items]);
      return items.map((item) => item * 2);
    });
    const db = database();
    assert.deepEqual(await Promise.all([1, 2, 3].map((item) => double(db, item))), [2, 4, 6]);
    assert.equal(await double(db, 4), 8);
    assert.deepEqual(statements, [[1, 2, 3], [4]]);
  });

  it('is what came while statements were under way, so many at a time, and no more at once than was said', async () => {
    const statements: number[][] = [];
    let underWay = 0;
    let most = 0;
    const run = gathered<number, number>(
      async (_db, items) => {
        statements.push([...items]);
        underWay += 1;
        most = Math.max(most, underWay);
        await nextTurn();
        await nextTurn();
        underWay -= 1;
        return [...items];
      },
      { most: 10, atOnce: 2 },
    );
    const db = database();
    const items = Array.from({ length: 35 }, (_, n) => n);
    assert.deepEqual(await Promise.all(items.map((item) => run(db, item))), items);
    assert.deepEqual(
      statements.map(({ length }) => length),
      [10, 10, 10, 5],
    );
    assert.deepEqual(statements.flat(), items);
    assert.equal(most, 2);
  });

  it('goes on a few in each turn of the event loop, so that others come in between', async () => {
    const run = gathered<number, number>(async (_db, items) => [...items]);
    const db = database();
    const done: number[] = [];
    const all = Promise.all(Array.from({ length: 40 }, (_, n) => run(db, n).then(() => done.push(n))));
    let before = 0;
    while (done.length < 40) {
      await nextTurn();
      assert.ok(done.length - before <= 16, 'those of this turn and of the one that was asked for beside it');
      before = done.length;
    }
    await all;
    assert.deepEqual(
      done,
      Array.from({ length: 40 }, (_, n) => n),
    );
  });

  it('is told apart where one fails: the others are done, and it alone is refused', async () => {
    const done: number[] = [];
    const run = gathered<number, number>(async (_db, items) => {
      if (items.includes(3)) throw new Error('not three');
      done.push(...items);
      return [...items];
    });
    const db = database();
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map((item) => run(db, item)));
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(done.sort(), [1, 2, 4]);
  });

  it('is not asked again where the database has gone: nobody knows what it has done', async () => {
    let asked = 0;
    const run = gathered<number, number>(async () => {
      asked += 1;
      throw Object.assign(new Error('gone'), { code: 'ECONNRESET' });
    });
    const db = database();
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => run(db, item)));
    assert.ok(outcomes.every(({ status }) => status === 'rejected'));
    assert.equal(asked, 1);
  });

  it('is one database’s, and a transaction’s item goes alone', async () => {
    const statements: [Database, number[]][] = [];
    const run = gathered<number, number>(async (db, items) => {
      statements.push([db, [...items]]);
      return [...items];
    });
    const [a, b, trx] = [database(), database(), database(true)];
    await Promise.all([run(a, 1), run(b, 2), run(trx, 3), run(trx, 4), run(a, 5)]);
    assert.deepEqual(
      statements.map(([db, items]) => [[a, b, trx].indexOf(db), items]).sort(),
      [
        [0, [1, 5]],
        [1, [2]],
        [2, [3]],
        [2, [4]],
      ].sort(),
    );
  });
});
