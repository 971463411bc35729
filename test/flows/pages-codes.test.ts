/**
 * One-time codes, recovery, sign-up, invitations and verification as people meet them: in a browser, on a desktop with
 * scripts and on a phone without them, with messages that really arrive.
 */
import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import type { Page } from 'playwright-core';
import { createInvitation } from '../../src/domain/invitations/send-invitation.ts';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { eventually } from '../support/eventually.ts';
import { give } from '../support/management.ts';
import { accessibilityFaults, smallTargets } from '../support/page-checks.ts';
import { backAtClient, enterPassword, expectFocus, headingOf, onStage } from '../support/pages.ts';
import type { RelyingParty } from '../support/relying-party.ts';

const chosen = 'a walk along the quiet river';

const desktop = { where: 'on a desktop', options: {}, looks: true };
const phone = {
  where: 'on a phone, without scripts',
  options: { width: 390, height: 780, javaScriptEnabled: false },
  looks: false,
};

describe('the pages of codes and links', function () {
  this.timeout(120_000);
  let tenant: NewTenant;
  let client: RelyingParty;

  const stage = onStage(
    async () => {
      const settings = { countryList: ['CH'], selfSignUp: true };
      tenant = await stage().app.tenant({ name: 'Northwind', settings });
      client = await stage().client({ tenantId: tenant.id });
    },
    { mailbox: true, twilio: true },
  );

  // Everybody here comes from one address; limits are another test's.
  beforeEach(async () => {
    await stage().app.db('rate_limits').delete();
  });
  afterEach(() => stage().app.twilio.fail(undefined));

  let numbers = 0;
  const newNumber = (): string => `+4179${String(2_000_000 + ++numbers * 10_007)}`;
  const person = (overrides: Parameters<ReturnType<typeof stage>['app']['person']>[0] = {}) =>
    stage().app.person({ tenantId: tenant.id, ...overrides });

  type Variant = typeof desktop | typeof phone;
  const newPage = ({ options }: Variant, more: Parameters<ReturnType<typeof stage>['newPage']>[0] = {}) =>
    stage().newPage({ ...options, ...more });

  /** Waits for the page that follows: the one before may look alike. */
  async function leading(page: Page, action: () => Promise<void>): Promise<void> {
    await Promise.all([page.waitForEvent('domcontentloaded'), action()]);
  }
  const press = (page: Page, name: string) =>
    leading(page, () => page.getByRole('button', { name, exact: true }).click());
  const enter = (page: Page) => leading(page, () => page.keyboard.press('Enter'));
  const follow = (page: Page, name: string | RegExp) => page.getByRole('link', { name, exact: true }).click();

  async function open(page: Page, parameters: Record<string, string> = {}) {
    const started = await stage().request(client, parameters);
    await page.goto(started.address.href);
    return started;
  }

  /** From the sign-in page to the page that takes the code. */
  async function ask(page: Page, tile: string, address: string) {
    const started = await open(page);
    await press(page, tile);
    await page.locator('#address').fill(address);
    await press(page, 'Send code');
    assert.match(page.url(), /\/code\/enter$/);
    return started;
  }

  async function redeem(page: Page, { checks }: Awaited<ReturnType<typeof open>>) {
    return openid.authorizationCodeGrant(client.config, await backAtClient(page, stage()), checks);
  }

  const seen = new Set<string>();

  /** The page fits and everybody can use it; looked at closely when it is met for the first time. */
  async function look(page: Page, { looks }: Variant, heading: string): Promise<void> {
    await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    const faults: string[] = [];
    const state = await page.title();
    if (looks && !seen.has(state)) {
      seen.add(state);
      // Every second one in the dark, as the samples of all pages are in both (page-checks.ts).
      await page.emulateMedia({ colorScheme: seen.size % 2 ? 'light' : 'dark', reducedMotion: 'reduce' });
      faults.push(...(await accessibilityFaults(page)), ...(await smallTargets(page)));
      const size = page.viewportSize() ?? { width: 1280, height: 800 };
      await page.setViewportSize({ width: 360, height: 780 });
      faults.push(...(await smallTargets(page)));
      if (await scrollsSideways(page)) faults.push('scrolls sideways at 360 px');
      await page.setViewportSize(size);
    }
    if (await scrollsSideways(page)) faults.push('scrolls sideways');
    assert.deepEqual(faults, [], state);
  }

  function scrollsSideways(page: Page): Promise<boolean> {
    return page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  }

  /** As from a mail in another tab. */
  async function paste(page: Page, text: string): Promise<void> {
    const other = await page.context().newPage();
    await other.goto('data:text/html,<textarea></textarea>');
    await other.locator('textarea').fill(text);
    await other.locator('textarea').press('Control+A');
    await other.locator('textarea').press('Control+C');
    await other.close();
    await page.bringToFront();
    await page.locator('#code').press('Control+V');
  }

  /** What this page has sent looks so much older, to the limits and to the interaction. */
  async function letTimePass(page: Page, destination: string, seconds: number): Promise<void> {
    const { app } = stage();
    await app.db.raw(
      `update otp_codes set created_at = created_at - make_interval(secs => :seconds) where destination = :destination`,
      { seconds, destination },
    );
    const [, uid = ''] = /\/interaction\/([\w-]+)/.exec(page.url()) ?? [];
    const interaction = await app.server.provider().Interaction.find(uid);
    assert.ok(interaction);
    const { otp } = interaction.lastSubmission as { otp: { sentAt: number; resendAt: number } };
    otp.sentAt -= seconds * 1000;
    otp.resendAt -= seconds * 1000;
    await interaction.persist();
  }

  const otherThan = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, '0');
  const spaced = (code: string): string => `${code.slice(0, 3)} ${code.slice(3)}`;

  for (const variant of [desktop, phone]) {
    it(`signs in by an emailed code that is pasted (${variant.where})`, async () => {
      const anna = await person();
      const page = await newPage(variant);
      const started = await open(page);
      await press(page, 'Email');
      await look(page, variant, 'Sign in with a code');
      await expectFocus(page, 'address');
      await page.locator('#address').fill(anna.email);
      await press(page, 'Send code');
      await look(page, variant, 'Check your email');
      const field = page.locator('input:not([type=hidden])');
      assert.equal(await field.count(), 1, 'one field for all six digits');
      for (const [name, value] of [
        ['id', 'code'],
        ['type', 'text'],
        ['autocomplete', 'one-time-code'],
        ['inputmode', 'numeric'],
      ] as const)
        assert.equal(await field.getAttribute(name), value);
      await expectFocus(page, 'code');
      const { code = '' } = await stage().app.mailbox.waitFor(anna.email);
      await paste(page, spaced(code));
      assert.equal(await field.inputValue(), spaced(code), 'nothing is cut off');
      await press(page, 'Sign in');
      const tokens = await redeem(page, started);
      assert.equal(tokens.claims()?.sub, anna.id);
      assert.deepEqual(tokens.claims()?.amr, ['otp']);
    });

    it(`answers a wrong code with a summary that has the focus (${variant.where})`, async () => {
      const anna = await person();
      const page = await newPage(variant, { statuses: [401] });
      const started = await ask(page, 'Email', anna.email);
      const { code = '' } = await stage().app.mailbox.waitFor(anna.email);
      await page.locator('#code').fill(otherThan(code));
      await press(page, 'Sign in');
      await expectFocus(page, 'error-summary');
      assert.equal(await page.title(), 'Error: Check your email · Northwind');
      assert.equal(await page.locator('#code').getAttribute('aria-invalid'), 'true');
      assert.equal(await page.locator('#code').inputValue(), '');
      await look(page, variant, 'Check your email');
      await follow(page, /isn’t right/);
      await expectFocus(page, 'code');
      await page.keyboard.type(code);
      await enter(page);
      assert.equal((await redeem(page, started)).claims()?.sub, anna.id);
    });

    it(`goes on by SMS where WhatsApp cannot deliver (${variant.where})`, async () => {
      const { app } = stage();
      const number = newNumber();
      const anna = await person({ phone: number, phoneVerified: true });
      app.twilio.fail({ status: 400, code: 63024, message: 'Invalid message recipient', channel: 'whatsapp' });
      const page = await newPage(variant);
      const started = await ask(page, 'WhatsApp', number);
      await look(page, variant, 'Check WhatsApp');
      await eventually(async () => {
        const row = await app.db('otp_codes').where({ destination: number }).first('failedAt');
        return Boolean(row?.failedAt);
      });
      assert.deepEqual(app.twilio.to(number), []);
      await letTimePass(page, number, 31);
      await page.reload();
      await press(page, 'Send by SMS instead');
      await look(page, variant, 'Check your messages');
      const message = await app.twilio.waitFor(number);
      assert.equal(message.channel, 'sms');
      // The origin-bound form: a phone fills it in on this site alone.
      assert.equal(message.body.split('\n').at(-1), `@${new URL(app.issuer).host} #${message.code}`);
      await page.locator('#code').fill(message.code ?? '');
      await press(page, 'Sign in');
      assert.deepEqual((await redeem(page, started)).claims()?.amr, ['otp', 'sms']);
      assert.equal(anna.phone, number);
    });

    it(`recovers an account by a link that others open before (${variant.where})`, async () => {
      const { app } = stage();
      const anna = await person({ fullName: 'Anna Larsson' });
      const page = await newPage(variant, { statuses: [404, 422] });
      await open(page);
      await press(page, 'Forgot your password?');
      await look(page, variant, 'Forgot your password?');
      await page.locator('#address').fill(anna.email);
      await press(page, 'Send link');
      await look(page, variant, 'Check your email');
      const mail = await app.mailbox.waitFor(anna.email);
      const link = mail.links.find((found) => found.includes('/recovery/')) ?? '';

      assert.equal((await fetch(link, { headers: { 'user-agent': 'MailScanner/1.0' } })).status, 200);
      // It works in any browser.
      await page.context().clearCookies();
      await page.goto(link);
      await page.reload();
      await look(page, variant, 'Choose a new password');
      await expectFocus(page, 'password');
      await page.locator('#password').fill('password');
      await press(page, 'Save password');
      await expectFocus(page, 'error-summary');
      await page.locator('#password').fill(chosen);
      await press(page, 'Save password');
      await look(page, variant, 'Your password is changed');
      await follow(page, 'Go to your account instead');
      await enterPasswordAt(page, anna.email, chosen);
      await look(page, variant, 'Your profile');
      await page.goto(link);
      assert.match((await page.locator('main').textContent()) ?? '', /already used/);
    });

    it(`makes an account of one’s own (${variant.where})`, async () => {
      const { app } = stage();
      const email = `newcomer-${numbers}-${variant.looks}@example.test`;
      const page = await newPage(variant, { statuses: [422] });
      const started = await open(page);
      await press(page, 'Create an account');
      await look(page, variant, 'Create your account');
      await page.locator('#address').fill(email);
      await press(page, 'Send code');
      await look(page, variant, 'Check your email');
      const { code = '' } = await app.mailbox.waitFor(email);
      await expectFocus(page, 'code');
      await page.keyboard.type(code);
      await enter(page);
      await look(page, variant, 'Almost done');
      await expectFocus(page, 'full_name');
      await page.locator('#full_name').fill('Ada Lovelace');
      await page.locator('#password').fill('password');
      await press(page, 'Create account');
      await expectFocus(page, 'error-summary');
      assert.equal(await page.locator('#full_name').inputValue(), 'Ada Lovelace');
      await page.locator('#password').fill(chosen);
      await press(page, 'Create account');
      const claims = (await redeem(page, started)).claims();
      const user = await app.db('users').where({ email }).first('id', 'fullName');
      assert.deepEqual([claims?.sub, user?.fullName], [user?.id, 'Ada Lovelace']);
    });

    it(`takes up an invitation (${variant.where})`, async () => {
      const { app } = stage();
      const email = `invited-${variant.looks}@example.test`;
      const inviter = await person({ fullName: 'Bo Ek' });
      await give(app, { tenantId: tenant.id, userId: inviter.id, role: 'owner' });
      await createInvitation(
        app.db,
        { tenantId: tenant.id, email, roleId: tenant.systemRoleIds.member, orgNodeId: tenant.rootNodeId, locale: 'en' },
        {
          secrets: app.secrets,
          caller: { type: 'user', id: inviter.id },
          issuer: app.issuer,
          channels: ['email'],
          phoneCountries: app.config.phone.countries,
          budgets: { email: 100, phone: 100 },
        },
      );
      const mail = await app.mailbox.waitFor(email);
      const link = mail.links.find((found) => found.includes('/invitations/')) ?? '';
      const page = await newPage(variant, { statuses: [410, 422] });
      await page.goto(link);
      await look(page, variant, 'Join Northwind');
      assert.match((await page.locator('main').textContent()) ?? '', /Bo Ek/);
      await page.locator('#full_name').fill('Grace Hopper');
      await page.locator('#password').fill('password');
      await press(page, 'Accept invitation');
      await expectFocus(page, 'error-summary');
      assert.equal(await page.locator('#full_name').inputValue(), 'Grace Hopper');
      await page.locator('#password').fill(chosen);
      await press(page, 'Accept invitation');
      await look(page, variant, 'Welcome to Northwind');
      await follow(page, 'Sign in');
      await enterPasswordAt(page, email, chosen);
      await page.getByRole('heading', { level: 1, name: 'Your profile' }).waitFor();
      assert.match((await page.locator('main').textContent()) ?? '', /Grace Hopper/);
      await page.goto(`${app.issuer}/account/access`);
      assert.match((await page.locator('main').textContent()) ?? '', /member/i);
      await page.goto(link);
      assert.match((await page.locator('main').textContent()) ?? '', /already accepted/);
    });

    it(`verifies an address of one’s own (${variant.where})`, async () => {
      const { app } = stage();
      const anna = await person({ emailVerified: false });
      const page = await newPage(variant, { statuses: [401] });
      await page.goto(`${app.issuer}/account`);
      await enterPassword(page, anna);
      await follow(page, 'Confirm your email address');
      await look(page, variant, 'Confirm your email address');
      await press(page, 'Send code');
      const { code = '' } = await app.mailbox.waitFor(anna.email);
      await expectFocus(page, 'code');
      await page.keyboard.type(otherThan(code));
      await enter(page);
      await expectFocus(page, 'error-summary');
      await page.locator('#code').fill(spaced(code));
      await look(page, variant, 'Confirm your email address');
      await press(page, 'Confirm');
      await look(page, variant, 'Your profile');
      assert.match((await page.getByRole('status').first().textContent()) ?? '', /address is confirmed/);
      assert.equal(await page.getByRole('link', { name: 'Confirm your email address' }).count(), 0);
    });
  }

  async function enterPasswordAt(page: Page, email: string, password: string): Promise<void> {
    await page.locator('#login').fill(email);
    await page.locator('#password').fill(password);
    await press(page, 'Sign in');
  }

  it('signs in by SMS, in French, with the number as people write it', async () => {
    const { app } = stage();
    const number = newNumber();
    const anna = await person({ phone: number, phoneVerified: true });
    const page = await stage().newPage({ width: 390, height: 780, locale: 'fr' });
    const started = await open(page, { ui_locales: 'fr' });
    await press(page, 'SMS');
    assert.equal(await headingOf(page), 'Se connecter avec un code');
    const field = page.locator('#address');
    assert.deepEqual([await field.getAttribute('type'), await field.getAttribute('autocomplete')], ['tel', 'tel']);
    await field.fill(`0${number.slice(3)}`);
    await press(page, 'Envoyer le code');
    await look(page, desktop, 'Consultez vos SMS');
    const message = await app.twilio.waitFor(number);
    assert.match(message.body, /Votre code/i);
    assert.equal(message.body.split('\n').at(-1), `@${new URL(app.issuer).host} #${message.code}`);
    await page.locator('#code').fill(message.code ?? '');
    await press(page, 'Se connecter');
    const tokens = await redeem(page, started);
    assert.deepEqual([tokens.claims()?.sub, tokens.claims()?.amr], [anna.id, ['otp', 'sms']]);
  });

  it('counts down to the next code, and sends it', async () => {
    const { mailbox } = stage().app;
    const anna = await person();
    // A profile that nobody else uses: its clock stays stopped.
    const page = await stage().newPage({ width: 1201 });
    await page.clock.install();
    const started = await ask(page, 'Email', anna.email);
    const again = page.locator('[data-countdown-label]');
    const label = async () => (await again.textContent())?.replace(/\s/g, ' ') ?? '';
    const seconds = async () => Number(/^Send again in (\d\d?) s$/.exec(await label())?.[1]);
    const begins = await seconds();
    assert.ok(begins > 15 && begins <= 30, await label());
    assert.equal(await again.isDisabled(), true);
    await page.clock.runFor(10_000);
    assert.ok((await seconds()) <= begins - 9, await label());
    const first = await mailbox.waitFor(anna.email);
    await letTimePass(page, anna.email, 31);
    await page.clock.runFor(21_000);
    assert.equal(await label(), 'Send again');
    await leading(page, () => again.click());
    const second = await mailbox.waitFor(anna.email, { count: 2 });
    assert.ok(Number(await page.locator('[data-countdown]').getAttribute('data-countdown')) > 30);
    assert.equal(await again.isDisabled(), true, 'and the next wait is longer');
    assert.notEqual(second.messageId, first.messageId);
    await page.locator('#code').fill(second.code ?? '');
    await press(page, 'Sign in');
    assert.equal((await redeem(page, started)).claims()?.sub, anna.id);
  });

  it('sends another code without scripts, and says when it is too soon', async () => {
    const { mailbox } = stage().app;
    const anna = await person();
    const page = await newPage(phone, { statuses: [401, 429] });
    const started = await ask(page, 'Email', anna.email);
    const first = await mailbox.waitFor(anna.email);
    await page.getByText(/^You can ask for another code in [123]\d seconds\.$/).waitFor();
    await letTimePass(page, anna.email, 6);
    await press(page, 'Send again');
    await expectFocus(page, 'error-summary');
    assert.match((await page.locator('#error-summary').textContent()) ?? '', /another in \d+ seconds/);
    await page.locator('#code').waitFor();
    await letTimePass(page, anna.email, 31);
    await press(page, 'Send again');
    const second = await mailbox.waitFor(anna.email, { count: 2 });
    if (first.code !== second.code) {
      await page.locator('#code').fill(first.code ?? '');
      await press(page, 'Sign in');
      await expectFocus(page, 'error-summary');
    }
    await page.locator('#code').fill(second.code ?? '');
    await press(page, 'Sign in');
    assert.equal((await redeem(page, started)).claims()?.sub, anna.id);
  });

  it('says that a code has expired, and leads on to a new one', async () => {
    const { app } = stage();
    const anna = await person();
    const page = await newPage(desktop, { statuses: [410] });
    const started = await ask(page, 'Email', anna.email);
    const { code = '' } = await app.mailbox.waitFor(anna.email);
    await app.db.raw('update otp_codes set expires_at = now() where destination = ?', [anna.email]);
    await page.locator('#code').fill(code);
    await press(page, 'Sign in');
    await expectFocus(page, 'error-summary');
    assert.match((await page.locator('#error-summary').textContent()) ?? '', /no longer works\. Ask for a new one/);
    await look(page, desktop, 'Check your email');
    await letTimePass(page, anna.email, 31);
    await page.goto(page.url());
    await press(page, 'Send again');
    const newer = await app.mailbox.waitFor(anna.email, { count: 2 });
    await page.locator('#code').fill(newer.code ?? '');
    await press(page, 'Sign in');
    assert.equal((await redeem(page, started)).claims()?.sub, anna.id);
  });

  it('begins with the sign-up where the application asks for it, and tells the owner of an address alone', async () => {
    const { app } = stage();
    const anna = await person();
    const texts: string[] = [];
    for (const email of [anna.email, 'nobody.yet@example.test']) {
      const page = await newPage(desktop, { statuses: [401] });
      await open(page, { prompt: 'create' });
      assert.equal(await headingOf(page), 'Create your account');
      await page.locator('#address').fill(email);
      await press(page, 'Send code');
      await expectFocus(page, 'code');
      await page.locator('#code').fill('12345');
      await press(page, 'Continue');
      await expectFocus(page, 'error-summary');
      texts.push(((await page.locator('main').textContent()) ?? '').replace(email, '').replace(/\d+\s?s\w*/g, ''));
    }
    assert.equal(texts[0], texts[1]);
    const told = await app.mailbox.waitFor(anna.email);
    assert.equal(told.code, undefined);
    assert.ok((await app.mailbox.waitFor('nobody.yet@example.test')).code);
  });
});
