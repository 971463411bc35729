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
