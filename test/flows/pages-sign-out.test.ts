import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { enterPassword, expectFocus, headingOf, onStage, type Person, signInAt } from '../support/pages.ts';
import type { RelyingParty } from '../support/relying-party.ts';

describe('signing out', () => {
  let client: RelyingParty;
  let anna: Person;
  let backUri: string;

  const stage = onStage(async () => {
    const { app, site } = stage();
    client = await stage().client();
    anna = await app.person({ fullName: 'Anna Larsson' });
    backUri = `${site.url}/signed-out`;
  });

  const signOutAddress = (parameters: Record<string, string> = {}) =>
    openid.buildEndSessionUrl(client.config, parameters).href;

  async function isSignedIn(page: Page): Promise<boolean> {
    await page.goto(stage().app.issuer);
    return page.getByRole('link', { name: 'Your account' }).isVisible();
  }

  for (const javaScriptEnabled of [true, false]) {
    it(`asks nothing that the client has shown, and goes back to it, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
      const page = await stage().newPage({ javaScriptEnabled });
      const { checks } = await signInAt(page, stage(), client, anna);
      const tokens = await openid.authorizationCodeGrant(client.config, new URL(page.url()), checks);
      const hint = tokens.id_token as string;
      await page.goto(signOutAddress({ id_token_hint: hint, post_logout_redirect_uri: backUri, state: 'st4te' }));
      if (!javaScriptEnabled) {
        assert.equal(await headingOf(page), 'Signing you out');
        await page.getByRole('button', { name: 'Sign out' }).click();
      }
      await page.waitForURL(`${backUri}?state=st4te`);
      assert.equal(await isSignedIn(page), false);
      await page.goto((await stage().request(client)).address.href);
      await page.getByLabel('Password', { exact: true }).waitFor();
    });
  }

  it('has a page of its own where the client names none', async () => {
    const page = await stage().newPage();
    await signInAt(page, stage(), client, anna);
    await page.goto(`${stage().app.issuer}/logout`);
    assert.equal(await headingOf(page), 'Sign out?');
    const text = (await page.locator('main').textContent()) ?? '';
    assert.ok(text.includes('Anna Larsson') && text.includes(anna.email), text);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(/\/logout\/success/);
    assert.equal(await headingOf(page), 'You are signed out');
    assert.equal(await isSignedIn(page), false);
  });

  it('lets the person stay, and does not say otherwise', async () => {
    const page = await stage().newPage();
    await signInAt(page, stage(), client, anna);
    await page.goto(signOutAddress({ post_logout_redirect_uri: backUri }));
    await page.getByRole('button', { name: 'Stay signed in' }).click();
    await page.waitForURL(backUri);
    assert.ok(await isSignedIn(page));

    for (const address of [signOutAddress(), `${stage().app.issuer}/logout`]) {
      await page.goto(address);
      await page.getByRole('button', { name: 'Stay signed in' }).click();
      await page.waitForURL(/\/logout\/success/);
      assert.equal(await headingOf(page), 'You are still signed in');
    }
    await page.getByRole('link', { name: 'Continue' }).click();
    assert.equal(await headingOf(page), 'Your profile');
  });

  for (const javaScriptEnabled of [true, false]) {
    it(`goes on where nobody is signed in, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
      const page = await stage().newPage({ javaScriptEnabled });
      await page.goto(signOutAddress({ post_logout_redirect_uri: backUri }));
      if (!javaScriptEnabled) await page.getByRole('button', { name: 'Continue' }).click();
      await page.waitForURL(backUri);
    });
  }

  it('offers to try again when two tabs were in each other’s way', async () => {
    const page = await stage().newPage({ statuses: [400] });
    await signInAt(page, stage(), client, anna);
    await page.goto(`${stage().app.issuer}/logout`);
    const other = await page.context().newPage();
    await other.goto(`${stage().app.issuer}/logout`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    assert.equal(await headingOf(page), 'This page has expired');
    await page.getByRole('link', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    assert.equal(await headingOf(page), 'You are signed out');
  });

  it('speaks the language that ui_locales asks for, by keyboard', async () => {
    const page = await stage().newPage();
    await signInAt(page, stage(), client, anna);
    await page.goto(signOutAddress({ ui_locales: 'fr', post_logout_redirect_uri: backUri }));
    assert.match(await headingOf(page), /^Se déconnecter\s\?$/);
    await page.keyboard.press('Tab');
    await expectFocus(page, 'Se déconnecter');
    await page.keyboard.press('Enter');
    await page.waitForURL(backUri);
  });

  it('takes two clicks for one', async () => {
    const page = await stage().newPage();
    await signInAt(page, stage(), client, anna);
    await page.goto(signOutAddress({ post_logout_redirect_uri: backUri }));
    await page.getByRole('button', { name: 'Sign out' }).dblclick({ noWaitAfter: true });
    await page.waitForURL(backUri);
  });
});

describe('the start page and the account page', () => {
  let anna: Person;

  const stage = onStage(async () => {
    const { app } = stage();
    anna = await app.person({ fullName: 'Anna Larsson' });
  });

  async function openAccount(page: Page): Promise<void> {
    await page.goto(stage().app.issuer);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await enterPassword(page, anna);
    await page.waitForURL(`${stage().app.issuer}/account`);
  }

  it('lead to each other', async () => {
    const page = await stage().newPage();
    await openAccount(page);
    assert.equal(await headingOf(page), 'Your profile');
    const text = (await page.locator('main').textContent()) ?? '';
    assert.ok(text.includes('Anna Larsson') && text.includes(anna.email), text);
    await page.getByRole('link', { name: 'Devices' }).click();
    assert.match((await page.locator('main').textContent()) ?? '', /This device/);
    await page.goto(stage().app.issuer);
    assert.match((await page.locator('main').textContent()) ?? '', /You are signed in as Anna Larsson/);
    await page.getByRole('link', { name: 'Your account' }).click();
    await page.getByRole('link', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${stage().app.issuer}/`);
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
  });

  it('show the other devices, and end their sessions', async () => {
    const client = await stage().client();
    const here = await stage().newPage();
    const there = await stage().newPage();
    await openAccount(here);
    await signInAt(there, stage(), client, anna);
    await here.getByRole('link', { name: 'Devices' }).click();
    const others = here.getByRole('listitem').filter({ hasNotText: 'This device' }).filter({ hasText: 'Signed in' });
    const before = await others.count();
    const sessions = here.getByRole('listitem').filter({ hasText: 'Signed in' });
    assert.match((await sessions.first().textContent()) ?? '', /This device/);
    assert.ok(before >= 1);
    await others
      .first()
      .getByRole('button', { name: /^End the session in / })
      .click();
    await here.waitForURL(`${stage().app.issuer}/account/devices?notice=session_ended`);
    await eventually(async () => (await others.count()) === before - 1, 'the session is gone from the list');
    await there.goto((await stage().request(client)).address.href);
    await there.getByLabel('Password', { exact: true }).waitFor();
    await here.getByText('This device').waitFor();
  });

  it('ask to sign in once the person has ended this very session', async () => {
    const page = await stage().newPage();
    await openAccount(page);
    await page.getByRole('link', { name: 'Devices' }).click();
    const current = page.getByRole('listitem').filter({ hasText: 'This device' });
    await current.getByRole('button', { name: /^End the session/ }).click();
    await page.getByLabel('Password', { exact: true }).waitFor();
    await enterPassword(page, anna);
    await page.waitForURL(`${stage().app.issuer}/account/devices`);
  });

  it('lead back to the start page a person who does not sign in', async () => {
    const page = await stage().newPage();
    await page.goto(`${stage().app.issuer}/account`);
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.waitForURL(`${stage().app.issuer}/`);
    assert.equal(await headingOf(page), 'Welcome');
  });

  it('refuse to show the account to the next person at this computer', async () => {
    const page = await stage().newPage();
    await openAccount(page);
    await page.getByRole('link', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${stage().app.issuer}/`);
    await page.goBack();
    await page.goBack();
    assert.doesNotMatch(await page.content(), /Anna Larsson/);
  });
});
