import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import {
  createRemoteJWKSet,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWTPayload,
  jwtVerify,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { rotateClientSecret } from '../../src/domain/clients/clients.ts';
import { disableClient } from '../../src/domain/lifecycle/end-client.ts';
import { activateTenant, suspendTenant } from '../../src/domain/lifecycle/end-tenant.ts';
import { clientPlaceholders } from '../../src/oidc/storage/client-adapter.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type ClientCredential, createApi, introspect, otherSpelling, post, postAs } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { discover } from '../support/relying-party.ts';

type Api = Awaited<ReturnType<typeof createApi>>;

describe('client credentials', () => {
  let app: TestApp;
  let other: string;
  let api: Api;
  let opaque: Api;
  let service: ClientCredential;
  before(async () => {
    app = await startTestApp();
    other = await app.startProcess();
    api = await createApi(app);
    opaque = await createApi(app, { tokenFormat: 'opaque' });
    service = await app.service({ capabilities: api.capabilities });
  });
  after(() => app?.stop());

  const ask = (as: ClientCredential, more: Record<string, string> = {}, origin = app.issuer) =>
    postAs(`${origin}/token`, as, { grant_type: 'client_credentials', ...more });

  it('give a JWT for the one API that the service may use, with all it may do there', async () => {
    const { config } = await discover(app, service, openid.ClientSecretBasic(service.clientSecret));
    const tokens = await openid.clientCredentialsGrant(config);
    assert.equal(tokens.token_type, 'bearer');
    assert.equal(tokens.scope, api.capabilities.join(' '));
    assert.equal(tokens.refresh_token, undefined);
    assert.equal(tokens.id_token, undefined);
    const jwks = createRemoteJWKSet(new URL(`${app.issuer}/jwks`));
    const { payload, protectedHeader } = await jwtVerify(tokens.access_token, jwks, {
      issuer: app.issuer,
      audience: api.identifier,
      typ: 'at+jwt',
      algorithms: ['ES256'],
    });
    assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ']);
    assert.equal(payload.sub, service.clientId);
    assert.equal(payload.client_id, service.clientId);
    assert.equal(payload.scope, api.capabilities.join(' '));
    assert.equal((payload.exp as number) - (payload.iat as number), 600);
    assert.ok(payload.jti);
    assert.deepEqual(Object.keys(payload).sort(), ['aud', 'client_id', 'exp', 'iat', 'iss', 'jti', 'scope', 'sub']);
  });

  it('are taken in the header or in the body, and not in both', async () => {
    const body = { grant_type: 'client_credentials', client_id: service.clientId, client_secret: service.clientSecret };
    assert.equal((await post(`${app.issuer}/token`, body)).status, 200);
    const both = await ask(service, { client_secret: service.clientSecret });
    assert.equal(both.body.error, 'invalid_request');
    const query = await post(`${app.issuer}/token?${new URLSearchParams(body)}`, {});
    assert.notEqual(query.status, 200);
  });

  it('need a secret that is right, and a wrong one is written down', async () => {
    for (const clientSecret of ['ghs_wrong', `${service.clientSecret}x`, service.clientSecret.slice(0, -1), 'a\0b']) {
      const refused = await ask({ ...service, clientSecret });
      assert.ok(refused.status === 401 || refused.status === 400, String(refused.status));
      assert.match(refused.body.error, /^invalid_(client|request)$/);
    }
    assert.equal((await ask({ clientId: 'nobody', clientSecret: 'x' })).body.error, 'invalid_client');
    const placeholder = app.secrets.mac(clientPlaceholders, service.clientId).toString('base64url');
    assert.equal((await ask({ ...service, clientSecret: placeholder })).body.error, 'invalid_client');
    const event = await eventually(() =>
      app.db('auditEvents').where({ action: 'token.refused', entityId: service.clientId }).first(),
    );
    assert.equal(event.payload.error, 'invalid_client');
    assert.equal(event.ip, '127.0.0.1');
    assert.ok(!JSON.stringify(event).includes('ghs_'));
  });

  it('live side by side while secrets are rotated, and die at once without an overlap', async () => {
    const rotating = await app.service({ capabilities: api.capabilities });
    const next = await rotateClientSecret(app.db, rotating.clientId, 3600, systemCaller);
    const second = { ...rotating, clientSecret: next.clientSecret };
    assert.equal((await ask(rotating)).status, 200);
    assert.equal((await ask(second, {}, other)).status, 200);
    const last = await rotateClientSecret(app.db, rotating.clientId, 0, systemCaller);
    for (const origin of [app.issuer, other]) {
      // Another process may remember the old ones for a quarter of a second; the new one counts at once.
      for (const old of [rotating, second])
        await eventually(async () => (await ask(old, {}, origin)).body.error === 'invalid_client', 'it is refused');
      assert.equal((await ask({ ...rotating, clientSecret: last.clientSecret }, {}, origin)).status, 200);
    }
  });

  it('say which API where the service may use several', async () => {
    const both = await app.service({ capabilities: [...api.capabilities, opaque.capabilities[0] as string] });
    assert.equal((await ask(both)).body.error, 'invalid_target');
    const named = await ask(both, { resource: opaque.identifier });
    assert.equal(named.body.scope, opaque.capabilities[0]);
    assert.ok(!named.body.access_token.includes('.'));
    const twice = `grant_type=client_credentials&resource=${encodeURIComponent(api.identifier)}&resource=${encodeURIComponent(opaque.identifier)}`;
    const pair = Buffer.from(`${both.clientId}:${both.clientSecret}`).toString('base64');
    const refused = await post(`${app.issuer}/token`, twice, { authorization: `Basic ${pair}` });
    assert.equal(refused.body.error, 'invalid_target');
  });

  it('give no more scope than the service has', async () => {
    const [read, write] = api.capabilities as [string, string];
    const reader = await app.service({ capabilities: [read] });
    assert.equal((await ask(reader, { scope: read })).body.scope, read);
    for (const scope of [
      write,
      `${read} ${write}`,
      'openid',
      'roles',
      `${read}  ${read}`,
      opaque.capabilities[0] as string,
    ])
      assert.equal((await ask(reader, { scope })).body.error, 'invalid_scope', scope);
    assert.equal((await ask(service, { scope: write })).body.scope, write);
  });

  it('give no token for an API that is unknown or that the service has no business with', async () => {
    for (const resource of [
      'https://nowhere.example/',
      opaque.identifier,
      'nonsense',
      `${api.identifier}#a`,
      'urn:a\0b',
    ])
      assert.equal((await ask(service, { resource })).body.error, 'invalid_target', resource);
    const tenant = await app.tenant();
    const theirs = await createApi(app, { tenantId: tenant.id });
    const elsewhere = await app.service({ tenantId: (await app.tenant()).id, capabilities: theirs.capabilities });
    assert.equal((await ask(elsewhere, { resource: theirs.identifier })).body.error, 'invalid_target');
  });

  it('leave a row for each token, JWT or opaque', async () => {
    const both = await app.service({ capabilities: [...api.capabilities, ...opaque.capabilities] });
    const jwt = await ask(both, { resource: api.identifier });
    const random = await ask(both, { resource: opaque.identifier });
    const { jti } = JSON.parse(Buffer.from(jwt.body.access_token.split('.')[1], 'base64url').toString());
    const { id } = await app.db('clients').where({ clientId: both.clientId }).first('id');
    const rows = await app.db('serviceSessions').where({ clientId: id }).orderBy('createdAt');
    const hashed = createHash('sha256').update(random.body.access_token).digest('base64url');
    assert.deepEqual(
      rows.map((row) => row.jti),
      [jti, hashed],
    );
    for (const row of rows) {
      assert.equal(row.ip, '127.0.0.1');
      assert.ok(Math.abs(row.expiresAt - row.createdAt - 600_000) < 2000);
      assert.equal(row.revokedAt, null);
    }
    const issued = await app.db('auditEvents').where({ action: 'token.issued', entityId: both.clientId });
    assert.equal(issued.length, 2);
  });

  it('are refused to a client of people, and people’s grants to a service', async () => {
    const client = await app.relyingParty();
    const refused = await ask(client);
    assert.equal(refused.status, 400);
    assert.match(refused.body.error, /^(unauthorized_client|invalid_request)$/);
    for (const grant_type of ['password', 'authorization_code', 'refresh_token', 'implicit', 'nonsense']) {
      const form = {
        grant_type,
        code: 'x',
        refresh_token: 'x',
        username: 'x',
        password: 'x',
        redirect_uri: 'http://x/',
      };
      const { status, body } = await postAs(`${app.issuer}/token`, service, form);
      assert.equal(status, 400);
      assert.match(body.error, /^(unsupported_grant_type|unauthorized_client|invalid_request)$/);
    }
  });

  it('stop at once where the client is disabled or its tenant suspended, and so do its tokens', async () => {
    const tenant = await app.tenant();
    const global = await app.service({ resourceServerId: api.id });
    const tenants = await app.service({ tenantId: tenant.id, capabilities: api.capabilities });
    const { body } = await ask(tenants);
    assert.equal((await introspect(other, global, body.access_token)).body.active, true);
    await suspendTenant(app.db, tenant.id, systemCaller);
    for (const origin of [app.issuer, other]) {
      assert.equal((await ask(tenants, {}, origin)).body.error, 'invalid_client');
      assert.equal((await introspect(origin, global, body.access_token)).body.active, false);
    }
    await activateTenant(app.db, tenant.id, systemCaller);
    const again = await ask(tenants);
    assert.equal(again.status, 200);
    await disableClient(app.db, tenants.clientId, systemCaller);
    for (const origin of [app.issuer, other]) {
      assert.equal((await ask(tenants, {}, origin)).body.error, 'invalid_client');
      assert.equal((await introspect(origin, global, again.body.access_token)).body.active, false);
    }
  });

  describe('with private_key_jwt', () => {
    let keys: Awaited<ReturnType<typeof generateKeyPair>>;
    let signing: ClientCredential;
    before(async () => {
      keys = await generateKeyPair('ES256', { extractable: true });
      const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
      signing = await app.service({ capabilities: api.capabilities, jwks: { keys: [jwk] } });
    });

    const claims = (overrides: JWTPayload = {}): JWTPayload => {
      const iat = Math.floor(Date.now() / 1000);
      const { clientId } = signing;
      return { iss: clientId, sub: clientId, aud: app.issuer, jti: randomUUID(), iat, exp: iat + 60, ...overrides };
    };

    const signed = (overrides: JWTPayload = {}) =>
      new SignJWT(claims(overrides)).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(keys.privateKey);

    const present = (client_assertion: string, origin = app.issuer) =>
      post(`${origin}/token`, {
        grant_type: 'client_credentials',
        client_assertion,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      });

    it('gives a token through openid-client, and has no secret to lose', async () => {
      assert.equal(signing.clientSecret, '');
      const auth = openid.PrivateKeyJwt({ key: keys.privateKey, kid: 'one' });
      const { config } = await discover(app, signing, auth);
      assert.ok((await openid.clientCredentialsGrant(config)).access_token);
      const placeholder = app.secrets.mac(clientPlaceholders, signing.clientId).toString('base64url');
      assert.equal((await ask({ ...signing, clientSecret: placeholder })).body.error, 'invalid_client');
      assert.equal((await ask(signing)).body.error, 'invalid_client');
    });

    it('takes an assertion once, whichever of two processes sees it', async () => {
      const assertion = await signed();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => present(assertion, n % 2 ? app.issuer : other)),
      );
      assert.equal(answers.filter(({ status }) => status === 200).length, 1);
      assert.equal((await present(assertion, other)).body.error, 'invalid_client');
    });

    it('refuses an assertion that is not for us, not by the client, or not in time', async () => {
      const past = Math.floor(Date.now() / 1000) - 600;
      for (const wrong of [
        { aud: 'https://elsewhere.example' },
        { aud: `${app.issuer}/` },
        { aud: undefined },
        { iss: 'nobody' },
        { exp: past },
        { exp: undefined },
        { jti: undefined },
        { nbf: Math.floor(Date.now() / 1000) + 600 },
        { sub: service.clientId },
        { exp: Math.floor(Date.now() / 1000) + 366 * 86_400 },
        { exp: Math.floor(Date.now() / 1000) + 720 },
        { exp: 1e308 },
        { aud: [app.issuer, 'https://elsewhere.example'] },
        { aud: ['https://elsewhere.example', `${app.issuer}/token`] },
        { aud: [] },
      ])
        assert.match(
          (await present(await signed(wrong))).body.error,
          /^invalid_(client|request)$/,
          JSON.stringify(wrong),
        );
      assert.equal((await present(await signed({ aud: `${app.issuer}/token` }))).status, 200);
      assert.equal((await present(await signed({ aud: [app.issuer, `${app.issuer}/token`] }))).status, 200);
      assert.equal((await present(await signed({ exp: Math.floor(Date.now() / 1000) + 590 }))).status, 200);
    });

    it('refuses another way to write the same signature', async () => {
      const assertion = await signed();
      assert.equal((await present(otherSpelling(assertion))).body.error, 'invalid_client');
      assert.equal((await present(assertion)).status, 200);
    });

    it('refuses `none`, the public key as an HMAC secret, and another key', async () => {
      const pem = new TextEncoder().encode(await exportSPKI(keys.publicKey));
      const hmac = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(pem);
      const stranger = await generateKeyPair('ES256');
      const foreign = await new SignJWT(claims())
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .sign(stranger.privateKey);
      for (const assertion of [new UnsecuredJWT(claims()).encode(), hmac, foreign, 'a.b.c', ''])
        assert.match((await present(assertion)).body.error, /^invalid_(client|request)$/);
    });
  });
});
