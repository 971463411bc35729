import assert from 'node:assert/strict';
import { defineCapability } from '../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { verifyClientSecret } from '../../src/domain/clients/clients.ts';
import { setPlatformTenant } from '../../src/domain/tenants/platform-tenant.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createApi } from '../support/endpoints.ts';
import { type Ask, askAsService } from '../support/management.ts';

const callback = 'https://app.example.test/callback';
const any = { 'if-match': '*' };

describe('operations on applications and services', () => {
  let app: TestApp;
  let tenantId: string;
  let ask: Ask;
  let platform: Ask;

  before(async () => {
    app = await startTestApp();
    const { id: platformId } = await app.tenant();
    await setPlatformTenant(app.db, platformId, systemCaller);
    platform = await askAsService(app, {
      tenantId: null,
      capabilities: ['clients.manage', 'services.manage', 'tenants.manage'],
    });
    tenantId = (await app.tenant()).id;
    ask = await askAsService(app, { tenantId, capabilities: ['clients.manage', 'services.manage', 'roles.read'] });
    await defineCapability(app.db, { key: 'stock.read' }, systemCaller);
  });
  after(() => app?.stop());

  const eventsOf = async (entityId: string, action: string) =>
    (await app.db('audit_events').where({ entityId, action })) as {
      tenantId: string | null;
      payload: { changed?: string[] } & Record<string, unknown>;
    }[];
  const web = async (more = {}, asked = ask) => {
    const made = await asked('POST', '/clients', { name: 'Shop', kind: 'web', redirect_uris: [callback], ...more });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return made.body;
  };
  const token = (clientId: string, secret: string) =>
    fetch(`${app.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: `${app.issuer}/api/v1` }),
    });

  it('finds applications by a part of their name or client_id, by state and by whose they are, in two orders', async () => {
    const { id } = await app.tenant();
    const there = await askAsService(app, { tenantId: id, capabilities: ['clients.manage', 'services.manage'] });
    const made = [];
    for (const name of ['Zebra desk', 'alpha desk', 'Middle']) made.push(await web({ name }, there));
    await there('POST', `/clients/${made[2].client_id}/disable`);
    await app.relyingParty({ tenantId: id, name: 'Ours', firstParty: true });
    await there('POST', '/services', { name: 'Desk sync' });
    const names = async (query: string, noun = 'clients') =>
      (await there('GET', `/${noun}?${query}`)).body.items.map(({ name }: { name: string }) => name);
    assert.deepEqual(await names('q=DESK&sort=name'), ['alpha desk', 'Zebra desk']);
    assert.deepEqual(await names('q=desk'), ['Zebra desk', 'alpha desk']);
    assert.deepEqual(await names(`q=${made[0].client_id.slice(3, 12)}`), ['Zebra desk']);
    assert.deepEqual(await names('q=%25'), [], 'what is searched for is no pattern');
    assert.deepEqual(await names('state=disabled'), ['Middle']);
    assert.deepEqual(await names('party=first'), ['Ours']);
    assert.deepEqual(await names('party=third&sort=name'), ['alpha desk', 'Middle', 'Zebra desk']);
    assert.deepEqual(await names('q=sync', 'services'), ['Desk sync']);
    const first = (await there('GET', '/clients?sort=name&limit=2')).body;
    assert.deepEqual(await names(`sort=name&limit=2&after=${first.next}`), ['Ours', 'Zebra desk']);
  });

  it('registers an application, whose secret the answer alone holds', async () => {
    const made = await web();
    assert.match(made.client_secret, /^ghs_/);
    assert.ok(await verifyClientSecret(app.db, made.client_id, made.client_secret));
    const shown = await ask('GET', `/clients/${made.client_id}`);
    assert.deepEqual(shown.body.metadata.redirect_uris, [callback]);
    assert.ok(!JSON.stringify(shown.body).includes(made.client_secret));
    const [event] = await eventsOf(made.client_id, 'client.created');
    assert.equal(event?.tenantId, tenantId);
    assert.ok(!JSON.stringify(event).includes(made.client_secret));
    const listed = await ask('GET', '/clients?kind=web');
    assert.ok(listed.body.items.some(({ client_id: id }: { client_id: string }) => id === made.client_id));
  });

  it('answers the same secret to a repeated request', async () => {
    const body = { name: 'Once', kind: 'web', redirect_uris: [callback] };
    const headers = { 'idempotency-key': 'one-client' };
    const [one, two] = await Promise.all([1, 2].map(() => ask('POST', '/clients', body, headers)));
    assert.deepEqual(one?.body, two?.body);
    assert.match(one?.body.client_secret, /^ghs_/);
  });

  it('refuses what the server would refuse at every request, and leaves nothing behind', async () => {
    const name = 'Broken';
    const leaky = { name, kind: 'web', redirect_uris: ['http://elsewhere.example.test/cb'] };
    assert.equal((await ask('POST', '/clients', leaky)).body.code, 'INVALID_INPUT');
    const odd = { name, kind: 'web', redirect_uris: [callback], metadata: { subject_type: 'odd' } };
    assert.equal((await ask('POST', '/clients', odd)).body.code, 'INVALID_INPUT');
    const { body } = await ask('GET', '/clients?limit=200');
    assert.ok(!body.items.some((client: { name: string }) => client.name === name));
  });

  it('changes what is named, by the rules of a new registration, and loses no update', async () => {
    const { client_id: clientId } = await web();
    const path = `/clients/${clientId}`;
    const etag = (await ask('GET', path)).headers.get('etag') as string;
    assert.equal((await ask('PATCH', path, { name: 'New' })).status, 428);
    const other = 'https://app.example.test/other';
    const wanted = { name: 'New', redirect_uris: [other], metadata: { policy_uri: 'https://app.example.test/policy' } };
    const changed = await ask('PATCH', path, wanted, { 'if-match': etag });
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    assert.equal(changed.body.name, 'New');
    assert.deepEqual(changed.body.metadata.redirect_uris, [other]);
    assert.equal((await ask('PATCH', path, { name: 'Newer' }, { 'if-match': etag })).status, 412);
    const [event] = await eventsOf(clientId, 'client.changed');
    assert.deepEqual(event?.payload.changed?.sort(), ['name', 'policy_uri', 'redirect_uris']);
    const gone = await ask('PATCH', path, { metadata: { policy_uri: null } }, any);
    assert.equal(gone.body.metadata.policy_uri, undefined);
    const leaky = { redirect_uris: ['https://app.example.test/#fragment'] };
    assert.equal((await ask('PATCH', path, leaky, any)).body.code, 'INVALID_INPUT');
    const odd = { metadata: { subject_type: 'odd' } };
    assert.equal((await ask('PATCH', path, odd, any)).body.code, 'INVALID_INPUT');
    assert.deepEqual((await ask('GET', path)).body.metadata.redirect_uris, [other]);
    const mine = { metadata: { client_secret: 'chosen by somebody' } };
    assert.equal((await ask('PATCH', path, mine, any)).body.code, 'INVALID_INPUT');
  });

  it('takes claims of its own, checks them when they are set, and says what was changed', async () => {
    const claim_mapping = { groups: { from: 'roles' }, environment: { value: 'production' } };
    const made = await web({ id_token_claims: 'lean', claim_mapping });
    assert.equal(made.metadata.id_token_claims, 'lean');
    assert.deepEqual(made.metadata.claim_mapping, claim_mapping);
    const path = `/clients/${made.client_id}`;
    const changed = await ask(
      'PATCH',
      path,
      { id_token_claims: 'all', claim_mapping: { upn: { from: 'email' } } },
      any,
    );
    assert.equal(changed.body.metadata.id_token_claims, 'all');
    assert.deepEqual(changed.body.metadata.claim_mapping, { upn: { from: 'email' } });
    const [event] = await eventsOf(made.client_id, 'client.changed');
    assert.deepEqual(event?.payload.changed?.sort(), ['claim_mapping', 'id_token_claims']);
    const known = await app.server.provider().Client.find(made.client_id);
    assert.deepEqual(known?.claim_mapping, { upn: { from: 'email' } });

    const untold = await web();
    assert.equal(untold.metadata.id_token_claims, 'all');
    for (const refused of [
      ...[{ id_token_claims: 'some' }, { metadata: { id_token_claims: 'some' } }],
      ...[{ claim_mapping: { sub: { value: 'x' } } }, { metadata: { claim_mapping: { roles: { value: ['owner'] } } } }],
      ...[{ claim_mapping: { groups: { from: 'passwords' } } }, { metadata: { claim_mapping: 'groups' } }],
    ]) {
      const answer = await ask('PATCH', path, refused, any);
      assert.ok(answer.status === 400 || answer.status === 422, JSON.stringify(refused));
      const body = { name: 'Odd', kind: 'web', redirect_uris: [callback], ...refused };
      assert.ok([400, 422].includes((await ask('POST', '/clients', body)).status), JSON.stringify(refused));
    }
    assert.deepEqual((await ask('GET', path)).body.metadata, changed.body.metadata);
  });

  it('takes the default API of an application and of a service, its own or one of all tenants', async () => {
    const [shared, mine] = [await createApi(app), await createApi(app, { tenantId })];
    const theirs = await createApi(app, { tenantId: (await app.tenant()).id });
    const made = await web({ default_resource: shared.identifier });
    const path = `/clients/${made.client_id}`;
    assert.equal(made.metadata.default_resource, shared.identifier);
    const changed = await ask('PATCH', path, { default_resource: mine.identifier }, any);
    assert.equal(changed.body.metadata.default_resource, mine.identifier);
    const foreign = await ask('PATCH', path, { default_resource: theirs.identifier }, any);
    const unknown = await ask('PATCH', path, { default_resource: 'https://nowhere.example/' }, any);
    assert.deepEqual([foreign.status, unknown.status], [400, 400]);
    const said = ({ body }: { body: { message: string } }, identifier: string) => body.message.replace(identifier, '');
    assert.equal(said(foreign, theirs.identifier), said(unknown, 'https://nowhere.example/'));
    const inUse = await platform('DELETE', `/resource-servers/${mine.id}`);
    assert.notEqual(inUse.status, 204);
    assert.equal((await ask('PATCH', path, { default_resource: null }, any)).body.metadata.default_resource, undefined);

    const system = `${app.issuer}/api/v1`;
    const body = { name: 'Sync', capabilities: ['roles.read'], default_resource: system };
    const service = await ask('POST', '/services', { ...body, introspection_signed_response_alg: 'ES256' });
    assert.equal(service.status, 201, JSON.stringify(service.body));
    assert.equal(service.body.metadata.default_resource, system);
    const none = { default_resource: null, introspection_signed_response_alg: null };
    const plain = await ask('PATCH', `/services/${service.body.client_id}`, none, any);
    assert.deepEqual(
      [plain.body.metadata.default_resource, plain.body.metadata.introspection_signed_response_alg],
      [undefined, undefined],
    );
    const useless = await ask('POST', '/services', { ...body, default_resource: shared.identifier });
    assert.equal(useless.status, 400);
  });

  it('rotates, lists and revokes secrets', async () => {
    const { client_id: clientId, client_secret: first } = await web();
    const path = `/clients/${clientId}/secrets`;
    const rotated = await ask('POST', path, { overlap_seconds: 60 });
    assert.equal(rotated.status, 201);
    const second = rotated.body.client_secret;
    assert.ok(await verifyClientSecret(app.db, clientId, first));
    assert.ok(await verifyClientSecret(app.db, clientId, second));
    const { body } = await ask('GET', path);
    assert.equal(body.items.length, 2);
    const revoked = body.items.find(({ hint }: { hint: string }) => hint === first.slice(-4));
    assert.equal((await ask('DELETE', `${path}/${revoked.id}`)).status, 204);
    assert.equal((await ask('DELETE', `${path}/${revoked.id}`)).status, 204);
    assert.ok(!(await verifyClientSecret(app.db, clientId, first)));
    assert.equal((await eventsOf(clientId, 'client.secret_revoked')).length, 1);
    // Of another application: not there.
    const other = await web();
    assert.equal((await ask('DELETE', `/clients/${other.client_id}/secrets/${revoked.id}`)).status, 404);
  });

  it('ends the secrets of an application that has keys of its own from now on', async () => {
    const { client_id: clientId, client_secret: secret } = await web();
    const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://app.example.test/jwks' };
    assert.equal((await ask('PATCH', `/clients/${clientId}`, { metadata }, any)).status, 200);
    assert.ok(!(await verifyClientSecret(app.db, clientId, secret)));
  });

  it('stops, lets act again and removes', async () => {
    const { client_id: clientId } = await web();
    assert.equal((await ask('POST', `/clients/${clientId}/disable`)).body.state, 'disabled');
    assert.equal((await ask('POST', `/clients/${clientId}/enable`)).body.state, 'active');
    assert.equal((await eventsOf(clientId, 'client.enabled')).length, 1);
    assert.equal((await ask('DELETE', `/clients/${clientId}`)).status, 204);
    assert.equal((await ask('GET', `/clients/${clientId}`)).status, 404);
    assert.equal((await eventsOf(clientId, 'client.deleted')).length, 1);
  });

  it('keeps what is of another tenant, or of all, from those of a tenant', async () => {
    const other = await app.tenant();
    const there = await askAsService(app, { tenantId: other.id, capabilities: ['clients.manage', 'services.manage'] });
    const { client_id: clientId } = await web();
    const shared = await web({ all_tenants: true }, platform);
    assert.equal(shared.tenant_id, null);
    const service = await ask('POST', '/services', { name: 'Sync' });
    for (const path of [
      `/clients/${clientId}`,
      `/clients/${shared.client_id}`,
      `/services/${service.body.client_id}`,
    ]) {
      assert.equal((await there('GET', path)).status, 404, path);
      assert.equal((await there('PATCH', path, { name: 'Mine' }, any)).status, 404, path);
      assert.equal((await there('POST', `${path}/disable`)).status, 404, path);
      assert.equal((await there('POST', `${path}/secrets`, {})).status, 404, path);
      assert.equal((await there('DELETE', path)).status, 404, path);
    }
    for (const more of [{ all_tenants: true }, { first_party: true }]) {
      const body = { name: 'Everywhere', kind: 'web', redirect_uris: [callback], ...more };
      assert.equal((await there('POST', '/clients', body)).status, 403, JSON.stringify(more));
    }
    assert.equal((await ask('PATCH', `/clients/${clientId}`, { first_party: true }, any)).status, 403);
    assert.equal((await platform('GET', `/clients/${shared.client_id}`)).status, 200);
    // Neither is one by the other's name.
    assert.equal((await ask('GET', `/clients/${service.body.client_id}`)).status, 404);
  });

  describe('of a service', () => {
    it('registers, lends what the asker holds, and takes it back', async () => {
      const made = await ask('POST', '/services', { name: 'Sync', capabilities: ['roles.read'] });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const { client_id: clientId, client_secret: secret } = made.body;
      assert.equal((await token(clientId, secret)).status, 200);
      const path = `/services/${clientId}/capabilities`;
      assert.deepEqual((await ask('GET', path)).body.items, ['roles.read']);
      assert.equal((await ask('DELETE', `${path}/roles.read`)).status, 204);
      assert.equal((await ask('DELETE', `${path}/roles.read`)).status, 204);
      assert.deepEqual((await ask('GET', path)).body.items, []);
      assert.equal((await ask('PUT', `${path}/roles.read`)).status, 204);
      assert.equal((await ask('PUT', `${path}/roles.read`)).status, 204);
      assert.equal((await eventsOf(clientId, 'client.capability_granted')).length, 1);
      assert.equal((await eventsOf(clientId, 'client.capability_revoked')).length, 1);
    });

    it('puts what it may ask for as a whole: what comes has to be in the hands of who asks, what goes and stays has not', async () => {
      const { clientId } = await app.service({ tenantId, capabilities: ['stock.read'] });
      const path = `/services/${clientId}/capabilities`;
      assert.equal((await ask('PUT', path, { items: [] })).status, 428);
      const tag = { 'if-match': (await ask('GET', path)).headers.get('etag') as string };
      const more = await ask('PUT', path, { items: ['roles.read', 'stock.read'] }, tag);
      assert.deepEqual([more.status, more.body.items], [200, ['roles.read', 'stock.read']]);
      assert.equal((await ask('PUT', path, { items: [] }, tag)).status, 412);
      const less = await ask('PUT', path, { items: ['roles.read'] }, any);
      assert.deepEqual(less.body.items, ['roles.read']);
      const back = await ask('PUT', path, { items: ['roles.read', 'stock.read'] }, any);
      assert.deepEqual([back.status, back.body.code], [403, 'PRIVILEGE_EXCEEDED']);
      assert.equal((await ask('PUT', path, { items: ['nobody.knows'] }, any)).status, 403);
      const granted = await eventsOf(clientId, 'client.capability_granted');
      const revoked = await eventsOf(clientId, 'client.capability_revoked');
      assert.deepEqual(
        [granted, revoked].map((events) => events.map(({ payload }) => payload.capability)),
        [['roles.read'], ['stock.read']],
      );
    });

    it('gives nobody more than they have: not by a new service, nor by the secret of one that has more', async () => {
      const refused = await ask('POST', '/services', { name: 'Sync', capabilities: ['stock.read'] });
      assert.equal(refused.body.code, 'PRIVILEGE_EXCEEDED');
      const { clientId } = await app.service({ tenantId, capabilities: ['stock.read'] });
      const path = `/services/${clientId}`;
      assert.equal((await ask('PUT', `${path}/capabilities/audit.read`)).body.code, 'PRIVILEGE_EXCEEDED');
      assert.equal((await ask('POST', `${path}/secrets`, {})).body.code, 'PRIVILEGE_EXCEEDED');
      const jwks = { keys: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }] };
      assert.equal((await ask('PATCH', path, { jwks }, any)).body.code, 'PRIVILEGE_EXCEEDED');
      // Less is always theirs to give.
      assert.equal((await ask('DELETE', `${path}/capabilities/stock.read`)).status, 204);
    });
  });
});
