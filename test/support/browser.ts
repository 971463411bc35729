/**
 * A real browser for journeys: Debian's Chromium, driven by playwright-core. Nothing is downloaded; where no browser is
 * installed the caller skips, visibly. A page that breaks its own policy or logs an error fails the test, whatever it
 * looks like.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

export interface PageOptions {
  /** CSS pixels; default 1280. */
  width?: number;
  height?: number;
  colorScheme?: 'light' | 'dark';
  /** BCP 47; default en. */
  locale?: string;
  /** IANA zone; default that of the machine. */
  timezoneId?: string;
  /** Default true. */
  javaScriptEnabled?: boolean;
  /** For a certificate that the test made itself. */
  ignoreHttpsErrors?: boolean;
  /** What this page may say on its console, such as the browser's own line about an expected 400. */
  expected?: readonly RegExp[];
}

export interface TestBrowser {
  /** A page with cookies and storage of its own. */
  newPage(options?: PageOptions): Promise<Page>;
  /** Throws if a page so far logged an error or violated a policy; for `afterEach`. */
  assertNoFaults(): void;
  /** Ends the browser, then does the same. */
  close(): Promise<void>;
}

const paths = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser'];

const args = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where Chromium is on this machine, if anywhere. */
export function chromiumPath(): string | undefined {
  return paths.find((path) => path !== undefined && existsSync(path));
}

/** Starts Chromium with an empty profile; undefined where it is not installed. */
export async function openBrowser(): Promise<TestBrowser | undefined> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) return undefined;
  const browser: Browser = await chromium.launch({
    executablePath,
    args,
    // Chromium refuses to run as root inside its sandbox.
    chromiumSandbox: process.getuid?.() !== 0,
  });
  const faults: string[] = [];

  function assertNoFaults(): void {
    assert.deepEqual(faults.splice(0), [], 'the browser found faults in a page');
  }

  return {
    async newPage(options = {}) {
      const {
        width = 1280,
        height = 800,
        colorScheme,
        locale = 'en',
        timezoneId,
        javaScriptEnabled,
        expected = [],
      } = options;
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme,
        locale,
        timezoneId,
        javaScriptEnabled,
        ignoreHTTPSErrors: options.ignoreHttpsErrors,
      });
      watch(context, faults, expected);
      return context.newPage();
    },
    assertNoFaults,
    async close() {
      await browser.close();
      assertNoFaults();
    },
  };
}

/** Chromium says violations of a Content Security Policy on the console, as errors; scripts that throw have an event. */
function watch(context: BrowserContext, faults: string[], expected: readonly RegExp[]): void {
  const add = (fault: string) => {
    if (!expected.some((pattern) => pattern.test(fault))) faults.push(fault);
  };
  context.on('console', (message) => {
    if (message.type() === 'error') add(`${message.page()?.url()}: ${message.text()}`);
  });
  context.on('weberror', (error) => add(`${error.page()?.url()}: ${error.error().message}`));
}
