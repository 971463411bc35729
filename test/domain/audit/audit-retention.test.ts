import assert from 'node:assert/strict';
import { ensureAuditPartitions, purgeAuditEvents } from '../../../src/domain/audit/audit-upkeep.ts';
import { createDatabase, type Database, firstRow, rows } from '../../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant } from '../../support/factories.ts';

describe('what the audit trail keeps, and for how long', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  /** Makes months of the past, as if they had been there. */
  let owner: Database;
  /** As the program works: as another role, where there is one. */
  let server: Database;

  beforeEach(async () => {
    database = await createTestDatabase();
    owner = createDatabase({ url: database.url, poolMax: 4 });
    server = createDatabase({ url: database.serverUrl, poolMax: 4 });
  });
  afterEach(async () => {
    await Promise.all([owner.destroy(), server.destroy()]);
    await database.drop();
  });

  /** The month so many months ago (UTC): the name of its partition, its first day, and its middle. */
  function monthAgo(months: number): { name: string; from: string; to: string; middle: Date } {
    const now = new Date();
    const first = (n: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - n, 1));
    const [from, to] = [first(months).toISOString(), first(months - 1).toISOString()];
    const name = `audit_events_${from.slice(0, 7).replace('-', '_')}`;
    return { name, from, to, middle: new Date((Date.parse(from) + Date.parse(to)) / 2) };
  }

  async function makeMonth(months: number): Promise<string> {
    const { name, from, to } = monthAgo(months);
    await owner.raw(`create table ${name} partition of audit_events for values from ('${from}') to ('${to}')`);
    return name;
  }

  async function write(tenantId: string | null, at: Date, count = 5): Promise<void> {
    await rows(
      server,
      `insert into audit_events (tenant_id, actor_type, action, occurred_at)
       select ?::uuid, 'system', 'test.aged', ?::timestamptz from generate_series(1, ?::integer)`,
      [tenantId, at, count],
    );
  }

  async function left(tenantId: string | null): Promise<number> {
    const found = await firstRow<{ n: number }>(
      owner,
      `select count(*) as n from audit_events where action = 'test.aged' and tenant_id is not distinct from ?::uuid`,
      [tenantId],
    );
    return found?.n ?? 0;
  }

  /** Everything that is named as the trail is, whether it belongs to it or not. */
  async function tables(): Promise<string[]> {
    const found = await rows<{ name: string }>(
      owner,
      `select relname as name from pg_class where relkind = 'r' and relname like '%audit_events\\_2%' order by 1`,
    );
    return found.map(({ name }) => name);
  }

  it('drops a month that is over for everybody, and what lies in no month of its own', async () => {
    const tenant = await createTenant(owner);
    const [ended, kept] = [await makeMonth(9), await makeMonth(2)];
    for (const tenantId of [tenant.id, null]) {
      await write(tenantId, monthAgo(9).middle);
      await write(tenantId, monthAgo(2).middle);
      await write(tenantId, new Date('2019-05-05'));
    }
    await purgeAuditEvents(server, 180);
    assert.equal((await tables()).includes(ended), false);
    assert.equal((await tables()).includes(kept), true);
    assert.deepEqual(
      (await tables()).filter((name) => name.startsWith('ended')),
      [],
    );
    assert.deepEqual([await left(tenant.id), await left(null)], [5, 5]);
    await purgeAuditEvents(server, 180);
    assert.deepEqual([await left(tenant.id), await left(null)], [5, 5]);
  });

  it('keeps a month for the tenant that keeps its events longer, and for nobody else', async () => {
    const [long, longest, usual, short] = [
      await createTenant(owner, { settings: { auditRetentionDays: 400 } }),
      await createTenant(owner, { settings: { auditRetentionDays: 3650 } }),
      await createTenant(owner),
      await createTenant(owner, { settings: { auditRetentionDays: 30 } }),
    ];
    const names = [await makeMonth(16), await makeMonth(9), await makeMonth(2)];
    for (const months of [16, 9, 2])
      for (const tenantId of [long.id, usual.id, short.id, null]) await write(tenantId, monthAgo(months).middle);
    await purgeAuditEvents(server, 180);
    // 16 months ago is over for all that have an event there; the one that keeps for ten years has none.
    const there = await tables();
    assert.deepEqual(
      names.map((name) => there.includes(name)),
      [false, true, true],
    );
    const counts = async () =>
      Promise.all([long.id, longest.id, usual.id, short.id, null].map((tenantId) => left(tenantId)));
    assert.deepEqual(await counts(), [10, 0, 5, 0, 5]);

    await rows(server, `update tenants set settings = '{}' where id = ?`, [long.id]);
    await purgeAuditEvents(server, 180);
    assert.equal((await tables()).includes(names[1] as string), false);
    assert.deepEqual(await counts(), [5, 0, 5, 0, 5]);
  });

  it('goes on where it was killed between taking a month off and dropping it, and leaves an operator’s alone', async () => {
    const name = await makeMonth(9);
    await write(null, monthAgo(9).middle);
    const archived = await makeMonth(10);
    await owner.raw(`alter table audit_events detach partition ${archived}`);
    await owner.raw('create table ended_audit_events_by_hand (id uuid)');
    assert.deepEqual(await rows(server, 'select detach_ended_audit_partition(180) as name'), [{ name }]);
    assert.ok((await tables()).includes(`ended_${name}`));
    assert.equal(await left(null), 0);
    await purgeAuditEvents(server, 180);
    const there = await tables();
    assert.deepEqual([there.includes(`ended_${name}`), there.includes(archived)], [false, true]);
    assert.deepEqual(await rows(owner, `select to_regclass('ended_audit_events_by_hand') is null as gone`), [
      { gone: false },
    ]);
  });

  it('takes off nothing younger than 30 days, whatever it is told', async () => {
    for (const days of [29, 0, -1, -2147483648, null])
      await assert.rejects(
        rows(server, 'select detach_ended_audit_partition(?::integer)', [days]),
        /at least 30 days/,
        String(days),
      );
    const name = await makeMonth(1);
    const far = createDatabase({ url: database.serverUrl, poolMax: 1 });
    for (let n = 0; n < 3; n++) {
      await rows(far, `set timezone = 'Pacific/Kiritimati'`);
      await rows(far, `set datestyle = 'German'`);
      await rows(far, 'select detach_ended_audit_partition(30)');
    }
    await far.destroy();
    const { to } = monthAgo(1);
    const isOver = Date.parse(to) < Date.now() - 30 * 86_400_000;
    assert.equal((await tables()).includes(name), !isOver);
    const thisMonth = monthAgo(0).name;
    assert.ok((await tables()).includes(thisMonth));
  });

  it('refuses no writer, however long somebody reads, and does its work afterwards', async () => {
    const name = await makeMonth(9);
    await write(null, monthAgo(9).middle);
    const next = monthAgo(-2).name;
    await owner.raw(`drop table if exists ${next}`);
    // Would end one that waits behind a lock that is waited for.
    const writer = createDatabase({ url: database.serverUrl, poolMax: 2, statementTimeoutMs: 10_000 });
    let written = 0;
    let stop = false;
    const writing = (async () => {
      for (; !stop; written++)
        await rows(writer, `insert into audit_events (actor_type, action) values ('system', 'test.meanwhile')`);
    })();
    // As a dump does: it has looked at the whole trail, and its transaction goes on.
    const reader = await owner.transaction();
    try {
      await reader.raw('select count(*) from audit_events');
      await purgeAuditEvents(server, 180, { attempts: 4 });
      await ensureAuditPartitions(server, { attempts: 4 });
      const there = await tables();
      assert.deepEqual([there.includes(name), there.includes(next)], [true, false], 'somebody reads it');
      const before = written;
      while (written < before + 5 && !stop) await Promise.race([writing, rows(owner, 'select 1')]);
    } finally {
      await reader.rollback();
      stop = true;
      await writing;
      await writer.destroy();
    }
    assert.equal(
      (await rows(owner, `select from audit_events where action = 'test.meanwhile'`)).length,
      written,
      'each that was written is there',
    );
    await purgeAuditEvents(server, 180);
    await ensureAuditPartitions(server);
    const there = await tables();
    assert.deepEqual([there.includes(name), there.includes(next)], [false, true]);
  });

  describe('where the default partition is large', () => {
    const next = () => monthAgo(-2).name;
    beforeEach(async () => {
      await owner.raw(`drop table if exists ${next()}`);
      await rows(
        server,
        `insert into audit_events (actor_type, action, user_agent, occurred_at)
         select 'system', 'test.stray', repeat('x', 400), '2030-01-01' from generate_series(1, 20000)`,
      );
    });
    const proofs = () =>
      rows<{ name: string }>(
        owner,
        `select conname as name from pg_constraint
          where conrelid = 'audit_events_default'::regclass and conname like 'audit_events_not%'`,
      );

    it('makes the months to come all the same, and leaves nothing behind', async () => {
      await ensureAuditPartitions(server);
      assert.ok((await tables()).includes(next()));
      assert.deepEqual(await proofs(), []);
      await write(null, monthAgo(-2).middle);
      assert.deepEqual(
        await rows(
          owner,
          `select distinct tableoid::regclass::text as part from audit_events where action = 'test.aged'`,
        ),
        [{ part: next() }],
      );
    });

    it('goes on where it was killed after any of its steps, and events of today are written meanwhile', async () => {
      let steps = 0;
      for (let more = true; more; steps++) {
        [{ more }] = (await rows<{ more: boolean }>(server, 'select ensure_audit_partitions() as more')) as [
          { more: boolean },
        ];
        await write(null, new Date(), 1);
        // Another process begins anew.
        if (steps === 1) assert.equal((await proofs()).length, 1);
      }
      assert.equal(steps, 4, 'added, checked, used, and nothing left to do');
      assert.deepEqual(await proofs(), []);
      assert.equal(await left(null), steps);
    });

    it('takes away what would refuse the events of a month that is near', async () => {
      const { from, to } = monthAgo(0);
      await owner.raw(
        `alter table audit_events_default add constraint audit_events_not_${from.slice(0, 7).replace('-', '_')}
           check (occurred_at < '${from}' or occurred_at >= '${to}') not valid`,
      );
      await ensureAuditPartitions(server);
      assert.deepEqual(await proofs(), []);
    });
  });
});
