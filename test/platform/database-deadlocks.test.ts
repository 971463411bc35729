import assert from 'node:assert/strict';
import {
  createDatabase,
  type Database,
  inTransaction,
  prepared,
  rows,
  runPrepared,
} from '../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const touch = prepared('test-touch', `update pairs set hits = hits + 1 where id = any($1::int[])`);

describe('transactions that PostgreSQL rolls back for the sake of another', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 4 });
    await db.raw('create table pairs (id int primary key, hits int not null default 0)');
  });
  beforeEach(async () => {
    await db.raw('truncate pairs');
    await db.raw('insert into pairs (id) values (1), (2)');
  });
  after(async () => {
    await db.destroy();
    await database.drop();
  });

  const hitsOf = async () =>
    (await rows<{ hits: number }>(db, 'select hits from pairs order by id')).map((r) => r.hits);

  /** Comes back when as many have come as are waited for; those who come later pass. */
  function meetingPoint(expected: number): () => Promise<void> {
    let here = 0;
    let open: () => void = () => undefined;
    const isOpen = new Promise<void>((resolve) => {
      open = resolve;
    });
    return async () => {
      here += 1;
      if (here >= expected) open();
      await isOpen;
    };
  }

  it('repeats the loser of a deadlock once: both come to their end, and nothing is done twice', async () => {
    const bothHoldOne = meetingPoint(2);
    let begun = 0;
    const both = (first: number, second: number) =>
      inTransaction(db, async (trx) => {
        begun += 1;
        await rows(trx, 'update pairs set hits = hits + 1 where id = ?', [first]);
        await bothHoldOne();
        await runPrepared(trx, touch, [[second]]);
      });
    await Promise.all([both(1, 2), both(2, 1)]);
    assert.equal(begun, 3);
    assert.deepEqual(await hitsOf(), [2, 2]);
  });

  const failing = (code: string) => `do $$ begin raise exception 'rolled back' using errcode = '${code}'; end $$`;

  for (const code of ['40P01', '40001'])
    it(`repeats what failed with ${code} once, and no more`, async () => {
      let begun = 0;
      const losing = inTransaction(db, async (trx) => {
        begun += 1;
        await rows(trx, 'update pairs set hits = hits + 1');
        await trx.raw(failing(code));
      });
      await assert.rejects(losing, { code });
      assert.equal(begun, 2);
      assert.deepEqual(await hitsOf(), [0, 0]);
    });

  it('repeats nothing else, and nothing within a larger transaction', async () => {
    let begun = 0;
    const failsWith = (code: string) => async (trx: Database) => {
      begun += 1;
      await trx.raw(failing(code));
    };
    await assert.rejects(inTransaction(db, failsWith('23505')), { code: '23505' });
    assert.equal(begun, 1);
    await assert.rejects(
      db.transaction((trx) => inTransaction(trx, failsWith('40P01'))),
      { code: '40P01' },
    );
    assert.equal(begun, 2);
  });

  it('repeats a single statement too', async () => {
    await db.raw('create sequence losses');
    await db.raw(`create function lose_once() returns int language plpgsql as $$
      begin
        if nextval('losses') % 2 = 1 then raise exception 'lost' using errcode = '40P01'; end if;
        return 1;
      end $$`);
    const once = prepared('test-lose-once', 'select lose_once() as one');
    assert.deepEqual((await runPrepared(db, once, [])).rows, [{ one: 1 }]);
    assert.deepEqual(await rows(db, 'select lose_once() as one'), [{ one: 1 }]);
  });
});
