import assert from 'node:assert/strict';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createService } from '../../src/domain/clients/clients.ts';
import { grantVisibility } from '../../src/domain/organisation/visibility-grants.ts';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { type ClientCredential, createApi, introspect, postAs, userinfoStatus } from '../support/endpoints.ts';
import { assign, createRole } from '../support/factories.ts';
import {
  discover,
  enterPassword,
  type RelyingParty,
  redirectUri,
  signIn,
  startSignIn,
} from '../support/relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;
type Api = Awaited<ReturnType<typeof createApi>>;

describe('a token for an API (RFC 8707, RFC 9068)', () => {
  let app: TestApp;
  let tenant: NewTenant;
  let person: Person;
  let api: Api;
  let opaque: Api;
  let client: ClientCredential;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp();
    tenant = await app.tenant();
    person = await app.person({ tenantId: tenant.id });
    api = await createApi(app);
    opaque = await createApi(app, { tokenFormat: 'opaque', accessTokenTtl: 120 });
    client = await app.relyingParty();
    party = await discover(app, client);
    const role = await createRole(app.db, { tenantId: tenant.id, name: 'Clerk', capabilities: api.capabilities });
    await assign(app.db, { tenantId: tenant.id, userId: person.id, roleId: role.id });
  });
  after(() => app?.stop());

  const scopeOf = (server: Api, more = '') => `openid ${server.capabilities.join(' ')} ${more}`.trim();

  async function tokenFor(server: Api, scope = scopeOf(server), whose = person, as = party) {
    const resource = { resource: server.identifier };
    const { tokens } = await signIn(as, whose, { parameters: { ...resource, scope }, tokenParameters: resource });
    return tokens;
  }

  async function verified(token: string, audience: string, algorithms = ['ES256']) {
    const keys = createRemoteJWKSet(new URL(`${app.issuer}/jwks`));
    return jwtVerify(token, keys, { issuer: app.issuer, audience, typ: 'at+jwt', algorithms });
  }

  it('is a JWT that any API can verify by the published keys', async () => {
    const tokens = await tokenFor(api);
    const { payload, protectedHeader } = await verified(tokens.access_token, api.identifier);
    assert.deepEqual({ ...protectedHeader, kid: 'kid' }, { alg: 'ES256', typ: 'at+jwt', kid: 'kid' });
    assert.equal(payload.sub, person.id);
    assert.equal(payload.client_id, client.clientId);
    assert.equal(payload.scope, api.capabilities.join(' '));
    assert.equal((payload.exp as number) - (payload.iat as number), 600);
    assert.ok(payload.jti);
    assert.equal(tokens.expires_in, 600);
  });

  it('says what the scopes roles, capabilities and org release, and never an address or a name', async () => {
    const bare = decodeJwt((await tokenFor(api)).access_token);
    for (const name of ['roles', 'capabilities', 'org_assignments', 'tenant'])
      assert.equal(bare[name], undefined, name);
    const scope = scopeOf(api, 'roles capabilities org profile email phone');
    const { access_token: token } = await tokenFor(api, scope);
    const full = decodeJwt(token);
    assert.deepEqual(full.roles, ['Clerk']);
    assert.deepEqual(full.capabilities, api.capabilities);
    const [held] = full.org_assignments as { role: string; org_node_id: string }[];
    assert.equal(held?.role, 'Clerk');
    assert.equal(held?.org_node_id, tenant.rootNodeId);
    assert.deepEqual(full.tenant, { id: tenant.id, slug: tenant.slug, name: tenant.name });
    for (const name of ['email', 'email_verified', 'name', 'phone_number', 'picture'])
      assert.equal(full[name], undefined);
    assert.equal(full.scope, [...api.capabilities, 'roles', 'capabilities', 'org'].join(' '));
  });

  it('is opaque and shorter lived where the API is registered so, and says the same to the API', async () => {
    const tokens = await tokenFor(opaque, scopeOf(opaque, 'roles'));
    assert.match(tokens.access_token, /^[A-Za-z0-9_-]{43,}$/);
    assert.equal(tokens.expires_in, 120);
    const itself = await app.service({ resourceServerId: opaque.id });
    const { body } = await introspect(app.issuer, itself, tokens.access_token);
    assert.equal(body.aud, opaque.identifier);
    assert.deepEqual(body.roles, ['Clerk']);
  });

  it('is signed with RS256 where the API is registered so', async () => {
    const old = await createApi(app, { signingAlg: 'RS256' });
    await verified((await tokenFor(old)).access_token, old.identifier, ['RS256']);
  });

  it('ends no later than the first of what it speaks of ends', async () => {
    const temp = await app.person({ tenantId: tenant.id });
    const endsAt = new Date(Date.now() + 90_000);
    const later = new Date(Date.now() + 300_000);
    await assign(app.db, { tenantId: tenant.id, userId: temp.id, endsAt: later });
    await grantVisibility(
      app.db,
      { tenantId: tenant.id, userId: temp.id, orgNodeId: tenant.rootNodeId, accessScope: 'read', endsAt },
      systemCaller,
    );
    for (const server of [api, opaque]) {
      const { access_token: token, expires_in: left } = await tokenFor(server, scopeOf(server, 'org'), temp);
      assert.ok((left as number) <= 90 && (left as number) > 80, String(left));
      const { body } = await introspect(app.issuer, client, token);
      assert.ok(body.exp * 1000 <= endsAt.getTime());
    }
  });

  it('is good at no other API and not at userinfo', async () => {
    const { access_token: token } = await tokenFor(api);
    assert.equal(await userinfoStatus(app.issuer, token), 401);
    await assert.rejects(verified(token, opaque.identifier));
    const random = await tokenFor(opaque);
    assert.equal(await userinfoStatus(app.issuer, random.access_token), 403);
  });

  it('is asked for by name: without, there is one for userinfo, and the line can give both', async () => {
    const parameters = { resource: api.identifier, scope: scopeOf(api, 'email') };
    const { tokens } = await signIn(party, person, { parameters });
    assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 200);
    const forApi = await openid.refreshTokenGrant(party.config, tokens.refresh_token as string, {
      resource: api.identifier,
    });
    await verified(forApi.access_token, api.identifier);
    const plain = await openid.refreshTokenGrant(party.config, forApi.refresh_token as string);
    assert.equal(await userinfoStatus(app.issuer, plain.access_token), 200);
  });

  it('is refused for what was not authorized, is unknown, or is no address', async () => {
    const { tokens } = await signIn(party, person, { parameters: { resource: api.identifier, scope: scopeOf(api) } });
    const again = (resource: string) =>
      postAs(`${app.issuer}/token`, client, {
        grant_type: 'refresh_token',
        refresh_token: tokens.refresh_token as string,
        resource,
      });
    for (const resource of [opaque.identifier, 'https://nowhere.example/', 'nonsense', `${api.identifier}x`])
      assert.equal((await again(resource)).body.error, 'invalid_target', resource);
    for (const resource of ['https://nowhere.example/', 'nonsense', `${api.identifier}#a`, 'urn:a\0b']) {
      const { address } = await startSignIn(party, { resource });
      const reply = await new Browserless().open(address.href, redirectUri);
      assert.equal(new URL(reply.location as string).searchParams.get('error'), 'invalid_target', resource);
    }
  });

  it('may be for one of several that were authorized together', async () => {
    const { address, checks } = await startSignIn(party, { scope: `${scopeOf(api)} ${opaque.capabilities.join(' ')}` });
    address.searchParams.append('resource', api.identifier);
    address.searchParams.append('resource', opaque.identifier);
    const browser = new Browserless();
    const reply = await enterPassword(browser, await browser.open(address.href), person);
    const callback = new URL(reply.location as string);
    const resource = { resource: opaque.identifier };
    const tokens = await openid.authorizationCodeGrant(party.config, callback, checks, resource);
    assert.equal(tokens.scope, opaque.capabilities.join(' '));
    const next = await openid.refreshTokenGrant(party.config, tokens.refresh_token as string, {
      resource: api.identifier,
    });
    const { payload } = await verified(next.access_token, api.identifier);
    assert.equal(payload.scope, api.capabilities.join(' '));
  });

  it('is for one API however a request spells it, and names it as it is registered (RFC 3986 section 6.2.3)', async () => {
    const bare = await createApi(app, { identifier: 'https://MCP.example.test' });
    const spellings = [
      'https://MCP.example.test',
      'https://mcp.example.test/',
      'HTTPS://mcp.EXAMPLE.test:443',
      'https://mcp.example.test:443/./',
    ];
    for (const [index, asked] of spellings.entries()) {
      const exchanged = spellings[(index + 1) % spellings.length] as string;
      const { tokens } = await signIn(party, person, {
        parameters: { resource: asked, scope: `openid ${bare.capabilities.join(' ')}` },
        tokenParameters: { resource: exchanged },
      });
      await verified(tokens.access_token, 'https://MCP.example.test');
      assert.equal(tokens.scope, bare.capabilities.join(' '));
      const refreshed = await openid.refreshTokenGrant(party.config, tokens.refresh_token as string, {
        resource: spellings[(index + 2) % spellings.length] as string,
      });
      await verified(refreshed.access_token, 'https://MCP.example.test');
    }
    const pushed = await openid.buildAuthorizationUrlWithPAR(
      party.config,
      (await startSignIn(party, { resource: spellings[2] as string })).address.searchParams,
    );
    assert.ok(pushed.searchParams.has('request_uri'));
  });

  it('is for no API that is spelled alike and means another', async () => {
    await createApi(app, { identifier: 'https://alike.example.test/a' });
    for (const resource of [
      'https://alike.example.test/A',
      'https://alike.example.test/a/',
      'https://alike.example.test/a?',
      'https://alike.example.test:444/a',
      'http://alike.example.test/a',
      'https://ALIKE.example.test/b/../c',
    ]) {
      const { address } = await startSignIn(party, { resource });
      const reply = await new Browserless().open(address.href, redirectUri);
      assert.equal(new URL(reply.location as string).searchParams.get('error'), 'invalid_target', resource);
    }
  });

  it('of a service is for one API however it spells it', async () => {
    const mine = await createApi(app, { identifier: 'https://service-api.example.test:443' });
    const service = await createService(
      app.db,
      { name: 'Reader', tenantId: tenant.id, capabilities: mine.capabilities },
      systemCaller,
    );
    const credential = { clientId: service.client.clientId, clientSecret: service.clientSecret as string };
    const form = { grant_type: 'client_credentials', resource: 'https://SERVICE-api.example.test/' };
    const { status, body } = await postAs(`${app.issuer}/token`, credential, form);
    assert.equal(status, 200, JSON.stringify(body));
    await verified(body.access_token, 'https://service-api.example.test:443');
  });

  it('is consented to where the client is a third party, scope by scope', async () => {
    const third = await discover(app, await app.relyingParty({ firstParty: false }));
    const [read, write] = api.capabilities as [string, string];
    const resource = { resource: api.identifier };
    const { address } = await startSignIn(third, { ...resource, scope: `openid ${read}` });
    const browser = new Browserless();
    const page = await enterPassword(browser, await browser.open(address.href), person);
    assert.match(page.body, new RegExp(api.name));
    assert.match(page.body, new RegExp(read));
    assert.doesNotMatch(page.body, new RegExp(write));
    const tokens = await tokenFor(api, `openid ${read}`, person, third);
    assert.equal(tokens.scope, read);
  });

  it('of one tenant is for its people alone, no matter which client asks', async () => {
    const theirs = await createApi(app, { tenantId: tenant.id });
    const stranger = await app.person({ tenantId: (await app.tenant()).id });
    const resource = { resource: theirs.identifier };
    const parameters = { ...resource, scope: scopeOf(theirs) };
    const refused = signIn(party, stranger, { parameters, tokenParameters: resource });
    await assert.rejects(refused, (error: openid.ResponseBodyError) => error.error === 'invalid_target');
    await verified((await tokenFor(theirs)).access_token, theirs.identifier);

    const elsewhere = await discover(app, await app.relyingParty({ tenantId: stranger.tenantId }));
    const { address } = await startSignIn(elsewhere, resource);
    const reply = await new Browserless().open(address.href, redirectUri);
    assert.equal(new URL(reply.location as string).searchParams.get('error'), 'invalid_target');
  });
});
