/**
 * Answers of an identity provider that must not count: every fault of a token, of the way back, and of the provider itself.
 * After each of them there is a page, nobody is signed in, nothing is linked, and the page leads to a
 * sign-in by password that works.
 */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as jose from 'jose';
import type { Timeouts } from '../../src/dependencies.ts';
import { loadSigningKeys } from '../../src/oidc/keys.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { eventually } from '../support/eventually.ts';
import { addProvider, claimsOf, goThere, type Journey, openSignIn, textOf } from '../support/federation.ts';
import { type Forged, type Forger, signHonestly, startForger } from '../support/identity-provider.ts';
import { discover, type RelyingParty, redirectUri } from '../support/relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

/** What a provider might say, and must not get away with. */
const tokens: Record<string, (forged: Forged, person: Person) => Promise<string> | string> = {
  'another issuer': (forged) => signHonestly(forged, { ...forged.claims, iss: 'https://accounts.google.com' }),
  'no issuer': (forged) => signHonestly(forged, { ...forged.claims, iss: undefined }),
  'another audience': (forged) => signHonestly(forged, { ...forged.claims, aud: 'somebody-else' }),
  'our client among audiences without azp': (forged) =>
    signHonestly(forged, { ...forged.claims, aud: [forged.clientId, 'somebody-else'] }),
  'another nonce': (forged) => signHonestly(forged, { ...forged.claims, nonce: 'another' }),
  'no nonce': (forged) => signHonestly(forged, { ...forged.claims, nonce: undefined }),
  'the azp of another client': (forged) => signHonestly(forged, { ...forged.claims, azp: 'somebody-else' }),
  'an azp that is no text': (forged) => signHonestly(forged, { ...forged.claims, azp: [forged.clientId] }),
  'an exp in the past': (forged) =>
    signHonestly(forged, { ...forged.claims, exp: (forged.claims.exp as number) - 400 }),
  'no exp': (forged) => signHonestly(forged, { ...forged.claims, exp: undefined }),
  'an iat in the future': (forged) =>
    signHonestly(forged, { ...forged.claims, iat: (forged.claims.iat as number) + 3600 }),
  'no subject': (forged) => signHonestly(forged, { ...forged.claims, sub: undefined }),
  'a subject with a NUL': (forged) => signHonestly(forged, { ...forged.claims, sub: 'for\0ged' }),
  'an endless subject': (forged) => signHonestly(forged, { ...forged.claims, sub: 'x'.repeat(256) }),
  'an auth_time that is no number': (forged) => signHonestly(forged, { ...forged.claims, auth_time: 'now' } as never),
  'no signature': ({ claims }) => new jose.UnsecuredJWT(claims).encode(),
  'a signature cut off': async (forged) => (await signHonestly(forged)).replace(/[^.]+$/, ''),
  'a signature of other claims': async (forged) => {
    const [header, , signature] = (await signHonestly(forged)).split('.');
    const changed = { ...forged.claims, sub: 'another' };
    return [header, jose.base64url.encode(JSON.stringify(changed)), signature].join('.');
  },
  'HS256 with the public key': async ({ claims, key }) => {
    const pem = await jose.exportSPKI((await jose.importJWK(key.publicJwk, 'RS256')) as jose.CryptoKey);
    return hmac(claims, Buffer.from(pem), key.kid);
  },
  'HS256 with the client secret': ({ claims, key }) =>
    hmac(claims, Buffer.from('a secret between the two of us, 32 bytes'), key.kid),
  'an unknown kid': async ({ claims, key }) =>
    new jose.SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'unknown' }).sign(key.privateKey),
  'another key under the kid': async ({ claims, key }) => {
    const { privateKey } = await jose.generateKeyPair('RS256');
    return new jose.SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: key.kid }).sign(privateKey);
  },
  'a key in its own header': async ({ claims, key }) => {
    const { privateKey, publicKey } = await jose.generateKeyPair('RS256');
    const jwk = await jose.exportJWK(publicKey);
    return new jose.SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: key.kid, jwk }).sign(privateKey);
  },
  'no token at all': () => undefined as never,
  'what is no token': () => 'not.a.token',
};

async function hmac(claims: jose.JWTPayload, secret: Uint8Array, kid: string): Promise<string> {
  return new jose.SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid }).sign(secret);
}

type Instead = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

const answers =
  (status: number, type: string, text: string): Instead =>
  (_req, res) => {
    res.writeHead(status, { 'content-type': type });
    res.end(text);
  };
const hangsUp: Instead = (req) => void req.socket.destroy();
const never: Instead = () => {};

describe('faults of an identity provider', () => {
  let app: TestApp;
  let forger: Forger;
  let portal: RelyingParty;
  let person: Person;

  interface Scene {
    app: TestApp;
    portal: RelyingParty;
    person: Person;
  }

  async function setScene(timeouts: Timeouts): Promise<Scene> {
    const app = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.0/8,::1' }, timeouts });
    await addProvider(app, { key: 'forger', name: 'The Forger', ...forger.client, issuer: forger.issuer });
    const tenant = await app.tenant({ settings: { selfSignUp: true, signInMethods: ['password', 'forger'] } });
    const portal = await discover(app, await app.relyingParty({ tenantId: tenant.id }));
    return { app, portal, person: await app.person({ tenantId: tenant.id }) };
  }

  let patient: Scene;
  /** Gives up so soon that a test need not wait. */
  let hurried: Scene;
  before(async () => {
    forger = await startForger();
    hurried = await setScene({ federationMs: 300, outboundMs: 60_000 });
    patient = await setScene({ federationMs: 600_000, outboundMs: 600_000 });
    ({ app, portal, person } = patient);
  });
  beforeEach(() => forger.reset());
  after(async () => {
    await forger?.close();
    await Promise.all([hurried?.app?.stop(), patient?.app?.stop()]);
  });

  let visitors = 0;
  /** From an address that nobody else comes from: the limits count by them. */
  function visitor(): Browserless {
    visitors += 1;
    return new Browserless({ 'x-forwarded-for': `198.51.100.${visitors}` });
  }

  const go = (parameters = {}, { portal } = patient) =>
    goThere({ party: portal, key: 'forger', parameters, browser: visitor() });

  async function stateOf({ app } = patient): Promise<unknown[]> {
    const [users, identities, sessions] = await Promise.all([
      app.db('users').select('id').orderBy('id'),
      app.db('userIdentities').select('id', 'userId', 'subject').orderBy('id'),
      app.db('userSessions').select('id').orderBy('id'),
    ]);
    return [users, identities, sessions];
  }

  /** Ends in a page with a way back, from which the password signs in. */
  async function assertComesToNothing(
    parameters: Record<string, string>,
    { status, words }: { status: number; words: RegExp },
    scene = patient,
  ): Promise<Reply> {
    const { portal, person } = scene;
    const before = await stateOf(scene);
    const journey = await go(parameters, scene);
    const { reply, browser } = journey;
    assert.equal(reply.status, status, `${reply.url} ${reply.body}`);
    assert.match(textOf(reply), words);
    assert.deepEqual(await stateOf(scene), before);

    const [, back = ''] = /href="(\/interaction\/[\w-]+)"/.exec(reply.body) ?? [];
    const page = await browser.open(new URL(back, reply.url).href);
    const entered = { login: person.email, password: person.password };
    const signedIn = await browser.submit(page, entered, { until: redirectUri });
    assert.deepEqual((await claimsOf({ ...journey, reply: signedIn }, portal)).amr, ['pwd']);
    return reply;
  }

  const refused = { status: 422, words: /The answer of The Forger could not be trusted/ };
  const unavailable = { status: 503, words: /The Forger doesn.t answer just now/ };

  const cancelled = { status: 401, words: /came back from The Forger without signing in/ };

  it('are told from its honest answers', async () => {
    forger.person = { email: 'honest@example.test', email_verified: true };
    const { sub } = await claimsOf(await go(), portal);
    assert.ok(sub);
  });

  describe('in the token', () => {
    for (const [fault, idToken] of Object.entries(tokens))
      it(`${fault}`, async () => {
        forger.person = { email: person.email, email_verified: true };
        forger.idToken = (forged) => idToken(forged, person);
        await assertComesToNothing({}, refused);
        const [event] = await app.db('auditEvents').where({ action: 'login.failed' }).orderBy('occurredAt', 'desc');
        assert.deepEqual(event.payload, { method: 'fed', provider: 'forger', reason: 'answer_refused' });
      });

    it('our own key', async () => {
      const { privateJwks } = await loadSigningKeys(app.db, app.secrets);
      const ours = privateJwks.find(({ alg }) => alg === 'RS256') as jose.JWK;
      forger.idToken = async ({ claims }) =>
        new jose.SignJWT({ ...claims, iss: app.issuer })
          .setProtectedHeader({ alg: 'RS256', kid: ours.kid })
          .sign(await jose.importJWK(ours, 'RS256'));
      await assertComesToNothing({}, refused);
      forger.idToken = async ({ claims }) =>
        new jose.SignJWT(claims)
          .setProtectedHeader({ alg: 'RS256', kid: ours.kid })
          .sign(await jose.importJWK(ours, 'RS256'));
      await assertComesToNothing({}, refused);
    });

    it('an authentication that is older than was asked for, or of no age', async () => {
      const now = Math.floor(Date.now() / 1000);
      forger.person = { email: 'older@example.test', email_verified: true, auth_time: now - 3600 };
      await assertComesToNothing({ max_age: '60' }, refused);
      await assertComesToNothing({ prompt: 'login' }, refused);
      forger.person = { email: 'older@example.test', email_verified: true };
      await assertComesToNothing({ max_age: '60' }, refused);
    });

    it('an authentication in the future is one of now', async () => {
      const now = Math.floor(Date.now() / 1000);
      forger.person = { sub: 'from-tomorrow', email: 'tomorrow@example.test', email_verified: true };
      Object.assign(forger.person, { auth_time: now + 86_400 });
      const claims = await claimsOf(await go(), portal);
      assert.ok((claims.auth_time as number) <= now + 30);
    });
  });

  describe('on the way back', () => {
    for (const [fault, answer] of Object.entries<Forger['answer']>({
      'another iss than its own (RFC 9207)': { iss: 'https://accounts.google.com' },
      'no iss where it promised one': { iss: null },
      'no code': { code: null },
      'a code and an error': { error: 'invalid_scope' },
      'an id_token in the address': { id_token: 'eyJ' },
    }))
      it(fault, async () => {
        forger.answer = answer;
        await assertComesToNothing({}, refused);
      });

    it('an answer that is not ready', async () => {
      forger.answer = { error: 'temporarily_unavailable', code: null };
      await assertComesToNothing({}, unavailable);
    });

    for (const error of [
      'access_denied',
      'account_selection_required',
      'consent_required',
      'interaction_required',
      'login_required',
      'user_cancelled_authorize',
      'user_cancelled_login',
    ])
      it(`the person went back: ${error}`, async () => {
        forger.answer = { error, code: null };
        await assertComesToNothing({}, cancelled);
      });

    it('an error that nobody knows', async () => {
      forger.answer = { error: 'user_cancelled', code: null };
      await assertComesToNothing({}, refused);
    });

    for (const [fault, answer] of Object.entries<Forger['answer']>({
      'a state of nobody': { state: 'nobodys' },
      'an empty state': { state: '' },
      'no state': { state: null },
    }))
      it(fault, async () => {
        forger.answer = answer;
        const before = await stateOf();
        const { reply } = await go();
        assert.ok([409, 422].includes(reply.status), `${reply.status}`);
        assert.deepEqual(await stateOf(), before);
      });
  });

  describe('of the provider itself', () => {
    const paths = { discovery: '/.well-known/openid-configuration', token: '/token', keys: '/keys' };
    const html = '<!doctype html><title>Sorry</title>';
    const cases: Record<string, [keyof typeof paths, Instead, typeof refused]> = {
      'an error of the token endpoint': ['token', answers(500, 'text/html', html), unavailable],
      'a page in the place of the token': ['token', answers(200, 'text/html', html), unavailable],
      'a token endpoint that hangs up': ['token', hangsUp, unavailable],
      'half an answer': ['token', answers(200, 'application/json', '{"access_token":'), unavailable],
      'too much of an answer': ['token', answers(200, 'application/json', `"${'x'.repeat(100_000)}"`), unavailable],
      'too many requests': ['token', answers(429, 'application/json', '{}'), unavailable],
      'a code that it refuses': ['token', answers(400, 'application/json', '{"error":"invalid_grant"}'), refused],
      'a client that it refuses': ['token', answers(401, 'application/json', '{"error":"invalid_client"}'), refused],
      'a redirect of the token endpoint': ['token', answers(302, 'text/html', html), refused],
      'keys that are none': ['keys', answers(200, 'application/json', '{"keys":[{"kty":"RSA"},null,7]}'), refused],
    };
    for (const [fault, [path, instead, expected]] of Object.entries(cases))
      it(fault, async () => {
        // Its keys are known by now; a new one makes ours ask for them.
        await forger.rotateKey();
        forger.instead.set(paths[path], instead);
        await assertComesToNothing({}, expected);
      });

    for (const path of ['discovery', 'token', 'keys'] as const)
      it(`no answer, to the end of our patience: ${path}`, async () => {
        await forger.rotateKey();
        forger.instead.set(paths[path], never);
        await assertComesToNothing({}, unavailable, hurried);
      });

    it('discovery: in error, of another issuer, or not there', async () => {
      const others = await Promise.all(
        [answers(500, 'text/html', html), hangsUp].map(async (instead, n) => {
          const provider = await startForger();
          provider.instead.set(paths.discovery, instead);
          const key = `broken-${n}`;
          await addProvider(app, { key, name: 'The Forger', ...provider.client, issuer: provider.issuer });
          return { key, provider, expected: unavailable };
        }),
      );
      const liar = await startForger();
      const text = JSON.stringify({ issuer: forger.issuer, authorization_endpoint: `${forger.issuer}/authorize` });
      liar.instead.set(paths.discovery, answers(200, 'application/json', text));
      await addProvider(app, { key: 'liar', name: 'The Forger', ...liar.client, issuer: liar.issuer });
      const gone = await startForger();
      await addProvider(app, { key: 'gone', name: 'The Forger', ...gone.client, issuer: gone.issuer });
      await gone.close();
      others.push(
        { key: 'liar', provider: liar, expected: refused },
        { key: 'gone', provider: gone, expected: unavailable },
      );
      const tenant = await app.tenant({ settings: { signInMethods: others.map(({ key }) => key) } });
      const party = await discover(app, await app.relyingParty({ tenantId: tenant.id }));
      for (const { key, expected } of others) {
        const { reply } = await goThere({ party, key });
        assert.equal(reply.status, expected.status, `${key} ${reply.body}`);
        assert.match(textOf(reply), expected.words);
      }
      for (const { key, provider } of others) if (key !== 'gone') await provider.close();
    });

    it('holds up nobody who signs in by password', async () => {
      let asked = 0;
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      forger.instead.set(paths.token, async (req, res) => {
        asked += 1;
        await released;
        hangsUp(req, res);
      });
      const waiting = Promise.all(Array.from({ length: 10 }, () => go()));
      await eventually(() => asked === 10);
      const { reply, browser, started } = await openSignIn({ party: portal, browser: visitor() });
      const entered = { login: person.email, password: person.password };
      const signedIn = await browser.submit(reply, entered, { until: redirectUri });
      await claimsOf({ reply: signedIn, browser, started }, portal);
      release();
      for (const { reply } of await waiting) assert.equal(reply.status, 503);
    });

    it('new keys are found at once, also with the old ones still fresh', async () => {
      forger.person = { sub: 'rotating', email: 'rotating@example.test', email_verified: true };
      const first = await claimsOf(await go(), portal);
      const calls = () => forger.calls.get('/keys') ?? 0;
      const before = calls();
      assert.equal((await claimsOf(await go(), portal)).sub, first.sub);
      assert.equal(calls(), before, 'kept');
      await forger.rotateKey();
      assert.equal((await claimsOf(await go(), portal)).sub, first.sub);
      assert.equal(calls(), before + 1);
    });
  });

  it('leave no token, code or claim in the log', async () => {
    forger.person = { email: 'canary@example.test', email_verified: true, name: 'A Canary' };
    forger.idToken = (forged) => signHonestly(forged, { ...forged.claims, nonce: 'a canary nonce' });
    const { reply }: Journey = await go();
    assert.equal(reply.status, 422);
    const logs = app.logs();
    assert.match(logs, /an identity provider could not be used/);
    assert.doesNotMatch(logs, /canary|eyJ|an access token/i);
  });
});
