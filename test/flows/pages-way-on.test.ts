import assert from 'node:assert/strict';
import type { Page, Request } from 'playwright-core';
import { backAtClient, headingOf, onStage, type Person } from '../support/pages.ts';
import type { RelyingParty } from '../support/relying-party.ts';

describe('the ways on from the sign-in page', () => {
  let client: RelyingParty;
  let anna: Person;

  const stage = onStage(
    async () => {
      const tenant = await stage().app.tenant({ settings: { selfSignUp: true } });
      anna = await stage().app.person({ tenantId: tenant.id });
      client = await stage().client({ tenantId: tenant.id });
    },
    { mailbox: true },
  );

  async function open(page: Page): Promise<void> {
    await page.goto((await stage().request(client)).address.href);
  }

  for (const javaScriptEnabled of [true, false]) {
    for (const [button, heading] of [
      ['Email me a code', 'Sign in with a code'],
      ['Forgot your password?', 'Forgot your password?'],
      ['Create an account', 'Create your account'],
    ] as const)
      it(`takes what was typed along to “${button}”, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
        const page = await stage().newPage({ javaScriptEnabled });
        await open(page);
        await page.locator('#login').fill(` ${anna.email}`);
        await page.locator('#password').fill(anna.password);
        const sent = page.waitForRequest((request: Request) => request.method() === 'POST');
        await page.getByRole('button', { name: button }).click();
        const body = (await sent).postData() ?? '';
        if (javaScriptEnabled) assert.doesNotMatch(body, /password/, 'a password is of no use there');
        await page.locator('#address').waitFor();
        assert.equal(await headingOf(page), heading);
        assert.equal(await page.locator('#address').inputValue(), anna.email);
        assert.ok(!page.url().includes('@') && !page.url().includes('%40'), page.url());
        // Back to signing in with the password: the address is still there, and the field for the password works.
        await page.getByRole('link', { name: /Back to sign-in|^Sign in$/ }).click();
        assert.equal(await page.locator('#login').inputValue(), anna.email);
        await page.locator('#password').fill(anna.password);
        await page.keyboard.press('Enter');
        assert.ok((await backAtClient(page, stage())).searchParams.has('code'), 'Enter signs in, and nothing else');
      });
  }

  it('takes nothing along where nothing was typed, and no made-up way', async () => {
    const page = await stage().newPage({ statuses: [422] });
    await open(page);
    await page.getByRole('button', { name: 'Email me a code' }).click();
    await page.locator('#address').waitFor();
    assert.equal(await page.locator('#address').inputValue(), '');
    await open(page);
    await page.evaluate(() => {
      const button = document.querySelector<HTMLButtonElement>('button[name=to]');
      if (button) button.value = '//evil.example/constructor';
    });
    await page.getByRole('button', { name: 'Forgot your password?' }).click();
    await page.locator('#error-summary').waitFor();
    assert.match(page.url(), /\/sign-in$/);
  });

  it('shows, and says, that a slow answer is worked on', async () => {
    const page = await stage().newPage();
    await open(page);
    let answer: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route('**/sign-in', async (route) => {
      await held;
      await route.continue();
    });
    await page.locator('#login').fill(anna.email);
    await page.locator('#password').fill(anna.password);
    // Told by the page itself: while it is being left, nobody else can ask it.
    const seen = page.waitForEvent('console', { predicate: (line) => line.text() === 'worked on', timeout: 60_000 });
    await page.evaluate(() => {
      const look = setInterval(() => {
        const button = document.querySelector('button[aria-busy=true]');
        const ring = button && getComputedStyle(button, '::after').opacity === '1';
        if (!ring || document.querySelector('#working')?.textContent !== 'Working on it…') return;
        clearInterval(look);
        // biome-ignore lint/suspicious/noConsole: read by the test
        console.log('worked on');
      }, 50);
    });
    await page.getByRole('button', { name: 'Sign in', exact: true }).click({ noWaitAfter: true });
    await seen;
    answer();
    await backAtClient(page, stage());
  });

  it("tells times in the browser's zone where the person has set none", async () => {
    const { app } = stage();
    const context = await stage().browser.newPage({ timezoneId: 'Asia/Tokyo' });
    try {
      await context.goto((await stage().request(client)).address.href);
      await context.locator('#login').fill(anna.email);
      await context.locator('#password').fill(anna.password);
      await context.keyboard.press('Enter');
      await context.waitForURL((url) => url.href.startsWith(stage().site.redirectUri));
      await context.goto(`${app.issuer}/account/devices`);
      assert.match((await context.locator('time').first().textContent()) ?? '', /GMT\+9$/);
      await app.db('user_settings').where({ userId: anna.id }).update({ zoneinfo: 'Europe/Stockholm' });
      await context.reload();
      assert.match((await context.locator('time').first().textContent()) ?? '', /CES?T$/);
    } finally {
      await context.context().close();
    }
  });
});
