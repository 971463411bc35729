import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as openid from 'openid-client';
import type { Page } from 'playwright-core';
import { defineCapability } from '../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import { createSetupLink } from '../../src/domain/setup/setup-links.ts';
import { assign, createNode, createRole } from '../support/factories.ts';
import { accessibilityFaults, smallTargets } from '../support/page-checks.ts';
import { backAtClient, headingOf, onStage, type Person } from '../support/pages.ts';
import type { RelyingParty } from '../support/relying-party.ts';

/** Where to leave pictures of every page, for a person who wants to look at them. */
const pictures = process.env.PAGE_PICTURES;

describe('every page, live, in light and dark and at each width', () => {
  const api = 'https://api.northwind.example/';
  const password = 'lanterns over quiet water';
  let client: RelyingParty;
  let anna: Person;

  const stage = onStage(async () => {
    if (pictures) await mkdir(pictures, { recursive: true });
    const { app } = stage();
    const branding = { logoUrl: 'https://northwind.example/logo.svg', accentColor: '#2a5bd7' };
    const tenant = await app.tenant({ name: 'Northwind Logistics', settings: { branding } });
    anna = await app.person({
      tenantId: tenant.id,
      fullName: 'Anna Larsson',
      email: 'anna@northwind.example',
      password,
    });
    const other = await app.tenant({ name: 'Fjällräven Skolor' });
    await app.person({ tenantId: other.id, fullName: 'Anna Larsson', email: anna.email, password });
    client = await stage().client({ tenantId: tenant.id });
    const server = { tenantId: null, identifier: api, name: 'Inventory' };
    const { id } = await createResourceServer(app.db, server, systemCaller);
    const capability = { key: 'stock.read', description: 'See stock levels', resourceServerId: id };
    await defineCapability(app.db, capability, systemCaller);

    const node = await createNode(app.db, { tenantId: tenant.id, name: 'Gothenburg terminal' });
    for (const name of ['Terminal manager', 'Safety officer']) {
      const role = await createRole(app.db, { tenantId: tenant.id, name });
      const endsAt = name === 'Safety officer' ? new Date(Date.now() + 90 * 86_400_000) : undefined;
      await assign(app.db, { tenantId: tenant.id, userId: anna.id, roleId: role.id, orgNodeId: node.id, endsAt });
    }
  });

  async function newPage(options: Parameters<ReturnType<typeof stage>['newPage']>[0] = {}): Promise<Page> {
    const page = await stage().newPage({ statuses: [400, 401, 404, 409, 422, 429], ...options });
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#2a5bd7"/><path d="M9 23V9.5l14 13.5V9" fill="none" stroke="#fff" stroke-width="3"/></svg>';
    await page.route(/^https:\/\/\w+\.example\//, (route) =>
      route.fulfill({ contentType: 'image/svg+xml', body: svg }),
    );
    return page;
  }

  async function look(page: Page, name: string, heading: RegExp): Promise<void> {
    assert.match(await headingOf(page), heading);
    const faults: string[] = [];
    // What another language changes is the length of the words.
    const isTranslation = name.endsWith('-fr') && !pictures;
    for (const colorScheme of isTranslation ? (['light'] as const) : (['light', 'dark'] as const)) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const width of isTranslation ? [360] : [1280, 390, 360]) {
        await page.setViewportSize({ width, height: width === 1280 ? 800 : 780 });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        if (over > 0) faults.push(`${colorScheme} ${width}: scrolls ${over} px sideways`);
        if ((colorScheme === 'light') === (width === 1280) && width !== 360) {
          const found = [...(await accessibilityFaults(page)), ...(await smallTargets(page))];
          faults.push(...found.map((fault) => `${colorScheme} ${width}: ${fault}`));
        }
        if (pictures && width !== 360)
          await page.screenshot({ path: join(pictures, `${name}-${colorScheme}-${width}.png`), fullPage: true });
      }
    }
    assert.deepEqual(faults, [], name);
    await page.setViewportSize({ width: 1280, height: 800 });
  }

  for (const locale of ['en', 'fr']) {
    const suffix = locale === 'en' ? '' : `-${locale}`;
    /** The buttons by their place: their words are of two languages here. */
    const submit = (page: Page, index = 0) => page.locator('main [type=submit]').nth(index).click();
    const enter = async (page: Page, person: { email: string; password: string }) => {
      await page.locator('#login').fill(person.email);
      await page.locator('#password').fill(person.password);
      await submit(page);
    };

    it(`around signing in (${locale})`, async function () {
      this.timeout(120_000);
      const { app } = stage();
      const page = await newPage({ locale });
      await page.goto(app.issuer);
      await look(page, `welcome${suffix}`, /^(Welcome|Bienvenue)$/);

      await page.goto((await stage().request(client)).address.href);
      await look(page, `sign-in${suffix}`, /^(Sign in|Connexion)$/);
      await enter(page, { ...anna, password: 'not my password' });
      await page.locator('#error-summary').waitFor();
      await look(page, `sign-in-error${suffix}`, /^(Sign in|Connexion)$/);

      const everybody = await stage().client({ name: 'Harbour Map' });
      await page.goto((await stage().request(everybody)).address.href);
      await enter(page, anna);
      await look(page, `choose-tenant${suffix}`, /^(Choose an organisation|Choisissez une organisation)$/);
      await page.getByRole('button', { name: /Northwind/ }).click();
      await backAtClient(page, stage());

      await page.goto((await stage().request(client, { prompt: 'select_account' })).address.href);
      await look(page, `select-account${suffix}`, /^(Choose an account|Choisissez un compte)$/);

      const third = await stage().client({
        name: 'Fleet Planner',
        firstParty: false,
        metadata: {
          logo_uri: 'https://fleet.example/logo.svg',
          policy_uri: 'https://fleet.example/privacy',
          tos_uri: 'https://fleet.example/terms',
        },
      });
      const asked = { scope: 'openid profile email roles offline_access stock.read', resource: api, prompt: 'consent' };
      const claims = JSON.stringify({ id_token: { phone_number: null } });
      await page.goto((await stage().request(third, { ...asked, claims })).address.href);
      await look(page, `consent${suffix}`, /^(Allow|Autoriser) Fleet Planner/);
    });

    it(`around the account and signing out (${locale})`, async function () {
      this.timeout(120_000);
      const { app } = stage();
      const page = await newPage({ locale });
      await page.goto((await stage().request(client)).address.href);
      await enter(page, anna);
      await backAtClient(page, stage());
      const elsewhere = await newPage({ locale });
      await elsewhere.goto((await stage().request(client)).address.href);
      await enter(elsewhere, anna);
      await backAtClient(elsewhere, stage());
      await page.goto(`${app.issuer}/account`);
      await look(page, `account${suffix}`, /^(Your profile|Votre profil)$/);
      await page.goto(`${app.issuer}/account/devices`);
      await look(page, `account-devices${suffix}`, /^(Devices and sessions|Appareils et sessions)$/);
      await page.goto(app.issuer);
      await look(page, `welcome-back${suffix}`, /^(Welcome|Bienvenue)$/);
      await page.goto(openid.buildEndSessionUrl(client.config).href);
      await look(page, `sign-out${suffix}`, /^(Sign out|Se déconnecter)/);
      await submit(page, 1);
      await look(page, `still-signed-in${suffix}`, /^(You are still signed in|Votre session reste ouverte)$/);
      await page.goto(`${app.issuer}/logout`);
      await submit(page);
      await look(page, `signed-out${suffix}`, /^(You are signed out|Déconnexion réussie)$/);
    });

    it(`around devices (${locale})`, async function () {
      this.timeout(120_000);
      const { app } = stage();
      const page = await newPage({ locale });
      const scanner = await stage().client({
        kind: 'native',
        name: 'Dock Scanner',
        redirectUris: [],
        postLogoutRedirectUris: [],
        metadata: { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'], response_types: [] },
      });
      const newCode = async () =>
        (await openid.initiateDeviceAuthorization(scanner.config, { scope: 'openid' })).user_code;
      await page.goto(`${app.issuer}/device`);
      await look(page, `device-code${suffix}`, /^(Connect a device|Connecter un appareil)$/);
      await page.locator('#user_code').fill('BCDF-GHJK');
      await submit(page);
      await page.locator('#error-summary').waitFor();
      await look(page, `device-code-error${suffix}`, /^(Connect a device|Connecter un appareil)$/);
      await page.locator('#user_code').fill(await newCode());
      await submit(page);
      await look(page, `device-confirm${suffix}`, /code/);
      await submit(page, 1);
      await look(page, `device-cancelled${suffix}`, /^(No device was|Aucun appareil)/);
      await page.goto(`${app.issuer}/device`);
      await page.locator('#user_code').fill(await newCode());
      await submit(page);
      await submit(page);
      await enter(page, anna);
      await page.getByRole('button', { name: /Northwind/ }).click();
      await look(page, `device-done${suffix}`, /^(Your device is connected|Votre appareil est connecté)$/);
    });

    it(`around setting up, and when something went wrong (${locale})`, async function () {
      this.timeout(120_000);
      const { app, site } = stage();
      const page = await newPage({ locale });
      const link = async (tenantId: string | null, email: string | null) =>
        `${app.issuer}/set-up/${(await createSetupLink(app.db, { tenantId, email }, systemCaller)).token}`;
      await page.goto(await link(null, null));
      await look(page, `set-up${suffix}`, /Gatehouse$/);
      await page.locator('#tenant_name').fill('Northwind');
      await page.locator('#full_name').fill('Ada King');
      await page.locator('#email').fill('ada@northwind.example');
      await page.locator('#password').fill('password1');
      await submit(page);
      await page.locator('#error-summary').waitFor();
      await look(page, `set-up-error${suffix}`, /Gatehouse$/);
      await page.goto(await link(anna.tenantId, 'ada@northwind.example'));
      await look(page, `set-up-join${suffix}`, /Northwind Logistics$/);

      await page.goto(`${app.issuer}/nothing`);
      await look(page, `error-not-found${suffix}`, /^(There is nothing here|Il n’y a rien ici)$/);
      await page.goto((await stage().request(client, { redirect_uri: `${site.url}/elsewhere` })).address.href);
      await look(page, `error-refused${suffix}`, /^(The application’s request|La demande de l’application)/);
      await page.goto((await stage().request(client)).address.href);
      const address = page.url();
      const stranger = await newPage({ locale });
      await stranger.goto(address);
      await look(stranger, `error-other-browser${suffix}`, /^(This belongs|Cette page appartient)/);
      await enter(page, anna);
      await backAtClient(page, stage());
      // Whoever is still signed in is led on.
      await page.context().clearCookies({ name: /session/ });
      await page.goto(address);
      await look(page, `error-finished${suffix}`, /^(This was already used|Cela a déjà servi)$/);
    });

    it(`between two people (${locale})`, async () => {
      const page = await newPage({ locale });
      // With its script the page is gone at once.
      await page.route('**/gatehouse.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
      const bo = await stage().app.person({ tenantId: anna.tenantId });
      await page.goto((await stage().request(client)).address.href);
      await enter(page, anna);
      await backAtClient(page, stage());
      await page.goto((await stage().request(client, { prompt: 'login' })).address.href);
      await page.getByRole('link', { name: /^(Use another account|Utiliser un autre compte)$/ }).click();
      await enter(page, bo);
      await look(page, `switching${suffix}`, /^(One more step|Encore une étape)$/);
    });
  }
});
