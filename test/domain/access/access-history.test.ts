/** The history of access: when a change counts, what many at once leave behind, from when on it is whole, and its end. */
import assert from 'node:assert/strict';
import { up } from '../../../migrations/0053-access-history.ts';
import { findAccessOfPerson } from '../../../src/domain/access/access-chains.ts';
import { findMoment, sweepAccessHistory } from '../../../src/domain/access/access-history.ts';
import { updateRole } from '../../../src/domain/access/roles.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { activateUser, deactivateUser } from '../../../src/domain/lifecycle/end-person.ts';
import { assignRole, endAssignment } from '../../../src/domain/organisation/org-assignments.ts';
import { moveOrgNode } from '../../../src/domain/organisation/org-nodes.ts';
import { createDatabase, type Database, firstRow, rows } from '../../../src/platform/database.ts';
import { admitServerRole } from '../../../src/platform/server-role.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import * as make from '../../support/factories.ts';

const tables = {
  tenants: 'id',
  users: 'id',
  org_nodes: 'id',
  roles: 'id',
  capabilities: 'id',
  role_capabilities: 'role_id, capability_id',
  org_assignments: 'id',
  visibility_grants: 'id',
};

describe('the history of access', () => {
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  let rootNodeId: string;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 12, acquireTimeoutMs: 60_000, statementTimeoutMs: 60_000 });
    ({ id: tenantId, rootNodeId } = await make.createTenant(db));
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  /** A whole millisecond of the database's clock, after what has been committed and before what comes. */
  async function moment(): Promise<Date> {
    await db.raw('select pg_sleep(0.002)');
    const row = await firstRow<{ now: Date }>(db, `select date_trunc('milliseconds', clock_timestamp()) as now`);
    await db.raw('select pg_sleep(0.002)');
    return (row as { now: Date }).now;
  }

  const keep = (id: string, auditRetentionDays: number) =>
    db('tenants').where({ id }).update({ settings: { auditRetentionDays } });

  const rolesOf = async (userId: string, past: Date) =>
    (await findAccessOfPerson(db, { tenantId, userId, past })).roles;

  it('begins a change where it is committed, not where it is made: two transactions, the first of which ends last', async () => {
    const { id: userId } = await make.createUser(db, { tenantId });
    const early = await make.createRole(db, { tenantId, name: 'Early' });
    const late = await make.createRole(db, { tenantId, name: 'Late' });
    const held = { tenantId, userId, orgNodeId: rootNodeId };
    const first = await db.transaction();
    await updateRole(first, { tenantId, roleId: early.id, name: 'Renamed' }, systemCaller);
    await first.raw('update roles set description = ? where id = ?', ['twice in one', early.id]);
    const made = await moment();
    const { id: assignmentId } = await make.assign(db, { ...held, roleId: late.id });
    const between = await moment();
    await first.commit();
    const after = await moment();
    const named = async (past: Date) =>
      (await db('roles_history').where({ id: early.id }).orderBy('valid_from')).filter(
        (version: { validFrom: Date; validTo: Date | null }) =>
          version.validFrom <= past && (version.validTo === null || version.validTo > past),
      )[0]?.name;
    assert.deepEqual([await named(made), await named(between), await named(after)], ['Early', 'Early', 'Renamed']);
    assert.ok(!(await rolesOf(userId, made)).includes('Late'));
    assert.ok((await rolesOf(userId, between)).includes('Late'));
    await endAssignment(db, { tenantId, assignmentId }, systemCaller);
  });

  it('shows all that a transaction changed at one moment, and nothing of one that was taken back', async () => {
    const { id: userId } = await make.createUser(db, { tenantId });
    const role = await make.createRole(db, { tenantId });
    const versions = async () =>
      rows<{ table: string; moment: string }>(
        db,
        `select 'nodes' as table, valid_from::text as moment from org_nodes_history where id = :node and valid_to is null
          union all
         select 'assignments', valid_from::text from org_assignments_history where user_id = :userId`,
        { node: node.id, userId },
      );
    const node = await make.createNode(db, { tenantId });
    const parent = await make.createNode(db, { tenantId });
    const before = await versions();
    const change = async (trx: Database) => {
      await moveOrgNode(trx, { tenantId, orgNodeId: node.id, parentId: parent.id }, systemCaller);
      await trx.raw('select pg_sleep(0.01)');
      await assignRole(trx, { tenantId, userId, roleId: role.id, orgNodeId: node.id }, systemCaller);
    };
    await assert.rejects(
      db.transaction(async (trx) => {
        await change(trx);
        throw new Error('taken back');
      }),
      /taken back/,
    );
    assert.deepEqual(await versions(), before);
    await db.transaction(change);
    const after = await versions();
    assert.equal(after.length, 2);
    assert.equal(after[0]?.moment, after[1]?.moment);
  });

  it('has one version at every moment where fifty change one thing at once', async () => {
    const { id: userId } = await make.createUser(db, { tenantId });
    const node = await make.createNode(db, { tenantId });
    const role = await make.createRole(db, { tenantId });
    const began = await moment();
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        if (n % 5 === 0) await (n % 2 ? activateUser : deactivateUser)(db, { tenantId, userId }, systemCaller);
        else if (n % 5 === 1) await updateRole(db, { tenantId, roleId: role.id, name: `Name ${n}` }, systemCaller);
        else if (n % 5 === 2) {
          const held = { tenantId, userId, roleId: role.id, orgNodeId: node.id };
          const made = await assignRole(db, held, systemCaller).catch(() => undefined);
          if (made) await endAssignment(db, { tenantId, assignmentId: made.id }, systemCaller);
        } else
          await db('org_nodes')
            .where({ id: node.id })
            .update({ name: `Name ${n}` });
      }),
    );
    for (const [table, id] of [
      ['users', userId],
      ['roles', role.id],
      ['org_nodes', node.id],
    ] as const) {
      const versions = await rows<{ validFrom: string; validTo: string | null }>(
        db,
        `select valid_from::text, valid_to::text from ${table}_history where id = ? order by valid_from`,
        [id],
      );
      assert.ok(versions.length > 1);
      const ends = versions.map(({ validTo }) => validTo);
      assert.deepEqual(ends, [...versions.slice(1).map(({ validFrom }) => validFrom), null], table);
    }
    assert.equal((await findAccessOfPerson(db, { tenantId, userId, past: began })).mayAct, true);
  });

  it('survives a clock that was set back', async () => {
    const { id } = await make.createNode(db, { tenantId, name: 'First' });
    await db.raw(`update org_nodes_history set valid_from = now() + interval '1 hour' where id = ?`, [id]);
    for (const name of ['Second', 'Third']) await db('org_nodes').where({ id }).update({ name });
    const versions = await db('org_nodes_history').where({ id });
    assert.deepEqual(
      versions.map(({ name, validTo }: { name: string; validTo: Date | null }) => [name, validTo]),
      [['Third', null]],
    );
  });

  it('answers about what is still to come by what is known now, and refuses what was before', async () => {
    const { id } = await make.createTenant(db);
    const ask = (at: Date) => findMoment(db, { tenantId: id, at, serverDays: 180 });
    const future = new Date(Date.now() + 60_000);
    assert.deepEqual(await ask(future), { at: future });
    assert.deepEqual(await findMoment(db, { tenantId: id, serverDays: 180 }), {});
    const now = await moment();
    assert.deepEqual(await ask(now), { past: now });
    await assert.rejects(ask(new Date(Date.now() - 3_600_000)), { code: 'BEFORE_HISTORY' });
    // As if it had been made long ago: what the server keeps is the end of it, what the tenant keeps before that.
    await db('tenants')
      .where({ id })
      .update({ createdAt: new Date('2020-01-01') });
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
    assert.ok((await ask(daysAgo(179))).past);
    await assert.rejects(ask(daysAgo(181)), { code: 'BEFORE_HISTORY' });
    await keep(id, 30);
    assert.ok((await ask(daysAgo(29))).past);
    await assert.rejects(ask(daysAgo(31)), { code: 'BEFORE_HISTORY' });
  });

  it('goes with the trail of its tenant, in batches, and is not asked about any more', async () => {
    const kept = await make.createTenant(db);
    const swept = await make.createTenant(db);
    await keep(kept.id, 3650);
    const made: Record<string, { old: string; lately: string }> = {};
    for (const { id } of [kept, swept]) {
      await db('tenants')
        .where({ id })
        .update({ createdAt: new Date('2020-01-01') });
      const [old, lately] = [await make.createNode(db, { tenantId: id }), await make.createNode(db, { tenantId: id })];
      for (const node of [old, lately]) await db('org_nodes').where({ id: node.id }).update({ name: 'Renamed' });
      const age = (node: string, days: number) =>
        db.raw(
          `update org_nodes_history set valid_from = now() - make_interval(days => :begun), valid_to = now() - make_interval(days => :days)
            where id = :node and valid_to is not null`,
          { node, days, begun: days + 100 },
        );
      await age(old.id, 400);
      await age(lately.id, 100);
      made[id] = { old: old.id, lately: lately.id };
    }
    const longAgo = new Date(Date.now() - 390 * 86_400_000);
    const ask = (id: string, serverDays: number) => findMoment(db, { tenantId: id, at: longAgo, serverDays });
    assert.ok((await ask(swept.id, 500)).past, 'before it is swept');
    const { old, lately } = made[swept.id] as { old: string; lately: string };
    await sweepAccessHistory(db, 180);
    const left = async (id: string) => (await db('org_nodes_history').where({ id })).length;
    assert.deepEqual([await left(old), await left(lately)], [1, 2]);
    assert.deepEqual(await left((made[kept.id] as { old: string }).old), 2);
    assert.ok((await ask(kept.id, 180)).past);
    // What is gone does not come back by being wanted.
    await assert.rejects(ask(swept.id, 500), { code: 'BEFORE_HISTORY' });
    await sweepAccessHistory(db, 180);
    assert.equal(await left(lately), 2);
  });

  it('is out of the reach of the role that the server works as, which goes on making it', async function () {
    // On a server of TEST_DATABASE_URL there is one role.
    if (database.serverUrl === database.url) return this.skip();
    await admitServerRole(db, new URL(database.serverUrl).username);
    const server = createDatabase({ url: database.serverUrl, poolMax: 2 });
    try {
      const { id: userId } = await make.createUser(server, { tenantId });
      const { id } = await make.assign(server, { tenantId, userId, orgNodeId: rootNodeId });
      const made = await moment();
      await endAssignment(server, { tenantId, assignmentId: id }, systemCaller);
      assert.equal((await findAccessOfPerson(server, { tenantId, userId, past: made })).assignments.length, 1);
      assert.equal(
        (await findAccessOfPerson(server, { tenantId, userId, past: await moment() })).assignments.length,
        0,
      );
      for (const table of [...Object.keys(tables).map((name) => `${name}_history`), 'access_history_since'])
        for (const statement of [
          `delete from ${table}`,
          `update ${table} set ${table === 'access_history_since' ? 'since' : 'valid_to'} = now()`,
          `insert into ${table} select * from ${table}`,
          `truncate ${table}`,
        ])
          await assert.rejects(server.raw(statement), /permission denied/, statement);
      // Nor is a change made at another time than its own.
      await server.transaction(async (trx) => {
        await trx.raw(`select set_config('gatehouse.history_moment', '2020-01-01', true)`);
        await trx('users').where({ id: userId }).update({ state: 'inactive' });
      });
      const versions = await db('users_history').where({ id: userId }).orderBy('validFrom');
      assert.deepEqual(
        versions.map(({ state }: { state: string }) => state),
        ['active', 'inactive'],
      );
      assert.ok(versions[1].validFrom > made);
      for (const [days, most] of [
        [29, 10],
        [null, 10],
        [180, 0],
        [180, null],
      ])
        await assert.rejects(
          server.raw('select sweep_access_history(?, ?)', [days, most] as never),
          /check|at least|1 to/,
        );
      await sweepAccessHistory(server, 30);
    } finally {
      await server.destroy();
    }
  });

  it('begins, at the migration, with what is there then', async () => {
    const { id: userId } = await make.createUser(db, { tenantId });
    const node = await make.createNode(db, { tenantId });
    await make.assign(db, { tenantId, userId, orgNodeId: node.id });
    for (const table of Object.keys(tables))
      await db.raw(`drop function ${table}_keep_history() cascade; drop table ${table}_history`);
    await db.raw(
      'drop function history_moment(), sweep_access_history(integer, integer); drop table access_history_since',
    );
    const before = new Date(Date.now() - 5_000);
    await db.transaction((trx) => up(trx));
    for (const [table, key] of Object.entries(tables)) {
      const isSoft = ['users', 'org_nodes', 'roles', 'capabilities'].includes(table);
      const different = await rows(
        db,
        `select ${key} from ${table} ${isSoft ? 'where deleted_at is null' : ''}
         except select ${key} from ${table}_history where valid_to is null`,
      );
      assert.deepEqual(different, [], table);
    }
    await assert.rejects(findMoment(db, { tenantId, at: before, serverDays: 180 }), { code: 'BEFORE_HISTORY' });
    const then = await moment();
    await deactivateUser(db, { tenantId, userId }, systemCaller);
    assert.deepEqual((await findMoment(db, { tenantId, at: then, serverDays: 180 })).past, then);
    const access = await findAccessOfPerson(db, { tenantId, userId, past: then });
    assert.deepEqual([access.mayAct, access.assignments.length], [true, 1]);
    assert.equal((await findAccessOfPerson(db, { tenantId, userId, past: await moment() })).mayAct, false);
  });
});
