import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';

describe('discovery', () => {
  let app: TestApp;
  // biome-ignore lint/suspicious/noExplicitAny: JSON that the tests look into
  let metadata: any;
  before(async () => {
    app = await startTestApp();
    metadata = await (await fetch(`${app.issuer}/.well-known/openid-configuration`)).json();
  });
  after(() => app?.stop());

  it('says the same under the OAuth address (RFC 8414)', async () => {
    const answer = await fetch(`${app.issuer}/.well-known/oauth-authorization-server`);
    assert.equal(answer.status, 200);
    assert.deepEqual(await answer.json(), metadata);
    assert.equal(metadata.issuer, app.issuer);
  });

  it('offers the code flow alone: no implicit, hybrid or password grant', () => {
    assert.deepEqual([...metadata.response_types_supported].sort(), ['code', 'none']);
    assert.deepEqual([...metadata.grant_types_supported].sort(), [
      'authorization_code',
      'client_credentials',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'urn:ietf:params:oauth:grant-type:token-exchange',
      'urn:openid:params:grant-type:ciba',
    ]);
  });

  it('says that identity assertions are given and taken', () => {
    const told = [
      metadata.identity_chaining_requested_token_types_supported,
      metadata.authorization_grant_profiles_supported,
    ];
    assert.deepEqual(told, [
      ['urn:ietf:params:oauth:token-type:id-jag'],
      ['urn:ietf:params:oauth:grant-profile:id-jag'],
    ]);
  });

  it('says which prompts there are', () => {
    const prompts = ['none', 'create', 'select_account', 'login', 'consent'];
    assert.deepEqual(metadata.prompt_values_supported, prompts);
  });

  it('offers S256 as the only PKCE method, and says that iss is in every response', () => {
    assert.deepEqual(metadata.code_challenge_methods_supported, ['S256']);
    assert.equal(metadata.authorization_response_iss_parameter_supported, true);
  });

  it('offers no symmetric algorithm, no `none`, and no client_secret_jwt', () => {
    const algorithms = Object.entries(metadata as Record<string, unknown>).filter(([name]) =>
      /_signing_alg_values_supported$/.test(name),
    );
    assert.ok(algorithms.length >= 7);
    for (const [name, values] of algorithms) {
      assert.ok((values as string[]).length > 0, name);
      for (const value of values as string[]) assert.doesNotMatch(value, /^(HS|none|A\d|dir)/, name);
    }
    assert.deepEqual([...metadata.token_endpoint_auth_methods_supported].sort(), [
      'client_secret_basic',
      'client_secret_post',
      'none',
      'private_key_jwt',
    ]);
  });

  it('offers neither registration nor anything that is off', () => {
    for (const name of ['registration_endpoint', 'check_session_iframe', 'backchannel_client_notification_endpoint'])
      assert.equal(metadata[name], undefined, name);
    assert.equal(metadata.request_uri_parameter_supported, false);
    assert.equal(metadata.request_parameter_supported, true);
    assert.equal(metadata.claims_parameter_supported, true);
    assert.equal(metadata.backchannel_logout_supported, true);
  });

  it('names endpoints of the issuer, whatever the Host header says', async () => {
    const { request } = await import('node:http');
    const text = await new Promise<string>((resolve, reject) => {
      const url = new URL(`${app.issuer}/.well-known/openid-configuration`);
      const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
      const req = request(url, { headers }, (res) => {
        let body = '';
        res.on('data', (chunk) => {
          body += chunk;
        });
        res.on('end', () => resolve(body));
      });
      req.on('error', reject).end();
    });
    assert.deepEqual(JSON.parse(text), metadata);
    const endpoints = Object.entries(metadata as Record<string, unknown>).filter(([name]) => /_endpoint$/.test(name));
    assert.ok(endpoints.length >= 8);
    for (const [name, address] of endpoints) assert.ok(String(address).startsWith(`${app.issuer}/`), name);
  });

  it('publishes current and next keys of both algorithms, without a private member', async () => {
    const { keys } = (await (await fetch(metadata.jwks_uri)).json()) as { keys: Record<string, unknown>[] };
    assert.deepEqual(keys.map((key) => key.alg).sort(), ['ES256', 'ES256', 'RS256', 'RS256']);
    for (const key of keys) {
      assert.equal(key.use, 'sig');
      assert.ok(typeof key.kid === 'string' && key.kid.length > 0);
      for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) assert.equal(member in key, false, member);
    }
    assert.equal(new Set(keys.map((key) => key.kid)).size, 4);
  });

  it('lists the claims and scopes it gives', () => {
    const known = ['openid', 'offline_access', 'profile', 'email', 'phone', 'roles', 'capabilities', 'org'];
    assert.deepEqual(metadata.scopes_supported, known);
    for (const claim of ['sub', 'email', 'email_verified', 'auth_time', 'acr', 'amr', 'roles', 'org_assignments'])
      assert.ok(metadata.claims_supported.includes(claim), claim);
    assert.deepEqual(metadata.acr_values_supported, ['urn:gatehouse:acr:aal1', 'urn:gatehouse:acr:aal2']);
    assert.ok(metadata.ui_locales_supported.includes('fr'));
  });
});
