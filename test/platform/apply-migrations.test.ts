import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { migrateToLatest } from '../../src/platform/apply-migrations.ts';
import { createDatabase, type Database } from '../../src/platform/database.ts';
import { migrationStatus, migrations, type NamedMigration } from '../../src/platform/migrations.ts';
import { createTestDatabase, emptyDatabase, type TestDatabase } from '../support/database.ts';
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

  it('waits for all its locks together no longer than for one, and makes first what needs none', async () => {
    reader = await other.transaction();
    await reader.raw('select 1 from rate_limits limit 1');
    const lockTimeoutMs = 600_000;
    const list = withNew({
      name: '9999-two',
      sql: [
        `create table made_first (left_ms int);
         insert into made_first values (extract(epoch from current_setting('lock_timeout')::interval) * 1000);
         -- A comment; before it locks.
         alter table rate_limits add column e text;
         alter table audit_events add column e text default '\\?';
         insert into made_first values (extract(epoch from current_setting('lock_timeout')::interval) * 1000)`,
      ],
    });
    const migrating = migrateToLatest(db, { list, lockTimeoutMs });
    await eventually(async () => {
      const { rows } = await other.raw(
        `select 1 from pg_locks
          where not granted and mode = 'AccessExclusiveLock' and relation = 'rate_limits'::regclass
            and waitstart < clock_timestamp() - interval '300 ms'`,
      );
      return rows.length > 0;
    });
    await reader.commit();
    assert.deepEqual(await migrating, ['9999-two']);
    const { rows } = await db.raw('select left_ms from made_first order by left_ms desc');
    assert.equal(rows[0].left_ms, lockTimeoutMs);
    assert.ok(rows[1].left_ms <= lockTimeoutMs - 300, `${rows[1].left_ms} ms were left`);
  });

  it('locks a table with all its partitions before it changes anything, for reading and writing or for writing alone', async () => {
    let held: string[] = [];
    const looking: NamedMigration = {
      name: '9999-looks',
      migration: {
        up: async (trx) => {
          await trx.raw(
            `create trigger looks after insert on audit_events for each row execute function touch_updated_at();
             alter table rate_limits add column f text`,
          );
          const { rows } = await trx.raw(
            `select l.relation::regclass::text as name, string_agg(l.mode, ' ' order by l.mode) as modes
               from pg_locks l
               join pg_class c on c.oid = l.relation and c.relkind in ('r', 'p')
              where l.pid = pg_backend_pid() and (l.relation::regclass::text ~ '^audit_events' or l.relation = 'rate_limits'::regclass)
              group by 1 order by 1`,
          );
          held = rows.map((row: { name: string; modes: string }) => `${row.name}: ${row.modes}`);
        },
        down: async () => {},
      },
    };
    await migrateToLatest(db, { list: [...migrations, looking] });
    assert.ok(held.filter((line) => line.startsWith('audit_events')).length > 3, held.join('\n'));
    for (const line of held) {
      const strong = line.startsWith('rate_limits') ? 'AccessExclusiveLock' : 'ShareRowExclusiveLock';
      assert.match(line, new RegExp(`${strong}.*ShareUpdateExclusiveLock`));
    }
  });

  it('lets a vacuum end, or give way, before it asks for a lock that others wait behind', async () => {
    // The lock of a vacuum. PostgreSQL ends an autovacuum for who has waited for a second.
    reader = await other.transaction();
    await reader.raw('lock table rate_limits in share update exclusive mode');
    const migrating = migrateToLatest(db, { list: withNew(addColumn('g')) });
    const waiting = async () =>
      (await other.raw(`select mode from pg_locks where not granted and relation = 'rate_limits'::regclass`)).rows;
    await eventually(async () => (await waiting()).length > 0);
    for (let n = 0; n < 20; n++) {
      await other.raw(`delete from rate_limits where key = 'nobody'`);
      for (const { mode } of await waiting()) assert.equal(mode, 'ShareUpdateExclusiveLock');
    }
    await reader.commit();
    assert.deepEqual(await migrating, ['9999-g']);
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

  it('says that a vacuum holds it, where it sees of another role the lock alone', async function () {
    // One role on a server of TEST_DATABASE_URL.
    if (database.serverUrl === database.url) return this.skip();
    const vacuum = createDatabase({ url: database.serverUrl, poolMax: 1 });
    try {
      reader = await vacuum.transaction();
      await reader.raw('lock table rate_limits in share update exclusive mode');
      const migration = {
        up: () => Promise.reject(Object.assign(new Error('locked'), { code: '55P03' })),
        down: async () => {},
      };
      const list = [...migrations, { name: '9999-h', migration }];
      const migrating = migrateToLatest(db, { list, patienceMs: 0 });
      await assert.rejects(migrating, /9999-h did not get.*process \d+ \(a vacuum\)/s);
      await reader.rollback();
      reader = undefined;
    } finally {
      await vacuum.destroy();
    }
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
    await emptyDatabase(db);
    const broken = withNew({ name: '9999-wrong', sql: ['select 1 / 0'] });
    await assert.rejects(migrateToLatest(db, { list: broken }), /division by zero/);
    assert.equal((await migrationStatus(db)).appliedCount, 0);
    assert.equal((await migrateToLatest(db)).length, migrations.length);
  });
});
