/**
 * Owns what a browser has to say about a hosted page: broken policy, foreign requests, sideways
 * scrolling, accessibility, targets too small to touch, and whether the page still does its work by
 * keyboard alone and without scripts. Every check answers with its faults, one line each.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

const axeSource = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const axeRules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** A POST that the sample server received. */
export interface Posted {
  path: string;
  body: string;
}

/** Loads a page and watches its console, its requests and its width. */
export async function loadingFaults(page: Page, origin: string, address: string): Promise<string[]> {
  const faults: string[] = [];
  const onConsole = (message: { type(): string; text(): string }) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(`console: ${message.text()}`);
  };
  const onRequest = (request: { url(): string }) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) faults.push(`external request: ${url}`);
  };
  page.on('console', onConsole).on('request', onRequest);
  const response = await page.goto(`${origin}${address}`, { waitUntil: 'load' });
  if (response?.status() !== 200) faults.push(`answered ${response?.status()}`);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (overflow > 0) faults.push(`scrolls ${overflow} px sideways`);
  page.off('console', onConsole).off('request', onRequest);
  return faults;
}

/** Everything axe-core finds against WCAG 2.2 AA and its best practices, whatever the impact. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const run = `axe.run(document, { runOnly: ${JSON.stringify(axeRules)} })`;
  const results = (await page.evaluate(run)) as AxeResults;
  return results.violations.map(
    ({ id, impact, nodes }) => `axe ${impact}: ${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`,
  );
}

/** Targets under 44 px high. Links within a sentence are as high as their line, and are left out. */
export async function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [
      ...document.querySelectorAll(
        'a, button, input:not([type=hidden], [type=checkbox], [type=radio]), summary, .check, .option',
      ),
    ]
      .filter(
        (it) => it instanceof HTMLElement && it.offsetParent !== null && getComputedStyle(it).display !== 'inline',
      )
      .map((it) => ({ html: it.outerHTML.slice(0, 100), height: it.getBoundingClientRect().height }))
      .filter(({ height }) => height < 43.5)
      .map(({ html, height }) => `target of ${Math.round(height)} px: ${html}`),
  );
}

/**
 * Uses the sample pages as people do. `takePosted` hands over what the server received since the last
 * call; it answers each POST late and with 204, so that the page stays and a second one could be sent.
 */
export async function behaviourFaults(browser: Browser, origin: string, takePosted: () => Posted[]): Promise<string[]> {
  const faults: string[] = [];
  const expect = (what: string, holds: boolean) => {
    if (!holds) faults.push(`behaviour: ${what}`);
  };
  const visit = async (name: string, options: BrowserContextOptions, use: (page: Page) => Promise<void>) => {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    await page.goto(`${origin}/${name}`, { waitUntil: 'load' });
    await use(page);
    await context.close();
  };
  const isFocused = async (page: Page, selector: string) => (await page.locator(`${selector}:focus`).count()) === 1;

  await visit('sign-in', {}, async (page) => {
    await page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"data:,\">')");
    expect('axe sees a picture without a text', (await accessibilityFaults(page)).length > 0);
  });

  for (const javaScriptEnabled of [false, true]) {
    const scripts = javaScriptEnabled ? 'with scripts' : 'without scripts';
    await visit('sign-in-error', { javaScriptEnabled }, async (page) => {
      expect(`the error summary takes the focus ${scripts}`, await isFocused(page, '#error-summary'));
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(`the error links to its field ${scripts}`, await isFocused(page, '#password'));
      await page.keyboard.type('correct horse');
      await page.keyboard.press('Enter');
      await page.waitForTimeout(300);
      const posted = takePosted();
      expect(`Enter sends the form once ${scripts}`, posted.length === 1);
      expect(
        `the form sends what was typed ${scripts}`,
        posted[0]?.body === 'login=anna.larsson%40northwind.example&password=correct+horse',
      );
    });
    await visit('consent', { javaScriptEnabled }, async (page) => {
      await page.getByRole('button', { name: 'Don’t allow' }).click();
      await page.waitForTimeout(300);
      expect(`the pressed button is named ${scripts}`, takePosted()[0]?.body === 'decision=deny');
    });
  }

  for (const javaScriptEnabled of [false, true]) {
    const scripts = javaScriptEnabled ? 'with scripts' : 'without scripts';
    await visit('code-entry', { javaScriptEnabled }, async (page) => {
      expect(`the code has the focus ${scripts}`, await isFocused(page, '#code'));
      await page.locator('#code').fill('Code: 123 456');
      await page.keyboard.press('Enter');
      await page.waitForTimeout(300);
      const [posted] = takePosted();
      expect(`a pasted code is sent whole ${scripts}`, posted?.body === 'code=Code%3A+123+456');
      expect(`the code is not asked for again ${scripts}`, posted?.path === '/interaction/x/code/enter');
      await page.getByRole('button', { name: 'Send again' }).click();
      await page.waitForTimeout(300);
      const [again] = takePosted();
      expect(
        `a code can be asked for again ${scripts}`,
        again?.path === '/interaction/x/code/resend' && again.body === '',
      );
    });
    await visit('code-entry-waiting', { javaScriptEnabled }, async (page) => {
      const words = await page.getByText('You can ask for another code in 30 seconds.').isVisible();
      const enabled = await page.locator('.resend button:enabled').count();
      expect(`the wait is told ${scripts}`, words === !javaScriptEnabled);
      expect(`waiting buttons ${scripts}`, enabled === (javaScriptEnabled ? 0 : 2));
    });
    await visit('new-password-several', { javaScriptEnabled }, async (page) => {
      await page.getByLabel('Northwind Logistics').check();
      await page.locator('#password').fill('correct horse');
      await page.keyboard.press('Enter');
      await page.waitForTimeout(300);
      expect(`the account is chosen ${scripts}`, takePosted()[0]?.body === 'account=a1&password=correct+horse');
    });
  }
  await visit('welcome', {}, async (page) => {
    await page.clock.install();
    await page.goto(`${origin}/code-entry-waiting`, { waitUntil: 'load' });
    const again = page.locator('[data-countdown-label]');
    const spoken = () => page.locator('.resend [role=status]').textContent();
    expect('the countdown begins', /^Send again in (30|29)\u00a0s$/.test((await again.textContent()) ?? ''));
    await page.clock.runFor(10_000);
    expect('the countdown runs', /^Send again in (20|19)\u00a0s$/.test((await again.textContent()) ?? ''));
    expect('nothing is said while it runs', (await spoken()) === '');
    await page.clock.runFor(21_000);
    expect('the button gets its words back', (await again.textContent()) === 'Send again');
    expect('both can be pressed', (await page.locator('.resend button:enabled').count()) === 2);
    expect('it is said that it is over', (await spoken()) === 'You can ask for another code now.');
    await page.getByRole('button', { name: 'Send by SMS instead' }).click();
    await page.waitForTimeout(300);
    expect('the other channel is named', takePosted()[0]?.body === 'channel=sms');
  });

  await visit('sign-in', { javaScriptEnabled: false }, async (page) => {
    expect('no button that does nothing without scripts', !(await page.locator('[data-reveal]').isVisible()));
  });
  await visit('sign-in', {}, async (page) => {
    const order: string[] = [];
    for (let step = 0; step < 4; step++) {
      order.push(await page.evaluate('document.activeElement.id || document.activeElement.innerText'));
      await page.keyboard.press('Tab');
    }
    expect('the keyboard walks the form in order', order.join() === 'login,password,Show,Sign in');
    await page.locator('#login').fill('anna.larsson@northwind.example');
    await page.locator('#password').fill('secret words');
    await page.getByRole('button', { name: 'Show the password' }).click();
    expect('the password can be shown', (await page.locator('#password').getAttribute('type')) === 'text');
    expect('and hidden', await page.getByRole('button', { name: 'Hide the password' }).isVisible());
    await page.evaluate(
      "document.querySelector('[type=submit]').click(); document.querySelector('[type=submit]').click()",
    );
    expect('it is hidden when sent', (await page.locator('#password').getAttribute('type')) === 'password');
    await page.waitForTimeout(300);
    expect('two clicks send the form once', takePosted().length === 1);
  });
  return faults;
}
