import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import type { Page } from 'playwright-core';
import { backAtClient, enterPassword, headingOf, onStage, type Person, signInAt } from '../support/pages.ts';
import type { RelyingParty, StartedSignIn } from '../support/relying-party.ts';

describe('choosing who to be', () => {
  let client: RelyingParty;
  let anna: Person;
  let bo: Person;

  const stage = onStage(async () => {
    const { app } = stage();
    client = await stage().client();
    anna = await app.person({ fullName: 'Anna Larsson' });
    bo = await app.person({ fullName: 'Bo Berg', tenantId: anna.tenantId });
  });

  async function open(page: Page, parameters: Record<string, string> = {}): Promise<StartedSignIn> {
    const started = await stage().request(client, parameters);
    await page.goto(started.address.href);
    return started;
  }

  async function personAtClient(page: Page, { checks }: StartedSignIn): Promise<string | undefined> {
    const tokens = await openid.authorizationCodeGrant(client.config, await backAtClient(page, stage()), checks);
    return tokens.claims()?.sub;
  }

  describe('among organisations', () => {
    const password = 'lanterns over quiet water';
    const email = 'twice@example.test';
    let inNorth: Person;
    let inSouth: Person;

    before(async () => {
      const { app } = stage();
      const [north, south] = [await app.tenant({ name: 'North & Sons' }), await app.tenant({ name: 'Sydskolan' })];
      inNorth = await app.person({ tenantId: north.id, email, password, fullName: 'Kim North' });
      inSouth = await app.person({ tenantId: south.id, email, password, fullName: 'Kim South' });
    });

    for (const javaScriptEnabled of [true, false]) {
      it(`asks once the password is proved, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
        const page = await stage().newPage({ javaScriptEnabled });
        const started = await open(page);
        await enterPassword(page, { email, password });
        assert.equal(await headingOf(page), 'Choose an organisation');
        await page.getByRole('button', { name: /North & Sons/ }).waitFor();
        await page.getByRole('button', { name: /Sydskolan/ }).click();
        assert.equal(await personAtClient(page, started), inSouth.id);
      });
    }

    it('takes two clicks for one', async () => {
      const page = await stage().newPage();
      const started = await open(page);
      await enterPassword(page, { email, password });
      await page.getByRole('button', { name: /North/ }).dblclick({ noWaitAfter: true });
      assert.equal(await personAtClient(page, started), inNorth.id);
    });

    it('does not ask where the client serves one of them', async () => {
      const page = await stage().newPage();
      const own = await stage().client({ tenantId: inSouth.tenantId });
      const { address, checks } = await stage().request(own);
      await page.goto(address.href);
      assert.match(await page.title(), /Sydskolan/);
      await enterPassword(page, { email, password });
      const tokens = await openid.authorizationCodeGrant(own.config, await backAtClient(page, stage()), checks);
      assert.equal(tokens.claims()?.sub, inSouth.id);
    });
  });

  describe('with prompt=select_account', () => {
    it('goes on as the person who is signed in', async () => {
      const page = await stage().newPage();
      await signInAt(page, stage(), client, anna);
      const started = await open(page, { prompt: 'select_account' });
      assert.equal(await headingOf(page), 'Choose an account');
      await page.getByRole('button', { name: /Continue as Anna Larsson/ }).click();
      assert.equal(await personAtClient(page, started), anna.id);
    });

    it('signs in as another', async () => {
      const page = await stage().newPage();
      await signInAt(page, stage(), client, anna);
      const started = await open(page, { prompt: 'select_account' });
      await page.getByRole('button', { name: 'Use another account' }).click();
      assert.equal(await page.getByLabel('Email address').inputValue(), '');
      await enterPassword(page, bo);
      assert.equal(await personAtClient(page, started), bo.id);
    });

    it('asks for the password where nobody is signed in', async () => {
      const page = await stage().newPage();
      const started = await open(page, { prompt: 'select_account' });
      await enterPassword(page, anna);
      assert.equal(await personAtClient(page, started), anna.id);
    });
  });

  describe('by signing in over a live session', () => {
    /** Whoever is signed in is asked by name; somebody else says so first. */
    async function enterOther(page: Page): Promise<void> {
      await page.getByRole('link', { name: 'Use another account' }).click();
      await enterPassword(page, bo);
    }

    it('ends at the client as the new person', async () => {
      const page = await stage().newPage();
      await signInAt(page, stage(), client, anna);
      const started = await open(page, { prompt: 'login' });
      await enterOther(page);
      assert.equal(await personAtClient(page, started), bo.id);
      await page.goto(`${stage().app.issuer}/account`);
      assert.match((await page.locator('main').textContent()) ?? '', /Bo Berg/);
    });

    it('does so without scripts, by a page of ours with one button', async () => {
      const page = await stage().newPage({ javaScriptEnabled: false });
      await signInAt(page, stage(), client, anna);
      const started = await open(page, { prompt: 'login' });
      await enterOther(page);
      assert.equal(await headingOf(page), 'One more step');
      assert.match((await page.locator('main').textContent()) ?? '', /Continue to Northwind Portal/);
      await page.getByRole('button', { name: 'Continue' }).click();
      assert.equal(await personAtClient(page, started), bo.id);
    });

    it('asks the new person for consent of their own', async () => {
      const page = await stage().newPage();
      const third = await stage().client({ firstParty: false });
      await signInAt(page, stage(), client, anna);
      const { address, checks } = await stage().request(third, { prompt: 'login' });
      await page.goto(address.href);
      await enterOther(page);
      await page.getByRole('button', { name: 'Allow', exact: true }).click();
      const tokens = await openid.authorizationCodeGrant(third.config, await backAtClient(page, stage()), checks);
      assert.equal(tokens.claims()?.sub, bo.id);
    });
  });
});
