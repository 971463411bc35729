import assert from 'node:assert/strict';
import { defineCapability, findCapability } from '../../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { listResourceServers } from '../../../src/domain/resource-servers/list-resource-servers.ts';
import { createResourceServer, findResourceServer } from '../../../src/domain/resource-servers/resource-servers.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant } from '../../support/factories.ts';

describe('APIs', () => {
  let database: TestDatabase;
  let db: Database;
  let count = 0;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 3 });
  });
  after(async () => {
    await db.destroy();
    await database.drop();
  });

  function create(scopes: { key: string; description?: string }[], tenantId: string | null = null) {
    count += 1;
    const identifier = `https://api-${count}.example/`;
    return createResourceServer(db, { tenantId, identifier, name: `API ${count}`, scopes }, systemCaller);
  }

  it('come with their scopes: those that are there and those that are made', async () => {
    await defineCapability(db, { key: 'stock.read', description: 'See stock', module: 'stock' }, systemCaller);
    const api = await create([{ key: 'stock.read' }, { key: 'stock.write', description: 'Change stock' }]);
    assert.deepEqual((await findResourceServer(db, api.identifier))?.scopes, ['stock.read', 'stock.write']);
    const kept = await findCapability(db, 'stock.read');
    assert.deepEqual([kept?.description, kept?.module, kept?.resourceServerId], ['See stock', 'stock', api.id]);
  });

  it('are registered under one spelling, also by many at once, and found by any', async () => {
    const spellings = [
      'https://One.example',
      'https://one.example/',
      'https://ONE.example:443/',
      'https://one.example',
    ];
    const register = (identifier: string) =>
      createResourceServer(db, { tenantId: null, identifier, name: 'One' }, systemCaller);
    const made = await Promise.allSettled([...spellings, ...spellings].map(register));
    const kept = made.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    assert.equal(kept.length, 1);
    for (const result of made)
      if (result.status === 'rejected') assert.equal(result.reason.code, 'DUPLICATE', String(result.reason));
    for (const spelling of spellings) assert.equal((await findResourceServer(db, spelling))?.id, kept[0]?.id, spelling);
    for (const other of [
      'http://one.example/',
      'https://one.example/x',
      'https://one.example:8443/',
      'urn:one',
      '',
      'x',
    ])
      assert.equal(await findResourceServer(db, other), undefined, other);
    await register('urn:Example:one');
    assert.ok(await findResourceServer(db, 'URN:Example:one'));
    assert.equal(await findResourceServer(db, 'urn:example:one'), undefined);
    // Two that were there before this was refused: each by its own spelling, the older one by any other.
    const two = { name: 'Two', tenantId: null };
    await db('resource_servers').insert({ ...two, identifier: 'https://two.example' });
    await db('resource_servers').insert({ ...two, identifier: 'https://two.example/' });
    for (const identifier of ['https://two.example', 'https://two.example/'])
      assert.equal((await findResourceServer(db, identifier))?.identifier, identifier);
    assert.equal((await findResourceServer(db, 'https://TWO.example'))?.identifier, 'https://two.example');
    await db('resource_servers').where(two).delete();
  });

  it('take no scope of another, and then are not there either', async () => {
    await create([{ key: 'orders.read' }]);
    const identifier = `https://api-${count + 1}.example/`;
    const taken = { code: 'CAPABILITY_OF_ANOTHER_API', params: { value: 'orders.read' } };
    await assert.rejects(create([{ key: 'orders.cancel' }, { key: 'orders.read' }]), taken);
    assert.equal(await findResourceServer(db, identifier), undefined);
    assert.equal(await findCapability(db, 'orders.cancel'), undefined);
  });

  it('are listed page by page, all or those of one tenant', async () => {
    const { id: tenantId, slug } = await createTenant(db);
    const made = [
      await create([{ key: 'list.b' }, { key: 'list.a' }], tenantId),
      await create([], tenantId),
      await create([]),
    ];
    const first = await listResourceServers(db, { tenantId, limit: 1 });
    const second = await listResourceServers(db, { tenantId, limit: 1, after: first.next });
    assert.deepEqual(
      [...first.items, ...second.items].map(({ id, tenant }) => [id, tenant]),
      made.slice(0, 2).map(({ id }) => [id, slug]),
    );
    assert.deepEqual([first.items[0]?.capabilities, second.next], [['list.a', 'list.b'], null]);
    const rest = await listResourceServers(db, { after: made[1]?.id });
    assert.deepEqual(
      rest.items.map(({ id, tenant }) => [id, tenant]),
      [[made[2]?.id, null]],
    );
  });
});
