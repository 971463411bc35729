import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import type { Page } from 'playwright-core';
import {
  backAtClient,
  enterPassword,
  expectFocus,
  headingOf,
  onStage,
  type Person,
  signInAt,
} from '../support/pages.ts';
import type { RelyingParty } from '../support/relying-party.ts';

describe('the sign-in page', () => {
  let client: RelyingParty;
  let anna: Person;

  const stage = onStage(async () => {
    client = await stage().client();
    anna = await stage().app.person({ fullName: 'Anna Larsson' });
  });

  async function open(page: Page, parameters: Record<string, string> = {}) {
    const started = await stage().request(client, parameters);
    const answer = await page.goto(started.address.href);
    return { ...started, answer };
  }

  it('has labelled fields that password managers know, one button, and the focus in the first field', async () => {
    const page = await stage().newPage();
    await open(page);
    assert.equal(await headingOf(page), 'Sign in');
    assert.match((await page.locator('.lead').textContent()) ?? '', /to continue to Northwind Portal/);
    const login = page.getByLabel('Email address');
    assert.equal(await login.getAttribute('autocomplete'), 'username webauthn');
    assert.equal(await login.getAttribute('inputmode'), 'email');
    const password = page.getByLabel('Password', { exact: true });
    assert.equal(await password.getAttribute('autocomplete'), 'current-password');
    assert.equal(await password.getAttribute('type'), 'password');
    assert.equal(await page.locator('form:not(.passkey) [type=submit]').count(), 1);
    await expectFocus(page, 'login');
  });

  it('leads back to the client, which gets tokens for the person', async () => {
    const page = await stage().newPage();
    const { checks } = await open(page);
    await enterPassword(page, anna);
    const tokens = await openid.authorizationCodeGrant(client.config, await backAtClient(page, stage()), checks);
    assert.equal(tokens.claims()?.sub, anna.id);
  });

  it('answers a wrong password with a summary that has the focus and leads to the field', async () => {
    const page = await stage().newPage({ statuses: [401] });
    await open(page);
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === 'POST'),
      enterPassword(page, { ...anna, password: 'not my password' }),
    ]);
    assert.equal(answer.status(), 401);
    await expectFocus(page, 'error-summary');
    assert.equal(await page.title(), 'Error: Sign in · Gatehouse');
    assert.equal(await page.getByLabel('Email address').inputValue(), anna.email);
    assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '');
    await page.getByRole('link', { name: /don’t match/ }).click();
    await expectFocus(page, 'password');
    await page.keyboard.type(anna.password);
    await page.keyboard.press('Enter');
    await backAtClient(page, stage());
  });

  it('says the same of a person who does not exist', async () => {
    const texts: (string | null)[] = [];
    for (const email of [anna.email, 'nobody@example.test']) {
      const page = await stage().newPage({ statuses: [401] });
      await open(page);
      await enterPassword(page, { email, password: 'not my password' });
      texts.push(await page.locator('#error-summary').textContent());
    }
    assert.equal(texts[0], texts[1]);
  });

  it('names the field that was left empty', async () => {
    const page = await stage().newPage({ statuses: [422] });
    await open(page);
    await page.getByLabel('Email address').fill(anna.email);
    await page.evaluate(() => document.forms[0]?.setAttribute('novalidate', ''));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'Password: fill in this field.' }).click();
    await expectFocus(page, 'password');
    assert.equal(await page.locator('#password').getAttribute('aria-invalid'), 'true');
  });

  it('lets the browser check before anything is sent', async () => {
    const page = await stage().newPage();
    await open(page);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expectFocus(page, 'login');
    assert.equal(await page.locator('#error-summary').count(), 0);
  });

  it('fills in login_hint and puts the focus on the password', async () => {
    const page = await stage().newPage();
    await open(page, { login_hint: anna.email });
    assert.equal(await page.getByLabel('Email address').inputValue(), anna.email);
    await expectFocus(page, 'password');
  });

  it('speaks the language that ui_locales asks for', async () => {
    const page = await stage().newPage();
    await open(page, { ui_locales: 'de fr' });
    assert.equal(await headingOf(page), 'Connexion');
    assert.equal(await page.locator('html').getAttribute('lang'), 'fr');
  });

  it('changes its language in the middle of a sign-in, for good', async () => {
    const page = await stage().newPage({ statuses: [401] });
    await open(page, { login_hint: anna.email });
    await page.getByRole('link', { name: 'Français' }).click();
    assert.equal(await headingOf(page), 'Connexion');
    assert.equal(await page.getByLabel('Adresse e-mail').inputValue(), anna.email);
    await page.getByLabel('Mot de passe', { exact: true }).fill('pas le bon');
    await page.getByRole('button', { name: 'Se connecter' }).click();
    assert.match((await page.locator('#error-summary').textContent()) ?? '', /ne correspondent pas/);
    // The language of an answer to a form can be changed as well; the sign-in goes on.
    await page.getByRole('link', { name: 'English' }).click();
    await enterPassword(page, anna);
    await backAtClient(page, stage());
    await page.goto(stage().app.issuer);
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  });

  it('lets the person go back to the client without signing in', async () => {
    const page = await stage().newPage();
    await open(page);
    await page.getByRole('link', { name: 'Cancel' }).click();
    const answer = await backAtClient(page, stage());
    assert.equal(answer.searchParams.get('error'), 'access_denied');
  });

  it('does not ask again in the same browser', async () => {
    const page = await stage().newPage();
    await signInAt(page, stage(), client, anna);
    const { checks } = await open(page);
    const tokens = await openid.authorizationCodeGrant(client.config, await backAtClient(page, stage()), checks);
    assert.equal(tokens.claims()?.sub, anna.id);
  });

  for (const [parameter, value] of [
    ['prompt', 'login'],
    ['max_age', '0'],
  ] as const) {
    it(`asks again with ${parameter}=${value}, knowing who is there`, async () => {
      const page = await stage().newPage();
      await signInAt(page, stage(), client, anna);
      const before = Math.floor(Date.now() / 1000);
      const { checks } = await open(page, { [parameter]: value });
      assert.equal(await page.getByLabel('Email address').inputValue(), anna.email);
      await expectFocus(page, 'password');
      await enterPassword(page, anna);
      const url = await backAtClient(page, stage());
      const maxAge = parameter === 'max_age' ? Number(value) : undefined;
      const tokens = await openid.authorizationCodeGrant(client.config, url, { ...checks, maxAge });
      assert.ok((tokens.claims()?.auth_time as number) >= before);
    });
  }

  it('takes two clicks for one', async () => {
    for (const javaScriptEnabled of [true, false]) {
      const page = await stage().newPage({ javaScriptEnabled });
      const { checks } = await open(page);
      let posts = 0;
      page.on('request', (request) => {
        if (request.method() === 'POST') posts += 1;
      });
      await page.getByLabel('Email address').fill(anna.email);
      await page.getByLabel('Password', { exact: true }).fill(anna.password);
      await page.getByRole('button', { name: 'Sign in' }).dblclick({ noWaitAfter: true });
      const tokens = await openid.authorizationCodeGrant(client.config, await backAtClient(page, stage()), checks);
      assert.equal(tokens.claims()?.sub, anna.id);
      if (javaScriptEnabled) assert.equal(posts, 1);
    }
  });

  it('leads a person who comes back to it after signing in to the application', async () => {
    const page = await stage().newPage();
    await page.goto(stage().site.url);
    await signInAt(page, stage(), client, anna);
    await page.goBack();
    assert.equal(await headingOf(page), 'The client’s page /');
    assert.equal(new URL(page.url()).origin, new URL(stage().site.url).origin);
  });

  it('explains itself to a person who comes back to it when they are signed out again', async () => {
    const page = await stage().newPage({ statuses: [409] });
    await page.goto(stage().site.url);
    await signInAt(page, stage(), client, anna);
    await page.context().clearCookies({ name: 'gh_session' });
    await page.goBack();
    assert.equal(await headingOf(page), 'This was already used');
    assert.match((await page.locator('main').textContent()) ?? '', /sign-in is already finished/);
    await page.getByRole('link', { name: 'Go to the start page' }).click();
    await page.waitForURL(`${stage().app.issuer}/`);
  });

  it('can be walked by keyboard alone', async () => {
    const page = await stage().newPage();
    const { checks } = await open(page);
    await expectFocus(page, 'login');
    await page.keyboard.type(anna.email);
    await page.keyboard.press('Tab');
    await page.keyboard.type('wrong, as can be seen');
    await page.keyboard.press('Tab');
    await expectFocus(page, 'Show');
    await page.keyboard.press('Space');
    assert.equal(await page.locator('#password').getAttribute('type'), 'text');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Control+A');
    await page.keyboard.type(anna.password);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await expectFocus(page, 'Sign in');
    await page.keyboard.press('Enter');
    const tokens = await openid.authorizationCodeGrant(client.config, await backAtClient(page, stage()), checks);
    assert.equal(tokens.claims()?.sub, anna.id);
  });

  it('works without scripts', async () => {
    const page = await stage().newPage({ javaScriptEnabled: false, statuses: [401] });
    const { checks } = await open(page);
    await enterPassword(page, { ...anna, password: 'not my password' });
    await page.locator('#error-summary:focus').waitFor();
    assert.equal(await page.getByRole('button').count(), 1);
    await enterPassword(page, anna);
    const tokens = await openid.authorizationCodeGrant(client.config, await backAtClient(page, stage()), checks);
    assert.equal(tokens.claims()?.sub, anna.id);
  });

  it('answers by form_post too, with and without scripts', async () => {
    const { app, newPage, site } = stage();
    for (const javaScriptEnabled of [true, false]) {
      const page = await newPage({ javaScriptEnabled });
      const policies: string[] = [];
      page.on('response', (response) => {
        if (response.url().startsWith(`${app.issuer}/authorize/`))
          policies.push(response.headers()['content-security-policy'] ?? '');
      });
      const { checks } = await open(page, { response_mode: 'form_post' });
      await enterPassword(page, anna);
      if (!javaScriptEnabled) {
        assert.match((await page.locator('main').textContent()) ?? '', /Continue to Northwind Portal/);
        await page.getByRole('button', { name: 'Continue' }).click();
      }
      await backAtClient(page, stage());
      // The answer may go to the client, and nothing inline is let in for it.
      assert.match(policies.at(-1) ?? '', new RegExp(`script-src 'self'; .*form-action 'self' ${site.url}`));
      const url = new URL(`${site.redirectUri}?${site.posted.splice(0).at(-1)}`);
      const tokens = await openid.authorizationCodeGrant(client.config, url, checks);
      assert.equal(tokens.claims()?.sub, anna.id);
    }
  });
});
