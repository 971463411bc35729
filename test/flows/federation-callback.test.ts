/** The way back from an identity provider: once, in the browser that set out, at the callback of the one that was asked. */
import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import {
  removeIdentityProvider,
  setIdentityProviderState,
} from '../../src/domain/methods/federation/identity-providers.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { CredentialRecorder, dumpDatabase, findCredentials } from '../support/credentials.ts';
import {
  addProvider,
  claimsOf,
  goThere,
  openSignIn,
  providerHref,
  signInThere,
  someoneAt,
  textOf,
} from '../support/federation.ts';
import { type OpenIdProviderServer, startOpenIdProvider } from '../support/identity-provider.ts';
import { discover, type RelyingParty, redirectUri } from '../support/relying-party.ts';

describe('the callback of an identity provider', () => {
  let app: TestApp;
  let google: OpenIdProviderServer;
  let other: OpenIdProviderServer;
  let portal: RelyingParty;

  before(async () => {
    app = await startTestApp();
    google = await startOpenIdProvider({ redirectUri: `${app.issuer}/callback/google` });
    other = await startOpenIdProvider({ redirectUri: `${app.issuer}/callback/other`, claimsIn: 'userinfo' });
    await addProvider(app, { key: 'google', ...google.client, issuer: google.issuer });
    await addProvider(app, { key: 'other', name: 'The Other', ...other.client, issuer: other.issuer });
    const tenant = await app.tenant({ settings: { selfSignUp: true, signInMethods: ['password', 'google', 'other'] } });
    portal = await discover(app, await app.relyingParty({ tenantId: tenant.id }));
  });
  after(async () => {
    await Promise.all([google?.close(), other?.close()]);
    await app?.stop();
  });

  /** As far as the address that the provider sends the browser back to. */
  async function almostBack(browser = new Browserless(), key = 'google') {
    const provider = key === 'google' ? google : other;
    const { login, email } = someoneAt(provider);
    const there = await goThere({ party: portal, browser, key });
    const reply = await browser.submit(there.reply, { login }, { until: `${app.issuer}/callback/` });
    const { location = '' } = reply;
    assert.ok(location.startsWith(`${app.issuer}/callback/${key}?`), location);
    return { ...there, browser, callback: location, email };
  }

  const users = async (email: string) => (await app.db('users').where({ email })).length;

  function assertPage(reply: Reply, status: number, words: RegExp): void {
    assert.equal(reply.status, status, `${reply.url} ${reply.body}`);
    assert.match(textOf(reply), words);
  }

  it('counts once', async () => {
    const { browser, callback, started, email } = await almostBack();
    const first = await browser.open(callback, redirectUri);
    await claimsOf({ reply: first, browser, started }, portal);
    assertPage(await browser.open(callback), 409, /already finished, or was never begun/);
    assert.equal(await users(email), 1);
  });

  it('counts once of ten at the same moment', async () => {
    const { browser, callback, email } = await almostBack();
    const cookies = [...browser.cookies];
    const replies = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const same = new Browserless();
        same.cookies.push(...cookies);
        return same.send(callback);
      }),
    );
    assert.deepEqual(replies.map(({ status }) => status).sort(), [303, ...Array.from({ length: 9 }, () => 409)]);
    assert.equal(other.calls.get('/token'), undefined);
    assert.equal(await users(email), 0, 'nobody before the browser has gone on');
  });

  it('counts in no other browser, and still does in the one that set out', async () => {
    const { browser, callback, started, email } = await almostBack();
    assertPage(await new Browserless().open(callback), 409, /begun in another browser/);
    // Another that has set out itself has a cookie, and not this one.
    const elsewhere = await almostBack();
    assertPage(await elsewhere.browser.open(callback), 409, /begun in another browser/);
    assert.equal(await users(email), 0);
    await claimsOf({ reply: await browser.open(callback, redirectUri), browser, started }, portal);
  });

  it('takes no cookie that was tampered with or made up', async () => {
    const { browser, callback } = await almostBack();
    for (const cookie of browser.cookies)
      if (/^gh_federation_\w+$/.test(cookie.name))
        cookie.value = cookie.value.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'));
    assertPage(await browser.open(callback), 409, /begun in another browser/);
  });

  it('sends its cookie nowhere else, out of the reach of scripts, for ten minutes', async () => {
    const browser = new Browserless();
    const { reply } = await openSignIn({ party: portal, browser });
    const away = await browser.send(providerHref(reply) ?? '');
    const lines = [away.headers['set-cookie'] ?? []].flat().filter((line) => line.startsWith('gh_federation_'));
    assert.equal(lines.length, 2);
    for (const line of lines) assert.match(line, /; path=\/callback\/google; expires=[^;]+; samesite=lax; httponly$/i);
    const expires = Date.parse(/expires=([^;]+)/.exec(lines[0] as string)?.[1] ?? '');
    assert.ok(Math.abs(expires - Date.now() - 600_000) < 60_000);
  });

  it('lets two tabs of a browser each finish what they began', async () => {
    const browser = new Browserless();
    const first = await almostBack(browser);
    const second = await almostBack(browser, 'other');
    for (const { callback, started } of [first, second]) assert.ok(await finish(browser, callback, started));
  });

  async function finish(
    browser: Browserless,
    callback: string,
    started: Awaited<ReturnType<typeof goThere>>['started'],
  ) {
    let reply = await browser.open(callback, redirectUri);
    // The second tab finds another person signed in, and says so.
    if (!reply.location && /data-carry-on/.test(reply.body))
      reply = await browser.submit(reply, {}, { until: redirectUri });
    return claimsOf({ reply, browser, started }, portal);
  }

  it('refuses the answer of one provider at the callback of another, also with its cookie', async () => {
    const { browser, callback, email } = await almostBack();
    const mixed = callback.replace('/callback/google', '/callback/other');
    for (const cookie of [...browser.cookies])
      if (cookie.name.startsWith('gh_federation_')) browser.cookies.push({ ...cookie, path: '/callback/other' });
    assertPage(await browser.open(mixed), 422, /answer of The Other could not be trusted/);
    assertPage(await browser.open(callback), 409, /already finished/);
    assert.equal(await users(email), 0);
    assert.equal(other.calls.get('/token') ?? 0, other.requests.length, 'no code went to the wrong provider');
  });

  it('expires', async () => {
    const { browser, callback, email } = await almostBack();
    await app.db.raw(`update federation_requests set expires_at = now() where consumed_at is null`);
    assertPage(await browser.open(callback), 410, /took too long/);
    assert.equal(await users(email), 0);
  });

  it('finds the interaction gone that it belonged to', async () => {
    const { browser, callback, email } = await almostBack();
    assert.ok((await app.db('oidcPayloads').where({ model: 'Interaction' }).delete()) > 0);
    assertPage(await browser.open(callback), 410, /took too long/);
    assert.equal(await users(email), 0);
  });

  it('refuses a provider that was disabled or removed on the way', async () => {
    const first = await almostBack();
    await setIdentityProviderState(app.db, 'google', 'disabled', systemCaller);
    try {
      assertPage(await first.browser.open(first.callback), 422, /could not be trusted/);
      assert.equal(providerHref((await openSignIn({ party: portal })).reply), undefined);
    } finally {
      await setIdentityProviderState(app.db, 'google', 'active', systemCaller);
    }
    const extra = await startOpenIdProvider({ redirectUri: `${app.issuer}/callback/extra` });
    const tenant = await app.tenant({ settings: { selfSignUp: true } });
    await addProvider(app, { key: 'extra', name: 'Extra', ...extra.client, issuer: extra.issuer, tenantId: tenant.id });
    const party = await discover(app, await app.relyingParty({ tenantId: tenant.id }));
    const there = await goThere({ party, key: 'extra' });
    await removeIdentityProvider(app.db, 'extra', { withIdentities: false }, systemCaller);
    const { login } = someoneAt(extra);
    assertPage(await there.browser.submit(there.reply, { login }), 404, /nothing at this address/);
    await extra.close();
  });

  it('leads back to the sign-in page from a cancel', async () => {
    const there = await goThere({ party: portal });
    const { browser, started } = there;
    const [, cancel = ''] = /href="([^"]*\/cancel)"/.exec(there.reply.body) ?? [];
    const back = await browser.open(new URL(cancel, there.reply.url).href);
    assertPage(back, 401, /came back from Google without signing in/);
    const person = await app.person({ tenantId: await tenantOfPortal() });
    const [, href = ''] = /href="(\/interaction\/[\w-]+)"/.exec(back.body) ?? [];
    const page = await browser.open(new URL(href, back.url).href);
    const entered = { login: person.email, password: person.password };
    await claimsOf({ reply: await browser.submit(page, entered, { until: redirectUri }), browser, started }, portal);
  });

  async function tenantOfPortal(): Promise<string> {
    return (await app.db('clients').where({ clientId: portal.clientId }).first()).tenantId;
  }

  it('reads what the id_token leaves to the userinfo endpoint', async () => {
    const { login, email } = someoneAt(other);
    const journey = await signInThere(login, { party: portal, key: 'other' });
    const { sub } = await claimsOf(journey, portal);
    const user = await app.db('users').where({ id: sub }).first();
    assert.deepEqual([user.email, user.fullName], [email, `Some One ${login.split('-')[1]}`]);
    assert.ok((other.calls.get('/me') ?? 0) > 0);
  });

  it('finds new keys of a provider that lost its old ones', async () => {
    const { login } = someoneAt(google);
    const first = await claimsOf(await signInThere(login, { party: portal }), portal);
    await google.rotateKeys();
    assert.equal((await claimsOf(await signInThere(login, { party: portal }), portal)).sub, first.sub);
  });

  it('works at another node than the one that sent the browser away', async () => {
    const origin = await app.startProcess();
    const { browser, callback, started } = await almostBack();
    const reply = await browser.send(callback.replace(app.issuer, origin));
    assert.equal(reply.status, 303, reply.body);
    const { pathname } = new URL(reply.location ?? '');
    const on = await browser.send(`${origin}${pathname}`);
    const { pathname: resume } = new URL(on.location ?? '');
    const done = await browser.send(`${app.issuer}${resume}`);
    await claimsOf({ reply: done, browser, started }, portal);
  }).timeout(120_000);

  it('leaves nothing in the database or the log that a thief could use', async () => {
    const recorder = new CredentialRecorder();
    const browser = recorder.browser();
    const there = await almostBack(browser);
    for (const { name, value } of browser.cookies) recorder.addCookie(name, value);
    const onTheWay = await dumpDatabase(app.db);
    const reply = await browser.open(there.callback, redirectUri);
    await claimsOf({ ...there, reply }, portal);
    recorder.add('client_secret', google.client.clientSecret);
    const { collected } = recorder;
    const counts = recorder.counts();
    assert.ok((counts.state ?? 0) >= 2 && (counts.nonce ?? 0) >= 2 && (counts.code ?? 0) >= 2, JSON.stringify(counts));
    for (const dump of [onTheWay, await dumpDatabase(app.db)])
      for (const [table, text] of dump) assert.deepEqual(findCredentials(text, collected), [], table);
    assert.deepEqual(findCredentials(app.logs(), collected), []);
  });

  it('answers other methods, unknown providers and long nonsense as any address does', async () => {
    const browser = new Browserless();
    assert.equal((await browser.send(`${app.issuer}/callback/google`, { code: 'x', state: 'y' })).status, 405);
    assert.equal((await browser.open(`${app.issuer}/callback/nobody?state=x`)).status, 404);
    assert.equal((await browser.open(`${app.issuer}/callback/Google?state=x`)).status, 404);
    for (const query of [
      '',
      '?state=',
      '?state=a&state=b',
      `?state=${'x'.repeat(9_000)}`,
      '?state=%00',
      '?state[]=a',
      '?%',
    ])
      assert.ok(
        [409, 422].includes((await browser.open(`${app.issuer}/callback/google${query}`)).status),
        query.slice(0, 20),
      );
  });
});
