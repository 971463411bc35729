import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser, type TestBrowser } from '../../support/browser.ts';
import { eventually } from '../../support/eventually.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';
import { accessibilityFaults } from '../../support/page-checks.ts';

describe('the console in a browser', () => {
  let app: TestApp;
  let browser: TestBrowser;
  let tenant: NewTenant;
  let owner: Awaited<ReturnType<TestApp['person']>>;
  let anna: { id: string };

  before(async function () {
    const found = await openBrowser();
    if (!found) return this.skip();
    browser = found;
    app = await startTestApp();
    tenant = await app.tenant({ slug: 'here', name: 'Here' });
    owner = await app.person({ tenantId: tenant.id, fullName: 'Olive Owner' });
    await give(app, { tenantId: tenant.id, userId: owner.id, role: 'owner' });
    anna = await make.createUser(app.db, { tenantId: tenant.id, fullName: 'Anna Larsson' });
    for (const fullName of ['Bert Berg', 'Cara Lind']) await make.createUser(app.db, { tenantId: tenant.id, fullName });
  });

  afterEach(() => browser?.assertNoFaults());
  after(async () => {
    await browser?.close();
    await app?.stop();
  });

  async function atPeople(options: Parameters<TestBrowser['newPage']>[0] = {}): Promise<Page> {
    const page = await browser.newPage(options);
    page.setDefaultTimeout(60_000);
    await page.goto(`${app.issuer}/console/here/people`);
    await page.fill('#login', owner.email);
    await page.fill('#password', owner.password);
    await page.click('button[type=submit]');
    await page.waitForURL('**/console/here/people');
    return page;
  }

  const heading = (page: Page, text: string) => page.waitForSelector(`h1:has-text("${text}")`);

  /** A browser gives the focus with a frame that comes in its time. */
  const focusIs = (page: Page, property: string, value: string) =>
    eventually(
      async () => (await page.evaluate(`document.activeElement.${property}`)) === value,
      `the focus is at ${value}`,
    );

  const valueIs = (page: Page, selector: string, value: string) =>
    eventually(async () => (await page.inputValue(selector)) === value, `${selector} is ${value}`);

  it('goes from page to page without loading it anew, under the policy of all pages, and back', async () => {
    const page = await atPeople();
    await page.evaluate('window.kept = true');
    await page.click('text=Anna Larsson');
    await heading(page, 'Anna Larsson');
    assert.match(page.url(), new RegExp(`/console/here/people/${anna.id}$`));
    assert.equal(await page.evaluate('window.kept'), true, 'the page was loaded anew');
    assert.match(await page.title(), /Anna Larsson/);
    await page.goBack();
    await heading(page, 'People');
    assert.match(page.url(), /\/console\/here\/people$/);
    await page.waitForSelector('text=Bert Berg');
  });

  it('searches while one types, keeps the address and the focus', async () => {
    const page = await atPeople();
    await page.locator('.filter-input').pressSequentially('cara');
    await page.waitForSelector('tbody tr:only-child >> text=Cara Lind');
    await page.waitForURL(/[?&]q=cara/);
    await focusIs(page, 'name', 'q');
  });

  it('takes the key of the search, and finds', async () => {
    const page = await atPeople();
    await page.keyboard.press('/');
    await focusIs(page, 'id', 'console-search');
    await page.keyboard.type('anna');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.hit >> text=Anna Larsson');
  });

  it('forgets what was said of a change once it was said', async () => {
    const page = await atPeople();
    await page.goto(`${app.issuer}/console/here/people/${anna.id}/edit`);
    await page.fill('#external_id', 'HR-1');
    await page.click('main button[type=submit]');
    await page.waitForSelector('text=Saved.');
    await page.waitForURL((url) => !url.searchParams.has('notice'));
  });

  it('comes back to a form with what was typed, after a link, after a table was checked, and for nobody else', async () => {
    const page = await atPeople();
    await page.goto(`${app.issuer}/console/here/people/new`);
    await page.fill('#full_name', 'Ada Begun');
    await page.fill('#password', 'a secret of hers');
    await page.click('nav.rail >> text=Roles');
    await heading(page, 'Roles');
    await page.goBack();
    await heading(page, 'Add a person');
    await valueIs(page, '#full_name', 'Ada Begun');
    assert.equal(await page.inputValue('#password'), '');
    await page.evaluate("history.replaceState({ typed: { person: 'Another', values: { full_name: 'Theirs' } } }, '')");
    await page.reload();
    assert.equal(await page.inputValue('#full_name'), '');
    await page.goto(`${app.issuer}/console/here/people/onboard`);
    await page.fill('#text', 'name,address\nOdd,nonsense');
    await page.click('button[value=check]');
    await page.waitForSelector('#rows');
    await page.goBack();
    await page.waitForSelector('#rows', { state: 'detached' });
    await valueIs(page, '#text', 'name,address\nOdd,nonsense');
    await page.goto(`${app.issuer}/console/here/people/${anna.id}/edit`);
    await page.fill('#given_name', 'Not saved');
    await page.goto(`${app.issuer}/console/here/roles`);
    await page.goBack();
    await heading(page, 'Edit Anna Larsson');
    assert.notEqual(await page.inputValue('#given_name'), 'Not saved', 'what is stored is what is changed');
  });

  it('leads to the sign-in where the session has ended meanwhile', async () => {
    const page = await atPeople();
    await page.context().clearCookies();
    await page.click('text=Anna Larsson');
    await page.waitForSelector('#password');
    await page.fill('#login', owner.email);
    await page.fill('#password', owner.password);
    await page.click('button[type=submit]');
    await heading(page, 'Anna Larsson');
  });

  it('works without scripts, from the list to a deed that is done', async () => {
    const page = await atPeople({ javaScriptEnabled: false });
    await page.fill('.filter-input', 'bert');
    await page.press('.filter-input', 'Enter');
    await page.click('text=Bert Berg');
    await heading(page, 'Bert Berg');
    await page.click('text=Stop …');
    await heading(page, 'Stop Bert Berg');
    await page.click('main button[type=submit]');
    await page.waitForSelector('text=signed out everywhere');
  });

  it('is whole for those who hear it, on a phone in the dark and by keyboard alone', async () => {
    const page = await atPeople({ width: 390, height: 780, colorScheme: 'dark' });
    await page.keyboard.press('Tab');
    await focusIs(page, 'className', 'skip');
    await page.focus('.bar-menu summary');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.bar-menu .rail-link >> visible=true');
    assert.deepEqual(await accessibilityFaults(page), []);
    await page.keyboard.press('Escape');
    await page.waitForSelector('.bar-menu .rail-link', { state: 'hidden' });
  });
});
