/** What strangers may have stored, from one address and from a thousand, at two processes. */
import assert from 'node:assert/strict';
import { sweepPayloads } from '../../src/domain/sessions/payload-store.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import type { ClientCredential } from '../support/endpoints.ts';

const openSignIns = 30;
const callback = { until: 'http://localhost:1/' };
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

describe('limits by address', () => {
  let app: TestApp;
  let other: string;
  let web: ClientCredential;
  let spa: ClientCredential;
  before(async () => {
    app = await startTestApp({
      env: {
        TRUSTED_PROXIES: '127.0.0.1/32,::1/128',
        TRUSTED_NETWORKS: '203.0.113.0/28',
        OPEN_SIGN_INS_PER_ADDRESS: String(openSignIns),
      },
    });
    other = await app.startProcess();
    web = await app.relyingParty();
    const metadata = { grant_types: ['authorization_code', deviceGrant], response_types: ['code'] };
    spa = await app.relyingParty({ kind: 'native', firstParty: true, metadata });
  });
  after(() => app?.stop());
  beforeEach(async () => {
    await app.db('rateLimits').delete();
    await app.db('oidcPayloads').delete();
  });

  /** Under the issuer's name, which the other process has too: under any other, people are led there. */
  const sentFrom = (address: string) => ({ 'x-forwarded-for': address, host: new URL(app.issuer).host });
  /** Half of the requests go to the other process. */
  const originOf = (index: number) => (index % 2 ? other : app.issuer);
  const stored = async (model: string) =>
    Number((await app.db('oidcPayloads').where({ model }).count('* as rows').first())?.rows);
  function statuses(replies: readonly { status: number }[]): Record<number, number> {
    const found: Record<number, number> = {};
    for (const { status } of replies) found[status] = (found[status] ?? 0) + 1;
    return found;
  }

  function authorizePath({ clientId }: ClientCredential, state = 'x'): string {
    const query = new URLSearchParams({
      client_id: clientId,
      response_type: 'code',
      scope: 'openid',
      redirect_uri: 'http://localhost:1/callback',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      state,
    });
    return `/authorize?${query}`;
  }

  const begin = (from: string, index = 0, browser = new Browserless()): Promise<Reply> =>
    browser.send(`${originOf(index)}${authorizePath(web)}`, undefined, sentFrom(from));

  /** Fifty at once. */
  async function many<T>(times: number, work: (index: number) => Promise<T>): Promise<T[]> {
    const all: T[] = [];
    for (let first = 0; first < times; first += 50) {
      const some = Array.from({ length: Math.min(50, times - first) }, (_, more) => first + more);
      all.push(...(await Promise.all(some.map(work))));
      // No minute ends while a slow machine is at it.
      await app.db.raw(
        `update rate_limits set window_ends_at = greatest(window_ends_at, now() + interval '50 seconds')`,
      );
    }
    return all;
  }

  async function post(path: string, client: ClientCredential, form: Record<string, string>, from: string, index = 0) {
    const body = new URLSearchParams({ client_id: client.clientId, ...form });
    if (client.clientSecret) body.set('client_secret', client.clientSecret);
    const answer = await fetch(`${originOf(index)}${path}`, {
      method: 'POST',
      body,
      headers: { 'x-forwarded-for': from },
    });
    const text = await answer.text();
    return { status: answer.status, retryAfter: answer.headers.get('retry-after'), body: JSON.parse(text) };
  }

  const push = (client: ClientCredential, from: string, index = 0, state = 'x') => {
    const parameters = Object.fromEntries(new URLSearchParams(authorizePath(client, state).split('?')[1]));
    return post('/par', client, parameters, from, index);
  };

  it('keeps so many sign-ins that one address has begun, and shows a page for the next', async () => {
    const replies = await many(3 * openSignIns, (index) => begin('192.0.2.1', index));
    assert.deepEqual(statuses(replies), { 303: openSignIns, 429: 2 * openSignIns });
    assert.equal(await stored('Interaction'), openSignIns);
    const refused = await begin('192.0.2.1');
    assert.equal(refused.location, undefined);
    assert.ok(Number(refused.headers['retry-after']) > 3_000);
    assert.match(refused.body, /<h1/);
    assert.equal((await begin('192.0.2.2')).status, 303);
  });

  it('holds a thousand addresses of one IPv6 network to four times as much, and a thousand hosts to one each', async () => {
    const inOne48 = await many(1_000, (index) => begin(`2001:db8:1:${index.toString(16)}::1`, index));
    const { 303: passed = 0, 429: refused = 0 } = statuses(inOne48);
    assert.ok(passed <= 4 * openSignIns && passed > 3 * openSignIns, String(passed));
    assert.equal(passed + refused, 1_000);
    assert.equal(await stored('Interaction'), passed);
    assert.ok((await app.db('rateLimits').select('key')).length <= 2 * passed + 50, 'the refused fill nothing');

    const hosts = await many(1_000, (index) => begin(`198.18.${index >> 8}.${index & 255}`, index));
    assert.deepEqual(statuses(hosts), { 303: 1_000 });
  });

  it('limits nobody in a network that the operator trusts', async () => {
    assert.deepEqual(statuses(await many(2 * openSignIns, (index) => begin('203.0.113.5', index))), {
      303: 2 * openSignIns,
    });
  });

  it('lets a browser that somebody has signed in with pass where strangers have used the address up', async () => {
    const person = await app.person();
    const browser = new Browserless({ 'x-forwarded-for': '192.0.2.3' });
    const page = await browser.open(`${app.issuer}${authorizePath(web)}`, 'http://localhost:1/');
    await browser.submit(page, { login: person.email, password: person.password }, callback);
    for (const name of ['gh_session', 'gh_session.sig']) {
      const index = browser.cookies.findIndex((cookie) => cookie.name === name);
      browser.cookies.splice(index, 1);
    }
    await many(2 * openSignIns, (index) => begin('192.0.2.3', index));
    assert.equal((await begin('192.0.2.3')).status, 429);
    assert.equal((await browser.send(`${app.issuer}${authorizePath(web)}`)).status, 303);

    const forged = new Browserless();
    forged.cookies.push({ name: 'gh_device', value: 'A'.repeat(43), path: '/' });
    forged.cookies.push({ name: 'gh_device.sig', value: 'A'.repeat(27), path: '/' });
    assert.equal((await begin('192.0.2.3', 0, forged)).status, 429);
  });

  it('gives back what came to its end: several times as many people sign in from one address', async () => {
    const person = await app.person();
    for (let round = 0; round < 3 * openSignIns; round++) {
      const browser = new Browserless(sentFrom('192.0.2.4'));
      const page = await browser.open(`${originOf(round)}${authorizePath(web)}`, 'http://localhost:1/');
      const end = await browser.submit(page, { login: person.email, password: person.password }, callback);
      assert.match(end.location ?? '', /[?&]code=/, `round ${round}: ${end.status}`);
    }
    assert.equal(await stored('Interaction'), 0);
  });

  it('takes so many pushed requests of public clients, and all of a client that proves itself', async () => {
    const answers = await many(300, (index) => push(spa, '192.0.2.5', index));
    assert.deepEqual(statuses(answers), { 201: 200, 429: 100 });
    const refused = answers.find(({ status }) => status === 429);
    assert.equal(refused?.body.error, 'temporarily_unavailable');
    assert.ok(Number(refused?.retryAfter) > 0 && Number(refused?.retryAfter) <= 60);
    assert.equal(await stored('PushedAuthorizationRequest'), 200);
    assert.deepEqual(statuses(await many(300, (index) => push(web, '192.0.2.5', index))), { 201: 300 });

    await app
      .db('oidcPayloads')
      .where({ model: 'PushedAuthorizationRequest' })
      .update({
        expiresAt: app.db.raw(`now() - interval '1 second'`),
      });
    await sweepPayloads(app.db, { size: 100 });
    assert.equal(await stored('PushedAuthorizationRequest'), 0);
  });

  it('keeps no request of more than 16 KiB, pushed or not', async () => {
    for (const client of [spa, web]) {
      const { status, body } = await push(client, '192.0.2.6', 0, 'x'.repeat(17_000));
      assert.equal(status, 400);
      assert.equal(body.error, 'invalid_request');
    }
    assert.equal((await push(spa, '192.0.2.6', 0, 'x'.repeat(8_000))).status, 201);
    const form = new URLSearchParams(authorizePath(web, 'x'.repeat(17_000)).split('?')[1]).toString();
    const large = await new Browserless().send(`${app.issuer}/authorize`, form);
    assert.ok(large.status >= 400 || /error=invalid_request/.test(large.location ?? ''), String(large.status));
    assert.equal(await stored('Interaction'), 0);
  });

  it('gives out so many device codes to one address', async () => {
    const ask = (index: number) => post('/device/authorize', spa, { scope: 'openid' }, '192.0.2.7', index);
    const answers = await many(300, ask);
    assert.deepEqual(statuses(answers), { 200: 200, 429: 100 });
    assert.equal(await stored('DeviceCode'), 200);
  });

  it('keeps so many sessions of nobody, which the pages with a form of their own need', async () => {
    const paths = ['/device', '/logout'];
    const replies = await many(3 * openSignIns, (index) =>
      new Browserless().send(`${originOf(index)}${paths[index % 3 ? 1 : 0]}`, undefined, sentFrom('192.0.2.8')),
    );
    assert.equal(await stored('Session'), openSignIns);
    const { 429: refused } = statuses(replies);
    assert.equal(refused, 2 * openSignIns, JSON.stringify(statuses(replies)));
    for (const [index, { status, headers, body }] of replies.entries()) {
      if (status !== 429) continue;
      assert.ok(Number(headers['retry-after']) > 3_000);
      assert.match(body, /Try again in/, paths[index % 3 ? 1 : 0]);
    }
  });

  it('gives back codes of devices that are codes: a class connects its devices', async () => {
    const visitor = new Browserless({ 'x-forwarded-for': '192.0.2.9' });
    async function type(code: string): Promise<Reply> {
      return visitor.submit(await visitor.open(`${app.issuer}/device`), { user_code: code });
    }
    for (let device = 0; device < 25; device++) {
      const { body } = await post('/device/authorize', spa, { scope: 'openid' }, '192.0.2.10');
      const page = await type(body.user_code);
      assert.equal(page.status, 200, `device ${device}`);
    }
    for (let guess = 0; guess < 20; guess++) assert.notEqual((await type('BCDF-GHJK')).status, 429, String(guess));
    assert.equal((await type('BCDF-GHJK')).status, 429);
  });
});
