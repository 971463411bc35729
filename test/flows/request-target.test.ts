/** Whose address the server speaks of: the issuer's, whatever the request line and the headers say. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { basic } from '../support/endpoints.ts';
import { type RawAnswer, type RawRequest, rawText, sendRaw } from '../support/raw-request.ts';
import { discover, enterPassword, redirectUri, startSignIn } from '../support/relying-party.ts';

const stranger = 'evil.example';

/** Every endpoint, with the method that it takes. */
const endpoints: [method: string, path: string][] = [
  ['GET', '/'],
  ['GET', '/healthz'],
  ['GET', '/readyz'],
  ['GET', '/assets/gatehouse.css'],
  ['GET', '/.well-known/openid-configuration'],
  ['GET', '/.well-known/oauth-authorization-server'],
  ['GET', '/.well-known/authzen-configuration'],
  ['GET', '/jwks'],
  ['GET', '/authorize'],
  ['POST', '/authorize'],
  ['GET', '/authorize/uid'],
  ['POST', '/token'],
  ['POST', '/introspect'],
  ['POST', '/revoke'],
  ['GET', '/userinfo'],
  ['GET', '/access-claims'],
  ['POST', '/par'],
  ['POST', '/backchannel'],
  ['GET', '/device'],
  ['POST', '/device'],
  ['POST', '/device/authorize'],
  ['GET', '/device/uid'],
  ['GET', '/logout'],
  ['POST', '/logout/confirm'],
  ['GET', '/logout/success'],
  ['GET', '/interaction/uid'],
  ['POST', '/interaction/uid/sign-in'],
  ['GET', '/callback/provider'],
  ['GET', '/set-up/token'],
  ['GET', '/invitations/token'],
  ['GET', '/recovery/token'],
  ['GET', '/account'],
  ['POST', '/access/v1/evaluation'],
];

describe('the target of a request', () => {
  let app: TestApp;
  let port: number;
  before(async () => {
    app = await startTestApp();
    port = app.config.listen.port;
  });
  after(() => app?.stop());

  const send = (request: RawRequest): Promise<RawAnswer> => sendRaw(port, rawText(request));

  function isRefused({ status, head, body }: RawAnswer, what: string): void {
    assert.equal(status, 400, `${what}: ${head}`);
    assert.ok(!`${head}${body}`.includes(stranger), `${what}: ${head}${body}`);
  }

  for (const [method, path] of endpoints)
    it(`of ${method} ${path} may not name a host`, async () => {
      const form = method === 'POST' ? { grant_type: 'client_credentials' } : undefined;
      for (const target of [
        `http://${stranger}${path}`,
        `HTTPS://${stranger}${path}?a=b`,
        `//${stranger}${path}`,
        `///${stranger}${path}`,
        `/\\${stranger}${path}`,
        `${path}#@${stranger}`,
        `http://localhost:${port}${path}`,
      ])
        isRefused(await send({ method, target, form }), target);
      // And where the target is a path, no header says whose.
      const forged = { Host: stranger, 'X-Forwarded-Host': stranger, Forwarded: `host=${stranger}` };
      const answer = await send({ method, target: path, form, headers: forged });
      assert.notEqual(answer.status, 0);
      assert.ok(!`${answer.head}${answer.body}`.includes(stranger), `${answer.head}${answer.body}`);
    });

  it('of other forms is refused too', async () => {
    for (const target of [
      '*',
      'token',
      '?a=b',
      `${stranger}:443`,
      'ftp://localhost/token',
      '/token?a=\u00e9',
      '/t\u00e9',
    ])
      isRefused(await send({ method: 'OPTIONS', target }), target);
  });

  it('may have in its query what browsers leave as it is', async () => {
    const answer = await send({ target: `/.well-known/openid-configuration?a="b"\\c|{d}^\`'[e]//f` });
    assert.equal(answer.status, 200);
  });

  it('is logged without what is in it', async () => {
    await send({ target: `http://${stranger}/token?secret=${stranger}` });
    assert.ok(!app.logs().includes(stranger));
  });

  it('does not make a DPoP proof for another address a good one', async () => {
    const { clientId, clientSecret } = await app.service({});
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const ask = async (htu: string, target = '/token') => {
      const DPoP = await new SignJWT({ jti: randomUUID(), htm: 'POST', htu })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
        .setIssuedAt()
        .sign(privateKey);
      const headers = { ...basic({ clientId, clientSecret }), DPoP, Host: stranger, 'X-Forwarded-Host': stranger };
      return send({ method: 'POST', target, headers, form: { grant_type: 'client_credentials' } });
    };
    isRefused(await ask(`http://${stranger}/token`, `http://${stranger}/token`), 'by its target');
    const refused = await ask(`http://${stranger}/token`);
    assert.match(refused.body, /"invalid_dpop_proof"/);
    const taken = await ask(`${app.issuer}/token`);
    assert.equal(JSON.parse(taken.body).token_type, 'DPoP');
  });

  it("does not make a client's assertion for another address a good one (CVE-2025-27370)", async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
    const { clientId } = await app.service({ jwks: { keys: [jwk] } });
    const form = async (aud: string) => ({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await new SignJWT({ iss: clientId, sub: clientId, aud, jti: randomUUID() })
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(privateKey),
    });
    const wrong = await form(`http://${stranger}/token`);
    isRefused(await send({ method: 'POST', target: `http://${stranger}/token`, form: wrong }), 'by its target');
    const forged = { Host: stranger, 'X-Forwarded-Host': stranger };
    assert.equal((await send({ method: 'POST', target: '/token', form: wrong, headers: forged })).status, 401);
    const right = await form(`${app.issuer}/token`);
    assert.equal((await send({ method: 'POST', target: '/token', form: right, headers: forged })).status, 200);
  });

  it('steers neither where a sign-in goes on, nor where a device is sent, nor the form of a sign-out', async () => {
    const party = await discover(app, await app.relyingParty());
    const forged = { Host: stranger, 'X-Forwarded-Host': stranger };
    const { address } = await startSignIn(party);
    isRefused(await send({ target: `http://${stranger}${address.pathname}${address.search}` }), 'authorize');
    const begun = await send({ target: `${address.pathname}${address.search}`, headers: forged });
    assert.match(begun.head, /\r\nlocation: \/interaction\//i);

    const browser = new Browserless(forged);
    const page = await browser.open(address.href, redirectUri);
    const back = await enterPassword(browser, page, await app.person());
    assert.ok(back.location?.startsWith(`${redirectUri}?code=`), back.location);
    const signOut = await browser.open(`${app.issuer}/logout`);
    assert.equal(signOut.status, 200);
    assert.match(signOut.body, /action="(?:http:\/\/localhost:\d+)?\/logout\/confirm"/);
    assert.ok(!signOut.body.includes(stranger));

    const { clientId } = await app.relyingParty({
      kind: 'native',
      redirectUris: [],
      postLogoutRedirectUris: [],
      metadata: { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'], response_types: [] },
    });
    const form = { client_id: clientId, scope: 'openid' };
    const device = await send({ method: 'POST', target: '/device/authorize', form, headers: forged });
    assert.equal(JSON.parse(device.body).verification_uri, `${app.issuer}/device`);
    assert.ok(!device.body.includes(stranger));
  });
});
