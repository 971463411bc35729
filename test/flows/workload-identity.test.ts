/** Services that prove themselves by tokens of the platform that they run on (RFC 7523). */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { decodeJwt, UnsecuredJWT } from 'jose';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import {
  addWorkloadIdentity,
  findWorkloadIdentities,
  listWorkloadIdentities,
  type NewWorkloadIdentity,
  removeWorkloadIdentity,
} from '../../src/domain/clients/workload-identities.ts';
import { disableClient } from '../../src/domain/lifecycle/end-client.ts';
import { createClientRegistration } from '../../src/oidc/client-registration.ts';
import { createIssuerKeys } from '../../src/oidc/issuer-keys.ts';
import { assertionFor } from '../../src/oidc/workload-key.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createApi, type EndpointAnswer, introspect, otherSpelling, post } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { WorkloadPlatform } from '../support/workload-platform.ts';

const audience = 'https://id.example.test';
const subject = 'repo:acme/app:ref:refs/heads/main';
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

describe('workload identity (RFC 7523)', () => {
  let app: TestApp;
  let other: string;
  let platform: WorkloadPlatform;
  let evil: WorkloadPlatform;
  let api: Awaited<ReturnType<typeof createApi>>;
  before(async () => {
    app = await startTestApp();
    other = await app.startProcess();
    [platform, evil] = [await WorkloadPlatform.start(), await WorkloadPlatform.start()];
    api = await createApi(app);
  });
  after(async () => {
    platform?.stop();
    evil?.stop();
    await app?.stop();
  });

  async function service(overrides: Partial<NewWorkloadIdentity> = {}, resourceServerId?: string): Promise<string> {
    const wanted = { tenantId: null, name: 'S', capabilities: api.capabilities, workload: true, resourceServerId };
    const made = await createClientRegistration(app).registerService(app.db, wanted, systemCaller);
    assert.equal(made.clientSecret, undefined);
    const { clientId } = made.client;
    await addWorkloadIdentity(
      app.db,
      clientId,
      { issuer: platform.issuer, audience, subject, ...overrides },
      systemCaller,
    );
    return clientId;
  }

  const tokenAt = (origin: string, clientId: string, assertion: string, more: Record<string, string> = {}) =>
    post(`${origin}/token`, {
      grant_type: 'client_credentials',
      client_id: clientId,
      client_assertion_type: assertionType,
      client_assertion: assertion,
      ...more,
    });
  const token = (clientId: string, assertion: string) => tokenAt(app.issuer, clientId, assertion);
  const claims = (more: Record<string, unknown> = {}) => ({ aud: audience, sub: subject, ...more });

  function assertRefused({ status, body }: EndpointAnswer): void {
    assert.deepEqual([status, body.error], [401, 'invalid_client'], JSON.stringify(body));
  }

  async function assertReason(clientId: string, reason: RegExp): Promise<void> {
    await eventually(async () => {
      const events = await app.db('audit_events').where({ action: 'token.refused', actorId: clientId });
      return events.some(({ payload }) => reason.test(payload.detail));
    }, `the trail says ${reason}`);
  }

  it('lets a service in that has no secret, and says in the trail by which workload', async () => {
    const clientId = await service();
    const { status, body } = await token(clientId, await platform.token(claims()));
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(decodeJwt(body.access_token).sub, clientId);
    const event = await app.db('audit_events').where({ action: 'token.issued', actorId: clientId }).first();
    assert.deepEqual(event.payload.workload, { issuer: platform.issuer, subject });
    assert.deepEqual(
      await app
        .db('client_secrets')
        .join('clients', 'clients.id', 'client_secrets.clientId')
        .where({ 'clients.clientId': clientId }),
      [],
    );
  });

  it('says when a workload was used last, and asks nobody to read their configuration anew for it', async () => {
    const clientId = await service({ singleUse: false });
    const [unused] = await listWorkloadIdentities(app.db, clientId);
    assert.equal(unused?.lastUsedAt, null);
    const refused = await token(clientId, await platform.token(claims({ sub: 'repo:acme/app:ref:refs/heads/other' })));
    assertRefused(refused);
    assert.equal((await listWorkloadIdentities(app.db, clientId))[0]?.lastUsedAt, null, 'a refusal is no use');
    const versionOf = async () => (await app.db('configuration_version').first('version')).version;
    const before = await versionOf();
    const assertion = await platform.token(claims());
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => tokenAt(n % 2 ? app.issuer : other, clientId, assertion)),
    );
    for (const { status, body } of answers) assert.equal(status, 200, JSON.stringify(body));
    assert.ok((await listWorkloadIdentities(app.db, clientId))[0]?.lastUsedAt instanceof Date);
    assert.equal(await versionOf(), before);
  });

  it('works at introspection, and at another process', async () => {
    const clientId = await service({}, api.id);
    const { body } = await tokenAt(other, clientId, await platform.token(claims()));
    const form = { client_id: clientId, client_assertion_type: assertionType, token: body.access_token };
    const said = await post(`${app.issuer}/introspect`, { ...form, client_assertion: await platform.token(claims()) });
    assert.equal(said.body.active, true);
  });

  it('takes a token once, at all processes together, unless it may be used until it ends', async () => {
    const clientId = await service();
    const once = await platform.token(claims());
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => tokenAt(index % 2 ? other : app.issuer, clientId, once)),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(49).fill(401)]);
    assertRefused(await token(clientId, otherSpelling(await platform.token(claims()))));
    assertRefused(await token(clientId, await platform.token(claims({ jti: undefined }))));
    await assertReason(clientId, /used before|no jti/);
    // Nor at another service, whose identity is the same.
    assertRefused(await token(await service(), once));
    const reusable = await service({ singleUse: false });
    const often = await platform.token(claims({ jti: undefined }));
    for (const origin of [app.issuer, other, app.issuer])
      assert.equal((await tokenAt(origin, reusable, often)).status, 200);
  });

  it('takes no token of another workload, audience or issuer', async () => {
    const clientId = await service();
    for (const wrong of [
      { sub: 'repo:acme/app-evil:ref:refs/heads/main' },
      { sub: `${subject}-2` },
      { sub: 'repo:acme/app:pull_request' },
      { sub: undefined },
      { sub: [subject] },
      { aud: 'https://other.example.test' },
      { aud: [audience, 'https://other.example.test'] },
      { aud: undefined },
      { iss: `${platform.issuer}/` },
      { iss: evil.issuer },
      { iss: undefined },
      { exp: undefined },
      { exp: Math.floor(Date.now() / 1000) - 3600 },
      { exp: Math.floor(Date.now() / 1000) + 200_000 },
      { nbf: Math.floor(Date.now() / 1000) + 3600 },
    ])
      assertRefused(await token(clientId, await platform.token(claims(wrong))));
    assert.equal((await token(clientId, await platform.token(claims({ aud: [audience] })))).status, 200);
  });

  it('takes no token that the issuer has not signed', async () => {
    const clientId = await service();
    const evils = await service({ issuer: evil.issuer });
    // Another platform signs in its name, or this one in the other's.
    assertRefused(await token(clientId, await platform.token(claims(), { by: evil })));
    assertRefused(await token(evils, await platform.token(claims())));
    assertRefused(await token(clientId, await evil.token(claims())));
    const unsigned = new UnsecuredJWT(claims({ iss: platform.issuer, jti: 'x' })).setExpirationTime('5m').encode();
    assertRefused(await token(clientId, unsigned));
    const [head, body] = [Buffer.from('{"alg":"HS256"}').toString('base64url'), unsigned.split('.')[1]];
    const mac = createHmac('sha256', 'public').update(`${head}.${body}`).digest('base64url');
    assertRefused(await token(clientId, `${head}.${body}.${mac}`));
    for (const nonsense of ['', 'a.b', 'a.b.c', `${'x'.repeat(20_000)}.y.z`]) {
      const { status } = await token(clientId, nonsense);
      assert.ok(status === 400 || status === 401, String(status));
    }
    // What this process tells the library is told by nobody else.
    assertRefused(await token(clientId, await assertionFor(clientId, app.issuer)));
    assertRefused(await tokenAt(other, clientId, await assertionFor(clientId, app.issuer)));
  });

  it('is one way in, and no other is left beside it', async () => {
    const clientId = await service();
    const assertion = await platform.token(claims());
    for (const form of [
      { client_id: clientId },
      { client_id: clientId, client_secret: 'x' },
      { client_assertion_type: assertionType, client_assertion: assertion },
      { client_id: clientId, client_assertion: assertion },
      { client_id: clientId, client_secret: 'x', client_assertion_type: assertionType, client_assertion: assertion },
    ] as Record<string, string>[])
      assert.ok((await post(`${app.issuer}/token`, { grant_type: 'client_credentials', ...form })).status >= 400);
    const twice = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_assertion_type: assertionType,
    });
    for (const one of [assertion, assertion]) twice.append('client_assertion', one);
    assert.ok((await post(`${app.issuer}/token`, twice.toString())).status >= 400);
    // A service with a secret is not let in by a token, and gets no identity.
    const secret = await app.service({ capabilities: api.capabilities });
    assert.ok((await token(secret.clientId, await platform.token(claims()))).status >= 400);
    await assert.rejects(
      addWorkloadIdentity(app.db, secret.clientId, { issuer: platform.issuer, audience, subject }, systemCaller),
      { code: 'INVALID_INPUT' },
    );
  });

  it('ends with the identity and with the service', async () => {
    const clientId = await service();
    const [identity] = await findWorkloadIdentities(app.db, clientId);
    assert.equal((await token(clientId, await platform.token(claims()))).status, 200);
    await removeWorkloadIdentity(app.db, { clientId, workloadIdentityId: identity?.id as string }, systemCaller);
    for (const origin of [app.issuer, other])
      await eventually(
        async () => (await tokenAt(origin, clientId, await platform.token(claims()))).status === 401,
        `the identity has ended at ${origin}`,
      );
    const stopped = await service();
    const { body } = await token(stopped, await platform.token(claims()));
    await disableClient(app.db, stopped, systemCaller);
    assertRefused(await token(stopped, await platform.token(claims())));
    const itself = await app.service({ resourceServerId: api.id });
    assert.deepEqual((await introspect(app.issuer, itself, body.access_token)).body, { active: false });
  });

  it('refuses identities that are no URLs, or whose pattern is too wide', async () => {
    const clientId = await service();
    for (const wrong of [
      { issuer: 'file:///etc/passwd' },
      { issuer: 'https://user:pw@platform.example' },
      { issuer: 'https://platform.example?x' },
      { issuer: 'platform' },
      { jwksUri: 'ftp://platform.example/keys' },
      { audience: '' },
      { subject: 'repo:*' },
      { subject: 'repo:acme/app*' },
    ])
      await assert.rejects(
        addWorkloadIdentity(app.db, clientId, { issuer: platform.issuer, audience, subject, ...wrong }, systemCaller),
        { code: 'INVALID_INPUT' },
        JSON.stringify(wrong),
      );
    await assert.rejects(
      addWorkloadIdentity(app.db, clientId, { issuer: platform.issuer, audience, subject }, systemCaller),
      { code: 'DUPLICATE' },
    );
  });

  it('reaches no private network, by the issuer or by what it says (SSRF)', async () => {
    const bare = await startTestApp({ env: { OUTBOUND_ALLOWED_NETWORKS: '192.0.2.1/32' } });
    try {
      const asked = platform.asked.length;
      const wanted = { tenantId: null, name: 'S', capabilities: api.capabilities, workload: true };
      const { capabilities } = await createApi(bare);
      const registration = createClientRegistration(bare);
      const { client } = await registration.registerService(bare.db, { ...wanted, capabilities }, systemCaller);
      await addWorkloadIdentity(bare.db, client.clientId, { issuer: platform.issuer, audience, subject }, systemCaller);
      assertRefused(await tokenAt(bare.issuer, client.clientId, await platform.token(claims())));
      assert.equal(platform.asked.length, asked);
    } finally {
      await bare.stop();
    }
  });

  describe('the keys of an issuer', () => {
    let own: WorkloadPlatform;
    let now: number;
    let keysFor: ReturnType<typeof createIssuerKeys>;
    const source = () => ({ issuer: own.issuer, jwksUri: null });
    beforeEach(async () => {
      own = await WorkloadPlatform.start();
      now = 1_000_000;
      keysFor = createIssuerKeys(fetch, () => now);
    });
    afterEach(() => own.stop());

    it('are asked for once, also by many at once, and seldom where a key is unknown', async () => {
      const first = await Promise.all(Array.from({ length: 50 }, () => keysFor(source(), 'unknown')));
      assert.ok(
        first.every((keys) => keys !== undefined),
        'each of them gets the keys',
      );
      assert.deepEqual(own.asked, ['/.well-known/openid-configuration', '/keys']);
      for (let i = 0; i < 50; i++) await keysFor(source(), `unknown-${i}`);
      assert.equal(own.asked.length, 2);
      now += 31_000;
      await Promise.all(Array.from({ length: 50 }, (_, i) => keysFor(source(), `unknown-${i}`)));
      assert.equal(own.asked.length, 4);
    });

    it('count for a day while the issuer is down, and are asked for seldom then', async () => {
      assert.ok(await keysFor(source(), undefined));
      own.down = true;
      now += 700_000;
      for (let i = 0; i < 20; i++) assert.ok(await keysFor(source(), undefined));
      assert.equal(own.asked.length, 3);
      now += 86_400_000;
      assert.equal(await keysFor(source(), undefined), undefined);
    });

    it('are not those of a document of another issuer, nor of a redirect', async () => {
      const discovery = '/.well-known/openid-configuration';
      for (const answer of [
        { body: { issuer: evil.issuer, jwks_uri: `${own.issuer}/keys` } },
        { body: { issuer: `${own.issuer}/`, jwks_uri: `${own.issuer}/keys` } },
        { body: { issuer: own.issuer } },
        { body: [] },
        { status: 302, location: `${evil.issuer}${discovery}` },
        { status: 500 },
      ]) {
        own.answers = { [discovery]: answer };
        now += 31_000;
        assert.equal(await keysFor(source(), undefined), undefined, JSON.stringify(answer));
      }
    });
  });

  it('follows an issuer that rotates its keys', async () => {
    const own = await WorkloadPlatform.start();
    try {
      const clientId = await service({ issuer: own.issuer });
      assert.equal((await token(clientId, await own.token(claims()))).status, 200);
      let now = 0;
      const keysFor = createIssuerKeys(fetch, () => now);
      const source = { issuer: own.issuer, jwksUri: `${own.issuer}/keys` };
      const first = await keysFor(source, undefined);
      await own.rotate();
      now = 31_000;
      const fresh = await keysFor(source, 'another');
      assert.notEqual(fresh, first);
      assert.ok(!own.asked.slice(-2).includes('/.well-known/openid-configuration'));
    } finally {
      own.stop();
    }
  });
});
