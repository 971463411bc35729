import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser, type TestBrowser } from '../../support/browser.ts';
import { give } from '../../support/management.ts';
import { accessibilityFaults } from '../../support/page-checks.ts';

describe('the look of a tenant, in a browser', () => {
  let app: TestApp;
  let browser: TestBrowser;
  let tenantId: string;
  let owner: Awaited<ReturnType<TestApp['person']>>;

  before(async function () {
    const found = await openBrowser();
    if (!found) return this.skip();
    browser = found;
    app = await startTestApp();
    ({ id: tenantId } = await app.tenant({ slug: 'here', name: 'Here' }));
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
  });

  afterEach(() => browser?.assertNoFaults());
  after(async () => {
    await browser?.close();
    await app?.stop();
  });

  async function atBranding(options: Parameters<TestBrowser['newPage']>[0] = {}): Promise<Page> {
    const page = await browser.newPage(options);
    page.setDefaultTimeout(60_000);
    await page.goto(`${app.issuer}/console/here/settings/branding`);
    await page.fill('#login', owner.email);
    await page.fill('#password', owner.password);
    await page.click('button[type=submit]');
    await page.waitForURL('**/settings/branding');
    return page;
  }

  const accent = '[name="branding.accent_color"]';
  const inFrame = (page: Page, look: string) => page.frameLocator(`.look-screen-${look} iframe`);
  /** The ground of the main button, as the browser draws it. */
  const ground = (page: Page, look: string) =>
    inFrame(page, look)
      .locator('#sign-in .button')
      .evaluate(
        (button) =>
          (globalThis as unknown as { getComputedStyle(e: unknown): { backgroundColor: string } }).getComputedStyle(
            button,
          ).backgroundColor,
      );
  const stored = async () => (await app.db('tenants').where({ id: tenantId }).first('settings')).settings.branding;

  it('shows the real sign-in page in light, in dark and on a phone, with the colour as one types it', async () => {
    const page = await atBranding();
    for (const look of ['light', 'dark', 'phone'])
      await inFrame(page, look).locator('h1:has-text("Sign in")').waitFor();
    await page.fill(accent, '#8a2be2');
    await page.waitForSelector('iframe[src*="8a2be2"]');
    assert.equal(await ground(page, 'light'), 'rgb(138, 43, 226)');
    await page.waitForSelector('text=Can it be read?');
    assert.equal(await page.inputValue(accent), '#8a2be2', 'the form keeps what is typed');
    assert.equal(await stored(), undefined, 'nothing is stored by looking');
    const theme = (look: string) => inFrame(page, look).locator('html').getAttribute('data-theme');
    assert.deepEqual([await theme('light'), await theme('dark'), await theme('phone')], ['light', 'dark', 'light']);
    assert.deepEqual(await accessibilityFaults(page), []);
  });

  it('shows it by a button where there are no scripts, and stores it by the other', async () => {
    const page = await atBranding({ javaScriptEnabled: false, width: 390, height: 780, colorScheme: 'dark' });
    await page.fill(accent, '#ffd400');
    await page.click('button[name=look]');
    await page.waitForSelector('iframe[src*="ffd400"]');
    await inFrame(page, 'light').locator('h1').waitFor();
    assert.equal(await page.inputValue(accent), '#ffd400');
    assert.equal(await stored(), undefined);
    await page.click('main button[type=submit]:not([name])');
    await page.waitForSelector('text=#ffd400');
    assert.deepEqual(await stored(), { accentColor: '#ffd400' });
  });
});
