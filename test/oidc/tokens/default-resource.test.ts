import assert from 'node:assert/strict';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import * as openid from 'openid-client';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { updateClient } from '../../../src/domain/clients/change-client.ts';
import type { NewClient } from '../../../src/domain/clients/clients.ts';
import { deleteResourceServer } from '../../../src/domain/resource-servers/change-resource-server.ts';
import { ensureManagementApi } from '../../../src/domain/setup/management-api.ts';
import type { DomainError } from '../../../src/platform/errors.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { Browserless } from '../../support/browserless.ts';
import { createApi, introspect, postAs, userinfoStatus } from '../../support/endpoints.ts';
import { discover, enterPassword, signIn, startSignIn } from '../../support/relying-party.ts';

type Api = Awaited<ReturnType<typeof createApi>>;

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

describe('the default API of a client', () => {
  let app: TestApp;
  let api: Api;
  let other: Api;
  let person: Awaited<ReturnType<TestApp['person']>>;
  before(async () => {
    app = await startTestApp();
    api = await createApi(app);
    other = await createApi(app);
    person = await app.person();
  });
  after(() => app?.stop());

  const own = () => ({ default_resource: api.identifier });
  const scopeOf = (server: Api) => `openid email ${server.capabilities.join(' ')}`;

  async function verified(token: string, server = api) {
    const keys = createRemoteJWKSet(new URL(`${app.issuer}/jwks`));
    const { payload } = await jwtVerify(token, keys, {
      audience: server.identifier,
      issuer: app.issuer,
      typ: 'at+jwt',
    });
    return payload;
  }
  const partyOf = async (overrides: Partial<NewClient> = {}) =>
    discover(app, await app.relyingParty({ metadata: own(), ...overrides }));

  it('is what a code and a refresh token are good for, where no request names an API', async () => {
    const party = await partyOf();
    const { tokens } = await signIn(party, person, { parameters: { scope: scopeOf(api) } });
    const payload = await verified(tokens.access_token);
    assert.equal(payload.sub, person.id);
    assert.equal(payload.scope, api.capabilities.join(' '));
    assert.equal(tokens.claims()?.email, person.email);
    // It is for the API, and opens nothing else.
    assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 401);
    const next = await openid.refreshTokenGrant(party.config, tokens.refresh_token as string);
    assert.equal((await verified(next.access_token)).scope, api.capabilities.join(' '));
  });

  it('is asked for with the consent of the person, where it is asked for', async () => {
    const party = await partyOf({ firstParty: false });
    const { tokens } = await signIn(party, person, { parameters: { scope: scopeOf(api) } });
    assert.equal((await verified(tokens.access_token)).scope, api.capabilities.join(' '));
    const bare = await signIn(await partyOf({ firstParty: false }), person, { parameters: { scope: 'openid' } });
    assert.equal((await verified(bare.tokens.access_token)).scope, undefined);
  });

  it('is what a pushed request is for', async () => {
    const client = await app.relyingParty({ metadata: own() });
    const party = await discover(app, client);
    const verifier = openid.randomPKCECodeVerifier();
    const state = openid.randomState();
    const address = await openid.buildAuthorizationUrlWithPAR(party.config, {
      redirect_uri: 'http://localhost:1/callback',
      scope: scopeOf(api),
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
    });
    const browser = new Browserless();
    const reply = await enterPassword(browser, await browser.open(address.href), person);
    const checks = { pkceCodeVerifier: verifier, expectedState: state };
    const tokens = await openid.authorizationCodeGrant(party.config, new URL(reply.location as string), checks);
    await verified(tokens.access_token);
  });

  it('is what a device is given tokens for', async () => {
    const metadata = { ...own(), grant_types: [deviceGrant, 'refresh_token'], response_types: [] };
    const device = await app.relyingParty({ kind: 'native', redirectUris: [], postLogoutRedirectUris: [], metadata });
    const { body } = await postAs(`${app.issuer}/device/authorize`, device, { scope: scopeOf(api) });
    const browser = new Browserless();
    let page = await browser.submit(await browser.open(body.verification_uri), { user_code: body.user_code });
    page = await browser.submit(page, {});
    page = await browser.submit(page, { login: person.email, password: person.password });
    assert.equal(page.status, 200);
    const form = { grant_type: deviceGrant, device_code: body.device_code };
    const tokens = await postAs(`${app.issuer}/token`, device, form);
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
    await verified(tokens.body.access_token);
  });

  it('is what a service that may use several is given tokens for', async () => {
    const capabilities = [...api.capabilities, ...other.capabilities];
    const undecided = await app.service({ capabilities });
    const decided = await app.service({ capabilities, metadata: own() });
    const ask = (client: typeof decided, more = {}) =>
      postAs(`${app.issuer}/token`, client, { grant_type: 'client_credentials', ...more });
    assert.equal((await ask(undecided)).body.error, 'invalid_target');
    assert.equal((await verified((await ask(decided)).body.access_token)).sub, decided.clientId);
    await verified((await ask(decided, { resource: other.identifier })).body.access_token, other);
  });

  it('gives way to an API that is named, and is chosen among several', async () => {
    const party = await partyOf();
    const resource = { resource: other.identifier };
    const named = await signIn(party, person, { parameters: { ...resource, scope: scopeOf(other) } });
    await verified(named.tokens.access_token, other);
    const { tokens } = await signIn(party, person, {
      parameters: { ...resource, scope: scopeOf(other) },
      tokenParameters: resource,
    });
    await verified(tokens.access_token, other);
    const refused = openid.refreshTokenGrant(party.config, tokens.refresh_token as string, {
      resource: api.identifier,
    });
    await assert.rejects(refused, (error: openid.ResponseBodyError) => error.error === 'invalid_target');

    const { address, checks } = await startSignIn(party, { scope: `${scopeOf(other)} ${api.capabilities.join(' ')}` });
    for (const { identifier } of [other, api]) address.searchParams.append('resource', identifier);
    const browser = new Browserless();
    const reply = await enterPassword(browser, await browser.open(address.href), person);
    const both = await openid.authorizationCodeGrant(party.config, new URL(reply.location as string), checks);
    await verified(both.access_token);
  });

  it('changes nothing about what was granted before it was set', async () => {
    const client = await app.relyingParty();
    const party = await discover(app, client);
    const { tokens } = await signIn(party, person, { parameters: { scope: 'openid email' } });
    await updateClient(app.db, { clientId: client.clientId, metadata: own() }, systemCaller);
    const next = await openid.refreshTokenGrant(party.config, tokens.refresh_token as string);
    assert.equal(await userinfoStatus(app.issuer, next.access_token), 200);
    const again = await signIn(party, person, { parameters: { scope: scopeOf(api) } });
    await verified(again.tokens.access_token);

    await updateClient(app.db, { clientId: client.clientId, metadata: { default_resource: null } }, systemCaller);
    const plain = await openid.refreshTokenGrant(party.config, again.tokens.refresh_token as string);
    assert.equal(await userinfoStatus(app.issuer, plain.access_token), 200);
  });

  it('is one that is there for the client, or it is refused when it is set', async () => {
    const here = await app.tenant();
    const theirs = await createApi(app, { tenantId: (await app.tenant()).id });
    const mine = await createApi(app, { tenantId: here.id });
    const refused = (error: DomainError) => error.code === 'INVALID_INPUT' && error.params.field === 'default_resource';
    for (const wanted of [theirs.identifier, 'https://nowhere.example/', 'a\0b', 7, ['x'], '']) {
      const metadata = { default_resource: wanted };
      await assert.rejects(app.relyingParty({ tenantId: here.id, metadata }), refused, String(wanted));
      const { clientId } = await app.relyingParty({ tenantId: here.id });
      await assert.rejects(updateClient(app.db, { clientId, metadata }, systemCaller), refused, String(wanted));
    }
    // A client of all tenants would be refused for the people of the others.
    await assert.rejects(app.relyingParty({ metadata: { default_resource: mine.identifier } }), refused);
    await app.relyingParty({ tenantId: here.id, metadata: { default_resource: mine.identifier } });
    await assert.rejects(app.service({ capabilities: other.capabilities, metadata: own() }), refused);
    await assert.rejects(
      app.service({ capabilities: [], metadata: { redirect_uris: ['https://evil.example/'] } }),
      (error: DomainError) => error.params.field === 'redirect_uris',
    );
  });

  it('keeps its API from being removed, also where both come at once', async () => {
    for (let round = 0; round < 8; round += 1) {
      const wanted = await createApi(app, { capabilities: [] } as never);
      await app.db('capabilities').where({ resourceServerId: wanted.id }).update({ resourceServerId: null });
      const [made, removed] = await Promise.allSettled([
        app.relyingParty({ metadata: { default_resource: wanted.identifier } }),
        deleteResourceServer(app.db, wanted.id, systemCaller),
      ]);
      assert.notEqual(made.status, removed.status, 'one of the two');
      if (removed.status === 'rejected') assert.equal(removed.reason.code, 'RESOURCE_SERVER_IN_USE');
    }
  });

  it('goes along with the API of the program to another issuer', async () => {
    const own = `${app.issuer}/api/v1`;
    const { clientId } = await app.relyingParty({ metadata: { default_resource: own } });
    const registered = async () =>
      (await app.db('clients').where({ clientId }).first('metadata')).metadata.default_resource;
    const other = 'https://new.example/api/v1';
    await ensureManagementApi(app.db, other, () => true);
    assert.equal(await registered(), other);
    await ensureManagementApi(app.db, own, () => true);
    assert.equal(await registered(), own);
  });

  it('leaves introspection and revocation as they are', async () => {
    const client = await app.relyingParty({ metadata: own() });
    const party = await discover(app, client);
    const { tokens } = await signIn(party, person, { parameters: { scope: scopeOf(api) } });
    assert.equal((await introspect(app.issuer, client, tokens.access_token)).body.aud, api.identifier);
    await openid.tokenRevocation(party.config, tokens.access_token);
    assert.deepEqual((await introspect(app.issuer, client, tokens.access_token)).body, { active: false });
    assert.equal(decodeJwt(tokens.access_token).aud, api.identifier);
  });
});
