/**
 * Owns the pictures of the hosted pages: shows every sample page to a real browser, under the pages'
 * own security policy, and writes docs/images/. Fails when any page has a fault (see page-checks.ts).
 *
 *   npm run screenshots                all pages
 *   npm run screenshots -- consent     those whose name begins so; no overviews
 *   KEEP_ALL=<folder> npm run …      also a picture of every page, state, scheme and width, in that folder
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Koa from 'koa';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { createI18n } from '../src/platform/i18n.ts';
import { createAssets } from '../src/web/pages/assets.ts';
import { createViews } from '../src/web/pages/views.ts';
import {
  accessibilityFaults,
  behaviourFaults,
  loadingFaults,
  type Posted,
  smallTargets,
} from './support/page-checks.ts';
import { type PageSample, pageSamples, sampleNow, samplePage } from './support/page-samples.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const images = join(root, 'docs/images');

const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' https: data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const sampleLogo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#2a5bd7"/>
<path d="M9 23V9.5l14 13.5V9" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/>
</svg>`;

const schemes = ['light', 'dark'] as const;

/** The two widths of the pictures, and how the overview sets them: columns, and pixels a column. */
const screens = [
  { name: 'phone', width: 390, height: 780, columns: 8, column: 195 },
  { name: 'desktop', width: 1280, height: 800, columns: 5, column: 400 },
] as const;

/** The pages whose whole pictures are kept one by one. Every page and state is in the overviews. */
const kept = [
  'quick-start',
  'sign-in',
  'sign-in-everything',
  'code-entry',
  'invitation',
  'choose-tenant',
  'consent',
  'account',
  'account-security',
  'account-devices',
  'console-overview',
  'console-people',
  'console-person-sign-in',
  'console-person-token',
  'console-onboarding-checked',
  'console-organisation',
  'console-organisation-move',
  'console-roles-matrix',
  'console-applications-connect',
  'console-applications-refusals',
  'console-audit-event',
];

const isOfConsole = ({ view }: PageSample): boolean => view.startsWith('console/');

async function startServer() {
  const i18n = createI18n(join(root, 'views/locales'));
  const assets = createAssets(join(root, 'views/assets'));
  const views = createViews({
    directory: join(root, 'views'),
    i18n,
    cache: true,
    assetUrl: assets.url,
    now: () => sampleNow,
  });
  const app = new Koa();
  const server: Server = createServer(app.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const samples = new Map(pageSamples(origin).map((sample) => [`/${sample.name}`, sample]));
  let posted: Posted[] = [];

  app.use(assets.middleware);
  app.use(async (ctx) => {
    ctx.set('Content-Security-Policy', policy);
    if (ctx.method === 'POST') {
      posted.push({ path: ctx.path, body: await text(ctx.req) });
      await wait(200);
      ctx.status = 204;
      return;
    }
    if (ctx.path === '/samples/northwind.svg') {
      ctx.type = 'svg';
      ctx.body = sampleLogo;
      return;
    }
    const sample = samples.get(ctx.path);
    if (!sample) return;
    const locale = ctx.query.lang === 'fr' ? 'fr' : 'en';
    ctx.type = 'html';
    ctx.body = views.render(sample.view, samplePage(origin, { ...sample.page, locale }), sample.model);
  });
  const takePosted = () => {
    const taken = posted;
    posted = [];
    return taken;
  };
  return { server, origin, takePosted };
}

/**
 * Nothing changes between two pictures: no countdown runs. A page whose form sends itself would be gone before it could
 * be looked at: its script comes empty.
 */
async function holdStill(context: BrowserContext, { view }: PageSample): Promise<void> {
  await context.clock.setFixedTime(sampleNow);
  if (view !== 'interaction/switching') return;
  await context.route(/\.js$/, (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
}

/** Looks at one page in both schemes and widths; collects the upper part of each for the overviews. */
async function picture(browser: Browser, origin: string, sample: PageSample, overviews: Map<string, Buffer[]>) {
  const faults: string[] = [];
  for (const colorScheme of schemes) {
    for (const screen of screens) {
      const { width, height } = screen;
      const context = await browser.newContext({
        colorScheme,
        viewport: { width, height },
        reducedMotion: 'reduce',
      });
      await holdStill(context, sample);
      const page = await context.newPage();
      const found = await loadingFaults(page, origin, `/${sample.name}`);

      const whole = await page.screenshot({ fullPage: true });
      const file = `${sample.name}-${colorScheme}${screen.name === 'phone' ? '-phone' : ''}.png`;
      if (kept.includes(sample.name)) writeFileSync(join(images, file), whole);
      if (process.env.KEEP_ALL) writeFileSync(join(process.env.KEEP_ALL, file), whole);
      const overview = `${isOfConsole(sample) ? 'console' : 'all'}-pages-${screen.name}-${colorScheme}`;
      overviews.set(overview, [...(overviews.get(overview) ?? []), await page.screenshot()]);

      found.push(...(await accessibilityFaults(page)));
      if (screen.name === 'phone') found.push(...(await smallTargets(page)));
      faults.push(...found.map((fault) => `${sample.name} ${colorScheme} ${width} px: ${fault}`));
      await context.close();
    }
  }
  return faults;
}

/** The narrowest phones, and 320 px as when a desktop page is enlarged to 400 % (WCAG 1.4.10), in each language. */
async function narrowFaults(browser: Browser, origin: string, sample: PageSample): Promise<string[]> {
  const faults: string[] = [];
  const context = await browser.newContext();
  await holdStill(context, sample);
  const page = await context.newPage();
  for (const width of [360, 320]) {
    await page.setViewportSize({ width, height: 640 });
    for (const lang of ['en', 'fr']) {
      const found = await loadingFaults(page, origin, `/${sample.name}?lang=${lang}`);
      faults.push(...found.map((fault) => `${sample.name} ${lang} ${width} px: ${fault}`));
      if (process.env.KEEP_ALL && lang === 'fr' && width === 360) {
        writeFileSync(
          join(process.env.KEEP_ALL, `${sample.name}-fr-360.png`),
          await page.screenshot({ fullPage: true }),
        );
      }
    }
  }
  await context.close();
  return faults;
}

/** One picture of many pages side by side. */
async function writeOverview(browser: Browser, name: string, pictures: Buffer[]): Promise<void> {
  const screen = screens.find((it) => name.includes(it.name)) ?? screens[0];
  const ground = name.endsWith('dark') ? '#2b312e' : '#d3d6ce';
  const page = await browser.newPage({ viewport: { width: screen.columns * (screen.column + 12) + 12, height: 600 } });
  await page.setContent(`<style>
    body { margin: 0; padding: 12px; display: grid; gap: 12px; background: ${ground};
           grid-template-columns: repeat(${screen.columns}, ${screen.column}px) }
    img { display: block; width: 100%; border-radius: 6px }
  </style>${pictures.map((it) => `<img src="data:image/png;base64,${it.toString('base64')}">`).join('')}`);
  await page.screenshot({ path: join(images, `${name}.png`), fullPage: true });
  await page.close();
}

async function main(): Promise<void> {
  const only = process.argv[2] ?? '';
  mkdirSync(images, { recursive: true });
  if (process.env.KEEP_ALL) mkdirSync(process.env.KEEP_ALL, { recursive: true });
  const { server, origin, takePosted } = await startServer();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  try {
    const samples = pageSamples(origin).filter(({ name }) => name.startsWith(only));
    const overviews = new Map<string, Buffer[]>();
    const faults: string[] = [];
    for (const sample of samples) {
      faults.push(...(await picture(browser, origin, sample, overviews)));
      faults.push(...(await narrowFaults(browser, origin, sample)));
    }
    if (!only) {
      for (const [name, pictures] of overviews) await writeOverview(browser, name, pictures);
      faults.push(...(await behaviourFaults(browser, origin, takePosted)));
    }
    for (const fault of faults) console.error(fault);
    console.log(`${samples.length} pages, ${faults.length} faults`);
    if (faults.length > 0) process.exitCode = 1;
  } finally {
    await browser.close();
    server.close();
  }
}

await main();
