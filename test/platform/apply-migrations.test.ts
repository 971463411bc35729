import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { migrateToLatest } from '../../src/platform/apply-migrations.ts';
import { createDatabase, type Database } from '../../src/platform/database.ts';
import { migrationStatus, migrations, type NamedMigration } from '../../src/platform/migrations.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

/** After those of this version. */
function withNew(
  ...added: { name: string; sql: string[]; transaction?: boolean; onTry?: () => void }[]
): NamedMigration[] {
  const made = added.map(({ name, sql, transaction = true, onTry }) => ({
    name,
    migration: {
      up: async (db: Database) => {
        onTry?.();
        for (const statement of sql) await db.raw(statement);
      },
      down: async () => {},
      config: { transaction },
    },
  }));
  return [...migrations, ...made];
}

const addColumn = (column: string) => ({
  name: `9999-${column}`,
  sql: [`alter table rate_limits add column ${column} text`],
});

describe('applying migrations beside others that work', () => {
  let database: TestDatabase;
  let db: Database;
  let other: Database;
  let reader: Knex.Transaction | undefined;
  beforeEach(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 2 });
    other = createDatabase({ url: database.url, poolMax: 4, applicationName: 'somebody-else' });
  });
  afterEach(async () => {
    await reader?.rollback();
    reader = undefined;
    await Promise.all([db?.destroy(), other?.destroy()]);
    await database?.drop();
  });

  it('waits for nobody for long: who reads meanwhile is let through, and it is tried again', async () => {
    reader = await other.transaction();
    await reader.raw('select 1 from rate_limits limit 1');
    let tries = 0;
    const list = withNew({ ...addColumn('a'), onTry: () => tries++ });
    let applied: string[] | undefined;
    const migrating = migrateToLatest(db, { list }).then((names) => {
      applied = names;
    });
    // Behind a statement that waits for an exclusive lock each of these would wait until the reader ends, which waits for them.
    await eventually(async () => {
      await other.raw('select 1 from rate_limits limit 1');
      return tries >= 3;
    });
    assert.equal(applied, undefined);
    await reader.commit();
    await migrating;
    assert.deepEqual(applied, ['9999-a']);
    assert.equal((await migrationStatus(db, list)).current, true);
  });

  it('gives up in the end, says who holds the lock, and leaves nothing of it', async () => {
    reader = await other.transaction();
    await reader.raw('select 1 from rate_limits limit 1');
    const list = withNew({ name: '9999-b', sql: ['create table made_first (id int)', ...addColumn('b').sql] });
    await assert.rejects(migrateToLatest(db, { list, patienceMs: 0 }), /9999-b did not get the locks.*Nothing of it/s);
    assert.deepEqual((await migrationStatus(db, list)).pending, ['9999-b']);
    const { rows } = await other.raw(`select to_regclass('made_first') as made`);
    assert.equal(rows[0].made, null);
    await reader.rollback();
    assert.deepEqual(await migrateToLatest(db, { list }), ['9999-b']);
  });

  it('keeps those that went before one that fails, and frees what they locked', async () => {
    const list = withNew(addColumn('c'), { name: '9999-wrong', sql: ['select 1 / 0'] });
    await assert.rejects(migrateToLatest(db, { list }), /division by zero/);
    assert.deepEqual((await migrationStatus(db, list)).pending, ['9999-wrong']);
  });

  it('builds an index while others write, and a second process takes its turn', async () => {
    const list = withNew({
      name: '9999-index',
      transaction: false,
      sql: [
        'drop index concurrently if exists rate_limits_test_idx',
        'create index concurrently rate_limits_test_idx on rate_limits (key)',
      ],
    });
    const both = await Promise.all([migrateToLatest(db, { list }), migrateToLatest(other, { list })]);
    assert.deepEqual(both.flat(), ['9999-index']);
    const { rows } = await db.raw(
      `select indisvalid from pg_index where indexrelid = 'rate_limits_test_idx'::regclass`,
    );
    assert.equal(rows[0].indisvalid, true);
  });

  it('makes the whole of an empty database, or nothing', async () => {
    await db.raw('drop schema public cascade; create schema public');
    const broken = withNew({ name: '9999-wrong', sql: ['select 1 / 0'] });
    await assert.rejects(migrateToLatest(db, { list: broken }), /division by zero/);
    assert.equal((await migrationStatus(db)).appliedCount, 0);
    assert.equal((await migrateToLatest(db)).length, migrations.length);
  });
});
