/** Applications that register themselves by an initial access token (RFC 7591), and look after it (RFC 7592). */
import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { endUnusedClients } from '../../src/domain/lifecycle/end-client.ts';
import { activateTenant, suspendTenant } from '../../src/domain/lifecycle/end-tenant.ts';
import {
  createInitialAccessToken,
  type NewInitialAccessToken,
  revokeInitialAccessToken,
} from '../../src/domain/registration/initial-access-tokens.ts';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { updateTenantSettings } from '../../src/domain/tenants/tenants.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { createApi, type EndpointAnswer } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { assign, createRole } from '../support/factories.ts';
import { discover, enterPassword, redirectUri, signIn, startSignIn } from '../support/relying-party.ts';
import { untilTaken } from '../support/until-taken.ts';

const redirects = { redirect_uris: [redirectUri] };

describe('registration by an initial access token', () => {
  let app: TestApp;
  let other: string;
  let tenant: NewTenant;
  before(async () => {
    app = await startTestApp();
    other = await app.startProcess();
    tenant = await registering();
  });
  after(() => app?.stop());
  // All of these come from one address.
  beforeEach(() => app.db('rate_limits').delete());

  async function registering(): Promise<NewTenant> {
    const made = await app.tenant();
    await updateTenantSettings(app.db, made.id, { clientRegistration: true }, systemCaller);
    return made;
  }

  async function initialToken(wanted: Partial<NewInitialAccessToken> = {}) {
    const policy = { redirectHosts: ['localhost', 'app.example.test'], scopes: ['openid', 'email'], mostUses: 100 };
    return createInitialAccessToken(
      app.db,
      { tenantId: tenant.id, name: 'A token', ...policy, ...wanted },
      systemCaller,
    );
  }

  async function send(
    method: string,
    address: string,
    { token, body, headers = {} }: { token?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<EndpointAnswer> {
    const answer = await fetch(address, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
  }
  const register = (token: string | undefined, body: unknown, origin = app.issuer) =>
    send('POST', `${origin}/register`, { token, body });

  it('is found by discovery, and serves a client library from end to end, with consent', async () => {
    await eventually(async () => {
      const document = await (await fetch(`${app.issuer}/.well-known/openid-configuration`)).json();
      return (document as { registration_endpoint?: string }).registration_endpoint === `${app.issuer}/register`;
    }, 'discovery tells of it');
    const { token } = await initialToken();
    const config = await openid.dynamicClientRegistration(
      new URL(app.issuer),
      { ...redirects, client_name: 'Library', token_endpoint_auth_method: 'client_secret_post', first_party: true },
      undefined,
      { initialAccessToken: token, execute: [openid.allowInsecureRequests] },
    );
    const metadata = config.clientMetadata();
    assert.match(String(metadata.client_secret), /^ghs_/);
    const person = await app.person({ tenantId: tenant.id });
    const party = { config, clientId: metadata.client_id, clientSecret: String(metadata.client_secret) };
    const { address } = await startSignIn(party, { scope: 'openid email' });
    const browser = new Browserless();
    const asked = await enterPassword(browser, await browser.open(address.href, redirectUri), person);
    assert.match(asked.body, /name="decision"/, 'what registered itself is third-party, whatever it says of itself');
    const { tokens } = await signIn(party, person, { parameters: { scope: 'openid email' } });
    assert.equal(tokens.claims()?.sub, person.id);
    const events = await app.db('audit_events').where({ entityId: metadata.client_id }).pluck('action');
    for (const action of ['client.created', 'client.registered', 'grant.created'])
      assert.ok(events.includes(action), action);
  });

  it('is in discovery as long as some tenant lets applications register', async () => {
    const told = async () => {
      const document = (await (await fetch(`${other}/.well-known/oauth-authorization-server`)).json()) as object;
      return 'registration_endpoint' in document;
    };
    const set = (clientRegistration: boolean) =>
      updateTenantSettings(app.db, tenant.id, { clientRegistration }, systemCaller);
    await eventually(told, 'it is told');
    await set(false);
    await eventually(async () => !(await told()), 'it is not told');
    await set(true);
    await eventually(told, 'it is told again');
  });

  it('tells what is registered, keeps hashes alone, and leaves away what it does not know', async () => {
    const { token, id } = await initialToken();
    const { status, body, headers } = await register(token, {
      ...redirects,
      software_statement: 'x',
      first_party: true,
      tenant_id: 'x',
      require_pkce: false,
      contacts: ['somebody@example.test'],
      scope: 'openid',
    });
    assert.equal(status, 201);
    assert.equal(headers.get('cache-control'), 'no-store');
    const { client_id: clientId, client_secret: secret, registration_access_token: managed, ...rest } = body;
    assert.deepEqual(rest, {
      client_id_issued_at: rest.client_id_issued_at,
      client_secret_expires_at: 0,
      client_name: 'localhost',
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: [],
      application_type: 'web',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
      scope: 'openid',
      registration_client_uri: `${app.issuer}/register/${clientId}`,
    });
    const row = await app.db('clients').where({ clientId }).first();
    assert.equal(row.firstParty, false);
    assert.equal(row.tenantId, tenant.id);
    assert.equal(row.metadata.require_pkce, undefined);
    const stored = JSON.stringify([
      await app.db('initial_access_tokens').where({ id }).first(),
      await app.db('client_registrations').where({ clientId: row.id }).first(),
      row,
      await app.db('audit_events').where({ tenantId: tenant.id }),
    ]);
    for (const value of [token, secret, managed]) assert.ok(!stored.includes(value) && !app.logs().includes(value));
  });

  it('refuses in the words of RFC 7591 what the token does not allow, and counts no use for it', async () => {
    const { token, id } = await initialToken();
    const cases: [object, string][] = [
      [{}, 'invalid_redirect_uri'],
      [{ redirect_uris: [] }, 'invalid_redirect_uri'],
      [{ redirect_uris: ['https://evil.example.test/'] }, 'invalid_redirect_uri'],
      [{ redirect_uris: ['https://app.example.test.evil.test/'] }, 'invalid_redirect_uri'],
      [{ redirect_uris: ['https://app.example.test@evil.test/'] }, 'invalid_redirect_uri'],
      [{ redirect_uris: ['https://evil.test/#app.example.test'] }, 'invalid_redirect_uri'],
      [{ redirect_uris: ['https://evil.test\\@app.example.test/'] }, 'invalid_redirect_uri'],
      [{ redirect_uris: ['http://app.example.test/'] }, 'invalid_redirect_uri'],
      [{ redirect_uris: ['com.example.app:/callback'], application_type: 'native' }, 'invalid_redirect_uri'],
      [{ redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
      [{ ...redirects, post_logout_redirect_uris: ['https://evil.test/'] }, 'invalid_redirect_uri'],
      [{ ...redirects, scope: 'openid phone' }, 'invalid_client_metadata'],
      [{ ...redirects, grant_types: ['client_credentials'] }, 'invalid_client_metadata'],
      [{ ...redirects, grant_types: ['refresh_token'] }, 'invalid_client_metadata'],
      [{ ...redirects, response_types: ['token'] }, 'invalid_client_metadata'],
      [{ ...redirects, token_endpoint_auth_method: 'client_secret_jwt' }, 'invalid_client_metadata'],
      [{ ...redirects, jwks_uri: 'https://evil.test/jwks' }, 'invalid_client_metadata'],
      [{ ...redirects, logo_uri: 'http://app.example.test/logo.png' }, 'invalid_client_metadata'],
      [{ ...redirects, client_name: 'A\u202eB' }, 'invalid_client_metadata'],
      [
        { ...redirects, application_type: 'native', token_endpoint_auth_method: 'client_secret_basic' },
        'invalid_client_metadata',
      ],
      [{ ...redirects, token_endpoint_auth_method: 'private_key_jwt' }, 'invalid_client_metadata'],
    ];
    for (const [body, error] of cases) {
      const answer = await register(token, body);
      assert.deepEqual([answer.status, answer.body.error], [400, error], JSON.stringify([body, answer.body]));
      assert.match(answer.body.error_description, /^[\x20-\x7e]+$/);
    }
    const [{ uses }] = await app.db('initial_access_tokens').where({ id }).select('uses');
    assert.equal(uses, 0);
  });

  it('takes no token that is missing, made up, used up, over, revoked, or of a tenant that has it off or is suspended', async () => {
    const refused = async (token: string | undefined, origin = app.issuer) => {
      const answer = await register(token, redirects, origin);
      assert.deepEqual([answer.status, answer.body.error], [401, 'invalid_token']);
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer error="invalid_token"/);
    };
    await refused(undefined);
    await refused(`ghi_${'A'.repeat(43)}`);
    const once = await initialToken({ mostUses: 1 });
    assert.equal((await register(once.token, redirects)).status, 201);
    await refused(once.token);
    const over = await initialToken();
    await app
      .db('initial_access_tokens')
      .where({ id: over.id })
      .update({
        createdAt: app.db.raw(`now() - interval '2 days'`),
        expiresAt: app.db.raw(`now() - interval '1 second'`),
      });
    await refused(over.token);
    const revoked = await initialToken();
    await revokeInitialAccessToken(app.db, { tenantId: tenant.id, tokenId: revoked.id }, systemCaller);
    await refused(revoked.token, other);
    const { id: tenantId } = await registering();
    const theirs = await initialToken({ tenantId });
    await updateTenantSettings(app.db, tenantId, { clientRegistration: false }, systemCaller);
    await refused(theirs.token, other);
    await updateTenantSettings(app.db, tenantId, { clientRegistration: true }, systemCaller);
    await suspendTenant(app.db, tenantId, systemCaller);
    await activateTenant(app.db, tenantId, systemCaller);
    await refused(theirs.token);
  });

  it('counts uses one by one: of many at once at two processes no more get through', async () => {
    const { token } = await initialToken({ mostUses: 3 });
    const one = (n: number) => untilTaken(() => register(token, redirects, n % 2 === 0 ? app.issuer : other));
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => one(n)));
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [201, 201, 201, ...Array(17).fill(401)]);
  });

  it('lets an application read, change and remove itself by its own token alone', async () => {
    const { token } = await initialToken();
    const { body: mine } = await register(token, { ...redirects, token_endpoint_auth_method: 'none' });
    const { body: theirs } = await register(token, redirects);
    const [address, own] = [mine.registration_client_uri, mine.registration_access_token];
    for (const wrong of [undefined, token, theirs.registration_access_token, `${own}x`])
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const answer = await send(method, address, { token: wrong, ...(method === 'PUT' && { body: {} }) });
        assert.deepEqual([answer.status, answer.body.error], [401, 'invalid_token'], method);
      }
    const read = await send('GET', address, { token: own });
    assert.deepEqual(read.body, mine);

    const asked = { client_id: mine.client_id, redirect_uris: ['http://localhost:2/callback'], client_name: 'Renamed' };
    const put = (body: object) => send('PUT', address, { token: own, body });
    const changed = await put({ ...asked, token_endpoint_auth_method: 'none' });
    assert.equal(changed.status, 200);
    assert.equal(changed.body.client_name, 'Renamed');
    assert.deepEqual(changed.body.redirect_uris, asked.redirect_uris);
    for (const [more, error] of [
      [{ client_id: theirs.client_id }, 'invalid_client_metadata'],
      [{ registration_access_token: own }, 'invalid_client_metadata'],
      [{ client_secret: 'chosen' }, 'invalid_client_metadata'],
      [{ scope: 'openid profile' }, 'invalid_client_metadata'],
      [{ redirect_uris: ['https://evil.test/'] }, 'invalid_redirect_uri'],
      [{ redirect_uris: undefined }, 'invalid_redirect_uri'],
    ] as const) {
      const answer = await put({ ...asked, token_endpoint_auth_method: 'none', ...more });
      assert.deepEqual([answer.status, answer.body.error], [400, error], JSON.stringify(more));
    }
    assert.equal((await send('DELETE', address, { token: own })).status, 204);
    assert.equal((await send('GET', address, { token: own })).status, 401);
    assert.equal(
      (await app.db('clients').where({ clientId: mine.client_id }).first('deletedAt')).deletedAt !== null,
      true,
    );
  });

  it('gives a secret where a change needs one, and never a second time', async () => {
    const { token } = await initialToken();
    const keys = { keys: [await publicKey()] };
    const { body } = await register(token, { ...redirects, token_endpoint_auth_method: 'private_key_jwt', jwks: keys });
    assert.equal(body.client_secret, undefined);
    const put = (more: object) =>
      send('PUT', body.registration_client_uri, {
        token: body.registration_access_token,
        body: { client_id: body.client_id, ...redirects, ...more },
      });
    const changed = await put({ token_endpoint_auth_method: 'client_secret_post' });
    assert.match(changed.body.client_secret, /^ghs_/);
    assert.equal(changed.body.jwks, undefined, 'what is left out goes');
    const again = await put({
      token_endpoint_auth_method: 'client_secret_post',
      client_secret: changed.body.client_secret,
    });
    assert.equal(again.status, 200);
    assert.equal(again.body.client_secret, undefined);
  });

  it('changes nothing any more where the tenant switched it off; it can still be read and removed', async () => {
    const { id: tenantId } = await registering();
    const { token } = await initialToken({ tenantId });
    const { body } = await register(token, redirects);
    await updateTenantSettings(app.db, tenantId, { clientRegistration: false }, systemCaller);
    const own = { token: body.registration_access_token };
    const put = { ...own, body: { client_id: body.client_id, ...redirects } };
    assert.equal((await send('PUT', body.registration_client_uri, put)).status, 403);
    assert.equal((await send('GET', body.registration_client_uri, own)).status, 200);
    assert.equal((await send('DELETE', body.registration_client_uri, own)).status, 204);
  });

  it('asks for no more than the token allows: scopes, claims by name, and capabilities of APIs', async () => {
    const api = await createApi(app);
    const [read, write] = api.capabilities as [string, string];
    const { token } = await initialToken({ scopes: ['openid', read] });
    const { body } = await register(token, redirects);
    const client = { clientId: body.client_id, clientSecret: body.client_secret };
    const party = await discover(app, client);
    const person = await app.person({ tenantId: tenant.id });
    const role = await createRole(app.db, { tenantId: tenant.id, capabilities: [...api.capabilities] });
    await assign(app.db, { tenantId: tenant.id, userId: person.id, roleId: role.id });
    const refusalOf = async (parameters: Record<string, string>) => {
      const { address } = await startSignIn(party, parameters);
      const { location } = await new Browserless().open(address.href, redirectUri);
      return new URL(location ?? 'about:blank').searchParams.get('error');
    };
    assert.equal(await refusalOf({ scope: 'openid email' }), 'invalid_scope');
    assert.equal(await refusalOf({ scope: 'openid', claims: '{"userinfo":{"email":null}}' }), 'invalid_request');
    const resource = { resource: api.identifier };
    const { tokens } = await signIn(party, person, {
      parameters: { ...resource, scope: `openid ${read} ${write}` },
      tokenParameters: resource,
    });
    assert.equal(tokens.scope, read);
    assert.equal(await refusalOf({ scope: `openid ${read} roles`, ...resource }), 'invalid_scope');
  });

  it('is limited by address and by token', async () => {
    const { token, id } = await initialToken();
    const limited = await Promise.all(Array.from({ length: 200 }, () => register(token, {})));
    const statuses = new Set(limited.map(({ status }) => status));
    assert.ok(statuses.has(429), [...statuses].join());
    const refused = limited.find(({ status }) => status === 429);
    assert.ok(Number(refused?.headers.get('retry-after')) > 0);
    await app.db('rate_limits').where('key', 'like', 'registrations%').delete();
    assert.equal((await app.db('initial_access_tokens').where({ id }).first('uses')).uses, 0);
  });

  it('is read by scripts of any page, which hold a token or nothing', async () => {
    const answer = await fetch(`${app.issuer}/register`, {
      method: 'OPTIONS',
      headers: { origin: 'https://page.example.test', 'access-control-request-method': 'POST' },
    });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers.get('access-control-allow-origin'), 'https://page.example.test');
    assert.equal(answer.headers.get('access-control-allow-credentials'), null);
  });

  it('ends by time where nobody ever let it have anything, and stays where somebody did', async () => {
    const { token } = await initialToken();
    const first = await register(token, redirects);
    assert.equal(first.status, 201, JSON.stringify(first.body));
    const { body: idle } = first;
    const { body: used } = await register(token, redirects);
    const { body: young } = await register(token, redirects);
    const person = await app.person({ tenantId: tenant.id });
    const party = await discover(app, { clientId: used.client_id, clientSecret: used.client_secret });
    await signIn(party, person, { parameters: { scope: 'openid' } });
    for (const { client_id: clientId } of [idle, used])
      await app.db.raw(
        `update client_registrations set created_at = now() - interval '8 days'
          where client_id = (select id from clients where client_id = ?)`,
        [clientId],
      );
    await Promise.all([endUnusedClients(app.db), endUnusedClients(app.db)]);
    const live = await app
      .db('clients')
      .whereIn(
        'clientId',
        [idle, used, young].map(({ client_id }) => client_id),
      )
      .whereNull('deletedAt')
      .select('clientId');
    assert.deepEqual(live.map(({ clientId }) => clientId).sort(), [used.client_id, young.client_id].sort());
    const deleted = await app.db('audit_events').where({ entityId: idle.client_id, action: 'client.deleted' });
    assert.equal(deleted.length, 1);
    assert.equal(
      (await send('GET', idle.registration_client_uri, { token: idle.registration_access_token })).status,
      401,
    );
  });
});

async function publicKey() {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  return crypto.subtle.exportKey('jwk', pair.publicKey);
}
