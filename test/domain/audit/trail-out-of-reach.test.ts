import assert from 'node:assert/strict';
import { recordEvent, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { ensureAuditPartitions, purgeAuditEvents } from '../../../src/domain/audit/audit-upkeep.ts';
import { findTrailReach } from '../../../src/domain/audit/trail-reach.ts';
import { createDatabase, type Database, rows } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { admitServerRole } from '../../../src/platform/server-role.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant, createUser } from '../../support/factories.ts';

const day = 86_400_000;

describe('the audit trail, to the role that the server works as', () => {
  let database: TestDatabase;
  let owner: Database;
  let server: Database;
  let serverRole: string;
  let kept: unknown[];

  const everything = () =>
    rows(
      owner,
      `select tableoid::regclass::text as part, e.* from audit_events e where action = 'test.kept' order by occurred_at, id`,
    );

  before(async function () {
    database = await createTestDatabase();
    const ownerUrl = database.url;
    // On a server of TEST_DATABASE_URL there is one role.
    if (database.serverUrl === ownerUrl) return this.skip();
    owner = createDatabase({ url: ownerUrl, poolMax: 2 });
    server = createDatabase({ url: database.serverUrl, poolMax: 2 });
    serverRole = new URL(database.serverUrl).username;
    // What is granted on a database itself is not cloned with it.
    await admitServerRole(owner, serverRole);
    await recordEvent(server, { action: 'test.kept', payload: { why: 'it happened' } }, systemCaller);
    await rows(
      server,
      `insert into audit_events (actor_type, action, occurred_at) values
         ('system', 'test.kept', now() - interval '29 days'), ('system', 'test.kept', '2019-01-31'),
         ('system', 'test.kept', now() + interval '1 month'), ('system', 'test.kept', now() + interval '20 years')`,
    );
    // What lies in the past goes when its time is over.
    await purgeAuditEvents(server, 30);
    kept = await everything();
    assert.equal(kept.length, 4);
  });
  after(async () => {
    await Promise.all([owner?.destroy(), server?.destroy()]);
    await database?.drop();
  });
  afterEach(async () => {
    assert.deepEqual(await everything(), kept);
    assert.deepEqual((await findTrailReach(server)).ways, []);
  });

  const month = () => new Date().toISOString().slice(0, 7).replace('-', '_');
  const denied = /permission denied|must be owner|must be able to SET ROLE|must be superuser|permission denied to/;

  it('takes no change of an event, by any of its names', async () => {
    const parts = await rows<{ name: string }>(
      owner,
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'audit_events'::regclass`,
    );
    assert.ok(parts.length >= 4);
    for (const name of ['audit_events', 'only audit_events', ...parts.map((part) => part.name), 'audit_upkeep']) {
      const column = name === 'audit_upkeep' ? 'transaction = null' : 'action = null';
      await assert.rejects(server.raw(`update ${name} set ${column}`), denied, name);
      await assert.rejects(server.raw(`delete from ${name}`), denied, name);
      await assert.rejects(server.raw(`truncate ${name.replace('only ', '')}`), denied, name);
    }
    const [found] = await rows<{ version: number }>(
      owner,
      `select current_setting('server_version_num')::integer as version`,
    );
    // PostgreSQL 14 does not know the word.
    const merge = `merge into audit_events e using (select 1) s on true when matched then delete`;
    for (const statement of [
      ...(Number(found?.version) >= 150_000 ? [merge] : []),
      'truncate audit_events cascade',
      `insert into audit_events (id, actor_type, action, occurred_at) select id, actor_type, action, occurred_at from audit_events
         on conflict (id, occurred_at) do update set action = 'test.changed'`,
      'select from audit_events for update',
      'select from audit_events for no key update',
      'with gone as (delete from audit_events returning id) select from gone',
      'insert into audit_upkeep values (pg_current_xact_id())',
    ])
      await assert.rejects(server.raw(statement), denied, statement);
    await assert.rejects(
      server.transaction((trx) => trx.raw('lock table audit_events in access exclusive mode')),
      denied,
    );
  });

  it('cannot be altered, emptied aside, replaced or watched over', async () => {
    const part = `audit_events_${month()}`;
    for (const statement of [
      `drop table ${part}`,
      'drop table audit_events cascade',
      `alter table audit_events detach partition ${part}`,
      `alter table audit_events detach partition ${part} concurrently`,
      'alter table audit_events disable trigger all',
      `alter table ${part} disable trigger user`,
      'drop trigger audit_events_append_only on audit_events',
      'alter table audit_events rename to audit_events_of_old',
      'alter table audit_events set schema pg_catalog',
      'alter table audit_events drop column payload',
      `alter table audit_events alter column occurred_at type text using ''`,
      'alter table audit_events owner to current_user',
      'alter table audit_events enable row level security',
      'create policy nothing on audit_events using (false)',
      'create rule swallow as on insert to audit_events do instead nothing',
      'create rule gone as on insert to audit_events do also delete from audit_events',
      'create trigger swallow before insert on audit_events for each row execute function audit_events_refuse()',
      'create trigger swallow before delete on users for each row execute function audit_events_refuse()',
      'create index on audit_events (id)',
      'create table mine partition of audit_events for values from (minvalue) to (maxvalue)',
      'create table mine (like audit_events)',
      'create table mine () inherits (audit_events)',
      'create view mine as select * from audit_events',
      'create temporary table audit_events (like public.audit_events)',
      'create temporary view audit_events as select 1',
      'create schema mine',
      'create extension dblink',
      'create extension file_fdw',
      `comment on table audit_events is 'server role: select, insert, update, delete'`,
      `select limit_server_role('audit_events', 'all')`,
      `alter default privileges for role ${new URL(database.url).username} grant delete on tables to ${serverRole}`,
      'drop schema public cascade',
      `drop database ${new URL(database.url).pathname.slice(1)}`,
      `alter database ${new URL(database.url).pathname.slice(1)} rename to other`,
      `copy audit_events to program 'cat'`,
      `copy audit_events from '/etc/passwd'`,
      `delete from schema_migrations where name like '0049%'`,
      'create publication p for table audit_events',
      `select lo_import('/etc/passwd')`,
    ]) {
      const refused = await server.raw(statement).then(
        () => undefined,
        (error: Error) => error.message,
      );
      assert.ok(refused, `went through: ${statement}`);
      assert.match(
        refused,
        /denied|must be (owner|member|superuser)|permission|cannot drop|only superuser|own/i,
        statement,
      );
    }
  });

  it('is not the server’s role to give away', async () => {
    // PostgreSQL warns and does nothing.
    await server.raw('grant all on audit_events to current_user');
    await server.raw('grant select on audit_events to public');
    assert.deepEqual(
      await rows(
        owner,
        `select lower(a.privilege_type) as privilege, a.is_grantable
           from pg_class c, aclexplode(c.relacl) a
          where c.oid = 'audit_events'::regclass and a.grantee <> c.relowner order by 1`,
      ),
      ['insert', 'select'].map((privilege) => ({ privilege, isGrantable: false })),
    );
  });

  it('leaves to a role that reads for reports what it had, and gives it nothing', async () => {
    // A role that is there on every server, and that nobody works as.
    await owner.raw(
      'grant select, update on audit_events to pg_monitor; grant delete on audit_events to pg_read_all_stats',
    );
    await owner.raw(`select limit_server_role('audit_events', 'select, insert')`);
    const held = await rows(
      owner,
      `select pg_get_userbyid(a.grantee) as role, string_agg(lower(a.privilege_type), ', ' order by a.privilege_type) as privileges
         from pg_class c, aclexplode(c.relacl) a
        where c.oid = 'audit_events'::regclass and a.grantee <> c.relowner group by 1 order by 1`,
    );
    await owner.raw('revoke all on audit_events from pg_monitor');
    assert.deepEqual(held, [
      { role: serverRole, privileges: 'insert, select' },
      { role: 'pg_monitor', privileges: 'select' },
    ]);
  });

  it('is no role’s to become, and no setting’s to switch off', async () => {
    const ownerRole = new URL(database.url).username;
    for (const statement of [
      `set role ${ownerRole}`,
      'set role postgres',
      `set session authorization ${ownerRole}`,
      `grant ${ownerRole} to ${serverRole}`,
      `alter role ${serverRole} createrole`,
      `alter role ${serverRole} superuser`,
      `alter role ${ownerRole} password 'known'`,
      `reassign owned by ${ownerRole} to ${serverRole}`,
      `drop owned by ${ownerRole}`,
      `set session_replication_role = replica`,
      `alter system set session_replication_role = replica`,
      `set zero_damaged_pages = on`,
      `grant pg_write_all_data to ${serverRole}`,
    ])
      await assert.rejects(
        server.raw(statement),
        /permission denied|must be|must have admin option|only roles with/i,
        statement,
      );
    await server.transaction(async (trx) => {
      await trx.raw(`set local gatehouse.audit_maintenance = 'on'`);
      await assert.rejects(
        trx.transaction((inner) => inner.raw('delete from audit_events')),
        denied,
      );
      await assert.rejects(
        trx.transaction((inner) => inner.raw(`update audit_events set ip = null`)),
        denied,
      );
    });
  });

  it('keeps its functions as they are', async () => {
    for (const [name, args] of [
      ['ensure_audit_partitions', 'months_ahead integer default 2'],
      ['purge_audit_events', 'retention_days integer, most integer'],
      ['detach_ended_audit_partition', 'retention_days integer'],
      ['drop_ended_audit_partitions', ''],
      ['summarize_audit_events', ''],
      ['erase_person_from_audit', 'person uuid, events uuid[]'],
      ['audit_events_refuse', ''],
    ]) {
      for (const statement of [
        `create or replace function ${name}(${args}) returns void language sql as 'select'`,
        `drop function ${name} cascade`,
        `alter function ${name} security invoker`,
        `alter function ${name} reset search_path`,
        `alter function ${name} owner to current_user`,
        `alter function ${name} rename to other`,
      ])
        await assert.rejects(server.raw(statement), denied, statement);
    }
    // The trigger's function does nothing by itself.
    await assert.rejects(server.raw('select audit_events_refuse()'), /trigger function|permission denied/);
  });

  it('loses nothing by its functions, whatever they are told', async () => {
    const tenant = await createTenant(owner);
    await rows(
      owner,
      `insert into audit_events (tenant_id, actor_type, action, occurred_at)
       select ?, 'system', 'test.of_tenant', now() - make_interval(days => days) from unnest(array[0, 29]) as days`,
      [tenant.id],
    );
    for (const days of [-2147483648, -1, 0, 1, 29, null])
      await assert.rejects(
        server.raw('select purge_audit_events(?::integer, 100)', [days as number]),
        /at least 30 days/,
        String(days),
      );
    for (const most of [-1, 0, 100_001, 2_147_483_647, null])
      await assert.rejects(server.raw('select purge_audit_events(30, ?::integer)', [most as number]), /a batch has/);
    // A tenant's settings are the server's to write.
    for (const setting of ['1', '0', '-100000', '29']) {
      await rows(
        server,
        `update tenants set settings = jsonb_build_object('auditRetentionDays', ?::integer) where id = ?`,
        [Number(setting), tenant.id],
      );
      await server.raw('select purge_audit_events(30, 1000)');
    }
    for (const settings of [
      '{"auditRetentionDays": "x"}',
      '{"auditRetentionDays": 1e9}',
      '{"auditRetentionDays": []}',
    ]) {
      await rows(server, 'update tenants set settings = ?::jsonb where id = ?', [settings, tenant.id]);
      await server.raw('select purge_audit_events(30, 1000)').catch(() => {});
    }
    await rows(server, `update tenants set settings = '{}' where id = ?`, [tenant.id]);
    const left = await rows(owner, `select from audit_events where action = 'test.of_tenant'`);
    assert.equal(left.length, 2);
    for (const months of [-1, 25, 1_000_000, null])
      await assert.rejects(server.raw('select ensure_audit_partitions(?::integer)', [months as number]), /at the most/);
  });

  it('tells of nobody less who was not erased, and of an erasure always', async () => {
    const { id: userId, tenantId } = await createUser(owner);
    const other = await createUser(owner);
    const eventOf = async (actorId: string) => {
      const id = newId();
      await rows(
        server,
        `insert into audit_events (id, tenant_id, actor_type, actor_id, action, ip, payload)
         values (?, ?, 'user', ?, 'test.acted', '192.0.2.7', '{"what": "this"}')`,
        [id, tenantId, actorId],
      );
      return id;
    };
    const [mine, theirs] = [await eventOf(userId), await eventOf(other.id)];
    const erase = () => server.raw('select erase_person_from_audit(?::uuid, ?::uuid[])', [userId, [mine, theirs]]);
    const told = async (id: string) =>
      (await rows(owner, 'select host(ip) as ip, payload, actor_id, action from audit_events where id = ?', [id]))[0];
    const whole = (actorId: string) => ({ ip: '192.0.2.7', payload: { what: 'this' }, actorId, action: 'test.acted' });

    await assert.rejects(erase(), /only an erased person/);
    for (const person of [null, newId()])
      await assert.rejects(
        server.raw('select erase_person_from_audit(?::uuid, ?::uuid[])', [person as string, [mine]]),
        /only an erased person/,
      );
    // Marked, and the trail does not say so.
    await rows(server, `update users set erased_at = now() where id = ?`, [userId]);
    await assert.rejects(erase(), /only an erased person/);
    assert.deepEqual(await told(mine), whole(userId));
    const erasure = { tenantId, action: 'user.erased', entityType: 'user', entityId: userId };
    await recordEvent(server, erasure, systemCaller);
    await erase();
    assert.deepEqual(await told(mine), { ip: null, payload: { erased: true }, actorId: userId, action: 'test.acted' });
    assert.deepEqual(await told(theirs), whole(other.id));
    const [told_] = await rows<{ payload: object }>(
      owner,
      `select payload from audit_events where action = 'user.erased' and entity_id = ?`,
      [userId],
    );
    assert.deepEqual(told_?.payload, {});
  });

  it('is not misled by names that the caller puts before its own', async () => {
    await assert.rejects(server.raw('create schema shadow'), denied);
    await server.transaction(async (trx) => {
      await trx.raw('set local search_path = pg_temp, public');
      await assert.rejects(
        trx.transaction((inner) =>
          inner.raw(
            'create function pg_temp.now() returns timestamptz language sql as $$ select timestamptz $q$2999-01-01$q$ $$',
          ),
        ),
        denied,
      );
      await assert.rejects(
        trx.transaction((inner) => inner.raw('create temporary table tenants (id uuid, settings jsonb)')),
        denied,
      );
      await trx.raw('select purge_audit_events(30, 1000)');
    });
    // The owner makes such things, a superuser lets others: nothing changes for the functions.
    await owner.raw(`grant temporary on database ${new URL(database.url).pathname.slice(1)} to ${serverRole}`);
    try {
      await server.transaction(async (trx) => {
        await trx.raw('set local search_path = pg_temp, public');
        await trx.raw('create temporary table tenants (id uuid, settings jsonb) on commit drop');
        await trx.raw(`insert into pg_temp.tenants values (null, '{"auditRetentionDays": 30}')`);
        await trx.raw('create temporary table audit_events_default (occurred_at timestamptz) on commit drop');
        await trx.raw(
          'create function pg_temp.make_interval(days integer) returns interval language sql as $$ select interval $q$-99 years$q$ $$',
        );
        await trx.raw('select purge_audit_events(30, 1000)');
        await trx.raw('select ensure_audit_partitions(3)');
        await trx.raw('drop function pg_temp.make_interval(integer)');
      });
    } finally {
      await admitServerRole(owner, serverRole);
    }
  });

  it('has months of UTC, whatever the caller’s clock and calendar', async () => {
    await server.transaction(async (trx) => {
      // In which 'IST' is written for India's time and read as Israel's.
      await trx.raw(`set local timezone = 'Asia/Kolkata'`);
      await trx.raw(`set local datestyle = 'SQL, DMY'`);
      await trx.raw(`set local intervalstyle = 'sql_standard'`);
      while ((await trx.raw('select ensure_audit_partitions(9) as more')).rows[0].more);
    });
    const parts = await rows<{ name: string; bounds: string }>(
      owner,
      `select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds
         from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'audit_events'::regclass and c.relname <> 'audit_events_default'`,
    );
    assert.equal(parts.length, 10);
    for (const { name, bounds } of parts)
      assert.match(bounds, new RegExp(`FROM \\('${name.slice(-7).replace('_', '-')}-01 00:00:00\\+00'\\)`), name);
  });

  it('goes on: events are written and read, and partitions made, by the server itself', async () => {
    await recordEvent(server, { action: 'test.after' }, systemCaller);
    assert.equal((await rows(server, `select from audit_events where action = 'test.after'`)).length, 1);
    await rows(
      server,
      `insert into audit_events (actor_type, action, occurred_at) values ('system', 'test.long_ago', ?)`,
      [new Date(Date.now() - 31 * day)],
    );
    await purgeAuditEvents(server, 30);
    assert.equal((await rows(server, `select from audit_events where action = 'test.long_ago'`)).length, 0);
    await ensureAuditPartitions(server);
    while ((await server.raw('select ensure_audit_partitions(12) as more')).rows[0].more);
    // New ones are the owner's too, and open to nobody by their own name.
    const made = await rows<{ name: string; owner: string; acl: string | null }>(
      owner,
      `select c.relname as name, pg_get_userbyid(c.relowner) as owner, c.relacl::text as acl
         from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'audit_events'::regclass`,
    );
    assert.equal(made.length, 14);
    for (const part of made) {
      assert.equal(part.owner, new URL(database.url).username, part.name);
      assert.doesNotMatch(part.acl ?? '', new RegExp(serverRole), part.name);
      await assert.rejects(server.raw(`delete from ${part.name}`), denied);
    }
  });
});
