import assert from 'node:assert/strict';
import type { Database } from '../src/platform/database.ts';
import { migrations, type NamedMigration } from '../src/platform/migrations.ts';
import { migrationFaults } from './support/migration-rules.ts';

/** Those before were released into no installation that they could have held up. */
const first = '0066';

function migrationOf(sql: string, transaction = true): NamedMigration {
  const migration = {
    up: async (db: Database) => void (await db.raw(sql)),
    down: async () => {},
    config: { transaction },
  };
  return { name: '9999-tried', migration };
}

const faultsOf = (sql: string, { transaction = true, before = [] as string[] } = {}) =>
  migrationFaults(
    migrationOf(sql, transaction),
    before.map((text) => migrationOf(text)),
  );

describe('a migration', () => {
  for (const [index, migration] of migrations.entries()) {
    if (migration.name < first) continue;
    it(`holds nobody up and takes nothing from the version before: ${migration.name}`, async () => {
      const faults = await migrationFaults(migration, migrations.slice(0, index));
      assert.deepEqual(
        faults,
        [],
        `migrations/${migration.name}, see migrations/README.md:\n  ${faults.join('\n  ')}\n`,
      );
    });
  }
});

describe('the rules for migrations', () => {
  const refused: [sql: string, why: RegExp][] = [
    ['create index a on users (email)', /create index concurrently/],
    ['create unique index a on org_assignments (id)', /concurrently/],
    ['create index concurrently a on users (email)', /transaction: false/],
    ['alter table users add column a text not null', /null at first/],
    ['alter table users add column a uuid not null default gen_random_uuid()', /written anew/],
    ['alter table users add column a timestamptz default clock_timestamp()', /written anew/],
    ['alter table users add column a bigserial', /written anew/],
    ['alter table users add column a uuid references roles (id)', /Add the column alone/],
    ['alter table users add a int check (a > 0)', /Add the column alone/],
    ['alter table users alter column state type varchar(20)', /add a column of the new type/],
    ['alter table users alter state set data type text', /add a column of the new type/],
    ['alter table users alter column email set not null', /validate "check \(email is not null\)"/],
    ['alter table users add constraint a check (email <> $$$$)', /not valid/],
    ['alter table users add constraint a foreign key (id) references tenants (id)', /not valid/],
    ['alter table users add constraint a unique (email)', /using index/],
    ['alter table users add primary key (id)', /using index/],
    [
      'alter table users add constraint a check (id is not null) not valid; alter table users validate constraint a',
      /migration of its own/,
    ],
    ['alter table users drop column email', /contract: unread since/],
    ['alter table users rename column email to mail', /reads and writes the old name/],
    ['alter table users rename to people', /reads and writes the old name/],
    ['drop table setup_links', /contract: unread since/],
    ['drop table made, users; create table made (id int)', /contract: unread since/],
    ['lock table users', /needs a table for itself/],
    ['truncate rate_limits', /works with these rows/],
    ['update users set state = state', /job do it in portions/],
    ['delete from oidc_payloads', /in portions/],
    ['insert into user_settings (user_id) select id from users', /in portions/],
    ['do $$ begin update users set state = state; end $$', /in portions/],
    [`do $$ begin execute format('update %I set a = 1', 'users'); end $$`, /in portions/],
    [`do $$ begin perform wipe_everything(); end $$`, /cannot be told/],
    ['with a as (delete from users returning id) insert into b select id from a', /cannot be told/],
    ['select wipe_everything()', /cannot be told/],
    ['refresh materialized view a', /cannot be told/],
    ['reindex table users', /cannot be told/],
    ['create table a as select * from users', /cannot be told/],
    ['create table a partition of audit_events for values from (1) to (2)', /attach/],
    [`set local lock_timeout = '5s'`, /Leave out lock_timeout/],
  ];
  for (const [sql, why] of refused)
    it(`refuse ${sql}`, async () => {
      assert.match((await faultsOf(sql)).join('\n'), why);
    });

  it('refuse what asks the database, or is built by other means than text', async () => {
    const up = async (db: Database) => void (await db.schema.createTable('a', () => {}));
    const faults = await migrationFaults({ name: '9999', migration: { up, down: async () => {} } }, []);
    assert.match(faults.join(), /text given to db.raw/);
  });

  const taken: string[] = [
    'create table a (id int primary key, user_id uuid references users (id)); create index b on a (user_id); alter table a add unique (user_id)',
    `alter table users add column a text, add b boolean not null default false, add c timestamptz not null default now(), add d jsonb not null default '{}'::jsonb`,
    'alter table users add constraint a foreign key (id) references tenants (id) not valid',
    'alter table users validate constraint a',
    'alter table users drop constraint a, alter column b drop not null, alter column c set default 1',
    `alter table users
       -- contract: unread since 0066
       drop column a`,
    'create index a on webhooks (tenant_id)',
    `insert into capabilities (key) values ('a.b'); update roles set name = name where false`,
    'create trigger a after insert on users for each row execute function f()',
    'create function f() returns void language sql as $$ update users set a = 1; lock table users $$',
    `do $$ begin if exists (select from capabilities) then raise exception 'no; update users set a = 1'; end if; end $$`,
    `do $$ begin execute format('alter function f() set search_path = %I', current_schema()); end $$`,
    'drop index a',
  ];
  for (const sql of taken)
    it(`take ${sql.slice(0, 90)}`, async () => {
      assert.deepEqual(await faultsOf(sql), []);
    });

  it('take an index that is built while others write', async () => {
    const sql = 'drop index concurrently if exists a; create index concurrently a on users (email)';
    assert.deepEqual(await faultsOf(sql, { transaction: false }), []);
  });

  it('refuse what locks where nothing bounds how long it waits for that', async () => {
    const sql = 'create index concurrently a on users (email); alter table users add column a text';
    assert.match((await faultsOf(sql, { transaction: false })).join(), /Outside of a transaction nobody bounds/);
  });

  it('take not null where a migration before has validated that it is so', async () => {
    const sql = 'alter table users alter column email set not null';
    const added = 'alter table users add constraint a check (email is not null) not valid';
    assert.equal((await faultsOf(sql, { before: [added] })).length, 1);
    assert.deepEqual(await faultsOf(sql, { before: [added, 'alter table users validate constraint a'] }), []);
    const other = 'alter table users add constraint a check (email is not null or id is null) not valid';
    assert.equal((await faultsOf(sql, { before: [other, 'alter table users validate constraint a'] })).length, 1);
  });

  it('have rows gone over before anything is locked', async () => {
    const rows = `insert into role_capabilities (role_id) select id from roles`;
    const locks = 'alter table users add column a text';
    assert.match(
      (await faultsOf(`${locks}; ${rows}`)).join(),
      /"alter table users.*" before it locks.*migration of its own/,
    );
    assert.deepEqual(await faultsOf(`${rows}; ${locks}`), []);
  });
});
