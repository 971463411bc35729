import assert from 'node:assert/strict';
import { defineCapability } from '../../../src/domain/access/capabilities.ts';
import { moveCapability } from '../../../src/domain/access/move-capability.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { createClient, createService } from '../../../src/domain/clients/clients.ts';
import { createResourceServer } from '../../../src/domain/resource-servers/resource-servers.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const stock = 'https://stock.example/';

describe('moving a capability to another API', () => {
  let database: TestDatabase;
  let db: Database;
  let other: string;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 4 });
    const server = { tenantId: null, tokenFormat: 'jwt', signingAlg: 'RS256' } as const;
    const { id } = await createResourceServer(db, { ...server, identifier: stock, name: 'Stock' }, systemCaller);
    other = (
      await createResourceServer(db, { ...server, identifier: 'https://shop.example/', name: 'Shop' }, systemCaller)
    ).id;
    for (const key of ['stock.read', 'stock.write'])
      await defineCapability(db, { key, resourceServerId: id }, systemCaller);
    const metadata = { default_resource: stock };
    const service = (clientId: string, capabilities: string[], more = {}) =>
      createService(db, { tenantId: null, clientId, name: clientId, capabilities, ...more }, systemCaller);
    await service('explicit', ['stock.read']);
    await service('stranded', ['stock.read'], { metadata });
    await service('still-there', ['stock.read', 'stock.write'], { metadata });
    await service('elsewhere', ['stock.write'], { metadata });
    const redirectUris = ['https://shop.example/callback'];
    const application = { tenantId: null, kind: 'web', name: 'Shop', redirectUris, firstParty: true } as const;
    await createClient(db, { ...application, clientId: 'by-default', metadata }, systemCaller);
    await createClient(db, { ...application, clientId: 'by-name' }, systemCaller);
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  const move = (key: string) => moveCapability(db, { key, resourceServerId: other }, systemCaller);

  it('names the services that it leaves without a default, and the applications that had it by default', async () => {
    const { services, servicesWithoutDefault, applications } = await move('stock.read');
    assert.deepEqual(services, ['explicit', 'still-there', 'stranded']);
    assert.deepEqual(servicesWithoutDefault, ['stranded']);
    assert.deepEqual(applications, ['by-default']);
  });

  it('names them by what is left, and nobody where nothing moved', async () => {
    assert.deepEqual((await move('stock.write')).servicesWithoutDefault, ['elsewhere', 'still-there']);
    const again = await move('stock.write');
    assert.deepEqual([again.services, again.servicesWithoutDefault, again.applications], [[], [], []]);
  });
});
