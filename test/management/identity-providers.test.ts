import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { clientSecretOf, findIdentityProvider } from '../../src/domain/methods/federation/identity-providers.ts';
import { setPlatformTenant } from '../../src/domain/tenants/platform-tenant.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Ask, askAsService } from '../support/management.ts';

const any = { 'if-match': '*' };

describe('operations on identity providers', () => {
  let app: TestApp;
  let ask: Ask;
  let other: Ask;
  let platform: Ask;

  before(async () => {
    app = await startTestApp();
    const capabilities = ['identity_providers.manage'];
    ask = await askAsService(app, { tenantId: (await app.tenant()).id, capabilities });
    other = await askAsService(app, { tenantId: (await app.tenant()).id, capabilities });
    const { id } = await app.tenant();
    await setPlatformTenant(app.db, id, systemCaller);
    platform = await askAsService(app, { tenantId: null, capabilities: [...capabilities, 'tenants.manage'] });
  });
  after(() => app?.stop());

  const entra = (key: string, more = {}) => ({
    key,
    name: 'Entra',
    issuer: 'https://login.example.test/tenant',
    client_id: 'gatehouse',
    client_secret: 'a secret from there',
    ...more,
  });

  it('makes, shows, changes, switches and removes, and never shows the secret', async () => {
    const made = await ask('POST', '/identity-providers', entra('entra'));
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.ok(!JSON.stringify(made.body).includes('a secret'));
    const path = '/identity-providers/entra';
    assert.deepEqual((await ask('GET', path)).body, made.body);
    assert.equal((await ask('PATCH', path, { name: 'Work' })).status, 428);
    const change = { name: 'Work', scopes: ['email'], response_mode: 'form_post', client_secret: 'another one' };
    const changed = await ask('PATCH', path, change, any);
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    const { name, scopes, response_mode } = changed.body;
    assert.deepEqual([name, scopes, response_mode], ['Work', ['openid', 'email'], 'form_post']);
    assert.equal((await ask('PATCH', path, { response_mode: 'fragment' }, any)).status, 422);
    const provider = await findIdentityProvider(app.db, 'entra');
    assert.ok(provider);
    assert.equal(clientSecretOf(provider, app.secrets), 'another one');
    assert.equal((await ask('PATCH', path, { issuer: 'https://evil.example.test' }, any)).status, 422);
    assert.equal((await ask('POST', `${path}/disable`)).body.state, 'disabled');
    assert.equal((await ask('POST', `${path}/enable`)).body.state, 'active');
    const events = await app.db('audit_events').where({ entityId: provider.id }).orderBy('occurredAt');
    assert.ok(!JSON.stringify(events).includes('another one'));
    assert.deepEqual(
      events.map(({ action, payload }) => [action, payload.cause]),
      [
        ['identity_provider.added', 'identity_providers.create'],
        ['identity_provider.changed', 'identity_providers.update'],
        ['identity_provider.credentials_replaced', 'identity_providers.update'],
        ['identity_provider.disabled', 'identity_providers.disable'],
        ['identity_provider.enabled', 'identity_providers.enable'],
      ],
    );
    assert.equal((await ask('DELETE', path)).status, 204);
    assert.equal((await ask('GET', path)).status, 404);
  });

  it('keeps those of other tenants, and of all, from a tenant', async () => {
    await ask('POST', '/identity-providers', entra('mine'));
    const shared = await platform('POST', '/identity-providers', entra('shared', { all_tenants: true }));
    assert.equal(shared.body.tenant_id, null);
    assert.equal((await other('POST', '/identity-providers', entra('ours', { all_tenants: true }))).status, 403);
    for (const path of ['/identity-providers/mine', '/identity-providers/shared']) {
      assert.equal((await other('GET', path)).status, 404, path);
      assert.equal((await other('PATCH', path, { name: 'Evil' }, any)).status, 404, path);
      assert.equal((await other('POST', `${path}/disable`)).status, 404, path);
      assert.equal((await other('DELETE', path)).status, 404, path);
    }
    const keys = async (asked: Ask) =>
      (await asked('GET', '/identity-providers')).body.items.map(({ key }: { key: string }) => key);
    assert.deepEqual(await keys(other), []);
    assert.deepEqual(await keys(ask), ['mine']);
    assert.deepEqual(await keys(platform), ['shared']);
  });

  it('names the ways to sign in that a tenant may have, and no provider of another tenant', async () => {
    const managing = ['tenant.manage', 'identity_providers.manage'];
    const [mine, theirs] = [await app.tenant(), await app.tenant()];
    const own = await askAsService(app, { tenantId: mine.id, capabilities: managing });
    const stranger = await askAsService(app, { tenantId: theirs.id, capabilities: managing });
    assert.equal((await stranger('POST', '/identity-providers', entra('theirs-alone'))).status, 201);
    assert.equal((await own('POST', '/identity-providers', entra('mine-alone'))).status, 201);
    assert.equal((await platform('POST', '/identity-providers', entra('of-all', { all_tenants: true }))).status, 201);
    const { items } = (await own('GET', '/tenant/sign-in-methods')).body;
    const named = items.map(({ method }: { method: string }) => method);
    for (const method of ['password', 'otp', 'passkey', 'of-all']) assert.ok(named.includes(method), method);
    for (const method of ['theirs-alone', 'mine-alone']) assert.ok(!named.includes(method), method);
    await platform('POST', '/identity-providers/of-all/disable');
    const again = (await own('GET', '/tenant/sign-in-methods')).body.items;
    const { is_active } = again.find(({ method }: { method: string }) => method === 'of-all');
    assert.equal(is_active, false);
  });

  it('counts whose accounts are linked to a provider, for who may end it', async () => {
    const { id: tenantId } = await app.tenant();
    const own = await askAsService(app, { tenantId, capabilities: ['identity_providers.manage'] });
    await own('POST', '/identity-providers', entra('counted'));
    const person = await app.person({ tenantId });
    await app.db('user_identities').insert({
      id: person.id,
      tenantId,
      userId: person.id,
      provider: 'counted',
      issuer: 'https://login.example.test/tenant',
      subject: 'one',
    });
    const { status, body } = await own('GET', '/identity-providers/counted/effects');
    assert.deepEqual([status, body.people, body.sessions], [200, 1, 0]);
    assert.equal((await other('GET', '/identity-providers/counted/effects')).status, 404);
    assert.equal((await other('GET', '/identity-providers/counted/check')).status, 404);
  });
});
