/** FAPI 2.0: the whole way with openid-client, and each weaker way that a client might take instead. */
import assert from 'node:assert/strict';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createClientRegistration } from '../../src/oidc/client-registration.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { createApi, post, userinfoStatus } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import {
  assertion,
  callback,
  keysFor,
  type Party,
  proof,
  push,
  register,
  request,
  seconds,
  signed,
  verifier,
} from '../support/fapi.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('clients that are held to FAPI 2.0', () => {
  let app: TestApp;
  let other: string;
  let person: Person;
  let party: Party;
  let signing: Party;
  let dpop: Awaited<ReturnType<typeof keysFor>>;
  before(async () => {
    app = await startTestApp();
    other = await app.startProcess();
    person = await app.person();
    party = await register(app, { securityProfile: 'fapi2' });
    signing = await register(app, { securityProfile: 'fapi2_message_signing' });
    dpop = await keysFor();
  });
  after(() => app?.stop());

  const key = () => ({ keys: dpop.keys, alg: 'ES256' });

  /** Signs the person in and answers where the browser is sent. */
  async function authorize(address: string): Promise<URL> {
    const browser = new Browserless();
    const page = await browser.open(address, callback);
    const reply = await browser.submit(page, { login: person.email, password: person.password }, { until: callback });
    assert.ok(reply.location, reply.body);
    return new URL(reply.location);
  }

  const authorizeAt = (who: Party, requestUri: string, more: Record<string, string> = {}) =>
    `${app.issuer}/authorize?${new URLSearchParams({ client_id: who.clientId, request_uri: requestUri, ...more })}`;

  /** A code that was given for a pushed request. */
  async function newCode(who = party, form: Record<string, string> = request): Promise<string> {
    const { status, body } = await push(app, who, form);
    assert.equal(status, 201, JSON.stringify(body));
    return (await authorize(authorizeAt(who, body.request_uri))).searchParams.get('code') as string;
  }

  async function token(
    who: Party,
    form: Record<string, string>,
    headers: Record<string, string> = {},
    at = app.issuer,
  ) {
    return post(`${at}/token`, { ...(await assertion(app, who)), ...form }, headers);
  }

  const exchange = async (code: string, headers: Record<string, string> = {}, who = party) =>
    token(who, { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier }, headers);

  async function newTokens(who = party) {
    const { status, body } = await exchange(await newCode(who), { dpop: await proof(app, key()) }, who);
    assert.equal(status, 200, JSON.stringify(body));
    return body as { access_token: string; refresh_token: string; id_token: string };
  }

  async function relyingParty(who: Party): Promise<openid.Configuration> {
    const metadata = { id_token_signed_response_alg: 'ES256', authorization_signed_response_alg: 'ES256' };
    const auth = openid.PrivateKeyJwt({ key: who.keys.privateKey, kid: 'one' });
    const execute = [openid.allowInsecureRequests];
    return openid.discovery(new URL(app.issuer), who.clientId, metadata, auth, { execute });
  }

  for (const profile of ['fapi2', 'fapi2_message_signing'] as const)
    it(`get tokens, renew and use them through openid-client (${profile})`, async () => {
      const who = profile === 'fapi2' ? party : signing;
      const config = await relyingParty(who);
      const checks = { pkceCodeVerifier: openid.randomPKCECodeVerifier(), expectedState: openid.randomState() };
      let parameters: Record<string, string> | URLSearchParams = {
        redirect_uri: callback,
        scope: 'openid email offline_access',
        code_challenge: await openid.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
        code_challenge_method: 'S256',
        state: checks.expectedState,
      };
      if (profile === 'fapi2_message_signing') {
        openid.useJwtResponseMode(config);
        const byKey = { key: who.keys.privateKey, kid: 'one' };
        parameters = (await openid.buildAuthorizationUrlWithJAR(config, parameters, byKey)).searchParams;
      }
      const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'));
      const address = await openid.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
      const answer = await authorize(address.href);
      if (profile === 'fapi2') assert.equal(answer.searchParams.get('iss'), app.issuer);
      else assert.equal(decodeProtectedHeader(answer.searchParams.get('response') as string).alg, 'ES256');
      const tokens = await openid.authorizationCodeGrant(config, answer, checks, {}, { DPoP });
      assert.equal(tokens.token_type, 'dpop');
      assert.equal(decodeProtectedHeader(tokens.id_token as string).alg, 'ES256');
      const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token as string, {}, { DPoP });
      assert.equal(refreshed.refresh_token, tokens.refresh_token);
      const claims = await openid.fetchUserInfo(config, refreshed.access_token, person.id, { DPoP });
      assert.equal(claims.email, person.email);
    });

  describe('and ask for authorization', () => {
    async function plain(who: Party, more: Record<string, string> = {}): Promise<string> {
      const query = new URLSearchParams({ client_id: who.clientId, ...request, ...more });
      const reply = await new Browserless().open(`${app.issuer}/authorize?${query}`, callback);
      assert.doesNotMatch(reply.body, /name="password"/);
      return reply.location ?? reply.body;
    }

    it('by a pushed request alone', async () => {
      assert.match(await plain(party), /error=invalid_request/);
      assert.match(await plain(signing), /error=invalid_request/);
      const jar = await signed(party, { ...request, client_id: party.clientId, aud: app.issuer, nbf: seconds() });
      assert.match(await plain(party, { request: jar }), /error=invalid_request/);
    });

    for (const [name, more] of Object.entries<Record<string, string>>({
      'without PKCE': { code_challenge: '', code_challenge_method: '' },
      'with PKCE in the clear': { code_challenge: verifier, code_challenge_method: 'plain' },
      'at another address': { redirect_uri: 'https://app.example.test/other' },
      'at an http address': { redirect_uri: 'http://localhost/callback' },
      'without an address': { redirect_uri: '' },
      'for an answer in the fragment': { response_mode: 'fragment' },
      'for a signed answer in the fragment': { response_mode: 'fragment.jwt' },
      'for no code': { response_type: 'none' },
      'for an id_token': { response_type: 'code id_token' },
    }))
      it(`not ${name}`, async () => {
        const { status, body } = await push(app, party, { ...request, ...more });
        assert.equal(status, 400, JSON.stringify(body));
      });

    it('by what was pushed, whatever the address says besides', async () => {
      const { body } = await push(app, party);
      const more = { response_mode: 'fragment', redirect_uri: 'https://evil.example/', scope: 'openid email' };
      const answer = await authorize(authorizeAt(party, body.request_uri, more));
      assert.equal(answer.hash, '');
      assert.ok(answer.searchParams.get('code'));
      assert.equal(`${answer.origin}${answer.pathname}`, callback);
    });
  });

  describe('and sign what they ask (message signing)', () => {
    const object = async (claims: Record<string, unknown> = {}, by?: string) =>
      signed(
        signing,
        { ...request, response_mode: 'jwt', client_id: signing.clientId, aud: app.issuer, nbf: seconds(), ...claims },
        by,
      );

    it('get their answers signed, refusals too', async () => {
      const { body } = await push(app, signing, { request: await object({ prompt: 'none', state: 'x' }) });
      const reply = await new Browserless().open(authorizeAt(signing, body.request_uri), callback);
      const answer = new URL(reply.location as string).searchParams;
      assert.deepEqual([...answer.keys()], ['response']);
      const claims = decodeJwt(answer.get('response') as string);
      assert.deepEqual([claims.error, claims.iss, claims.aud], ['login_required', app.issuer, signing.clientId]);
    });

    it('are refused unsigned requests', async () => {
      const { status, body } = await push(app, signing, { ...request, response_mode: 'jwt' });
      assert.deepEqual([status, body.error], [400, 'invalid_request']);
      const [head, claims] = (await object()).split('.');
      const none = Buffer.from('{"alg":"none"}').toString('base64url');
      for (const broken of [`${none}.${claims}.`, `${head}.${claims}.`, `${head}.${claims}.AAAA`])
        assert.equal((await push(app, signing, { request: broken })).status, 400, broken);
    });

    it('are refused requests for answers that nobody signs', async () => {
      for (const mode of ['query', 'form_post', 'fragment', 'fragment.jwt', ''])
        assert.equal((await push(app, signing, { request: await object({ response_mode: mode }) })).status, 400, mode);
    });

    it('are refused requests that are good for too long, at another time or elsewhere', async () => {
      const now = seconds();
      const wrong: Record<string, unknown>[] = [
        { nbf: undefined },
        { exp: undefined },
        { nbf: now, exp: now + 3601 },
        { nbf: now - 3700, exp: now - 110 },
        { nbf: now - 3660, exp: now + 60 },
        { nbf: now + 600, exp: now + 900 },
        { aud: undefined },
        { aud: 'https://elsewhere.example' },
        { iss: 'somebody' },
        { client_id: party.clientId },
      ];
      for (const claims of wrong) {
        const { status } = await push(app, signing, { request: await object(claims) });
        assert.equal(status, 400, JSON.stringify(claims));
      }
      assert.equal((await push(app, signing, { request: await object({ exp: now + 3600, nbf: now }) })).status, 201);
    });
  });

  describe('and prove themselves', () => {
    it('by an assertion for the issuer alone, as a string', async () => {
      const ask = async (claims: Record<string, unknown>) =>
        post(`${app.issuer}/par`, { ...(await assertion(app, party, claims)), ...request });
      for (const aud of [
        [app.issuer],
        `${app.issuer}/token`,
        `${app.issuer}/par`,
        `${app.issuer}/`,
        [app.issuer, 'x'],
      ]) {
        const { status, body } = await ask({ aud });
        assert.deepEqual([status, body.error], [401, 'invalid_client'], JSON.stringify(aud));
      }
      assert.equal((await ask({})).status, 201);
    });

    it('by no secret, and not by their name alone', async () => {
      const { clientId } = party;
      const basic = `Basic ${Buffer.from(`${clientId}:secret`).toString('base64')}`;
      const answers = [
        await post(`${app.issuer}/par`, { ...request, client_id: clientId }),
        await post(`${app.issuer}/par`, { ...request, client_id: clientId, client_secret: 'secret' }),
        await post(`${app.issuer}/par`, request, { authorization: basic }),
      ];
      for (const { status, body } of answers) assert.deepEqual([status, body.error], [401, 'invalid_client']);
    });

    it('by PS256, ES256 and EdDSA, and not by RS256', async () => {
      for (const alg of ['PS256', 'Ed25519']) {
        const one = await register(app, { securityProfile: 'fapi2' }, alg);
        assert.equal((await push(app, one)).status, 201, alg);
      }
      const rsa = await register(app, { securityProfile: 'fapi2_message_signing' }, 'RS256');
      assert.equal((await push(app, rsa)).body.error, 'invalid_client');
    });

    it('by an RSA key without signing requests by RS256', async () => {
      const rsa = await register(app, { securityProfile: 'fapi2' }, 'RS256');
      const pss = { ...rsa, alg: 'PS256', keys: await asPss(rsa) };
      const claims = { ...request, client_id: rsa.clientId, aud: app.issuer, nbf: seconds() };
      const by = async (who: Party) => push(app, pss, { request: await signed(who, claims) });
      assert.equal((await by(rsa)).body.error, 'invalid_request_object');
      assert.equal((await by(pss)).status, 201);
    });
  });

  describe('and get tokens', () => {
    it('that are bound to a key, or none', async () => {
      const refused = await exchange(await newCode());
      assert.equal(refused.status, 400, JSON.stringify(refused.body));
      const { access_token: bound } = await newTokens();
      assert.equal(await userinfoStatus(app.issuer, bound), 401);
    });

    it('not by a proof that RS256 signed', async () => {
      const rsa = { ...(await keysFor('RS256')), alg: 'RS256' };
      const { body } = await exchange(await newCode(), { dpop: await proof(app, rsa) });
      assert.equal(body.error, 'invalid_dpop_proof');
    });

    it('not in the device flow', async () => {
      const { status, body } = await post(`${app.issuer}/device/authorize`, await assertion(app, party));
      assert.deepEqual([status, body.error], [400, 'invalid_request']);
      assert.match(body.error_description, /device_code/);
    });

    it('not for an API whose tokens RS256 signs', async () => {
      const api = await createApi(app, { signingAlg: 'RS256' });
      const wanted = { ...request, scope: `openid ${api.capabilities[0]}`, resource: api.identifier };
      const code = await newCode(party, wanted);
      const form = { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier };
      const dpopProof = await proof(app, key());
      const { body } = await token(party, { ...form, resource: api.identifier }, { dpop: dpopProof });
      assert.equal(body.error, 'invalid_target', JSON.stringify(body));
    });

    it('for themselves as services: bound, or none', async () => {
      const api = await createApi(app);
      const { keys, jwks } = await keysFor();
      const wanted = { tenantId: null, name: 'S', capabilities: api.capabilities, jwks };
      const registration = createClientRegistration(app);
      const made = await registration.registerService(app.db, { ...wanted, securityProfile: 'fapi2' }, systemCaller);
      const service = { clientId: made.client.clientId, keys, alg: 'ES256' };
      assert.equal((await token(service, { grant_type: 'client_credentials' })).status, 400);
      const given = await token(service, { grant_type: 'client_credentials' }, { dpop: await proof(app, key()) });
      assert.equal(given.body.token_type, 'DPoP', JSON.stringify(given.body));
    });
  });

  describe('and renew them', () => {
    const refresh = async (refreshToken: string, headers: Record<string, string>, at?: string, who = party) =>
      token(who, { grant_type: 'refresh_token', refresh_token: refreshToken }, headers, at);

    it('by one token that stays good, however often and wherever it is used', async () => {
      const { refresh_token: refreshToken } = await newTokens();
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_, n) =>
          refresh(refreshToken, { dpop: await proof(app, key()) }, n % 2 ? other : app.issuer),
        ),
      );
      for (const { status, body } of answers)
        assert.deepEqual([status, body.refresh_token], [200, refreshToken], JSON.stringify(body));
      assert.equal((await refresh(refreshToken, { dpop: await proof(app, key()) })).status, 200);
    });

    it('not without a proof, and not as another client', async () => {
      const { refresh_token: refreshToken } = await newTokens();
      assert.equal((await refresh(refreshToken, {})).status, 400);
      const stranger = await register(app, { securityProfile: 'fapi2' });
      const headers = { dpop: await proof(app, key()) };
      assert.equal((await refresh(refreshToken, headers, app.issuer, stranger)).body.error, 'invalid_grant');
    });

    it('no more once it was revoked, at both processes', async () => {
      const { refresh_token: refreshToken, access_token: accessToken } = await newTokens();
      const revoked = await post(`${app.issuer}/revoke`, { ...(await assertion(app, party)), token: refreshToken });
      assert.equal(revoked.status, 200);
      for (const at of [app.issuer, other])
        await eventually(
          async () =>
            (await refresh(refreshToken, { dpop: await proof(app, key()) }, at)).body.error === 'invalid_grant',
          'the token is refused',
        );
      const headers = {
        authorization: `DPoP ${accessToken}`,
        dpop: await proof(app, key(), { path: '/userinfo', method: 'GET', token: accessToken }),
      };
      assert.equal((await fetch(`${app.issuer}/userinfo`, { headers })).status, 401);
    });
  });

  async function asPss({ keys }: Party): Promise<Party['keys']> {
    const { importJWK, exportJWK } = await import('jose');
    const privateKey = (await importJWK(await exportJWK(keys.privateKey), 'PS256')) as CryptoKey;
    return { ...keys, privateKey };
  }
});
