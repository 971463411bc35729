import assert from 'node:assert/strict';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { planMigrations, planOf, rowsPerSecond } from '../../../src/platform/migration-plan/plan-migrations.ts';
import { sqlStatements } from '../../../src/platform/migration-plan/sql-statements.ts';
import { effectOf } from '../../../src/platform/migration-plan/statement-effects.ts';
import { migrationStatus, type NamedMigration } from '../../../src/platform/migrations.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

function migrationOf(name: string, sql: string, transaction = true): NamedMigration {
  const migration = {
    up: async (db: Database) => void (await db.raw(sql)),
    down: async () => {},
    config: { transaction },
  };
  return { name, migration };
}

/** What is locked and gone over, in a line each. */
function told(sql: string): string[] {
  return sqlStatements(sql)
    .map(effectOf)
    .flatMap(({ locks, works, unknown }) => [
      ...locks.map(({ table, blocks }) => `${table}: ${blocks}`),
      ...works.map(({ table, work }) => `${work} ${table}`),
      ...(unknown ? ['unknown'] : []),
    ]);
}

describe('reading the statements of a migration', () => {
  const cases: [sql: string, told: string[]][] = [
    ['create index a on users (email)', ['users: writes', 'index users']],
    [
      'create unique index concurrently if not exists a on only public.users (email)',
      ['users: nothing', 'index users'],
    ],
    ['alter table users add column a text', ['users: everything']],
    [`alter table users add a text not null default 'x; -- y', drop constraint b`, ['users: everything']],
    ['alter table users add column a uuid default gen_random_uuid()', ['users: everything', 'rewrite users']],
    ['alter table users add column a timestamptz not null default now()', ['users: everything']],
    ['alter table users add column a int generated always as (b * 2) stored', ['users: everything', 'rewrite users']],
    ['alter table "users" alter column a type bigint', ['users: everything', 'rewrite users']],
    ['alter table users alter a set not null', ['users: everything', 'read users']],
    ['alter table users add constraint c check (a > 0)', ['users: everything', 'read users']],
    ['alter table users add constraint c check (a > 0) not valid', ['users: everything']],
    [
      'alter table users add constraint c foreign key (a, b) references roles (a, b) not valid',
      ['users: writes', 'roles: writes'],
    ],
    ['alter table users add constraint c unique (a)', ['users: everything', 'index users']],
    ['alter table users add constraint c unique using index d', ['users: everything']],
    ['alter table users validate constraint c', ['users: nothing', 'read users']],
    ['alter table users set (fillfactor = 85)', ['users: nothing']],
    ['alter table users set tablespace fast', ['users: everything', 'unknown']],
    ['alter table users alter column a add generated always as identity', ['users: everything', 'unknown']],
    [
      'create table a (id uuid references users (id), constraint x foreign key (b) references roles (b))',
      ['users: writes', 'roles: writes'],
    ],
    ['create table a as select * from users', ['unknown']],
    ['create constraint trigger t after insert on users for each row execute function f()', ['users: writes']],
    ['drop trigger t on users', ['users: everything']],
    ['update users set a = 1', ['change users']],
    ['insert into a (b) values (1)', []],
    ['insert into a (b) select u.b from users u join roles r on true', ['change a', 'read users', 'read roles']],
    ['lock table users in share mode', ['users: everything']],
    ['select now_and_then()', ['unknown']],
    ['vacuum full users', ['unknown']],
    ['cluster users', ['unknown']],
    ['with a as (delete from users returning 1) select 1', ['unknown']],
    ['create function f() returns trigger as $$ begin update users set a = 1; end $$ language plpgsql', []],
    ['do $$ begin if exists (select from users) then update users set a = 1; end if; end $$', ['change users']],
    [`do $$ begin execute format('alter table users drop column %I', 'a'); end $$`, ['users: everything']],
    [`do $$ begin execute 'dr' || 'op table users'; end $$`, ['unknown']],
    ["/* update users */ -- lock table users\n comment on table users is 'it''s; lock table users'", []],
  ];
  for (const [sql, expected] of cases) {
    it(`tells of ${sql.slice(0, 100)}`, () => {
      assert.deepEqual(told(sql), expected);
    });
  }

  it('takes nothing for harmless whose end it does not find', () => {
    assert.throws(() => sqlStatements(`select 'a; lock table users`), /no end/);
  });
});

describe('planning migrations', () => {
  const sizes = new Map([
    ['users', 10_000_000],
    ['roles', 1_000],
  ]);

  it('tells what is locked for how long, to the end of the transaction', async () => {
    const [plan] = await planOf(
      [migrationOf('1', 'alter table users add column a text; create index b on users (a); create table c (id int)')],
      sizes,
    );
    const seconds = Number(((sizes.get('users') as number) / rowsPerSecond.index).toFixed(3));
    assert.deepEqual(
      plan?.locks.map(({ table, blocks }) => ({ table, blocks })),
      [{ table: 'users', blocks: 'everything' }],
    );
    assert.ok((plan?.locks[0]?.seconds ?? 0) > seconds);
    assert.deepEqual(plan?.works, [{ table: 'users', work: 'index', rows: 10_000_000, seconds }]);
  });

  it('holds no lock for an index that is built while others write, or for a table that nobody sees yet', async () => {
    const plans = await planOf(
      [
        migrationOf('1', 'create index concurrently a on users (email)', false),
        migrationOf('2', 'create table new (id int); create index b on new (id); insert into new select 1'),
      ],
      sizes,
    );
    assert.deepEqual(
      plans.map(({ locks }) => locks),
      [[], []],
    );
    assert.equal(plans[0]?.transaction, false);
    assert.ok((plans[0]?.seconds ?? 0) > 1);
    assert.deepEqual(plans[1]?.works, []);
  });

  it('counts a lock from the first statement that needs one: all are taken there', async () => {
    const sql =
      'update roles set a = 1; alter table roles add column a text; update roles set a = 2; drop trigger t on users';
    const [plan] = await planOf([migrationOf('1', sql)], sizes);
    const change = (sizes.get('roles') as number) / rowsPerSecond.change;
    const seconds = plan?.locks.map(({ table, seconds }) => [table, seconds]);
    assert.deepEqual(seconds, [
      ['roles', Number((change + 0.065).toFixed(3))],
      ['users', Number((change + 0.065).toFixed(3))],
    ]);
  });

  it('takes PostgreSQL for wise that a column has a value, where a validated check says so', async () => {
    const sql = 'alter table users alter column email set not null';
    const before = [
      migrationOf('1', 'alter table users add constraint a check (email is not null) not valid'),
      migrationOf('2', 'alter table users validate constraint a'),
    ];
    const works = async (...args: Parameters<typeof planOf>) => (await planOf(...args)).at(-1)?.works.length;
    assert.equal(await works([migrationOf('3', sql)], sizes), 1);
    assert.equal(await works([migrationOf('3', sql)], sizes, before), 0);
    assert.equal(await works([...before, migrationOf('3', sql)], sizes), 0);
    assert.equal(await works([migrationOf('3', `${sql}, alter column phone set not null`)], sizes, before), 2);
  });

  it('says of what it cannot tell that it cannot', async () => {
    const asks: NamedMigration = {
      name: '2',
      migration: { up: async (db) => void (await db('users').select('id')), down: async () => {} },
    };
    const plans = await planOf([migrationOf('1', 'select f()'), asks], sizes);
    assert.deepEqual(
      plans.map(({ unknown }) => unknown),
      [['select f()'], ['it asks the database first']],
    );
  });

  describe('of a database', () => {
    let database: TestDatabase;
    let db: Database;
    before(async () => {
      database = await createTestDatabase();
      db = createDatabase({ url: database.url, poolMax: 2 });
    });
    after(async () => {
      await db?.destroy();
      await database?.drop();
    });

    it('counts its rows, also of partitions, and changes nothing', async () => {
      await db.raw(`delete from schema_migrations where name >= '0037'`);
      await db.raw(
        `insert into audit_events (actor_type, action) select 'system', 'test.kept' from generate_series(1, 2000)`,
      );
      await db.raw('analyze audit_events');
      const before = await migrationStatus(db);
      const plan = await planMigrations(db);
      assert.deepEqual(
        plan.migrations.map(({ name }) => name),
        before.pending,
      );
      const trail = plan.migrations.find(({ name }) => name === '0037-reading-the-trail');
      assert.deepEqual(
        trail?.works.map(({ table, work, rows }) => ({ table, work, rows })),
        [
          { table: 'audit_events', work: 'index', rows: 2000 },
          { table: 'audit_events', work: 'index', rows: 2000 },
        ],
      );
      assert.deepEqual(
        trail?.locks.map(({ blocks }) => blocks),
        ['writes'],
      );
      assert.ok(plan.longestLockSeconds > 0 && plan.seconds > 0);
      assert.deepEqual(await migrationStatus(db), before);
    });
  });
});
