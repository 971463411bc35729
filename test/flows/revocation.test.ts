import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import * as openid from 'openid-client';
import pg from 'pg';
import { startTestApp, type TestApp } from '../support/app.ts';
import {
  type ClientCredential,
  createApi,
  introspect,
  post,
  postAs,
  refresh,
  userinfoStatus,
} from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { discover, type RelyingParty, signIn } from '../support/relying-party.ts';

type Api = Awaited<ReturnType<typeof createApi>>;

describe('revoking a token', () => {
  let app: TestApp;
  let api: Api;
  let opaqueApi: Api;
  let client: ClientCredential;
  let stranger: ClientCredential;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp();
    api = await createApi(app);
    opaqueApi = await createApi(app, { tokenFormat: 'opaque' });
    client = await app.relyingParty();
    stranger = await app.relyingParty();
    party = await discover(app, client);
  });
  after(() => app?.stop());

  const revoke = (as: ClientCredential, token: string, more: Record<string, string> = {}) =>
    postAs(`${app.issuer}/revoke`, as, { token, ...more });
  const isActive = async (token: string, as = client) => (await introspect(app.issuer, as, token)).body.active;

  async function tokensFor(server?: Api) {
    const resource: Record<string, string> = server ? { resource: server.identifier } : {};
    const scope = `openid ${server?.capabilities[0] ?? ''}`.trim();
    const parameters = { ...resource, scope };
    const { tokens } = await signIn(party, await app.person(), { parameters, tokenParameters: resource });
    return { access: tokens.access_token, refresh: tokens.refresh_token as string };
  }

  it('ends a JWT access token for everybody who asks, and its other tokens with it', async () => {
    const { access, refresh: line } = await tokensFor(api);
    const apiItself = await app.service({ resourceServerId: api.id });
    assert.equal(await isActive(access, apiItself), true);
    await openid.tokenRevocation(party.config, access);
    assert.equal(await isActive(access), false);
    assert.equal(await isActive(access, apiItself), false);
    assert.equal(await isActive(line), false);
  });

  it('ends an opaque access token', async () => {
    const { access } = await tokensFor(opaqueApi);
    assert.equal((await revoke(client, access)).status, 200);
    assert.equal(await isActive(access), false);
    const plain = await tokensFor();
    assert.equal((await revoke(client, plain.access, { token_type_hint: 'access_token' })).status, 200);
    assert.equal(await userinfoStatus(app.issuer, plain.access), 401);
  });

  it('ends the whole grant with a refresh token, whatever the hint says', async () => {
    for (const hint of [{}, { token_type_hint: 'access_token' }, { token_type_hint: 'nonsense' }] as Record<
      string,
      string
    >[]) {
      const { access, refresh: line } = await tokensFor();
      const next = await refresh(app.issuer, client, line);
      assert.equal((await revoke(client, next.body.refresh_token, hint)).status, 200);
      for (const token of [access, next.body.access_token]) assert.equal(await userinfoStatus(app.issuer, token), 401);
      assert.equal((await refresh(app.issuer, client, next.body.refresh_token)).body.error, 'invalid_grant');
    }
  });

  it('ends the family also with a refresh token that was used before', async () => {
    const { refresh: line } = await tokensFor();
    const next = await refresh(app.issuer, client, line);
    assert.equal((await revoke(client, line)).status, 200);
    assert.equal((await refresh(app.issuer, client, next.body.refresh_token)).body.error, 'invalid_grant');
    assert.equal(await userinfoStatus(app.issuer, next.body.access_token), 401);
  });

  it('by another client does nothing, and says nothing', async () => {
    const spa = await app.relyingParty({ kind: 'spa' });
    const apiItself = await app.service({ resourceServerId: api.id });
    const jwt = await tokensFor(api);
    const plain = await tokensFor();
    for (const as of [stranger, spa, apiItself])
      for (const token of [jwt.access, jwt.refresh, plain.access, plain.refresh]) {
        const answer = await revoke(as, token);
        assert.equal(answer.status, 200);
        assert.equal(answer.body, '');
      }
    for (const token of [jwt.access, jwt.refresh, plain.access, plain.refresh])
      assert.equal(await isActive(token), true);
  });

  it('of nobody is answered 200 as well (RFC 7009 section 2.2)', async () => {
    for (const token of ['nonsense', 'a.b.c', 'eyJhbGciOiJub25lIn0.e30.', 'at+jwt:', 'x'.repeat(3000)])
      assert.equal((await revoke(client, token)).status, 200, token);
    assert.equal((await postAs(`${app.issuer}/revoke`, client, {})).status, 400);
    assert.equal((await post(`${app.issuer}/revoke`, { token: 'x' })).status, 400);
    assert.equal((await revoke({ ...client, clientSecret: 'ghs_wrong' }, 'x')).status, 401);
  });

  it('by its jti does nothing', async () => {
    const { access } = await tokensFor(api);
    const { jti } = decodeJwt(access);
    for (const path of ['/revoke', '/REVOKE', '/revoke/'])
      await postAs(`${app.issuer}${path}`, client, { token: `at+jwt:${jti}` });
    assert.equal(await isActive(access), true);
  });

  it('of a service ends its session row', async () => {
    for (const server of [api, opaqueApi]) {
      const service = await app.service({ capabilities: server.capabilities });
      const { body } = await postAs(`${app.issuer}/token`, service, { grant_type: 'client_credentials' });
      assert.equal(await isActive(body.access_token, service), true);
      assert.equal((await revoke(service, body.access_token)).status, 200);
      assert.equal(await isActive(body.access_token, service), false);
      const { id } = await app.db('clients').where({ clientId: service.clientId }).first('id');
      const { revokedAt } = await app.db('serviceSessions').where({ clientId: id }).first('revokedAt');
      assert.ok(revokedAt);
      const [event] = await app.db('auditEvents').where({ action: 'token.revoked', entityId: service.clientId });
      assert.equal(event.actorId, service.clientId);
    }
  });

  it('is answered 503, never 200, while the database is away', async () => {
    const { access, refresh: line } = await tokensFor();
    const admin = new pg.Client({ connectionString: app.databaseUrl.replace(/\/[^/?]+(?=\?|$)/, '/postgres') });
    await admin.connect();
    const name = new URL(app.databaseUrl).pathname.slice(1);
    try {
      await admin.query(`alter database ${name} allow_connections false`);
      await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
      for (const token of [access, line]) {
        const answer = await revoke(client, token);
        assert.equal(answer.status, 503);
        assert.ok(Number(answer.headers.get('retry-after')) > 0);
      }
      assert.equal((await introspect(app.issuer, client, access)).status, 503);
      assert.equal((await refresh(app.issuer, client, line)).status, 503);
      assert.equal(await userinfoStatus(app.issuer, access), 503);
    } finally {
      await admin.query(`alter database ${name} allow_connections true`);
      await admin.end();
    }
    // A pooler before it asks again after a second.
    await eventually(async () => (await revoke(client, line)).status === 200, 'the database is back');
    assert.equal(await isActive(access), false);
  });
});
