import assert from 'node:assert/strict';
import { type AnyOperation, isChange } from '../../src/management/operation.ts';
import { operations } from '../../src/management/operations.ts';
import { rows } from '../../src/platform/database.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import type { ApiAnswer, Ask } from '../support/management.ts';
import { aboutNothing, type Sample, samples } from '../support/management-samples.ts';
import { makeDelegates, makeStrangers, makeWorld, type World } from '../support/management-world.ts';

/** Counters of requests. */
const unregarded = ['rate_limits', 'idempotency_keys'];

describe('the isolation matrix of the management API', () => {
  let app: TestApp;
  let world: World;
  let as: Awaited<ReturnType<typeof makeStrangers>>;

  before(async () => {
    app = await startTestApp({ mailbox: true, runJobs: false });
    world = await makeWorld(app);
    // The world of the strictest test: its owners may do everything, other tenants' owners nothing here.
    await app.db('tenants').where({ id: world.tenantId }).update({ isPlatform: true });
    as = await makeStrangers(app, world);
  });
  after(() => app?.stop());

  const sampleOf = ({ id }: AnyOperation) => samples[id]?.(world) ?? {};

  async function request(ask: Ask, operation: AnyOperation, sample: Sample, query: object = {}): Promise<ApiAnswer> {
    const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(sample.params?.[name] ?? name));
    const search = new URLSearchParams({ ...sample.query, ...query });
    const headers = {
      ...(operation.guards && { 'if-match': '*' }),
      // One line of a sample is JSON as well.
      ...(operation.lines && { 'content-type': 'application/x-ndjson' }),
    };
    return ask(operation.method, `${path}?${search}`, sample.body, headers);
  }

  /** A hash of each table's rows. */
  async function everything(): Promise<Record<string, string>> {
    const tables = await rows<{ name: string }>(
      app.db,
      `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    );
    const hashes = tables
      .filter(({ name }) => !unregarded.includes(name))
      .map(async ({ name }) => {
        const [hash] = await rows<{ hash: string }>(
          app.db,
          `select count(*) || ':' || coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') as hash from "${name}" t`,
        );
        return [name, hash?.hash ?? ''] as const;
      });
    return Object.fromEntries(await Promise.all(hashes));
  }

  const shown = ({ status, body }: ApiAnswer) => {
    const { requestId: _, ...rest } = body ?? {};
    return { status, body: rest };
  };

  /** Nothing that is secret in this world, whatever was asked. */
  function assertSilent({ body }: ApiAnswer, operation: AnyOperation, sample: Sample): void {
    const text = JSON.stringify(body ?? '');
    assert.doesNotMatch(text, /Secret/, operation.id);
    const named = JSON.stringify(sample);
    for (const id of Object.values(world)) if (!named.includes(id)) assert.ok(!text.includes(id), operation.id);
  }

  async function eachUnchanged(what: (operation: AnyOperation) => Promise<void>): Promise<void> {
    const before = await everything();
    for (const operation of operations) await what(operation);
    assert.deepEqual(await everything(), before);
  }

  it('has a valid request of each operation', () => {
    const missing = operations.filter(({ id }) => !(id in samples)).map(({ id }) => id);
    assert.deepEqual(missing, [], 'add a sample to test/support/management-samples.ts');
  });

  it('lets an owner do each of them, so that a refusal is none of the request itself', async () => {
    await eachUnchanged(async (operation) => {
      const query = isChange(operation) ? { dry_run: 'true' } : {};
      const { status, body } = await request(as.owner, operation, sampleOf(operation), query);
      assert.ok(status < 300, `${operation.id}: ${status} ${JSON.stringify(body)}`);
      if (operation.each) assert.ok(body.items[0].status < 300, `${operation.id}: ${JSON.stringify(body)}`);
    });
  });

  for (const who of ['nobody', 'foreign', 'expired', 'deactivated'] as const)
    it(`answers 401 to each from: ${who}`, async () => {
      await eachUnchanged(async (operation) => {
        const answer = await request(as[who], operation, sampleOf(operation));
        assert.equal(answer.status, 401, operation.id);
        assert.equal(answer.body.code, 'ACCESS_TOKEN_INVALID');
        assertSilent(answer, operation, sampleOf(operation));
      });
    });

  for (const who of ['member', 'service'] as const)
    it(`answers 403 to each from: ${who}`, async () => {
      await eachUnchanged(async (operation) => {
        const sample = sampleOf(operation);
        const ask = who === 'service' && operation.needs.capability === 'roles.read' ? as.otherService : as[who];
        const answer = await request(ask, operation, sample);
        assert.equal(answer.status, 403, operation.id);
        assert.equal(answer.body.code, 'FORBIDDEN');
        assert.deepEqual(shown(await request(ask, operation, aboutNothing(sample, world))), shown(answer));
        assertSilent(answer, operation, sample);
      });
    });

  for (const who of ['anotherOwner', 'anotherService'] as const) {
    it(`tells nothing of the tenant, not even that it is there, to: ${who}`, async () => {
      const slug = (await app.db('tenants').where({ id: world.tenantId }).first('slug')).slug as string;
      await eachUnchanged(async (operation) => {
        const sample = sampleOf(operation);
        const nowhere = await request(as[who], operation, sample, { tenant: 'no-such-tenant' });
        assert.equal(nowhere.status, 404, operation.id);
        for (const tenant of [world.tenantId, slug])
          for (const asked of [sample, { ...sample, query: { unknown: '1' } }])
            assert.deepEqual(shown(await request(as[who], operation, asked, { tenant })), shown(nowhere), operation.id);
      });
    });

    it(`answers what belongs to the tenant as what does not exist to: ${who}`, async () => {
      await eachUnchanged(async (operation) => {
        const sample = sampleOf(operation);
        const query = isChange(operation) ? { dry_run: 'true' } : {};
        const answer = await request(as[who], operation, sample, query);
        assertSilent(answer, operation, sample);
        if (!JSON.stringify(sample).match(new RegExp(Object.values(world).join('|')))) return;
        assert.deepEqual(
          shown(await request(as[who], operation, aboutNothing(sample, world), query)),
          shown(answer),
          operation.id,
        );
        const { status } = operation.each ? answer.body.items[0] : answer;
        if (!operation.list) assert.ok([403, 404].includes(status), `${operation.id}: ${status}`);
      });
    });
  }

  it('tells a service of all tenants nothing of any but the one that runs the server', async () => {
    await eachUnchanged(async (operation) => {
      const sample = sampleOf(operation);
      const nowhere = await request(as.serviceOfAll, operation, sample, { tenant: 'no-such-tenant' });
      assert.equal(nowhere.status, 404, operation.id);
      const there = await request(as.serviceOfAll, operation, sample, { tenant: world.otherTenantId });
      assert.deepEqual(shown(there), shown(nowhere), operation.id);
    });
  });

  /** What belongs to the whole tenant, which nobody does by what they hold in a part of it. */
  const ofTheWhole = ({ needs }: AnyOperation) => 'at' in needs && (needs.at === 'root' || needs.at === 'platform');
  /** Roles, and capabilities, are the same for all of a tenant. */
  const ofEverybody = ({ path }: AnyOperation) => /^\/(roles|capabilities)/.test(path);
  /** Of who made it, and of who does so in the whole tenant: not there for anybody else. */
  const ofItsMaker = ({ path }: AnyOperation) => path.startsWith('/imports/{');
  const ofAnyPlace = (operation: AnyOperation) =>
    'at' in operation.needs && operation.needs.at === 'anywhere' && !ofItsMaker(operation);

  it('answers 404 to a delegate outside the subtree, and 403 to what belongs to the whole tenant', async () => {
    const { outside } = await makeDelegates(app, world);
    await eachUnchanged(async (operation) => {
      const sample = sampleOf(operation);
      // Lines are refused one by one; that there was such a request stands in the trail.
      const query = operation.lines ? { dry_run: 'true' } : {};
      const answer = await request(outside, operation, sample, query);
      if (ofAnyPlace(operation)) {
        assert.equal(answer.status, operation.status ?? 200, operation.id);
        if (ofEverybody(operation)) return;
        // Their own place, and who they are themselves; no more.
        const { rootId: _, southId: __, delegateRoleId: ___, ...hidden } = world;
        for (const id of Object.values(hidden)) assert.ok(!JSON.stringify(answer.body).includes(id), operation.id);
        if (operation.each) assert.equal(answer.body.items[0].status, 404, operation.id);
        return;
      }
      assert.equal(answer.status, ofTheWhole(operation) ? 403 : 404, operation.id);
      assert.deepEqual(shown(await request(outside, operation, aboutNothing(sample, world))), shown(answer));
      assertSilent(answer, operation, sample);
    });
  });

  it('lets a delegate inside the subtree do what belongs to it, and nothing of the whole tenant', async () => {
    const { inside } = await makeDelegates(app, world);
    await eachUnchanged(async (operation) => {
      const query = isChange(operation) ? { dry_run: 'true' } : {};
      const answer = await request(inside, operation, sampleOf(operation), query);
      if (ofTheWhole(operation)) assert.equal(answer.status, 403, operation.id);
      else if (ofItsMaker(operation)) assert.equal(answer.status, 404, operation.id);
      else assert.ok(answer.status < 300, `${operation.id}: ${answer.status} ${JSON.stringify(answer.body)}`);
      if (operation.each) assert.ok(answer.body.items[0].status < 300, operation.id);
      if (!ofAnyPlace(operation) || ofEverybody(operation)) return;
      // What stands at the top of their part names the place that it hangs at, and no more of it.
      const ids = (answer.body.items ?? []).map(({ id }: { id: string }) => id);
      for (const id of [world.rootId, world.southId]) assert.ok(!ids.includes(id), operation.id);
      assert.ok(!JSON.stringify(answer.body).includes(world.southId), operation.id);
    });
  });
});
