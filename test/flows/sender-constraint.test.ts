import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import * as openid from 'openid-client';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import {
  type ClientCredential,
  createApi,
  introspect,
  otherSpelling,
  post,
  postAs,
  userinfoStatus,
} from '../support/endpoints.ts';
import { discover, type RelyingParty, redirectUri, signIn, startSignIn } from '../support/relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;
type KeyPair = Awaited<ReturnType<typeof openid.randomDPoPKeyPair>>;

describe('tokens bound to a key (DPoP, RFC 9449)', () => {
  let app: TestApp;
  let other: string;
  let person: Person;
  let client: ClientCredential;
  let party: RelyingParty;
  let keys: KeyPair;
  before(async () => {
    app = await startTestApp();
    other = await app.startProcess();
    person = await app.person();
    client = await app.relyingParty({ kind: 'spa' });
    party = await discover(app, client, openid.None());
    keys = await openid.randomDPoPKeyPair('ES256', { extractable: true });
  });
  after(() => app?.stop());

  async function bound(parameters: Record<string, string> = {}, tokenParameters: Record<string, string> = {}) {
    const DPoP = openid.getDPoPHandle(party.config, keys);
    const { tokens } = await signIn(party, person, { parameters, tokenParameters, options: { DPoP } });
    return tokens;
  }

  /** A proof as it should be, or not. The address is the issuer's, whichever process is asked. */
  async function proof(
    method: string,
    path: string,
    { token, by = keys, ...claims }: { token?: string; by?: KeyPair } & Record<string, unknown> = {},
  ): Promise<string> {
    const ath = token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') };
    const payload = { jti: randomUUID(), htm: method, htu: `${app.issuer}${path}`, iat: Math.floor(Date.now() / 1000) };
    return new SignJWT({ ...payload, ...ath, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(by.publicKey) })
      .sign(by.privateKey);
  }

  async function userinfo(token: string, dpop: string, origin = app.issuer): Promise<Response> {
    const answer = await fetch(`${origin}/userinfo`, { headers: { authorization: `DPoP ${token}`, dpop } });
    await answer.arrayBuffer();
    return answer;
  }

  it('are given and used through openid-client, and say which key it is', async () => {
    const tokens = await bound();
    assert.equal(tokens.token_type, 'dpop');
    const DPoP = openid.getDPoPHandle(party.config, keys);
    const claims = await openid.fetchUserInfo(party.config, tokens.access_token, person.id, { DPoP });
    assert.equal(claims.email, person.email);
    const { body } = await introspect(app.issuer, client, tokens.access_token);
    assert.equal(body.token_type, 'DPoP');
    assert.equal(body.cnf.jkt, await calculateJwkThumbprint(await exportJWK(keys.publicKey)));
  });

  it('carry the key in a JWT (RFC 9449 section 6.1)', async () => {
    const api = await createApi(app);
    const resource = { resource: api.identifier };
    const tokens = await bound({ ...resource, scope: `openid ${api.capabilities[0]}` }, resource);
    const jkt = await calculateJwkThumbprint(await exportJWK(keys.publicKey));
    assert.deepEqual(decodeJwt(tokens.access_token).cnf, { jkt });
  });

  it('are worth nothing without the key, or with another', async () => {
    const { access_token: token } = await bound();
    assert.equal(await userinfoStatus(app.issuer, token), 401);
    assert.equal(await userinfoStatus(app.issuer, token, 'DPoP'), 400);
    const stranger = await openid.randomDPoPKeyPair('ES256', { extractable: true });
    const answer = await userinfo(token, await proof('GET', '/userinfo', { token, by: stranger }));
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get('www-authenticate') as string, /^DPoP .*invalid_token/);
    assert.equal((await userinfo(token, await proof('GET', '/userinfo', { token }))).status, 200);
  });

  it('need a proof for this request: method, address, token and time', async () => {
    const { access_token: token } = await bound();
    const now = Math.floor(Date.now() / 1000);
    for (const wrong of [
      await proof('POST', '/userinfo', { token }),
      await proof('GET', '/token', { token }),
      await proof('GET', '/userinfo'),
      await proof('GET', '/userinfo', { token: 'another' }),
      await proof('GET', '/userinfo', { token, iat: now - 3600 }),
      await proof('GET', '/userinfo', { token, iat: now + 3600 }),
      await proof('GET', '/userinfo', { token, jti: undefined }),
      'nonsense',
    ])
      assert.equal((await userinfo(token, wrong)).status, 401);
  });

  describe('at the address of claims that did not fit', () => {
    let token: string;
    before(async () => {
      const api = await createApi(app);
      const resource = { resource: api.identifier };
      token = (await bound({ ...resource, scope: `openid ${api.capabilities[0]}` }, resource)).access_token;
    });

    async function ask(authorization: string, dpop?: string, origin = app.issuer): Promise<Response> {
      const answer = await fetch(`${origin}/access-claims`, { headers: { authorization, ...(dpop && { dpop }) } });
      await answer.arrayBuffer();
      return answer;
    }

    it('are worth nothing as bearer tokens, or without a right proof', async () => {
      const stranger = await openid.randomDPoPKeyPair('ES256', { extractable: true });
      const now = Math.floor(Date.now() / 1000);
      const answer = await ask(`Bearer ${token}`);
      assert.equal(answer.status, 401);
      assert.match(answer.headers.get('www-authenticate') as string, /^DPoP .*invalid_token/);
      assert.equal((await ask(`Bearer ${token}`, await proof('GET', '/access-claims', { token }))).status, 401);
      const jwk = { kty: 'EC', crv: 'P-256' };
      for (const wrong of [
        undefined,
        await proof('GET', '/access-claims', { token, by: stranger }),
        await proof('POST', '/access-claims', { token }),
        await proof('GET', '/userinfo', { token }),
        await proof('GET', '/access-claims'),
        await proof('GET', '/access-claims', { token: 'another' }),
        await proof('GET', '/access-claims', { token, iat: now - 3600 }),
        await proof('GET', '/access-claims', { token, jti: undefined }),
        otherSpelling(await proof('GET', '/access-claims', { token })),
        await new SignJWT({}).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).sign(keys.privateKey),
        'nonsense',
      ])
        assert.equal((await ask(`DPoP ${token}`, wrong)).status, 401, String(wrong));
    });

    it('are good with the key, and a proof once on all processes', async () => {
      const once = await proof('GET', '/access-claims', { token });
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, n) => ask(`DPoP ${token}`, once, n % 2 ? app.issuer : other)),
      );
      assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    });

    it('may not be a bearer token that comes with a proof', async () => {
      const api = await createApi(app);
      const resource = { resource: api.identifier };
      const parameters = { ...resource, scope: `openid ${api.capabilities[0]}` };
      const { tokens } = await signIn(party, person, { parameters, tokenParameters: resource });
      const { access_token: plain } = tokens;
      assert.equal((await ask(`DPoP ${plain}`, await proof('GET', '/access-claims', { token: plain }))).status, 401);
      assert.equal((await ask(`Bearer ${plain}`)).status, 200);
    });
  });

  it('take a proof once, whichever of two processes sees it', async () => {
    const { access_token: token } = await bound();
    const once = await proof('GET', '/userinfo', { token });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => userinfo(token, once, n % 2 ? app.issuer : other)),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.equal((await userinfo(token, once, other)).status, 401);
  });

  it('are asked for with a nonce where the clock is off, and a nonce of one process is good at the other', async () => {
    const { access_token: token } = await bound();
    const refused = await userinfo(token, await proof('GET', '/userinfo', { token, iat: 1_700_000_000 }));
    const nonce = refused.headers.get('dpop-nonce') as string;
    assert.equal(refused.status, 401);
    assert.ok(nonce);
    assert.match(refused.headers.get('www-authenticate') as string, /use_dpop_nonce/);
    const late = () => proof('GET', '/userinfo', { token, iat: 1_700_000_000, nonce });
    assert.equal((await userinfo(token, await late(), other)).status, 200);
    assert.equal((await userinfo(token, await late())).status, 200);
    const made = await proof('GET', '/userinfo', { token, nonce: 'made up' });
    assert.equal((await userinfo(token, made)).status, 401);
  });

  it('keep a public client’s refresh token to the key as well', async () => {
    const tokens = await bound();
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token as string };
    const ask = async (dpop: string | undefined) =>
      postAs(`${app.issuer}/token`, client, form, dpop === undefined ? {} : { dpop });
    const stranger = await openid.randomDPoPKeyPair('ES256', { extractable: true });
    assert.equal((await ask(undefined)).body.error, 'invalid_grant');
    assert.equal((await ask(await proof('POST', '/token', { by: stranger }))).body.error, 'invalid_grant');
    const refreshed = await ask(await proof('POST', '/token'));
    assert.equal(refreshed.status, 200);
    assert.equal(refreshed.body.token_type, 'DPoP');
    const next = await openid.refreshTokenGrant(party.config, refreshed.body.refresh_token, undefined, {
      DPoP: openid.getDPoPHandle(party.config, keys),
    });
    assert.equal(next.token_type, 'dpop');
  });

  it('hold a code to the key that the request named (dpop_jkt)', async () => {
    const jkt = await calculateJwkThumbprint(await exportJWK(keys.publicKey));
    const { address, checks } = await startSignIn(party, { dpop_jkt: jkt });
    const browser = new Browserless();
    const page = await browser.open(address.href);
    const reply = await browser.submit(
      page,
      { login: person.email, password: person.password },
      { until: redirectUri },
    );
    const form = {
      grant_type: 'authorization_code',
      code: new URL(reply.location as string).searchParams.get('code') as string,
      redirect_uri: redirectUri,
      code_verifier: checks.pkceCodeVerifier as string,
    };
    const stranger = await openid.randomDPoPKeyPair('ES256', { extractable: true });
    const stolen = await postAs(`${app.issuer}/token`, client, form, {
      dpop: await proof('POST', '/token', { by: stranger }),
    });
    assert.equal(stolen.body.error, 'invalid_grant');
  });

  it('are refused to weak and symmetric proofs', async () => {
    const rsa = await generateKeyPair('RS384', { extractable: true });
    const weak = await new SignJWT({
      jti: randomUUID(),
      htm: 'POST',
      htu: `${app.issuer}/token`,
      iat: Math.floor(Date.now() / 1000),
    })
      .setProtectedHeader({ alg: 'RS384', typ: 'dpop+jwt', jwk: await exportJWK(rsa.publicKey) })
      .sign(rsa.privateKey);
    const answer = await post(
      `${app.issuer}/token`,
      { grant_type: 'refresh_token', refresh_token: 'x', client_id: client.clientId },
      { dpop: weak },
    );
    assert.equal(answer.body.error, 'invalid_dpop_proof');
  });

  it('are asked of a client that is registered so (dpop_bound_access_tokens)', async () => {
    const strict = await discover(app, await app.relyingParty({ metadata: { dpop_bound_access_tokens: true } }));
    await assert.rejects(signIn(strict, person), /error in the response body|invalid_grant/);
    const { tokens } = await signIn(strict, person, { options: { DPoP: openid.getDPoPHandle(strict.config, keys) } });
    assert.equal(tokens.token_type, 'dpop');
  });
});
