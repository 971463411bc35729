import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import type { Page } from 'playwright-core';
import { defineCapability } from '../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import {
  backAtClient,
  enterPassword,
  expectFocus,
  focused,
  headingOf,
  onStage,
  type Person,
} from '../support/pages.ts';
import type { RelyingParty } from '../support/relying-party.ts';

const api = 'https://api.fleet.example/';

describe('the consent page', () => {
  let client: RelyingParty;
  let anna: Person;

  const stage = onStage(async () => {
    const { app } = stage();
    const { id } = await createResourceServer(
      app.db,
      { tenantId: null, identifier: api, name: 'Fleet API' },
      systemCaller,
    );
    const capability = { key: 'trucks.read', description: 'See where the trucks are', resourceServerId: id };
    await defineCapability(app.db, capability, systemCaller);
    anna = await app.person({ fullName: 'Anna Larsson' });
  });
  beforeEach(async () => {
    client = await stage().client({
      name: 'Fleet & Planner',
      firstParty: false,
      metadata: {
        logo_uri: 'https://fleet.example/logo.svg',
        policy_uri: 'https://fleet.example/privacy',
        tos_uri: 'https://fleet.example/terms',
      },
    });
  });

  async function newPage(options: Parameters<ReturnType<typeof stage>['newPage']>[0] = {}): Promise<Page> {
    const page = await stage().newPage(options);
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8H0z"/></svg>';
    await page.route('https://fleet.example/**', (route) => route.fulfill({ contentType: 'image/svg+xml', body: svg }));
    return page;
  }

  async function ask(page: Page, parameters: Record<string, string> = {}) {
    const started = await stage().request(client, { scope: 'openid profile email', ...parameters });
    await page.goto(started.address.href);
    return started;
  }

  async function askAnna(page: Page, parameters: Record<string, string> = {}) {
    const started = await ask(page, parameters);
    await enterPassword(page, anna);
    return started;
  }

  it('says who asks, for what, and where the person will go', async () => {
    const page = await newPage();
    await askAnna(page, {
      scope: 'openid profile email roles offline_access trucks.read',
      prompt: 'consent',
      resource: api,
    });
    assert.equal(await headingOf(page), 'Allow Fleet & Planner?');
    const text = (await page.locator('main').textContent()) ?? '';
    for (const part of [
      anna.email,
      'See your name and profile',
      'See your email address',
      'Stay connected when you are away',
      'In Fleet API',
      'See where the trucks are',
      new URL(stage().site.url).host,
    ])
      assert.ok(text.includes(part), `${part} is missing in ${text}`);
    assert.doesNotMatch(text, /offline_access|trucks\.read|New/);
    assert.equal(await page.getByText('roles', { exact: true }).count(), 0, 'scopes are told in words, also of an API');
    assert.ok(await page.locator('.pair img').evaluate((image) => (image as HTMLImageElement).naturalWidth > 0));
    for (const [name, address] of [
      ['Privacy policy', 'https://fleet.example/privacy'],
      ['Terms of use', 'https://fleet.example/terms'],
    ] as const)
      assert.equal(await page.getByRole('link', { name }).getAttribute('href'), address);
  });

  it('lets the client have what was allowed, and is not shown again for it', async () => {
    const page = await newPage();
    const { checks } = await askAnna(page);
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    const tokens = await openid.authorizationCodeGrant(client.config, await backAtClient(page, stage()), checks);
    assert.equal(tokens.claims()?.sub, anna.id);
    assert.equal(tokens.scope, 'openid profile email');

    await ask(page);
    await backAtClient(page, stage());

    await ask(page, { scope: 'openid profile email phone' });
    const grants = page.getByRole('listitem');
    assert.equal(await grants.filter({ hasText: 'New' }).count(), 1);
    assert.equal(await grants.filter({ hasText: 'See your phone number' }).filter({ hasText: 'New' }).count(), 1);
  });

  it('sends the person back without anything when they refuse, and asks again', async () => {
    const page = await newPage();
    const { checks } = await askAnna(page);
    await page.getByRole('button', { name: 'Don’t allow' }).click();
    const answer = await backAtClient(page, stage());
    assert.equal(answer.searchParams.get('error'), 'access_denied');
    assert.equal(answer.searchParams.get('state'), checks.expectedState);
    assert.equal(answer.searchParams.get('code'), null);
    await ask(page);
    assert.equal(await headingOf(page), 'Allow Fleet & Planner?');
  });

  it('is reached and answered by keyboard alone; pressing twice does no harm', async () => {
    const page = await newPage();
    const { checks } = await ask(page);
    await expectFocus(page, 'login');
    await page.keyboard.type(anna.email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(anna.password);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/consent$/);
    for (let steps = 0; steps < 20 && (await focused(page)) !== 'Allow'; steps++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter').catch(() => undefined);
    const tokens = await openid.authorizationCodeGrant(client.config, await backAtClient(page, stage()), checks);
    assert.equal(tokens.claims()?.sub, anna.id);
  });

  it('works without scripts', async () => {
    const page = await newPage({ javaScriptEnabled: false });
    const { checks } = await askAnna(page);
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    const tokens = await openid.authorizationCodeGrant(client.config, await backAtClient(page, stage()), checks);
    assert.equal(tokens.claims()?.sub, anna.id);
  });

  it('speaks French', async () => {
    const page = await newPage();
    const { checks } = await ask(page, { ui_locales: 'fr' });
    await page.getByLabel('Adresse e-mail').fill(anna.email);
    await page.getByLabel('Mot de passe', { exact: true }).fill(anna.password);
    await page.getByRole('button', { name: 'Se connecter' }).click();
    // A narrow no-break space stands before the question mark.
    assert.match(await headingOf(page), /^Autoriser Fleet & Planner\s\?$/);
    await page.getByRole('button', { name: 'Autoriser' }).click();
    const answer = await backAtClient(page, stage());
    assert.equal(answer.searchParams.get('state'), checks.expectedState);
  });
});
