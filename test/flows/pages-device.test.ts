import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import type { Page } from 'playwright-core';
import { enterPassword, expectFocus, headingOf, onStage, type Person } from '../support/pages.ts';
import type { RelyingParty } from '../support/relying-party.ts';

describe('the pages that connect a device', () => {
  let scanner: RelyingParty;
  let anna: Person;

  const stage = onStage(async () => {
    scanner = await device(true);
    anna = await stage().app.person({ fullName: 'Anna Larsson' });
  });

  // Codes typed from one address are counted; here everybody has the same.
  beforeEach(() => stage().app.db('rate_limits').delete());

  async function device(firstParty: boolean): Promise<RelyingParty> {
    return stage().client({
      kind: 'native',
      name: 'Dock Scanner',
      firstParty,
      redirectUris: [],
      postLogoutRedirectUris: [],
      metadata: { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'], response_types: [] },
    });
  }

  /** The device: shows its code, and asks for its tokens every 100 ms. */
  async function start(party: RelyingParty = scanner) {
    const shown = await openid.initiateDeviceAuthorization(party.config, { scope: 'openid profile' });
    const polling = openid.pollDeviceAuthorizationGrant(party.config, { ...shown, interval: 0.1 });
    polling.catch(() => undefined);
    return { ...shown, polling };
  }

  async function enterCode(page: Page, code: string): Promise<void> {
    await page.goto(`${stage().app.issuer}/device`);
    await page.getByLabel('Code').fill(code);
    await page.getByRole('button', { name: 'Continue' }).click();
  }

  async function refusal(polling: Promise<unknown>): Promise<string> {
    const error = await polling.then(
      () => assert.fail('the device was let in'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof openid.ResponseBodyError, String(error));
    return error.error;
  }

  for (const javaScriptEnabled of [true, false]) {
    it(`let it in after code, comparison and sign-in, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
      const page = await stage().newPage({ javaScriptEnabled });
      const { user_code: code, polling } = await start();
      // As people type it.
      await enterCode(page, code.toLowerCase().replace('-', ' '));
      assert.equal(await headingOf(page), 'Is this the code on your device?');
      const text = (await page.locator('main').textContent()) ?? '';
      assert.ok(text.includes(code) && text.includes('Dock Scanner') && text.includes('127.0.0.1'), text);
      await page.getByRole('button', { name: 'Continue' }).click();
      await enterPassword(page, anna);
      assert.equal(await headingOf(page), 'Your device is connected');
      assert.equal((await polling).claims()?.sub, anna.id);
    });
  }

  it('take the code from the address that the device shows', async () => {
    const { verification_uri_complete: address = '', user_code: code, polling } = await start();
    for (const javaScriptEnabled of [false, true]) {
      const page = await stage().newPage({ javaScriptEnabled });
      await page.goto(address);
      if (!javaScriptEnabled) await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByText(code).waitFor();
      assert.equal(await headingOf(page), 'Is this the code on your device?');
      if (!javaScriptEnabled) continue;
      await page.getByRole('button', { name: 'Continue' }).click();
      await enterPassword(page, anna);
    }
    assert.equal((await polling).claims()?.sub, anna.id);
  });

  it('say what is wrong with a code, and keep it', async () => {
    const page = await stage().newPage();
    await enterCode(page, 'BCDF-GHJK');
    await expectFocus(page, 'error-summary');
    assert.equal(await page.getByLabel('Code').inputValue(), 'BCDF-GHJK');
    await page.getByRole('link', { name: /We don’t know this code/ }).click();
    await expectFocus(page, 'user_code');
    const { user_code: code, polling } = await start();
    await page.keyboard.press('Control+A');
    await page.keyboard.type(code);
    await page.keyboard.press('Enter');
    await page.getByText(code).waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();
    await enterPassword(page, anna);
    await polling;
    await enterCode(page, code);
    assert.match((await page.locator('#error-summary').textContent()) ?? '', /already used/);
  });

  it('tell the device when the person cancels', async () => {
    const page = await stage().newPage();
    const { user_code: code, polling } = await start();
    await enterCode(page, code);
    await page.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await headingOf(page), 'No device was connected');
    assert.equal(await refusal(polling), 'access_denied');
  });

  it('tell the device when the person goes back from signing in', async () => {
    const page = await stage().newPage();
    const { user_code: code, polling } = await start();
    await enterCode(page, code);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('link', { name: 'Cancel' }).click();
    assert.equal(await headingOf(page), 'No device was connected');
    assert.equal(await refusal(polling), 'access_denied');
  });

  it('ask for consent where the device is somebody else’s', async () => {
    const party = await device(false);
    for (const decision of ['Allow', 'Don’t allow']) {
      const page = await stage().newPage();
      const { user_code: code, polling } = await start(party);
      await enterCode(page, code);
      await page.getByRole('button', { name: 'Continue' }).click();
      await enterPassword(page, anna);
      assert.equal(await headingOf(page), 'Allow Dock Scanner?');
      assert.doesNotMatch((await page.locator('main').textContent()) ?? '', /You will go on to/);
      await page.getByRole('button', { name: decision, exact: true }).click();
      if (decision === 'Allow') assert.equal((await polling).claims()?.sub, anna.id);
      else assert.equal(await refusal(polling), 'access_denied');
    }
  });

  it('take two clicks for one', async () => {
    const page = await stage().newPage();
    const { user_code: code, polling } = await start();
    await enterCode(page, code);
    await page.getByRole('button', { name: 'Continue' }).dblclick({ noWaitAfter: true });
    await enterPassword(page, anna);
    assert.equal((await polling).claims()?.sub, anna.id);
  });

  it('are offered in French', async () => {
    const page = await stage().newPage({ locale: 'fr' });
    const { user_code: code, polling } = await start();
    await page.goto(`${stage().app.issuer}/device`);
    await page.getByLabel('Code').fill(code);
    await page.getByRole('button', { name: 'Continuer' }).click();
    await page.getByRole('button', { name: 'Annuler' }).click();
    assert.equal(await headingOf(page), 'Aucun appareil n’a été connecté');
    assert.equal(await refusal(polling), 'access_denied');
  });
});
