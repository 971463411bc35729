/**
 * Draws the console's pages as a real server shows them of a tenant as there are (support/console-world.ts), for looking at:
 * each address that a section's tour names (support/console-tour/<section>.ts), light and dark, on a phone and a desktop.
 * Says what a page's own checks find: scripts that fail, broken policy, axe-core, what scrolls sideways.
 *
 *   node test/console-screenshots.ts people           to console-people among temporary files
 *   node test/console-screenshots.ts people list      those stops alone whose name begins so
 *   SCHEME=light, SCREEN=phone ...                    that one alone
 *   OUT=<folder> node test/console-screenshots.ts people
 *   SERVE=1 node test/console-screenshots.ts people   goes on serving, and says where and who signs in
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { startTestApp, type TestApp } from './support/app.ts';
import { chromiumPath } from './support/browser.ts';
import { mochaGlobalTeardown as stopCluster } from './support/cluster.ts';
import { type ConsoleWorld, makeConsoleWorld } from './support/console-world.ts';
import { accessibilityFaults, smallTargets } from './support/page-checks.ts';

/** A page to look at. `path` is below the tenant's address. */
export interface Stop {
  name: string;
  path: string;
  /** Default: the owner. */
  as?: 'owner' | 'delegate';
  /** What to do on the page before it is looked at. */
  act?(page: Page): Promise<void>;
}

export type Tour = (world: ConsoleWorld) => Stop[];

const screens = [
  { name: 'desktop', width: 1280, height: 800 },
  { name: 'phone', width: 390, height: 780 },
] as const;

async function signIn(
  context: BrowserContext,
  app: TestApp,
  person: { email: string; password: string },
): Promise<void> {
  const page = await context.newPage();
  await page.goto(`${app.issuer}/console`);
  await page.fill('#login', person.email);
  await page.fill('#password', person.password);
  await page.click('button[type=submit]');
  await page.waitForURL(/\/console\//);
  await page.close();
}

async function look(page: Page, address: string, stop: Stop, file: string): Promise<string[]> {
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  const answer = await page.goto(address);
  if (!answer || answer.status() >= 500) faults.push(`status ${answer?.status()}`);
  await stop.act?.(page);
  await page.screenshot({ path: file, fullPage: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) faults.push(`scrolls sideways by ${wide} px`);
  faults.push(...(await accessibilityFaults(page)));
  if (file.includes('phone')) faults.push(...(await smallTargets(page)));
  return faults;
}

async function tourOf(section: string): Promise<Tour> {
  const known = readdirSync(new URL('./support/console-tour/', import.meta.url)).map((file) => file.replace('.ts', ''));
  if (!known.includes(section)) throw new Error(`no tour of ${section}; there are ${known.join(', ')}`);
  return (await import(new URL(`./support/console-tour/${section}.ts`, import.meta.url).href)).tour;
}

async function visit(browser: Browser, app: TestApp, world: ConsoleWorld, stops: Stop[], out: string): Promise<void> {
  const base = `${app.issuer}/console/${world.tenant.slug}`;
  const { SCHEME, SCREEN } = process.env;
  for (const colorScheme of (['light', 'dark'] as const).filter((scheme) => !SCHEME || scheme === SCHEME))
    for (const { name, width, height } of screens.filter((screen) => !SCREEN || screen.name === SCREEN))
      for (const as of ['owner', 'delegate'] as const) {
        const theirs = stops.filter((stop) => (stop.as ?? 'owner') === as);
        if (theirs.length === 0) continue;
        const context = await browser.newContext({ colorScheme, viewport: { width, height }, reducedMotion: 'reduce' });
        await signIn(context, app, world[as]);
        for (const stop of theirs) {
          const page = await context.newPage();
          const file = join(out, `${stop.name}-${colorScheme}-${name}.png`);
          const faults = await look(page, `${base}${stop.path}`, stop, file);
          for (const fault of faults) console.error(`${stop.name} ${colorScheme} ${width} px: ${fault}`);
          await page.close();
        }
        await context.close();
      }
}

async function main(): Promise<void> {
  const [section = 'people', only = ''] = process.argv.slice(2);
  const tour = await tourOf(section);
  const out = process.env.OUT ?? join(tmpdir(), `console-${section}`);
  mkdirSync(out, { recursive: true });
  // The connections of a test's database keep no process alive.
  const held = setInterval(() => {}, 60_000);
  const app = await startTestApp({ mailbox: true });
  const world = await makeConsoleWorld(app);
  if (process.env.SERVE) {
    console.log(`${app.issuer}/console  ${world.owner.email}  ${world.owner.password}`);
    return;
  }
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const stops = tour(world).filter(({ name }) => name.startsWith(only));
    await visit(browser, app, world, stops, out);
    console.log(`looked at, in ${out}`);
  } finally {
    await browser.close();
    await app.stop();
    await stopCluster();
    clearInterval(held);
  }
}

await main();
