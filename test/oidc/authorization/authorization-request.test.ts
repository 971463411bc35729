import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { Browserless, type Reply } from '../../support/browserless.ts';
import { type ClientCredential, post } from '../../support/endpoints.ts';
import { redirectUri } from '../../support/relying-party.ts';

// RFC 7636 appendix B.
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

describe('an authorization request', () => {
  let app: TestApp;
  let client: ClientCredential;
  before(async () => {
    app = await startTestApp();
    client = await app.relyingParty();
  });
  after(() => app?.stop());

  function address(overrides: Record<string, string | undefined> = {}, more = ''): string {
    const parameters: Record<string, string | undefined> = {
      client_id: client.clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid',
      state: 'the-state',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...overrides,
    };
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value);
    return `${app.issuer}/authorize?${query}${more}`;
  }

  const send = (overrides?: Record<string, string | undefined>, more?: string): Promise<Reply> =>
    new Browserless().send(address(overrides, more));

  /** Shown to the person, sent to nobody. */
  function assertShown(reply: Reply, error: string): void {
    assert.equal(reply.status, 400, reply.body);
    assert.equal(reply.location, undefined);
    assert.match(reply.body, new RegExp(`>${error}<`));
    assert.match(reply.body, /request-id/);
  }

  /** Sent back to the relying party, with `iss` and `state`. */
  function assertSentBack(reply: Reply, error: string): URL {
    assert.equal(reply.status, 303, reply.body);
    const location = new URL(reply.location as string);
    assert.equal(`${location.origin}${location.pathname}`, redirectUri);
    assert.equal(location.searchParams.get('error'), error, location.href);
    assert.equal(location.searchParams.get('iss'), app.issuer);
    assert.equal(location.searchParams.get('state'), 'the-state');
    assert.equal(location.searchParams.has('code'), false);
    return location;
  }

  it('leads to a sign-in page', async () => {
    const reply = await send();
    assert.equal(reply.status, 303);
    assert.match(reply.location as string, new RegExp(`^${app.issuer}/interaction/[\\w-]{43}$`));
  });

  it('of an unknown client is shown to the person alone', async () => {
    assertShown(await send({ client_id: 'nobody' }), 'invalid_client');
    assertShown(await send({ client_id: 'a\0b' }), 'invalid_client');
    assertShown(await send({ client_id: undefined }), 'invalid_request');
  });

  for (const [what, uri] of [
    ['with a slash more', `${redirectUri}/`],
    ['on another port', 'http://localhost:2/callback'],
    ['on another host of the same machine', 'http://127.0.0.1:1/callback'],
    ['in other letters', 'http://localhost:1/Callback'],
    ['with a query more', `${redirectUri}?a=1`],
    ['with a fragment', `${redirectUri}#a`],
    ['that only begins alike', `${redirectUri}.evil.example`],
    ['with a user part', 'http://localhost:1@evil.example/callback'],
    ['of a stranger', 'https://evil.example/callback'],
    ['that is encoded another way', 'http://localhost:1/%63allback'],
  ] as const)
    it(`to an address ${what} is refused without a redirect`, async () => {
      assertShown(await send({ redirect_uri: uri }), 'invalid_redirect_uri');
    });

  it('without a redirect_uri is refused, although only one is registered', async () => {
    assertShown(await send({ redirect_uri: undefined }), 'invalid_request');
    assertShown(await send({ redirect_uri: '' }), 'invalid_request');
  });

  it('of a native application may vary the port of its loopback address, and nothing else', async () => {
    const { clientId } = await app.relyingParty({
      kind: 'native',
      redirectUris: ['http://127.0.0.1/callback', 'http://[::1]:1/callback', 'com.example.app:/callback'],
    });
    for (const uri of ['http://127.0.0.1:51004/callback', 'http://[::1]:61023/callback', 'com.example.app:/callback'])
      assert.equal((await send({ client_id: clientId, redirect_uri: uri })).status, 303, uri);
    for (const uri of [
      'http://127.0.0.1:51004/callback/',
      'http://127.0.0.1:51004/other',
      'http://localhost:51004/callback',
      'http://127.0.0.2:51004/callback',
      'https://127.0.0.1:51004/callback',
      'http://127.0.0.1:51004@evil.example/callback',
      'com.example.app://callback',
      'com.example.other:/callback',
    ])
      assertShown(await send({ client_id: clientId, redirect_uri: uri }), 'invalid_redirect_uri');
  });

  it('without PKCE is refused', async () => {
    const refused = await send({ code_challenge: undefined, code_challenge_method: undefined });
    assertSentBack(refused, 'invalid_request');
  });

  it('with the plain method is refused, also where it is only implied', async () => {
    assertSentBack(await send({ code_challenge_method: 'plain' }), 'invalid_request');
    assertSentBack(await send({ code_challenge_method: undefined }), 'invalid_request');
  });

  it('with a challenge that no S256 makes is refused', async () => {
    assertSentBack(await send({ code_challenge: 'short' }), 'invalid_request');
    assertSentBack(await send({ code_challenge: `${challenge.slice(1)}!` }), 'invalid_request');
  });

  it('without PKCE goes on for a confidential client that is registered so, and for no public one', async () => {
    const metadata = { require_pkce: false };
    const without = { code_challenge: undefined, code_challenge_method: undefined };
    const confidential = await app.relyingParty({ metadata });
    assert.equal((await send({ client_id: confidential.clientId, ...without })).status, 303);
    assert.match((await send({ client_id: confidential.clientId, ...without })).location as string, /\/interaction\//);
    const spa = await app.relyingParty({ kind: 'spa' });
    // As no registration would make it.
    const stored = { ...(await app.db('clients').where({ clientId: spa.clientId }).first()).metadata, ...metadata };
    await app
      .db('clients')
      .where({ clientId: spa.clientId })
      .update({ metadata: JSON.stringify(stored) });
    assertSentBack(await send({ client_id: spa.clientId, ...without }), 'invalid_request');
  });

  for (const name of [
    'client_id',
    'redirect_uri',
    'state',
    'scope',
    'code_challenge',
    'nonce',
    'response_type',
    'tenant',
  ])
    it(`with ${name} given twice is refused`, async () => {
      const twice = name === 'nonce' || name === 'tenant' ? `&${name}=a&${name}=b` : `&${name}=other`;
      const reply = await send({}, twice);
      assert.ok(reply.status === 400 || reply.status === 303, String(reply.status));
      if (reply.location) {
        const location = new URL(reply.location);
        assert.equal(`${location.origin}${location.pathname}`, redirectUri);
        assert.equal(location.searchParams.get('error'), 'invalid_request');
      } else assert.match(reply.body, />invalid_request</);
    });

  for (const type of ['token', 'id_token', 'code id_token', 'code token', 'code id_token token', 'none', 'password'])
    it(`for response_type=${type} is refused`, async () => {
      const reply = await send({ response_type: type, nonce: 'n' });
      const where = new URL(reply.location as string);
      const given = where.hash ? new URLSearchParams(where.hash.slice(1)) : where.searchParams;
      assert.match(given.get('error') as string, /^(unsupported_response_type|invalid_request)$/);
      assert.equal(given.get('iss'), app.issuer);
      for (const name of ['code', 'access_token', 'id_token']) assert.equal(given.has(name), false);
    });

  it('for an unknown tenant is refused before any page is shown', async () => {
    assertSentBack(await send({ tenant: 'nowhere' }), 'invalid_request');
    assertSentBack(await send({ tenant: "x' or true --" }), 'invalid_request');
    assertSentBack(await send({ tenant: 'a\0b' }), 'invalid_request');
  });

  it('for a scope that nobody knows goes on without it', async () => {
    assert.equal((await send({ scope: 'openid profile nonsense' })).status, 303);
  });

  it('in which id_token_hint is no token of ours is refused', async () => {
    assertSentBack(await send({ id_token_hint: 'nonsense' }), 'invalid_request');
  });

  it('that asks for registration or another address for itself is refused', async () => {
    assertSentBack(await send({ registration: '{}' }), 'registration_not_supported');
    const reply = await send({ request_uri: 'http://127.0.0.1:9/request' });
    assertSentBack(reply, 'request_uri_not_supported');
  });

  it('by POST becomes a navigation, so that the cookies of the person come with it', async () => {
    const query = new URL(address()).search.slice(1);
    const answer = await post(`${app.issuer}/authorize`, query, {
      accept: 'text/html',
      'sec-fetch-site': 'cross-site',
    });
    assert.equal(answer.status, 303);
    const location = new URL(answer.headers.get('location') as string, app.issuer);
    assert.equal(location.pathname, '/authorize');
    assert.equal(location.searchParams.get('redirect_uri'), redirectUri);
    assert.equal((await new Browserless().send(location.href)).status, 303);
  });

  it('is no business of scripts elsewhere', async () => {
    const answer = await fetch(address(), { headers: { origin: 'https://evil.example' }, redirect: 'manual' });
    assert.equal(answer.headers.get('access-control-allow-origin'), null);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
  });
});
