import assert from 'node:assert/strict';
import { findCapability } from '../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { setPlatformTenant } from '../../src/domain/tenants/platform-tenant.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Ask, askAsService } from '../support/management.ts';

const any = { 'if-match': '*' };

describe('operations on APIs and capabilities', () => {
  let app: TestApp;
  let ask: Ask;
  let other: Ask;
  let platform: Ask;

  before(async () => {
    app = await startTestApp();
    const capabilities = ['apis.manage', 'roles.read', 'roles.manage'];
    ask = await askAsService(app, { tenantId: (await app.tenant()).id, capabilities });
    other = await askAsService(app, { tenantId: (await app.tenant()).id, capabilities });
    const { id } = await app.tenant();
    await setPlatformTenant(app.db, id, systemCaller);
    platform = await askAsService(app, { tenantId: null, capabilities: [...capabilities, 'tenants.manage'] });
  });
  after(() => app?.stop());

  let count = 0;
  const make = async (asked = ask, more = {}) => {
    const body = { identifier: `https://stock-${++count}.example.test/`, name: 'Stock', ...more };
    const made = await asked('POST', '/resource-servers', body);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return made.body;
  };

  it('registers an API, changes it without losing an update, and removes it', async () => {
    const made = await make();
    const path = `/resource-servers/${made.id}`;
    const shown = await ask('GET', path);
    assert.deepEqual(shown.body, made);
    assert.equal((await ask('PATCH', path, { name: 'New' })).status, 428);
    const match = { 'if-match': shown.headers.get('etag') as string };
    const changed = await ask('PATCH', path, { name: 'New', access_token_ttl: 60 }, match);
    assert.deepEqual([changed.body.name, changed.body.access_token_ttl], ['New', 60]);
    assert.equal((await ask('PATCH', path, { name: 'Newer' }, match)).status, 412);
    const duplicate = { identifier: made.identifier, name: 'Again' };
    assert.equal((await ask('POST', '/resource-servers', duplicate)).body.code, 'DUPLICATE');
    assert.equal((await ask('DELETE', path)).status, 204);
    assert.equal((await ask('GET', path)).status, 404);
    const events = await app.db('audit_events').where({ entityId: made.id }).orderBy('occurredAt');
    assert.deepEqual(
      events.map(({ action }) => action),
      ['resource_server.created', 'resource_server.changed', 'resource_server.deleted'],
    );
  });

  it('keeps those of other tenants, and of all, from a tenant', async () => {
    const mine = await make();
    const shared = await make(platform, { all_tenants: true });
    assert.equal(shared.tenant_id, null);
    const everywhere = { identifier: 'https://all.example.test/', name: 'All', all_tenants: true };
    assert.equal((await other('POST', '/resource-servers', everywhere)).status, 403);
    for (const { id } of [mine, shared]) {
      const path = `/resource-servers/${id}`;
      assert.equal((await other('GET', path)).status, 404);
      assert.equal((await other('PATCH', path, { name: 'Evil' }, any)).status, 404);
      assert.equal((await other('DELETE', path)).status, 404);
    }
  });

  it('keeps what an API calls a capability, and refuses what no action could be', async () => {
    const path = '/capabilities/stock.discard';
    const made = await platform('PUT', path, { action: 'delete', action_properties: { soft: true, level: 2 } });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    assert.deepEqual([made.body.action, made.body.action_properties], ['delete', { soft: true, level: 2 }]);
    const described = await platform('PUT', path, { description: 'Into the bin' });
    assert.deepEqual(described.body.action_properties, { soft: true, level: 2 });
    const renamed = await platform('PUT', path, { action: 'bin', action_properties: null });
    assert.deepEqual([renamed.body.action, renamed.body.action_properties], ['bin', null]);
    const none = await platform('PUT', path, { action: null, action_properties: { soft: true } });
    assert.deepEqual([none.body.action, none.body.action_properties], [null, null]);
    for (const body of [
      { action: '' },
      { action: 'a\nb' },
      { action: 'x'.repeat(101) },
      { action: 'a', action_properties: { soft: { deep: true } } },
      { action: 'a', action_properties: { soft: null } },
      { action: 'a', action_properties: { soft: '\ud800' } },
      { action: 'a', action_properties: [] },
    ])
      assert.ok([400, 422].includes((await platform('PUT', path, body)).status), JSON.stringify(body));
    assert.equal((await ask('PUT', path, { action: 'read' })).status, 403);
    const events = await app.db('audit_events').where({ entityId: made.body.id }).orderBy('occurredAt');
    assert.deepEqual(
      events.map(({ payload }) => [payload.action, payload.actionProperties]),
      [
        ['delete', { soft: true, level: 2 }],
        ['delete', { soft: true, level: 2 }],
        ['bin', null],
        [null, null],
      ],
    );
  });

  it('leaves the API of the server itself, and its capabilities, as they are', async () => {
    const { body } = await platform('GET', '/resource-servers?limit=200');
    const own = body.items.find(({ identifier }: { identifier: string }) => identifier === `${app.issuer}/api/v1`);
    const path = `/resource-servers/${own.id}`;
    const fixed = 'SYSTEM_RESOURCE_SERVER_FIXED';
    assert.equal((await platform('PATCH', path, { access_token_ttl: 86_400 }, any)).body.code, fixed);
    assert.equal((await platform('DELETE', path)).body.code, fixed);
    const elsewhere = { resource_server_id: (await make(platform)).id };
    const usersRead = '/capabilities/users.read';
    for (const [method, path, sent] of [
      ['PUT', usersRead, elsewhere],
      ['POST', `${usersRead}/move`, elsewhere],
      ['DELETE', usersRead],
    ] as const)
      assert.equal((await platform(method, path, sent)).body.code, 'SYSTEM_CAPABILITY_FIXED');
  });

  it('defines, moves and deletes capabilities, for those who run the server alone', async () => {
    const [one, two] = [await make(platform), await make(platform)];
    const path = '/capabilities/stock.read';
    assert.equal((await ask('PUT', path, { description: 'Mine' })).status, 403);
    const made = await platform('PUT', path, { description: 'See stock', resource_server_id: one.id });
    assert.equal(made.body.resource_server_id, one.id);
    for (const elsewhere of [two.id, null]) {
      const refused = await platform('PUT', path, { resource_server_id: elsewhere });
      assert.deepEqual([refused.status, refused.body.code], [409, 'CAPABILITY_OF_ANOTHER_API']);
    }
    assert.equal((await platform('PUT', path, { resource_server_id: one.id.toUpperCase() })).status, 200);
    assert.equal((await ask('POST', `${path}/move`, { resource_server_id: two.id })).status, 403);
    const moved = await platform('POST', `${path}/move`, { resource_server_id: two.id });
    assert.deepEqual(moved.body, {
      key: 'stock.read',
      from_resource_server_id: one.id,
      resource_server_id: two.id,
      services: [],
      services_without_default: [],
      applications: [],
      roles: 0,
    });
    const again = await platform('POST', `${path}/move`, { resource_server_id: two.id });
    assert.equal(again.body.from_resource_server_id, two.id);
    assert.equal((await platform('GET', path)).body.description, 'See stock');
    const events = await app.db('audit_events').where({ entityId: made.body.id, action: 'capability.moved' });
    assert.equal(events.length, 1);
    assert.deepEqual((await platform('GET', `/resource-servers/${two.id}`)).body.capabilities, ['stock.read']);
    assert.equal((await platform('DELETE', `/resource-servers/${two.id}`)).body.code, 'RESOURCE_SERVER_IN_USE');
    assert.equal((await ask('GET', path)).body.id, made.body.id);
    assert.equal((await ask('DELETE', path)).status, 403);
    assert.equal((await platform('DELETE', path)).status, 204);
    assert.equal(await findCapability(app.db, 'stock.read'), undefined);
    assert.equal((await platform('DELETE', `/resource-servers/${two.id}`)).status, 204);
    // Defined again it is another one: nobody holds it by what was given before.
    assert.notEqual((await platform('PUT', path, {})).body.id, made.body.id);
  });
});
