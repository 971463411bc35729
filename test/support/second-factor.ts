/** A person's authenticator app, and the pages on which it is set up and asked for. */
import assert from 'node:assert/strict';
import { enrolTotp } from '../../src/domain/factors/factors.ts';
import { newTotpSeed, totpCode, totpStep } from '../../src/domain/factors/totp.ts';
import type { TestApp } from './app.ts';
import type { Browserless, Reply } from './browserless.ts';
import { redirectUri } from './relying-party.ts';

/** The code that an app shows; `ahead`: of a clock that is so many steps ahead. */
export function codeOf(seed: string, ahead = 0): string {
  return totpCode(seed, totpStep(new Date()) + ahead);
}

/** Enrols an app without its pages; the codes of earlier steps count for nothing, that of now does. */
export async function enrolled(
  app: Pick<TestApp, 'db' | 'secrets' | 'issuer'>,
  { id: userId, tenantId }: { id: string; tenantId: string },
): Promise<{ seed: string; codes: string[] }> {
  const seed = newTotpSeed();
  const deps = { secrets: app.secrets, issuer: app.issuer, caller: { type: 'user', id: userId } as const };
  const codes = await enrolTotp(app.db, { tenantId, userId, seed, code: codeOf(seed) }, deps);
  await forgetUsedSteps(app, userId);
  return { seed, codes };
}

/** As if time had passed: a code that was used may be used again. */
export async function forgetUsedSteps({ db }: Pick<TestApp, 'db'>, userId: string): Promise<void> {
  await db('user_factors').where({ userId }).update({ lastStep: 0 });
}

export const asksToEnrol = (page: Reply): boolean => /class="qr"/.test(page.body);
export const asksForFactor = (page: Reply): boolean => /\/factor\/totp"/.test(page.body);

/** From the page that shows the seed to the application. */
export async function enrolOn(
  browser: Browserless,
  page: Reply,
  until = redirectUri,
): Promise<{ seed: string; codes: string[]; reply: Reply }> {
  assert.ok(asksToEnrol(page), `no page to enrol on: ${page.status} ${page.url} ${page.body.slice(0, 3000)}`);
  const seed = (/class="mono seed">([^<]+)</.exec(page.body)?.[1] ?? '').replaceAll(' ', '');
  const shown = await browser.submit(page, { code: codeOf(seed) });
  const codes = [...shown.body.matchAll(/<li class="mono">([^<]+)</g)].map(([, code]) => code as string);
  assert.equal(codes.length, 10, shown.body);
  return { seed, codes, reply: await browser.submit(shown, {}, { until }) };
}

/** Types the code of the app. */
export async function proveOn(browser: Browserless, page: Reply, code: string, until = redirectUri): Promise<Reply> {
  assert.ok(asksForFactor(page), `no page that asks for the factor: ${page.status} ${page.url}`);
  return browser.submit(page, { code }, { until });
}
