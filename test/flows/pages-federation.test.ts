/** Signing in with other providers as people do it: in a real browser, whose cookies and policies are its own. */
import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { addProvider, identitiesOf, someoneAt } from '../support/federation.ts';
import { type OpenIdProviderServer, startOpenIdProvider } from '../support/identity-provider.ts';
import { backAtClient, enterPassword, headingOf, onStage, type Person } from '../support/pages.ts';
import type { RelyingParty, StartedSignIn } from '../support/relying-party.ts';

describe('pages of signing in with other providers', function () {
  // Several journeys in one test.
  this.timeout(120_000);
  let google: OpenIdProviderServer;
  let entra: OpenIdProviderServer;
  let apple: OpenIdProviderServer;
  let tenant: NewTenant;
  let client: RelyingParty;
  const stage = onStage(async () => {
    const { app } = stage();
    google = await startOpenIdProvider({ redirectUri: `${app.issuer}/callback/google` });
    entra = await startOpenIdProvider({ redirectUri: `${app.issuer}/callback/entra`, claimsIn: 'userinfo' });
    apple = await startOpenIdProvider({ redirectUri: `${app.issuer}/callback/apple` });
    await addProvider(app, {
      key: 'apple',
      ...apple.client,
      issuer: apple.issuer,
      scopes: ['email'],
      responseMode: 'form_post',
    });
    await addProvider(app, { key: 'google', ...google.client, issuer: google.issuer });
    await addProvider(app, { key: 'entra', name: 'Northwind Entra', ...entra.client, issuer: entra.issuer });
    tenant = await app.tenant({
      name: 'Northwind Schools',
      settings: { selfSignUp: true, signInMethods: ['password', 'google', 'entra', 'apple'] },
    });
    client = await stage().client({ tenantId: tenant.id });
  });
  after(() => Promise.all([google?.close(), entra?.close(), apple?.close()]));

  async function subjectOf(address: URL, { checks }: StartedSignIn): Promise<string | undefined> {
    return (await openid.authorizationCodeGrant(client.config, address, checks)).claims()?.sub;
  }

  it('signs in through three providers, each a row in a table and a button', async () => {
    const people: [string, OpenIdProviderServer][] = [
      ['Continue with Google', google],
      ['Continue with Northwind Entra', entra],
      // Posts its answer, from another site.
      ['Continue with Apple', apple],
    ];
    const subjects = new Set<string | undefined>();
    for (const [button, provider] of people) {
      const page = await stage().newPage();
      const { login } = someoneAt(provider);
      const started = await stage().request(client);
      await page.goto(started.address.href);
      await page.getByRole('link', { name: button }).click();
      assert.equal(await headingOf(page), 'The other provider');
      await page.getByLabel('Login').fill(login);
      await page.getByRole('button', { name: 'Go on' }).click();
      subjects.add(await subjectOf(await backAtClient(page, stage()), started));

      // Known by now, here and there: nobody is asked anything any more.
      const again = await stage().request(client, { prompt: 'login' });
      await page.context().clearCookies({ domain: '127.0.0.1' });
      await page.goto(again.address.href);
      await page.getByRole('link', { name: button }).click();
      await page.getByLabel('Login').fill(login);
      await page.getByRole('button', { name: 'Go on' }).click();
      subjects.add(await subjectOf(await backAtClient(page, stage()), again));
    }
    assert.equal(subjects.size, 3);
    assert.equal(apple.requests.at(-1)?.get('response_mode'), 'form_post');
  });

  it('asks for the password here before it links, also without scripts', async () => {
    for (const javaScriptEnabled of [true, false]) {
      const person: Person = await stage().app.person({ tenantId: tenant.id });
      const page = await stage().newPage({ javaScriptEnabled, statuses: [401] });
      const { login } = someoneAt(google, { email: person.email });
      const started = await stage().request(client);
      await page.goto(started.address.href);
      await page.getByRole('link', { name: 'Continue with Google' }).click();
      await page.getByLabel('Login').fill(login);
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.waitForURL(/\/link-account$/);
      const password = page.locator('input[name=password]');
      await password.fill('not the password');
      await page.locator('form button[type=submit]').click();
      await page.getByRole('alert').waitFor();
      await password.fill(person.password);
      await page.locator('form button[type=submit]').click();
      assert.equal(await subjectOf(await backAtClient(page, stage()), started), person.id);
      assert.deepEqual(await identitiesOf(stage().app, person.id), [`google ${login}`, 'password']);
    }
  });

  it('leads from a cancel to the sign-in page, where the password works', async () => {
    const person = await stage().app.person({ tenantId: tenant.id });
    const page = await stage().newPage({ statuses: [401] });
    const started = await stage().request(client);
    await page.goto(started.address.href);
    await page.getByRole('link', { name: 'Continue with Google' }).click();
    await page.getByRole('link', { name: 'Cancel' }).click();
    assert.match((await page.locator('main').textContent()) ?? '', /came back from Google without signing in/);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await enterPassword(page, person);
    assert.equal(await subjectOf(await backAtClient(page, stage()), started), person.id);
  });

  it('shows that the address of the way back is of no use twice, or elsewhere', async () => {
    const page = await stage().newPage({ statuses: [409] });
    const { login } = someoneAt(google);
    const started = await stage().request(client);
    await page.goto(started.address.href);
    await page.getByRole('link', { name: 'Continue with Google' }).click();
    const callbacks: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/callback/google')) callbacks.push(request.url());
    });
    await page.getByLabel('Login').fill(login);
    await page.getByRole('button', { name: 'Go on' }).click();
    await backAtClient(page, stage());
    const [callback = ''] = callbacks;
    await page.goto(callback);
    assert.equal(await headingOf(page), 'This was already used');
    const elsewhere = await stage().newPage({ statuses: [409] });
    await elsewhere.goto(callback);
    assert.equal(await headingOf(elsewhere), 'This was already used');
  });

  it('links and unlinks on the account page', async () => {
    const { app } = stage();
    const person = await app.person({ tenantId: tenant.id });
    const page = await stage().newPage();
    const security = `${app.issuer}/account/security`;
    await page.goto(security);
    await enterPassword(page, person);
    await page.waitForURL(security);
    const { login, email } = someoneAt(google);
    await page.locator('button[name=provider][value=google]').click();
    await page.getByLabel('Login').fill(login);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.waitForURL(/\/account\/security\?notice=identity_linked$/);
    assert.match((await page.locator('main').textContent()) ?? '', new RegExp(email));
    assert.deepEqual(await identitiesOf(app, person.id), [`google ${login}`, 'password']);
    // The way back does not post again.
    await page.goBack();
    await page.goForward();
    await page.goto(security);
    await page.locator('form[action$="/unlink"] button[value=google]').click();
    await page.waitForURL(/\/account\/security\?notice=identity_unlinked$/);
    assert.deepEqual(await identitiesOf(app, person.id), ['password']);
  });

  it('says that a provider is down', async () => {
    const { app } = stage();
    const person = await app.person({ tenantId: tenant.id });
    const page = await stage().newPage({ statuses: [503] });
    const fleeting = await startOpenIdProvider({ redirectUri: `${app.issuer}/callback/fleeting` });
    const own = { key: 'fleeting', name: 'Fleeting', tenantId: tenant.id };
    await addProvider(app, { ...own, ...fleeting.client, issuer: fleeting.issuer });
    const started = await stage().request(client);
    await page.goto(started.address.href);
    const signInPage = page.url();
    await page.getByRole('link', { name: 'Continue with Fleeting' }).click();
    assert.equal(await headingOf(page), 'The other provider');
    await fleeting.close();

    await page.goto(signInPage);
    await page.waitForTimeout(5_100);
    await page.getByRole('link', { name: 'Continue with Fleeting' }).click();
    assert.match((await page.locator('main').textContent()) ?? '', /Fleeting doesn.t answer just now/);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await enterPassword(page, person);
    assert.equal(await subjectOf(await backAtClient(page, stage()), started), person.id);
  });
});
