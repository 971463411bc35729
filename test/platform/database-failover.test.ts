import assert from 'node:assert/strict';
import {
  createDatabase,
  type Database,
  isConnectionError,
  prepared,
  rows,
  runPrepared,
} from '../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { demoteOpenly, demoteSilently } from '../support/held-connections.ts';

const write = prepared('test-write', `insert into kept default values`);

describe('a database that fails over', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 3, log: { warn() {}, error() {} } });
    await db.raw('create table kept (at timestamptz not null default now())');
  });
  after(async () => {
    await db.destroy();
    await database.drop();
  });

  const ways: [string, () => Promise<unknown>][] = [
    ['a query', () => db.raw('insert into kept default values')],
    ['a prepared statement', () => runPrepared(db, write, [])],
    ['a transaction', () => db.transaction((trx) => rows(trx, 'insert into kept default values'))],
  ];
  it('is left by connections of which the server says that they take no writes any more', async () => {
    await demoteOpenly(db, 3);
    for (let index = 0; index < 6; index++) await Promise.all(ways.map(([, ask]) => ask()));
  });

  for (const [what, ask] of ways)
    it(`is left with all its connections once ${what} could not write`, async () => {
      await demoteSilently(db, 3);
      await assert.rejects(ask(), (error: Error & { code?: string }) => {
        assert.equal(error.code, '25006');
        return isConnectionError(error);
      });
      for (let index = 0; index < 6; index++) await Promise.all([ask(), ask(), ask()]);
    });

  const passing = [
    '08006',
    '25006',
    '40001',
    '40P01',
    '53100',
    '53200',
    '53300',
    '55P03',
    '57014',
    '57P01',
    '57P05',
    '58030',
  ];
  for (const code of passing)
    it(`is unavailable for the moment by ${code}, and serves afterwards`, async () => {
      const failing = db.raw(`do $$ begin raise exception 'for the moment' using errcode = '${code}'; end $$`);
      await assert.rejects(failing, (error) => isConnectionError(error));
      await Promise.all(ways.map(([, ask]) => ask()));
    });

  for (const code of ['23505', '22P02', '42703', '28P01', 'P0001'])
    it(`is not excused by ${code}, which no waiting mends`, async () => {
      const failing = db.raw(`do $$ begin raise exception 'a fault' using errcode = '${code}'; end $$`);
      await assert.rejects(failing, (error) => !isConnectionError(error));
    });
});
