/** Coming back to a sign-in that is behind one: a second tab that is reloaded, and the browser's way back. */
import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { discover, enterPassword, type RelyingParty, redirectUri, startSignIn } from '../support/relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('a person who has signed in meanwhile', () => {
  let app: TestApp;
  let person: Person;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp();
    person = await app.person();
    party = await discover(app, await app.relyingParty());
  });
  after(() => app?.stop());

  async function tab(browser: Browserless, of = party, parameters: Record<string, string> = {}) {
    const started = await startSignIn(of, parameters);
    return { ...started, page: await browser.open(started.address.href, redirectUri) };
  }
  const isForm = (reply: Reply) => reply.status === 200 && /name="password"/.test(reply.body);

  it('is led on by reloading the second tab, with an answer that is good', async () => {
    const browser = new Browserless();
    const [first, second] = [await tab(browser), await tab(browser)];
    assert.ok(isForm(first.page) && isForm(second.page));
    await enterPassword(browser, first.page, person);
    const reloaded = await browser.open(second.page.url, redirectUri);
    const tokens = await openid.authorizationCodeGrant(
      party.config,
      new URL(reloaded.location as string),
      second.checks,
    );
    assert.equal(tokens.claims()?.sub, person.id);
  });

  it('is led on from any page of the second tab, and may still cancel there', async () => {
    const browser = new Browserless();
    const [first, second, third] = [await tab(browser), await tab(browser), await tab(browser)];
    await enterPassword(browser, first.page, person);
    const recovery = await browser.open(second.page.url.replace(/sign-in$/, 'recovery'), redirectUri);
    assert.ok(new URL(recovery.location as string).searchParams.get('code'));
    const cancelled = await browser.open(third.page.url.replace(/sign-in$/, 'cancel'), redirectUri);
    assert.equal(new URL(cancelled.location as string).searchParams.get('error'), 'access_denied');
  });

  it('is still asked where the second tab asks for more, once and not for ever', async () => {
    const browser = new Browserless();
    const [first, second] = [await tab(browser), await tab(browser, party, { prompt: 'login' })];
    await enterPassword(browser, first.page, person);
    const reloaded = await browser.open(second.page.url, redirectUri);
    assert.ok(isForm(reloaded));
    assert.match(reloaded.body, /Confirm it’s you/);
    assert.ok(isForm(await browser.open(reloaded.url, redirectUri)), 'and again');
    const reply = await enterPassword(browser, reloaded, person);
    assert.ok(new URL(reply.location as string).searchParams.get('code'));
  });

  it('is asked for consent in the second tab of a third party', async () => {
    const third = await discover(app, await app.relyingParty({ firstParty: false }));
    const browser = new Browserless();
    const [first, second] = [await tab(browser), await tab(browser, third)];
    await enterPassword(browser, first.page, person);
    const reloaded = await browser.open(second.page.url, redirectUri);
    assert.match(reloaded.body, /name="decision"/);
  });

  it('is led to the application by going back to the form, and by sending it once more', async () => {
    const homes = [
      [party, 'http://localhost:1/'],
      [await named({ client_uri: 'https://portal.example/start' }), 'https://portal.example/start'],
      [
        await named({ initiate_login_uri: 'https://portal.example/login?a=1', client_uri: 'https://portal.example/' }),
        `https://portal.example/login?a=1&iss=${encodeURIComponent(app.issuer)}`,
      ],
    ] as const;
    for (const [client, home] of homes) {
      const browser = new Browserless();
      const { page } = await tab(browser, client);
      await enterPassword(browser, page, person);
      for (const reply of [
        await browser.send(page.url),
        await browser.send(page.url.replace(/\/sign-in$/, '')),
        await browser.send(page.url, { login: person.email, password: person.password }),
      ])
        assert.deepEqual([reply.status, reply.location], [303, home]);
    }
  });

  it('is led to their account where they signed in for that', async () => {
    const browser = new Browserless();
    const page = await browser.open(`${app.issuer}/account`);
    await browser.submit(page, { login: person.email, password: person.password });
    const back = await browser.send(page.url);
    assert.equal(new URL(back.location as string, app.issuer).href, `${app.issuer}/account`);
  });

  it('is told that it is over where nobody is signed in any more, or the cookie is none of ours', async () => {
    const browser = new Browserless();
    const { page } = await tab(browser);
    await enterPassword(browser, page, person);
    const forged = new Browserless();
    forged.cookies.push(...browser.cookies.map((cookie) => ({ ...cookie })));
    for (const cookie of forged.cookies) if (cookie.name === 'gh_client') cookie.value = 'gatehouse-account';
    assert.equal((await forged.send(page.url)).status, 409);
    for (const cookie of browser.cookies.filter(({ name }) => name.startsWith('gh_session'))) cookie.value = 'x';
    const over = await browser.send(page.url);
    assert.equal(over.status, 409);
  });

  async function named(metadata: Record<string, string>): Promise<RelyingParty> {
    return discover(app, await app.relyingParty({ metadata }));
  }
});
