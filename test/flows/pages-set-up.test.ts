import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createSetupLink } from '../../src/domain/setup/setup-links.ts';
import { enterPassword, expectFocus, headingOf, onStage } from '../support/pages.ts';

describe('the set-up page', () => {
  const stage = onStage();
  const password = 'lanterns over quiet water';
  let count = 0;

  async function address(wanted: Parameters<typeof createSetupLink>[1] = {}): Promise<string> {
    const { token } = await createSetupLink(stage().app.db, wanted, systemCaller);
    return `${stage().app.issuer}/set-up/${token}`;
  }

  async function fill(page: Page, values: Record<string, string>): Promise<void> {
    for (const [label, value] of Object.entries(values)) await page.getByLabel(label, { exact: true }).fill(value);
  }

  for (const javaScriptEnabled of [true, false]) {
    it(`makes the first administrator, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
      const page = await stage().newPage({ javaScriptEnabled });
      const email = `ada${++count}@example.test`;
      const link = await address();
      await page.goto(link);
      assert.equal(await headingOf(page), 'Set up Gatehouse');
      assert.equal(await page.locator(':focus').getAttribute('name'), 'tenant_name');
      assert.equal(await page.getByLabel('Password', { exact: true }).getAttribute('autocomplete'), 'new-password');
      await fill(page, {
        Organisation: 'Lovelace & Søn',
        'Your full name': 'Ada King',
        'Email address': email,
        Password: password,
      });
      await page.getByRole('button', { name: 'Create organisation and account' }).click();
      assert.equal(await headingOf(page), 'Your organisation is set up');
      assert.match((await page.locator('main').textContent()) ?? '', /invitations create --tenant lovelace-s/);
      await page.getByRole('link', { name: 'Sign in' }).click();
      await enterPassword(page, { email, password });
      assert.equal(await headingOf(page), 'Your profile');
      assert.match((await page.locator('main').textContent()) ?? '', /Ada King/);
      await page.goto(`${stage().app.issuer}/account/access`);
      assert.match((await page.locator('main').textContent()) ?? '', /Owner.*Lovelace & Søn/s);
    });
  }

  it('says what to do about a refused password and keeps the rest', async () => {
    const page = await stage().newPage({ statuses: [422] });
    await page.goto(await address());
    const kept = { Organisation: 'Babbage Works', 'Your full name': 'Charles', 'Email address': 'c@example.test' };
    await fill(page, { ...kept, Password: 'password1' });
    await page.getByRole('button', { name: /^Create/ }).click();
    await expectFocus(page, 'error-summary');
    for (const [label, value] of Object.entries(kept))
      assert.equal(await page.getByLabel(label, { exact: true }).inputValue(), value);
    assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '');
    await page.getByRole('link', { name: /leaked or common/ }).click();
    await expectFocus(page, 'password');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Sign in' }).click();
    await enterPassword(page, { email: kept['Email address'], password });
    assert.equal(await headingOf(page), 'Your profile');
  });

  it('invites one more owner to a tenant that is there, at the address it was made for', async () => {
    const page = await stage().newPage();
    const { id } = await stage().app.tenant({ name: 'Northwind' });
    await page.goto(await address({ tenantId: id, email: 'second@example.test' }));
    assert.equal(await headingOf(page), 'Join Northwind');
    assert.equal(await page.getByLabel('Organisation').count(), 0);
    assert.equal(await page.getByLabel('Email address').inputValue(), 'second@example.test');
    assert.equal(await page.getByLabel('Email address').isEditable(), false);
    await fill(page, { 'Your full name': 'Second Owner', Password: password });
    await page.getByRole('button', { name: 'Create account' }).click();
    await enterPassword(page, { email: 'second@example.test', password });
    assert.equal(await headingOf(page), 'Your profile');
    await page.goto(`${stage().app.issuer}/account/access`);
    assert.match((await page.locator('main').textContent()) ?? '', /Owner.*Northwind/s);
  });

  it('takes two clicks for one', async () => {
    const page = await stage().newPage();
    await page.goto(await address());
    const email = 'twice@example.test';
    await fill(page, { Organisation: 'Twice', 'Your full name': 'Two', 'Email address': email, Password: password });
    await page.getByRole('button', { name: /^Create/ }).dblclick({ noWaitAfter: true });
    await page.getByRole('link', { name: 'Sign in' }).click();
    await enterPassword(page, { email, password });
    assert.equal(await headingOf(page), 'Your profile');
  });

  it('works once, for a day, and says so', async () => {
    const page = await stage().newPage({ statuses: [404, 410] });
    await page.goto(`${stage().app.issuer}/set-up/not-a-link`);
    assert.match((await page.locator('main').textContent()) ?? '', /set-up link doesn’t work/);
    const link = await address();
    await stage()
      .app.db('setup_links')
      .update({ expiresAt: new Date(0) });
    await page.goto(link);
    assert.match((await page.locator('main').textContent()) ?? '', /set-up link has expired/);
  });
});
