/**
 * The pages of the account as somebody walks through them in a browser: with scripts on a desktop, and without them on a
 * phone. Mails really arrive, and codes are those of the person's own app.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { accessibilityFaults, smallTargets } from '../support/page-checks.ts';
import { enterPassword, expectFocus, onStage, type Person, signInAt } from '../support/pages.ts';
import { codeOf, forgetUsedSteps } from '../support/second-factor.ts';

const walks = [
  { where: 'on a desktop', options: {}, isPhone: false },
  {
    where: 'on a phone, without scripts',
    options: { width: 390, height: 780, javaScriptEnabled: false },
    isPhone: true,
  },
] as const;

const chosen = 'a walk along the quiet river';

describe('the account in a browser', function () {
  this.timeout(300_000);
  const stage = onStage(undefined, { mailbox: true });

  // Everybody here comes from one address; limits are another test's.
  beforeEach(async () => {
    await stage().app.db('rate_limits').delete();
  });

  const at = (path = '') => `${stage().app.issuer}/account${path}`;
  const userRow = ({ id }: Person) => stage().app.db('users').where({ id }).first();

  const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  const notice = (page: Page, text: string) => page.getByRole('status').filter({ hasText: text }).waitFor();
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
  const follow = (page: Page, name: string) => page.getByRole('link', { name, exact: true }).click();

  async function open(page: Page, person: Person, path = ''): Promise<void> {
    await page.goto(at(path));
    await enterPassword(page, person);
    await page.waitForURL(at(path));
  }

  /** To another section, by the links that the page shows at its width. */
  async function section(page: Page, name: string, title: string): Promise<void> {
    const menu = page.locator('.account-menu > summary');
    if (await menu.isVisible()) await menu.click();
    await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
    await heading(page, title);
  }

  /** What no page may have: called at the pages that a walk leads to. */
  async function look(page: Page, { isPhone }: (typeof walks)[number]): Promise<void> {
    // What looks at a page is itself a script.
    if (isPhone) return;
    assert.deepEqual([await accessibilityFaults(page), await smallTargets(page)].flat(), [], page.url());
  }

  for (const walk of walks)
    describe(walk.where, () => {
      it('changes the name, and how pages speak and look: they follow at once', async () => {
        const person = await stage().app.person();
        const page = await stage().newPage({ ...walk.options, colorScheme: 'light' });
        await open(page, person);
        await heading(page, 'Your profile');
        await follow(page, 'Edit your details');
        await page.getByLabel('Full name').fill('Zoë Ångström');
        await look(page, walk);
        await press(page, 'Save');
        await notice(page, 'Your details are saved.');
        await page.getByText('Zoë Ångström', { exact: true }).waitFor();

        await follow(page, 'Edit your preferences');
        await page.getByRole('combobox', { name: 'Language' }).selectOption({ label: 'Français' });
        await page.getByRole('combobox', { name: 'Time zone' }).selectOption('Pacific/Kiritimati');
        await page.getByText('Dark', { exact: true }).click();
        await look(page, walk);
        await press(page, 'Save');
        await notice(page, 'Vos préférences sont enregistrées.');
        await heading(page, 'Votre profil');
        const root = page.locator('html');
        assert.deepEqual([await root.getAttribute('lang'), await root.getAttribute('data-theme')], ['fr', 'dark']);
        await page.getByText('Pacific/Kiritimati').waitFor();
        const ground = page.locator('body');
        const isDark = (color: string) => (color.match(/\d+/g) ?? []).slice(0, 3).every((part) => Number(part) < 80);
        if (!walk.isPhone) {
          const color = await ground.evaluate((body) => getComputedStyle(body).backgroundColor);
          assert.ok(isDark(color), `a dark page: ${color}`);
        }

        await page.goto(at('/devices'));
        await page.getByText('Cet appareil', { exact: true }).waitFor();
        const [session] = await stage().app.db('user_sessions').where({ userId: person.id });
        const there = session.loginAt.toLocaleTimeString('fr', {
          hour: '2-digit',
          minute: '2-digit',
          timeZone: 'Pacific/Kiritimati',
        });
        assert.match((await page.locator('time').first().textContent()) ?? '', new RegExp(there));
      });

      it('changes the address by a code; whoever reads mail at the old one takes it back', async () => {
        const { app } = stage();
        const person = await app.person();
        const page = await stage().newPage(walk.options);
        await open(page, person);
        await follow(page, 'Change your email address');
        const address = `new-${person.email}`;
        await page.getByLabel('New email address').fill(address);
        await look(page, walk);
        await press(page, 'Send code');
        const { code } = await app.mailbox.waitFor(address);
        await page.getByLabel('6-digit code').fill(code ?? '');
        await look(page, walk);
        await press(page, 'Change');
        await notice(page, 'Your new address is in place.');
        await page.getByRole('definition').filter({ hasText: address }).waitFor();

        const told = await app.mailbox.waitFor(person.email);
        assert.match(told.subject, /was changed/);
        const link = told.links.find((one) => one.includes('/safety/'));
        assert.ok(link, told.text);
        const elsewhere = await stage().newPage(walk.options);
        await elsewhere.goto(link);
        await heading(elsewhere, 'Take the change of your address back?');
        await look(elsewhere, walk);
        await press(elsewhere, 'Take it back');
        await heading(elsewhere, 'Your account is safe');
        assert.equal((await userRow(person)).email, person.email);
        await page.reload();
        await heading(page, 'Sign in');
      });

      it('changes the password, adds an app, and ends the session of another browser', async () => {
        const { app } = stage();
        const person = await app.person();
        const page = await stage().newPage(walk.options);
        await open(page, person);
        await section(page, 'Sign-in and security', 'Sign-in and security');
        await follow(page, 'Change your password');
        await page.getByLabel('New password', { exact: true }).fill(chosen);
        await look(page, walk);
        await press(page, 'Change your password');
        await notice(page, 'Your password is changed.');
        const changed = { ...person, password: chosen };

        await follow(page, 'Set up a second step');
        await enterPassword(page, changed);
        await heading(page, 'Add a second step');
        const seed = ((await page.locator('.seed').textContent()) ?? '').replaceAll(' ', '');
        await look(page, walk);
        await page.getByLabel('6-digit code').fill(codeOf(seed));
        await press(page, 'Add and continue');
        await heading(page, 'Keep these recovery codes');
        assert.equal(await page.locator('.recovery-codes > li').count(), 10);
        await look(page, walk);
        await press(page, 'I have kept them');
        await heading(page, 'Sign-in and security');
        await page.getByText('10 codes are left', { exact: true }).waitFor();
        await look(page, walk);

        await forgetUsedSteps(app, person.id);
        const elsewhere = await stage().newPage(walk.options);
        await elsewhere.goto(at());
        await enterPassword(elsewhere, changed);
        await heading(elsewhere, 'One more step');
        await elsewhere.getByLabel('6-digit code').fill(codeOf(seed));
        await look(elsewhere, walk);
        await press(elsewhere, 'Continue');
        await heading(elsewhere, 'Your profile');

        await section(page, 'Devices', 'Devices and sessions');
        await look(page, walk);
        const others = page.getByRole('listitem').filter({ hasNotText: 'This device' });
        await others.getByRole('button', { name: /^End the session in / }).click();
        await notice(page, 'The session has ended.');
        await section(elsewhere, 'Devices', 'Sign in');
        await section(page, 'Sign-in and security', 'Sign-in and security');
      });

      it('withdraws an application, takes the data along, asks for the end and keeps the account', async () => {
        const { app } = stage();
        const person = await app.person();
        const client = await stage().client();
        const page = await stage().newPage(walk.options);
        await signInAt(page, stage(), client, person);
        await page.goto(at());
        await section(page, 'Connected applications', 'Connected applications');
        await look(page, walk);
        await press(page, 'Withdraw the access of Northwind Portal');
        await notice(page, 'The access is withdrawn.');
        await page.getByText('Those you use will stand here.').waitFor();

        await section(page, 'Your data', 'Your data');
        await look(page, walk);
        const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Download')]);
        assert.equal(download.suggestedFilename(), 'my-data.json');
        assert.match(await readFile(await download.path(), 'utf8'), new RegExp(`"${person.email}"`));

        await follow(page, 'Delete your account…');
        await heading(page, 'Delete your account');
        await look(page, walk);
        await press(page, 'Delete my account');
        await heading(page, 'Your account will be deleted');
        await look(page, walk);
        assert.ok((await userRow(person)).deletionDueAt);
        const told = await app.mailbox.waitFor(person.email);
        assert.match(told.subject, /will be deleted/);

        await follow(page, 'Sign in and keep it');
        await enterPassword(page, person);
        await heading(page, 'Keep your account?');
        await look(page, walk);
        await press(page, 'Keep my account');
        await heading(page, 'Your profile');
        assert.equal((await userRow(person)).deletionDueAt, null);
      });
    });

  it('is changed by keyboard alone: a mistake is named where the focus goes', async () => {
    const person = await stage().app.person();
    const page = await stage().newPage({ statuses: [400] });
    const picture = 'https://pictures.example/zoe.svg';
    const body = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8H0z"/></svg>';
    await page.route(picture, (route) => route.fulfill({ contentType: 'image/svg+xml', body }));
    await open(page, person, '/profile');
    const enter = () => Promise.all([page.waitForEvent('domcontentloaded'), page.keyboard.press('Enter')]);
    const tabTo = async (id: string) => {
      for (let presses = 0; presses < 30; presses++) {
        await page.keyboard.press('Tab');
        if (await page.evaluate((wanted) => document.activeElement?.id === wanted, id)) return;
      }
      assert.fail(`no way to ${id} by Tab`);
    };
    await tabTo('full_name');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('Zoë Ångström');
    await tabTo('picture_url');
    await page.keyboard.type('http://pictures.example/zoe.svg');
    await enter();
    await expectFocus(page, 'error-summary');
    assert.equal(await page.getByLabel('Full name').inputValue(), 'Zoë Ångström', 'what was typed stays');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expectFocus(page, 'picture_url');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type(picture);
    await enter();
    await notice(page, 'Your details are saved.');
    const { fullName, pictureUrl } = await userRow(person);
    assert.deepEqual([fullName, pictureUrl], ['Zoë Ångström', picture]);
  });
});
