import assert from 'node:assert/strict';
import { defineCapability } from '../../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import {
  createClient,
  createService,
  isAcceptableRedirectUri,
  rotateClientSecret,
  verifyClientSecret,
} from '../../../src/domain/clients/clients.ts';
import { createResourceServer } from '../../../src/domain/resource-servers/resource-servers.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant } from '../../support/factories.ts';

describe('clients', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url });
  });
  after(async () => {
    await db.destroy();
    await database.drop();
  });

  it('take redirect URIs that keep the code from others', () => {
    for (const uri of ['https://app.example/cb', 'http://localhost:4000/cb', 'http://127.0.0.1/cb', 'http://[::1]/cb'])
      assert.equal(isAcceptableRedirectUri(uri, 'web'), true, uri);
    assert.equal(isAcceptableRedirectUri('com.example.app:/cb', 'native'), true);
    for (const uri of [
      'http://app.example/cb',
      'https://app.example/cb#part',
      'https://*.example/cb',
      'https://name:word@app.example/cb',
      'javascript:alert(1)',
      'data:text/html,x',
      'com.example.app:/cb',
      '/cb',
      '',
    ])
      assert.equal(isAcceptableRedirectUri(uri, 'web'), false, uri);
    assert.equal(isAcceptableRedirectUri('myapp:/cb', 'native'), false, 'a scheme in reverse domain form alone');
  });

  it('are given secrets that can be rotated with an overlap and are stored as hashes', async () => {
    const made = await createClient(
      db,
      { tenantId: null, kind: 'web', name: 'Portal', redirectUris: ['https://portal.example/cb'] },
      systemCaller,
    );
    const { clientId } = made.client;
    const first = made.clientSecret as string;
    assert.ok(first.length > 40);
    const { clientSecret: second } = await rotateClientSecret(db, clientId, 60, systemCaller);
    assert.deepEqual(
      [await verifyClientSecret(db, clientId, first), await verifyClientSecret(db, clientId, second)],
      [true, true],
    );
    const { clientSecret: third } = await rotateClientSecret(db, clientId, 0, systemCaller);
    assert.equal(await verifyClientSecret(db, clientId, second), false);
    assert.equal(await verifyClientSecret(db, clientId, third), true);
    assert.equal(await verifyClientSecret(db, 'another', third), false);
    const { rows } = await db.raw('select t::text as row from client_secrets t');
    assert.ok(rows.every(({ row }: { row: string }) => ![first, second, third].some((secret) => row.includes(secret))));
  });

  it('are refused without a name, without a redirect URI, and twice under one id', async () => {
    const wanted = {
      tenantId: null,
      kind: 'web',
      name: 'Twice',
      redirectUris: ['https://app.example/cb'],
      clientId: 'twice',
    } as const;
    const withUris = { ...wanted, redirectUris: [...wanted.redirectUris] };
    await createClient(db, withUris, systemCaller);
    await assert.rejects(createClient(db, withUris, systemCaller), { kind: 'conflict', code: 'DUPLICATE' });
    await assert.rejects(createClient(db, { ...withUris, clientId: 'a b' }, systemCaller), { code: 'INVALID_INPUT' });
    await assert.rejects(createClient(db, { ...withUris, name: ' ' }, systemCaller), { code: 'FIELD_REQUIRED' });
    await assert.rejects(createClient(db, { ...withUris, redirectUris: [] }, systemCaller), { code: 'FIELD_REQUIRED' });
  });

  it('of a tenant stand for no API of another', async () => {
    const [ours, theirs] = [await createTenant(db), await createTenant(db)];
    const api = await createResourceServer(
      db,
      { tenantId: theirs.id, identifier: 'https://theirs.example/', name: 'Theirs' },
      systemCaller,
    );
    await defineCapability(db, { key: 'theirs.read', resourceServerId: api.id }, systemCaller);
    const service = (tenantId: string | null) =>
      createService(db, { tenantId, name: 'API', capabilities: [], resourceServerId: api.id }, systemCaller);
    await assert.rejects(service(ours.id), { code: 'NOT_FOUND' });
    await assert.rejects(service(null), { code: 'NOT_FOUND' });
    assert.equal((await service(theirs.id)).client.resourceServerId, api.id);
    await assert.rejects(createService(db, { tenantId: null, name: 'Sync', capabilities: ['no.such'] }, systemCaller), {
      code: 'INVALID_INPUT',
    });
  });
});
