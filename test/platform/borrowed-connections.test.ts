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

const one = prepared('test-one', 'select 1 as one');

describe('connections of a pool of which all are taken', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 1, acquireTimeoutMs: 300 });
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  it('are not there for the moment, whichever way a statement goes, and are once one is free', async () => {
    await db.transaction(async (trx) => {
      await rows(trx, 'select 1');
      for (const ask of [() => runPrepared(db, one, []), () => rows(db, 'select 1')])
        await assert.rejects(ask(), (error) => isConnectionError(error));
    });
    assert.deepEqual((await runPrepared(db, one, [])).rows, [{ one: 1 }]);
  });
});
