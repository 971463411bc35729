import assert from 'node:assert/strict';
import {
  createDatabase,
  type Database,
  inTransaction,
  isConnectionError,
  prepared,
  runPrepared,
} from '../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

const echo = prepared(
  'test-echo',
  `select $1::text as some_text, $2::bytea as some_bytes, $3::timestamptz as some_time, $4::jsonb as some_json,
          $5::text[] as some_texts, $6::bytea[] as some_blobs, $7::bigint as some_number, $8::boolean as some_flag`,
);

describe('a statement that a connection knows', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 1 });
    await db.raw('create table numbers (n int primary key, doubled int not null)');
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  const awkward = `"quoted", \\back\\slash, {braces}, comma, NULL, tab\t, line\n, é, 😀, '`;
  const values: Record<string, unknown[]> = {
    'every type': [
      awkward,
      Buffer.from([0, 1, 2, 0x5c, 255]),
      new Date('2026-11-28T21:22:23.456Z'),
      { of: ['a', { list: 1 }], text: awkward },
      [awkward, '', 'NULL', null, 'plain'],
      [Buffer.from('one'), Buffer.alloc(0), null],
      2 ** 53 - 1,
      true,
    ],
    'nothing at all': [null, undefined, null, null, null, null, null, null],
    'what is empty': ['', Buffer.alloc(0), new Date(0), [], [], [], 0, false],
    'what is large': [
      'é'.repeat(300_000),
      Buffer.alloc(300_000, 7),
      new Date(),
      'x',
      ['y'.repeat(99_999)],
      [],
      -1,
      true,
    ],
  };

  for (const [name, given] of Object.entries(values))
    it(`takes and gives ${name} as the driver does`, async () => {
      // jsonb that is an array or a text has to be written by who asks, for the driver as well.
      const asked = given.map((value, index) => (index === 3 && value !== null ? JSON.stringify(value) : value));
      // Where no connection has the name yet, the driver asks.
      const theirs = await runPrepared(db, { ...echo, name: `test-echo-${name.replaceAll(' ', '-')}` }, asked);
      for (let round = 0; round < 3; round++) assert.deepEqual(await runPrepared(db, echo, asked), theirs);
    });

  it('counts rows that it changed and rows that it gives', async () => {
    const insert = prepared('test-insert', 'insert into numbers select n, 2 * n from unnest($1::int[]) n');
    const select = prepared('test-select', 'select n, doubled from numbers where n >= $1 order by n');
    for (const round of [0, 1, 2]) {
      const inserted = await runPrepared(db, insert, [[10 * round + 1, 10 * round + 2]]);
      assert.deepEqual(inserted, { rows: [], rowCount: 2 });
      const found = await runPrepared(db, select, [10 * round + 2]);
      assert.deepEqual(found, { rows: [{ n: 10 * round + 2, doubled: 20 * round + 4 }], rowCount: 1 });
      assert.deepEqual(await runPrepared(db, select, [1000]), { rows: [], rowCount: 0 });
    }
  });

  it('fails as PostgreSQL says, and the connection goes on', async () => {
    const divide = prepared('test-divide', 'select 10 / $1::int as quotient');
    for (let round = 0; round < 3; round++) {
      assert.deepEqual((await runPrepared(db, divide, [5])).rows, [{ quotient: 2 }]);
      await assert.rejects(runPrepared(db, divide, [0]), { code: '22012' });
      await assert.rejects(runPrepared(db, divide, ['no number']), { code: '22P02' });
      await assert.rejects(runPrepared(db, divide, [new Date(Number.NaN)]), /Invalid time value/);
      await assert.rejects(runPrepared(db, divide, ['\0']), { code: '22021' });
    }
  });

  it('stays known within a transaction, and is undone with it', async () => {
    const insert = prepared('test-insert-one', 'insert into numbers values ($1, $1) returning n');
    await assert.rejects(
      inTransaction(db, async (trx) => {
        for (const n of [501, 502, 503]) assert.deepEqual((await runPrepared(trx, insert, [n])).rows, [{ n }]);
        throw new Error('changed their mind');
      }),
      /changed their mind/,
    );
    const count = prepared('test-count', 'select count(*) as count from numbers where n > 500');
    assert.deepEqual((await runPrepared(db, count, [])).rows, [{ count: 0 }]);
  });

  it('waits for its turn on few connections, and gives each its own answer', async () => {
    const twice = prepared('test-twice', 'select 2 * $1::int as twice');
    const answers = await Promise.all(Array.from({ length: 300 }, (_, n) => runPrepared(db, twice, [n])));
    assert.deepEqual(
      answers.map(({ rows }) => rows),
      Array.from({ length: 300 }, (_, n) => [{ twice: 2 * n }]),
    );
  });

  it('lets go of a connection that has ended, and is learned anew on the next', async () => {
    const pid = prepared('test-pid', 'select pg_backend_pid() as pid, $1::int as n');
    const pidOf = async (n: number) => (await runPrepared<{ pid: number; n: number }>(db, pid, [n])).rows[0]?.pid;
    const first = await pidOf(1);
    assert.equal(await pidOf(2), first);
    const hanging = runPrepared(db, prepared('test-sleep', 'select pg_sleep($1)'), [60]);
    const ended = assert.rejects(hanging, (error) => isConnectionError(error));
    const other = createDatabase({ url: database.url, poolMax: 1 });
    try {
      await eventually(async () => {
        const { rowCount } = await other.raw(
          `select pg_terminate_backend(pid) from pg_stat_activity
            where pid = ? and state = 'active' and query like '%pg_sleep%'`,
          [first as number],
        );
        return rowCount === 1;
      });
    } finally {
      await other.destroy();
    }
    await ended;
    const second = await pidOf(3);
    assert.notEqual(second, first);
    assert.equal(await pidOf(4), second);
  });
});
