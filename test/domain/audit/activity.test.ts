import assert from 'node:assert/strict';
import { countActivity, findActivity } from '../../../src/domain/audit/activity.ts';
import { createDatabase, type Database, firstRow, rows } from '../../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant } from '../../support/factories.ts';

describe('counting what happens', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let owner: Database;
  /** As the program works: as another role, where there is one. */
  let server: Database;
  let tenantId: string;

  before(async () => {
    database = await createTestDatabase();
    owner = createDatabase({ url: database.url, poolMax: 4 });
    server = createDatabase({ url: database.serverUrl, poolMax: 4 });
    tenantId = (await createTenant(owner)).id;
    await countActivity(server);
  });
  after(async () => {
    await Promise.all([owner?.destroy(), server?.destroy()]);
    await database?.drop();
  });

  /** As they come: the oldest first. */
  async function write(action: string, count: number, { minutes }: { minutes: number }): Promise<void> {
    await rows(
      server,
      `insert into audit_events (tenant_id, actor_type, action, payload, occurred_at)
       select :tenantId::uuid, 'system', :action, jsonb_build_object('about', repeat('x', 150)),
              now() - make_interval(mins => :minutes::integer) * ((:count::integer - n)::float8 / :count::integer)
         from generate_series(1, :count::integer) n`,
      { tenantId, action, count, minutes },
    );
  }

  interface Plan {
    'Lossy Heap Blocks'?: number;
    Plans?: Plan[];
  }

  /** How many blocks of the trail are read for a minute of it, and how many there are. */
  async function blocksOfMinute(): Promise<{ read: number; all: number }> {
    return owner.transaction(async (trx) => {
      for (const other of ['seqscan', 'indexscan', 'indexonlyscan']) await trx.raw(`set local enable_${other} = off`);
      const explained = await firstRow<{ 'QUERY PLAN': { Plan: Plan }[] }>(
        trx,
        `explain (analyze, format json) select from audit_events
          where occurred_at >= now() - interval '6 minutes' and occurred_at < now() - interval '5 minutes'`,
      );
      const blocks = (plan: Plan): number =>
        (plan['Lossy Heap Blocks'] ?? 0) + (plan.Plans ?? []).reduce((sum, part) => sum + blocks(part), 0);
      const size = await firstRow<{ blocks: number }>(
        trx,
        `select sum(pg_relation_size(inhrelid)) / current_setting('block_size')::integer as blocks
           from pg_inherits where inhparent = 'audit_events'::regclass`,
      );
      return { read: blocks(explained?.['QUERY PLAN'][0]?.Plan as Plan), all: Number(size?.blocks) };
    });
  }

  it('reads what is in a minute of the trail, not all that came since the table was cleaned', async () => {
    await write('token.issued', 40_000, { minutes: 30 });
    const before = await blocksOfMinute();
    await countActivity(server);
    const after = await blocksOfMinute();
    assert.ok(before.all > 1000 && before.read > before.all * 0.9, JSON.stringify(before));
    // A minute is a thirtieth; the index knows of 128 blocks at a time.
    assert.ok(after.read > 0 && after.read <= before.all / 30 + 256, JSON.stringify(after));
  });

  it('counts while PostgreSQL cleans the trail', async () => {
    await owner.raw(`update activity_counted set until = now() - interval '1 hour'`);
    await write('login.succeeded', 7, { minutes: 4 });
    await owner.transaction(async (trx) => {
      const parts = await rows<{ name: string }>(
        trx,
        `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'audit_events'::regclass`,
      );
      for (const { name } of parts) await trx.raw(`lock table ${name} in share update exclusive mode`);
      await countActivity(server);
      const counted = await rows(server, `select from activity_days where kind = 'sign_in'`);
      assert.notEqual(counted.length, 0);
    });
    const found = await findActivity(server, { tenantId, days: 2 });
    assert.equal(
      found.filter(({ kind }) => kind === 'sign_in').reduce((sum, { count }) => sum + Number(count), 0),
      7,
    );
  });
});
