import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, exportSPKI, generateKeyPair, importJWK, SignJWT, UnsecuredJWT } from 'jose';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { revokeAllSessions } from '../../src/domain/sessions/sessions.ts';
import { rotateSigningKeys } from '../../src/oidc/keys.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import {
  type ClientCredential,
  createApi,
  introspect,
  otherSpelling,
  post,
  postAs,
  userinfoStatus,
} from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { discover, type RelyingParty, signIn } from '../support/relying-party.ts';

type Api = Awaited<ReturnType<typeof createApi>>;

describe('introspecting a token', () => {
  let app: TestApp;
  let api: Api;
  let opaqueApi: Api;
  let client: ClientCredential;
  let stranger: ClientCredential;
  let apiItself: ClientCredential;
  let opaqueApiItself: ClientCredential;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp();
    api = await createApi(app);
    opaqueApi = await createApi(app, { tokenFormat: 'opaque' });
    client = await app.relyingParty();
    stranger = await app.relyingParty();
    apiItself = await app.service({ resourceServerId: api.id });
    opaqueApiItself = await app.service({ resourceServerId: opaqueApi.id });
    party = await discover(app, client);
  });
  after(() => app?.stop());

  const ask = (as: ClientCredential, token: string) => introspect(app.issuer, as, token);

  async function assertInactive(as: ClientCredential, token: string): Promise<void> {
    const { status, body } = await ask(as, token);
    assert.equal(status, 200);
    assert.deepEqual(body, { active: false });
  }

  async function tokensFor(server: Api, person?: Awaited<ReturnType<TestApp['person']>>) {
    const whose = person ?? (await app.person());
    const { tokens, browser } = await signIn(party, whose, {
      parameters: { resource: server.identifier, scope: `openid ${server.capabilities[0]} roles` },
      tokenParameters: { resource: server.identifier },
    });
    return { person: whose, access: tokens.access_token, refresh: tokens.refresh_token as string, browser };
  }

  it('tells a client of its own tokens, JWT or opaque', async () => {
    for (const server of [api, opaqueApi]) {
      const { person, access } = await tokensFor(server);
      const answer = await openid.tokenIntrospection(party.config, access);
      assert.equal(answer.active, true);
      assert.equal(answer.sub, person.id);
      assert.equal(answer.client_id, client.clientId);
      assert.equal(answer.aud, server.identifier);
      assert.equal(answer.iss, app.issuer);
      assert.equal(answer.token_type, 'Bearer');
      assert.ok(answer.scope?.includes(server.capabilities[0] as string));
      assert.deepEqual(answer.roles, []);
      assert.equal(answer.email, undefined);
    }
  });

  it('tells an API of tokens that are meant for it, and of no others', async () => {
    const jwt = await tokensFor(api);
    const opaque = await tokensFor(opaqueApi, jwt.person);
    assert.equal((await ask(apiItself, jwt.access)).body.active, true);
    assert.equal((await ask(opaqueApiItself, opaque.access)).body.active, true);
    await assertInactive(apiItself, opaque.access);
    await assertInactive(opaqueApiItself, jwt.access);
    const { tokens } = await signIn(party, jwt.person);
    await assertInactive(apiItself, tokens.access_token);
  });

  it('tells anybody else nothing', async () => {
    const { access, refresh } = await tokensFor(api);
    const opaque = await tokensFor(opaqueApi);
    for (const token of [access, refresh, opaque.access]) await assertInactive(stranger, token);
    const spa = await app.relyingParty({ kind: 'spa' });
    for (const token of [access, refresh, opaque.access]) await assertInactive(spa, token);
  });

  it('tells of a refresh token its owner alone', async () => {
    const { refresh } = await tokensFor(api);
    assert.equal((await ask(client, refresh)).body.active, true);
    await assertInactive(apiItself, refresh);
    const answer = await postAs(`${app.issuer}/introspect`, client, {
      token: refresh,
      token_type_hint: 'access_token',
    });
    assert.equal(answer.body.active, true);
  });

  it('asks who is asking', async () => {
    const { access } = await tokensFor(api);
    assert.equal((await post(`${app.issuer}/introspect`, { token: access })).status, 400);
    assert.equal((await ask({ ...client, clientSecret: 'ghs_wrong' }, access)).status, 401);
    assert.equal((await postAs(`${app.issuer}/introspect`, client, {})).status, 400);
    const twice = `token=${access}&token=${access}`;
    const pair = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64');
    assert.equal((await post(`${app.issuer}/introspect`, twice, { authorization: `Basic ${pair}` })).status, 400);
  });

  it('stops when the person is deactivated or signed out everywhere', async () => {
    for (const end of [deactivateUser, revokeAllSessions]) {
      const jwt = await tokensFor(api);
      const opaque = await tokensFor(opaqueApi, jwt.person);
      await end(app.db, { tenantId: jwt.person.tenantId, userId: jwt.person.id }, systemCaller);
      for (const token of [jwt.access, jwt.refresh, opaque.access, opaque.refresh]) await assertInactive(client, token);
      await assertInactive(apiItself, jwt.access);
    }
  });

  it('stops when the session of the browser ends', async () => {
    const { access, refresh, browser } = await tokensFor(api);
    const page = await browser.open(`${app.issuer}/logout`);
    await browser.submit(page, { logout: 'yes' });
    for (const token of [access, refresh]) await assertInactive(client, token);
    await assertInactive(apiItself, access);
  });

  it('stops when the token expires, decided when it is read', async () => {
    const { access } = await tokensFor(opaqueApi);
    await app
      .db('oidcPayloads')
      .where({ model: 'AccessToken', clientId: client.clientId })
      .update({ expiresAt: new Date() });
    await assertInactive(client, access);
  });

  describe('that is forged', () => {
    let genuine: string;
    before(async () => {
      genuine = (await tokensFor(api)).access;
      assert.equal((await ask(client, genuine)).body.active, true);
    });

    it('is inactive without a signature, with an altered payload, or signed by a stranger', async () => {
      const claims = decodeJwt(genuine);
      const header = decodeProtectedHeader(genuine) as { alg: string; kid: string; typ: string };
      const [head, body, signature] = genuine.split('.') as [string, string, string];
      const altered = Buffer.from(JSON.stringify({ ...claims, scope: 'everything' })).toString('base64url');
      const noneHead = Buffer.from(JSON.stringify({ ...header, alg: 'none' })).toString('base64url');
      const { keys } = (await (await fetch(`${app.issuer}/jwks`)).json()) as { keys: Record<string, string>[] };
      const ours = keys.find(({ kid }) => kid === header.kid) as Record<string, string>;
      const pem = new TextEncoder().encode(await exportSPKI((await importJWK(ours, 'ES256')) as CryptoKey));
      const own = await generateKeyPair('ES256');
      for (const forged of [
        new UnsecuredJWT(claims).encode(),
        `${noneHead}.${body}.`,
        `${noneHead}.${body}.${signature}`,
        `${head}.${altered}.${signature}`,
        `${head}.${body}.${signature.slice(0, -4)}AAAA`,
        `${head}.${body}.${signature}A`,
        otherSpelling(genuine),
        await new SignJWT(claims).setProtectedHeader(header).sign(own.privateKey),
        await new SignJWT(claims).setProtectedHeader({ ...header, jwk: ours }).sign(own.privateKey),
        await new SignJWT(claims).setProtectedHeader({ ...header, kid: randomUUID() }).sign(own.privateKey),
        await new SignJWT(claims).setProtectedHeader({ ...header, alg: 'HS256' }).sign(pem),
      ])
        for (const as of [client, apiItself, stranger]) await assertInactive(as, forged);
    });

    it('is inactive although our key signed it, with another issuer, type or jti', async () => {
      const { privateJwks } = await (await import('../../src/oidc/keys.ts')).loadSigningKeys(app.db, app.secrets);
      const header = decodeProtectedHeader(genuine) as { alg: string; kid: string; typ: string };
      const key = await importJWK(privateJwks.find(({ kid }) => kid === header.kid) ?? {}, 'ES256');
      const sign = (claims: object, more: object = {}) =>
        new SignJWT({ ...decodeJwt(genuine), ...claims }).setProtectedHeader({ ...header, ...more }).sign(key);
      await assertInactive(client, await sign({ iss: 'https://elsewhere.example' }));
      await assertInactive(client, await sign({ jti: 'x'.repeat(43) }));
      await assertInactive(client, await sign({ jti: undefined }));
      await assertInactive(client, await sign({}, { typ: 'JWT' }));
      assert.equal((await ask(client, await sign({}))).body.active, true);
      const { tokens } = await signIn(party, await app.person());
      await assertInactive(client, tokens.id_token as string);
    });

    it('is no bearer by its jti', async () => {
      const { jti } = decodeJwt(genuine) as { jti: string };
      for (const guess of [jti, `at+jwt:${jti}`]) {
        await assertInactive(client, guess);
        // The library's router would take these for the same address.
        for (const path of ['/INTROSPECT', '/introspect/'])
          assert.equal((await postAs(`${app.issuer}${path}`, client, { token: guess })).status, 404);
        assert.equal(await userinfoStatus(app.issuer, guess), 401);
      }
      assert.equal(await userinfoStatus(app.issuer, genuine), 401);
    });
  });

  it('goes on for tokens of a key that has retired', async () => {
    const { access } = await tokensFor(api);
    await rotateSigningKeys(app.db, app.secrets, { verifySeconds: 3600 }, systemCaller);
    const { kid } = decodeProtectedHeader(access);
    const signedAnew = async () => decodeProtectedHeader((await tokensFor(api)).access).kid !== kid;
    await eventually(signedAnew, 'the new key signs');
    assert.equal((await ask(client, access)).body.active, true);
    assert.equal((await ask(apiItself, access)).body.active, true);
  });
});
