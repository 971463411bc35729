/**
 * A provider that posts its answer (Apple does): from its own page to our callback, without the cookie of the browser that
 * set out, because that is SameSite=Lax. The post alone is worth nothing to anybody. In a real browser: pages-federation.
 */
import assert from 'node:assert/strict';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { addProvider, claimsOf, goThere, someoneAt, textOf } from '../support/federation.ts';
import { type OpenIdProviderServer, startOpenIdProvider } from '../support/identity-provider.ts';
import { discover, type RelyingParty, redirectUri } from '../support/relying-party.ts';

describe('an answer of an identity provider as a form', () => {
  let app: TestApp;
  let apple: OpenIdProviderServer;
  let tenant: NewTenant;
  let portal: RelyingParty;

  before(async () => {
    app = await startTestApp();
    apple = await startOpenIdProvider({ redirectUri: `${app.issuer}/callback/apple` });
    await addProvider(app, {
      key: 'apple',
      ...apple.client,
      issuer: apple.issuer,
      scopes: ['email'],
      responseMode: 'form_post',
    });
    await addProvider(app, { key: 'google', ...apple.client, issuer: apple.issuer });
    tenant = await app.tenant({ settings: { selfSignUp: true, signInMethods: ['password', 'apple', 'google'] } });
    portal = await discover(app, await app.relyingParty({ tenantId: tenant.id }));
  });
  after(async () => {
    await apple?.close();
    await app?.stop();
  });

  /** What a browser sends from the provider's page: another site, so no cookie that is SameSite=Lax. */
  function post(fields: Record<string, string> | string, key = 'apple'): Promise<Reply> {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', origin: apple.issuer };
    return new Browserless().send(`${app.issuer}/callback/${key}`, fields, headers);
  }

  function fieldsOf({ body }: Reply): Record<string, string> {
    const inputs = [...body.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
    return Object.fromEntries(inputs.map(([, name, value]) => [name, value as string]));
  }

  /** As far as the provider's page with the form. */
  async function almostBack() {
    const browser = new Browserless();
    const { login, email } = someoneAt(apple);
    const there = await goThere({ party: portal, browser, key: 'apple' });
    assert.equal(apple.requests.at(-1)?.get('response_mode'), 'form_post');
    const page = await browser.submit(there.reply, { login });
    assert.match(page.body, new RegExp(`action="${app.issuer}/callback/apple"`));
    return { ...there, browser, email, fields: fieldsOf(page) };
  }

  const users = async (email: string) => (await app.db('users').where({ email })).length;
  const used = async () => (await app.db('federation_requests').whereNotNull('consumed_at')).length;

  it('signs in, by a navigation that carries the cookie', async () => {
    const { browser, fields, started, email } = await almostBack();
    const before = await used();
    const posted = await post({ ...fields, user: '{"name":{"firstName":"Eve"}}', id_token: 'eyJ', x: 'y' });
    assert.equal(posted.status, 303);
    assert.equal(posted.headers['set-cookie'], undefined);
    const next = new URL(posted.location ?? '');
    assert.equal(`${next.origin}${next.pathname}`, `${app.issuer}/callback/apple`);
    assert.deepEqual([...next.searchParams.keys()].sort(), ['code', 'iss', 'state']);
    assert.equal(await used(), before, 'the post uses nothing up');
    const reply = await browser.open(next.href, redirectUri);
    await claimsOf({ reply, browser, started }, portal);
    assert.equal(await users(email), 1);
  });

  it('counts once, however often it is posted', async () => {
    const { browser, fields, email } = await almostBack();
    const posts = await Promise.all(Array.from({ length: 10 }, () => post(fields)));
    assert.equal(new Set(posts.map(({ location }) => location)).size, 1);
    const cookies = [...browser.cookies];
    const replies = await Promise.all(
      posts.map(({ location = '' }) => {
        const same = new Browserless();
        same.cookies.push(...cookies);
        return same.send(location);
      }),
    );
    assert.deepEqual(replies.map(({ status }) => status).sort(), [303, ...Array.from({ length: 9 }, () => 409)]);
    assert.equal((await browser.open((await post(fields)).location ?? '')).status, 409);
    assert.equal(await users(email), 0);
  });

  it('signs nobody in whose browser did not set out, no matter who has it post', async () => {
    const attacker = await almostBack();
    const { location = '' } = await post(attacker.fields);
    const victim = new Browserless();
    assert.match(textOf(await victim.open(location)), /begun in another browser/);
    // Nor one that has set out itself: it has a cookie for a state of its own.
    const other = await almostBack();
    assert.match(textOf(await other.browser.open(location)), /begun in another browser/);
    const mixed = await post({ ...attacker.fields, state: other.fields.state as string });
    assert.equal((await other.browser.open(mixed.location ?? '')).status, 422, 'the code of another sign-in');
    assert.equal(await users(attacker.email), 0);
  });

  it('says that the person cancelled', async () => {
    const { browser, fields } = await almostBack();
    const posted = await post({ state: fields.state as string, iss: apple.issuer, error: 'user_cancelled_authorize' });
    const page = await browser.open(posted.location ?? '');
    assert.equal(page.status, 401);
    assert.match(textOf(page), /came back from Apple without signing in/);
  });

  it('is taken from providers that are registered so, and in one form', async () => {
    const { fields } = await almostBack();
    assert.equal((await post(fields, 'google')).status, 405);
    assert.equal((await post(fields, 'nobody')).status, 404);
    assert.equal((await post(`${new URLSearchParams(fields)}&state=another`)).status, 400);
    assert.equal((await post({ ...fields, code: 'x'.repeat(9_000) })).status, 413);
    assert.equal((await post({})).status, 303);
    const json = await fetch(`${app.issuer}/callback/apple`, { method: 'POST', body: '{}', redirect: 'manual' });
    assert.equal(json.status, 415);
  });
});
