/**
 * The hosted pages as people meet them: a running server, a browser, and the site of a relying party on loopback that
 * they come from and go back to. The site answers at another address than the server, as other people's sites do.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, Page } from 'playwright-core';
import type { NewClient } from '../../src/domain/clients/clients.ts';
import { startTestApp, type TestApp, type TestAppOptions } from './app.ts';
import { openBrowser, type PageOptions, type TestBrowser } from './browser.ts';
import { atEndOfRun } from './cluster.ts';
import { eventually } from './eventually.ts';
import { type LoopbackServer, listen } from './loopback.ts';
import { discover, type RelyingParty, type StartedSignIn, startSignIn } from './relying-party.ts';

export type Person = Awaited<ReturnType<TestApp['person']>>;

export interface ClientSite {
  url: string;
  redirectUri: string;
  /** What came to the redirect URI by POST. */
  posted: URLSearchParams[];
  close(): Promise<void>;
}

export interface Stage {
  app: TestApp;
  browser: TestBrowser;
  site: ClientSite;
  /** A page of its own browser profile; `statuses` are error answers that this page is meant to get. */
  newPage(options?: PageOptions & { statuses?: readonly number[] }): Promise<Page>;
  /** A client whose redirects lead to the site. */
  client(overrides?: Partial<NewClient>): Promise<RelyingParty>;
  /** An authorization request of a client, as an address and what is needed to redeem its answer. */
  request(client: RelyingParty, parameters?: Record<string, string>): Promise<StartedSignIn>;
}

async function startClientSite(): Promise<ClientSite> {
  const posted: URLSearchParams[] = [];
  const server: LoopbackServer = await listen(async (req, res) => {
    const { pathname } = new URL(req.url ?? '/', 'http://localhost');
    if (pathname === '/favicon.ico') return void res.writeHead(204).end();
    if (pathname === '/logo.svg') {
      res.setHeader('content-type', 'image/svg+xml');
      return void res.end('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8H0z"/></svg>');
    }
    if (req.method === 'POST') {
      let body = '';
      for await (const chunk of req) body += chunk;
      posted.push(new URLSearchParams(body));
    }
    res.setHeader('content-type', 'text/html; charset=utf-8');
    res.end(`<!doctype html><html lang="en"><title>Client</title><h1>The client’s page ${pathname}</h1>`);
  });
  return { url: server.url, redirectUri: `${server.url}/callback`, posted, close: server.close };
}

let browser: Promise<TestBrowser | undefined> | undefined;

/** One browser for all files of a run; every page has a profile of its own. */
function sharedBrowser(): Promise<TestBrowser | undefined> {
  browser ??= openBrowser().then((opened) => {
    if (opened) atEndOfRun(() => opened.close());
    return opened;
  });
  return browser;
}

interface Profile {
  kind: string;
  context: BrowserContext;
  /** Stays open, and with it the process that draws the server's pages. */
  keeper: Page;
  /** What its pages may log just now. */
  expected: RegExp[];
}

/** Profiles that no test uses. An emptied one costs Chromium half of what a new one does (0.4 s of a core). */
const idle: Profile[] = [];

async function openPage(
  { browser, app }: Pick<Stage, 'browser' | 'app'>,
  wanted: Omit<PageOptions, 'expected'>,
): Promise<{ page: Page; profile: Profile }> {
  const kind = JSON.stringify(wanted);
  const index = idle.findIndex((profile) => profile.kind === kind);
  let [profile] = index < 0 ? [] : idle.splice(index, 1);
  if (!profile) {
    const expected: RegExp[] = [];
    const keeper = await browser.newPage({ ...wanted, expected });
    await keeper.goto(app.issuer);
    profile = { kind, context: keeper.context(), keeper, expected };
  }
  return { page: await profile.context.newPage(), profile };
}

/** False where the browser hangs over a page: its profile is not used again then. */
async function closePages({ context, keeper }: Profile): Promise<boolean> {
  const pages = context.pages().filter((page) => page !== keeper);
  const closed = Promise.all(pages.map((page) => page.close())).then(() => true);
  return Promise.race([closed, sleep(60_000, false, { ref: false })]);
}

/** Forgets what a test left in it. */
async function giveBack(profile: Profile): Promise<void> {
  await profile.context.clearCookies();
  profile.expected.length = 0;
  idle.push(profile);
}

/**
 * Sets the stage for the tests of a `describe`, and skips them where there is no browser. What a page logs as an error,
 * a broken policy among it, fails the test.
 * @param prepare runs once when the stage is set
 * @param options of its server, such as `{ mailbox: true }`
 */
export function onStage(prepare?: () => Promise<void>, options?: TestAppOptions): () => Stage {
  let stage: Stage | undefined;
  const used: Profile[] = [];
  const current = () => {
    assert.ok(stage, 'the stage is set before the first test');
    return stage;
  };

  before(async function () {
    const browser = await sharedBrowser();
    if (!browser) return this.skip();
    const [app, site] = await Promise.all([startTestApp(options), startClientSite()]);
    stage = {
      app,
      browser,
      site,
      async newPage({ statuses = [], expected = [], ...wanted } = {}) {
        const answers = statuses.map((status) => new RegExp(`status of ${status} `));
        const { page, profile } = await openPage({ browser, app }, wanted);
        profile.expected.push(...expected, ...answers);
        page.setDefaultTimeout(60_000);
        used.push(profile);
        return page;
      },
      async client(overrides = {}) {
        return discover(
          app,
          await app.relyingParty({
            name: 'Northwind Portal',
            redirectUris: [site.redirectUri],
            postLogoutRedirectUris: [`${site.url}/signed-out`],
            ...overrides,
          }),
        );
      },
      request: (client, parameters = {}) => startSignIn(client, { redirect_uri: site.redirectUri, ...parameters }),
    };
    await prepare?.();
  });

  afterEach(async () => {
    const profiles = used.splice(0);
    const closed = await Promise.all(profiles.map(closePages));
    stage?.browser.assertNoFaults();
    for (const [index, profile] of profiles.entries()) if (closed[index]) await giveBack(profile);
  });

  after(async () => {
    await stage?.site?.close();
    await stage?.app?.stop();
  });

  return current;
}

/** Fills in the sign-in page and sends it. */
export async function enterPassword(page: Page, person: { email: string; password: string }): Promise<void> {
  const address = page.getByLabel('Email address');
  // Whoever is signed in is asked by name.
  const isKnown = !(await address.isEditable());
  if (!isKnown) await address.fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: isKnown ? 'Continue' : 'Sign in', exact: isKnown }).click();
}

/** Waits until the browser is at the client's redirect URI; answers the address with its parameters. */
export async function backAtClient(page: Page, { site }: Stage): Promise<URL> {
  await page.waitForURL((url) => url.href.startsWith(site.redirectUri));
  return new URL(page.url());
}

/** From a client's request to the client again. */
export async function signInAt(page: Page, stage: Stage, client: RelyingParty, person: Person): Promise<StartedSignIn> {
  const started = await stage.request(client);
  await page.goto(started.address.href);
  await enterPassword(page, person);
  await backAtClient(page, stage);
  return started;
}

export async function headingOf(page: Page): Promise<string> {
  return (await page.getByRole('heading', { level: 1 }).textContent())?.trim() ?? '';
}

/** An id, or else a text, by which a person would know the element that has the focus. */
export function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    return element instanceof HTMLElement ? element.id || (element.textContent ?? '').trim() : '';
  });
}

/**
 * Waits until that element has the focus. A browser gives it some time after the page has loaded, with its first frame:
 * what is typed before is lost.
 */
export async function expectFocus(page: Page, expected: string): Promise<void> {
  await eventually(async () => {
    // A page that is just being left has no element to name.
    assert.equal(await focused(page).catch(() => ''), expected);
    return true;
  });
}
