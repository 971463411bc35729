import assert from 'node:assert/strict';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import * as openid from 'openid-client';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { type ClientCredential, post, postAs } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { listen } from '../support/loopback.ts';
import { discover, enterPassword, type RelyingParty, redirectUri } from '../support/relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

/** A request's parameters and what checks its answer. */
async function newRequest(more: Record<string, string> = {}) {
  const pkceCodeVerifier = openid.randomPKCECodeVerifier();
  const expectedState = openid.randomState();
  const expectedNonce = openid.randomNonce();
  const parameters: Record<string, string> = {
    redirect_uri: redirectUri,
    scope: 'openid email',
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...more,
  };
  return { parameters, checks: { pkceCodeVerifier, expectedState, expectedNonce } };
}

describe('authorization requests that are pushed or signed', () => {
  let app: TestApp;
  let other: string;
  let person: Person;
  before(async () => {
    app = await startTestApp();
    other = await app.startProcess();
    person = await app.person();
  });
  after(() => app?.stop());

  function errorOf(reply: Reply): string | null | undefined {
    if (reply.location) return new URL(reply.location).searchParams.get('error');
    return /<dd class="mono">([a-z_]+)</.exec(reply.body)?.[1];
  }

  async function finish(address: URL, browser = new Browserless()): Promise<URL> {
    const page = await browser.open(address.href, redirectUri);
    const reply = page.location ? page : await enterPassword(browser, page, person);
    assert.ok(reply.location, reply.body);
    return new URL(reply.location);
  }

  describe('pushed (PAR, RFC 9126)', () => {
    let client: ClientCredential;
    let party: RelyingParty;
    before(async () => {
      client = await app.relyingParty();
      party = await discover(app, client);
    });

    const authorize = (request_uri: string, as = client): URL =>
      new URL(`${app.issuer}/authorize?${new URLSearchParams({ client_id: as.clientId, request_uri })}`);

    async function push(more: Record<string, string> = {}, as = client, origin = app.issuer) {
      const { parameters } = await newRequest(more);
      return postAs(`${origin}/par`, as, { response_type: 'code', client_id: as.clientId, ...parameters });
    }

    it('lead to tokens through openid-client', async () => {
      const { parameters, checks } = await newRequest();
      const address = await openid.buildAuthorizationUrlWithPAR(party.config, parameters);
      assert.deepEqual([...address.searchParams.keys()].sort(), ['client_id', 'request_uri']);
      const callback = await finish(address);
      const tokens = await openid.authorizationCodeGrant(party.config, callback, checks);
      assert.equal(tokens.claims()?.sub, person.id);
    });

    it('are taken by one process and found by the other, once', async () => {
      const { body, status } = await push({}, client, other);
      assert.equal(status, 201);
      assert.ok(body.expires_in <= 60);
      assert.ok((await finish(authorize(body.request_uri))).searchParams.get('code'));
      assert.equal(errorOf(await new Browserless().open(authorize(body.request_uri).href)), 'invalid_request_uri');
    });

    it('give one answer where twenty ask for it at once', async () => {
      const browser = new Browserless();
      await finish(openid.buildAuthorizationUrl(party.config, (await newRequest()).parameters), browser);
      const { body } = await push();
      const replies = await Promise.all(
        Array.from({ length: 20 }, () => browser.open(authorize(body.request_uri).href, redirectUri)),
      );
      const codes = replies.filter(({ location }) => location && new URL(location).searchParams.has('code'));
      assert.equal(codes.length, 1);
      for (const reply of replies) if (!codes.includes(reply)) assert.equal(errorOf(reply), 'invalid_request_uri');
    });

    it('die after a minute', async () => {
      const { body } = await push();
      await app.db('oidcPayloads').where({ model: 'PushedAuthorizationRequest' }).update({ expiresAt: new Date() });
      assert.equal(errorOf(await new Browserless().open(authorize(body.request_uri).href)), 'invalid_request_uri');
    });

    it('are of the client that pushed them alone, and need its secret', async () => {
      const { body } = await push();
      const stranger = await app.relyingParty();
      const reply = await new Browserless().open(authorize(body.request_uri, stranger).href);
      assert.match(errorOf(reply) as string, /^invalid_request/);
      assert.equal((await push({}, { ...client, clientSecret: 'ghs_wrong' })).body.error, 'invalid_client');
      assert.equal((await push({}, { ...client, clientSecret: '' })).body.error, 'invalid_client');
    });

    it('are refused there and then where they are wrong', async () => {
      assert.equal((await push({ redirect_uri: `${redirectUri}/` })).body.error, 'invalid_request');
      assert.equal((await push({ code_challenge_method: 'plain' })).body.error, 'invalid_request');
      assert.equal((await push({ response_type: 'token' })).body.error, 'unsupported_response_type');
      assert.equal((await push({ tenant: 'nowhere' })).body.error, 'invalid_request');
      assert.equal((await push({ request_uri: 'urn:ietf:params:oauth:request_uri:x' })).status, 400);
    });

    it('are asked of a client that is registered so', async () => {
      const metadata = { require_pushed_authorization_requests: true };
      const strict = await discover(app, await app.relyingParty({ metadata }));
      const { parameters } = await newRequest();
      const plain = await new Browserless().open(
        openid.buildAuthorizationUrl(strict.config, parameters).href,
        redirectUri,
      );
      assert.equal(errorOf(plain), 'invalid_request');
      assert.ok(
        (await finish(await openid.buildAuthorizationUrlWithPAR(strict.config, parameters))).searchParams.get('code'),
      );
    });

    it('cannot be changed by what stands beside them', async () => {
      const { body } = await push({ state: 'pushed' });
      const address = authorize(body.request_uri);
      address.searchParams.set('redirect_uri', 'https://evil.example/');
      address.searchParams.set('state', 'changed');
      address.searchParams.set('scope', 'openid phone');
      const callback = await finish(address);
      assert.ok(callback.href.startsWith(redirectUri));
      assert.equal(callback.searchParams.get('state'), 'pushed');
    });

    it('are written down where the client did not prove itself', async () => {
      await push({}, { ...client, clientSecret: 'ghs_wrong' });
      const refused = { action: 'authorization.refused', entityId: client.clientId };
      await eventually(async () => {
        const events = await app.db('auditEvents').where(refused);
        return events.some((event) => event.payload.error === 'invalid_client');
      });
    });
  });

  describe('signed (JAR, RFC 9101)', () => {
    let keys: Awaited<ReturnType<typeof generateKeyPair>>;
    let client: ClientCredential;
    let party: RelyingParty;
    before(async () => {
      keys = await generateKeyPair('ES256', { extractable: true });
      const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
      const metadata = { jwks: { keys: [jwk] }, request_object_signing_alg: 'ES256' };
      client = await app.relyingParty({ metadata });
      party = await discover(app, client);
    });

    async function claimsOf(more: JWTPayload = {}): Promise<JWTPayload> {
      const { parameters } = await newRequest();
      const { clientId } = client;
      const exp = Math.floor(Date.now() / 1000) + 60;
      return {
        ...parameters,
        client_id: clientId,
        response_type: 'code',
        iss: clientId,
        aud: app.issuer,
        exp,
        ...more,
      };
    }

    const header = { alg: 'ES256', kid: 'one', typ: 'oauth-authz-req+jwt' };
    const sign = async (more: JWTPayload = {}, by = keys.privateKey) =>
      new SignJWT(await claimsOf(more)).setProtectedHeader(header).sign(by);
    const ask = (request: string, more: Record<string, string> = {}) => {
      const query = new URLSearchParams({ client_id: client.clientId, request, ...more });
      return new Browserless().open(`${app.issuer}/authorize?${query}`, redirectUri);
    };

    it('lead to tokens through openid-client', async () => {
      const { parameters, checks } = await newRequest();
      const key = { key: keys.privateKey, kid: 'one' };
      const address = await openid.buildAuthorizationUrlWithJAR(party.config, parameters, key);
      const tokens = await openid.authorizationCodeGrant(party.config, await finish(address), checks);
      assert.equal(tokens.claims()?.sub, person.id);
    });

    it('are refused without a signature, with an altered one, or with the public key as a secret', async () => {
      const stranger = await generateKeyPair('ES256');
      const [head, , signature] = (await sign()).split('.');
      const body = Buffer.from(JSON.stringify(await claimsOf({ scope: 'openid phone' }))).toString('base64url');
      const pem = new TextEncoder().encode(await exportSPKI(keys.publicKey));
      for (const request of [
        new UnsecuredJWT(await claimsOf()).encode(),
        `${head}.${body}.${signature}`,
        await sign({}, stranger.privateKey),
        await new SignJWT(await claimsOf()).setProtectedHeader({ ...header, alg: 'HS256' }).sign(pem),
        'nonsense',
      ]) {
        const reply = await ask(request);
        assert.equal(errorOf(reply), 'invalid_request_object', reply.body);
        assert.doesNotMatch(reply.body, /name="password"/);
      }
    });

    it('are refused where they are not ours, not the client’s or too old', async () => {
      const past = Math.floor(Date.now() / 1000) - 600;
      for (const wrong of [
        { aud: 'https://elsewhere.example' },
        { iss: 'nobody' },
        { client_id: 'nobody' },
        { exp: past },
        { request: 'nested' },
        { request_uri: 'https://elsewhere.example/' },
      ])
        assert.match(
          errorOf(await ask(await sign(wrong))) as string,
          /^invalid_(request|request_object)$/,
          JSON.stringify(wrong),
        );
    });

    it('send nobody to an address that is not registered, whatever the signature', async () => {
      const reply = await ask(await sign({ redirect_uri: 'https://evil.example/' }));
      assert.equal(reply.location, undefined);
      assert.equal(errorOf(reply), 'invalid_redirect_uri');
    });

    it('cannot be changed by what stands beside them', async () => {
      const browser = new Browserless();
      const query = new URLSearchParams({
        client_id: client.clientId,
        request: await sign({ state: 'signed' }),
        state: 'changed',
        redirect_uri: 'https://evil.example/',
      });
      const callback = await finish(new URL(`${app.issuer}/authorize?${query}`), browser);
      assert.ok(callback.href.startsWith(redirectUri));
      assert.equal(callback.searchParams.get('state'), 'signed');
    });

    it('are asked of a client that is registered so, pushed or not', async () => {
      const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256' };
      const strict = await app.relyingParty({
        metadata: { jwks: { keys: [jwk] }, require_signed_request_object: true },
      });
      const { config } = await discover(app, strict);
      const { parameters } = await newRequest();
      const plain = await new Browserless().open(openid.buildAuthorizationUrl(config, parameters).href, redirectUri);
      assert.equal(errorOf(plain), 'invalid_request');
      const pushed = await postAs(`${app.issuer}/par`, strict, { response_type: 'code', ...parameters });
      assert.equal(pushed.body.error, 'invalid_request');
    });

    it('are checked by keys that the client publishes (jwks_uri), looked up again after a minute', async () => {
      const published: object[] = [];
      const headers = { 'content-type': 'application/jwk-set+json', 'cache-control': 'max-age=31536000' };
      const site = await listen((_req, res) => {
        res.writeHead(200, headers).end(JSON.stringify({ keys: published }));
      });
      try {
        const metadata = { jwks_uri: `${site.url}/jwks`, request_object_signing_alg: 'ES256' };
        const remote = await app.relyingParty({ metadata });
        const { config } = await discover(app, remote);
        for (const kid of ['first', 'second']) {
          const pair = await generateKeyPair('ES256', { extractable: true });
          published.splice(0, 1, { ...(await exportJWK(pair.publicKey)), kid, alg: 'ES256', use: 'sig' });
          const { parameters } = await newRequest();
          const signing = { key: pair.privateKey, kid };
          const address = await openid.buildAuthorizationUrlWithJAR(config, parameters, signing);
          assert.ok((await finish(address)).searchParams.get('code'), kid);

          const found = await app.server.provider().Client.find(remote.clientId);
          const { asymmetricKeyStore: kept } = found as unknown as { asymmetricKeyStore: { freshUntil: number } };
          assert.ok(kept.freshUntil <= Date.now() / 1000 + 60);
          kept.freshUntil = 0;
        }
      } finally {
        await site.close();
      }
    });

    it('by POST become a navigation like any other', async () => {
      const query = new URLSearchParams({ client_id: client.clientId, request: await sign() });
      const answer = await post(`${app.issuer}/authorize`, query.toString(), { accept: 'text/html' });
      assert.equal(answer.status, 303);
      const address = new URL(answer.headers.get('location') as string, app.issuer);
      assert.ok((await finish(address)).searchParams.get('code'));
    });
  });
});
