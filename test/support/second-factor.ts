/** A person's authenticator app, and the pages on which it is set up and asked for. */
import assert from 'node:assert/strict';
import { enrolTotp } from '../../src/domain/factors/factors.ts';
import { addSecurityKey, securityKeyToAdd } from '../../src/domain/factors/security-keys.ts';
import { newTotpSeed, totpCode, totpStep } from '../../src/domain/factors/totp.ts';
import type { TestApp } from './app.ts';
import { Authenticator, type Ceremony } from './authenticator.ts';
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
  const codes = await enrolTotp(app.db, { tenantId, userId, seed, code: codeOf(seed), hasProvedTwo: false }, deps);
  await forgetUsedSteps(app, userId);
  return { seed, codes };
}

/** Enrols a security key without its pages. */
export async function enrolledKey(
  app: Pick<TestApp, 'db' | 'secrets' | 'issuer'>,
  { id: userId, tenantId }: { id: string; tenantId: string },
  { hasProvedTwo = false, isSynced = false }: { hasProvedTwo?: boolean; isSynced?: boolean } = {},
): Promise<{ key: Authenticator; codes: string[] }> {
  const key = new Authenticator(userId, { isSynced });
  const { secrets, issuer, db } = app;
  const owner = { userId, name: 'anna', displayName: 'Anna' };
  const options = securityKeyToAdd(owner, { place: 'test', known: [] }, { secrets, issuer, partyName: 'Test' });
  const answer = key.make({ challenge: options.challenge as string, origin: issuer, isVerified: false });
  const made = { tenantId, userId, hasProvedTwo, place: 'test', answer, name: 'Blue key' };
  const { codes } = await addSecurityKey(db, made, { secrets, issuer, caller: { type: 'user', id: userId } });
  return { key, codes };
}

/** As if time had passed: a code that was used may be used again. */
export async function forgetUsedSteps({ db }: Pick<TestApp, 'db'>, userId: string): Promise<void> {
  await db('user_factors').where({ userId }).update({ lastStep: 0 });
}

export const asksToEnrol = (page: Reply): boolean => /class="qr"/.test(page.body);
export const asksForKey = (page: Reply): boolean => /\/factor\/key" hidden data-passkey="get"/.test(page.body);
export const asksForFactor = (page: Reply): boolean => /\/factor\/totp"/.test(page.body);

/** From the page that shows the seed to the application. */
export async function enrolOn(
  browser: Browserless,
  page: Reply,
  until = redirectUri,
): Promise<{ seed: string; code: string; codes: string[]; reply: Reply }> {
  assert.ok(asksToEnrol(page), `no page to enrol on: ${page.status} ${page.url} ${page.body.slice(0, 3000)}`);
  const seed = (/class="mono seed">([^<]+)</.exec(page.body)?.[1] ?? '').replaceAll(' ', '');
  const code = codeOf(seed);
  const shown = await browser.submit(page, { code });
  const codes = [...shown.body.matchAll(/<li class="mono">([^<]+)</g)].map(([, code]) => code as string);
  assert.equal(codes.length, 10, shown.body);
  return { seed, code, codes, reply: await browser.submit(shown, {}, { until }) };
}

/** Touches a key by the page that asks for one: signs its challenge, without verifying anybody. */
export function touch(
  browser: Browserless,
  page: Reply,
  key: Authenticator,
  {
    until = redirectUri,
    fields = {},
    ...more
  }: Partial<Ceremony> & { until?: string; fields?: Record<string, string> } = {},
): Promise<Reply> {
  assert.ok(asksForKey(page), `no page that asks for a key: ${page.status} ${page.url}`);
  const challenge = challengeOn(page);
  const origin = new URL(page.url).origin;
  const credential = key.sign({ challenge, origin, isVerified: false, userHandle: null, ...more });
  return browser.submit(page, { credential, ...fields }, { until });
}

export const challengeOn = ({ body }: Reply): string => /data-challenge="([^"]+)"/.exec(body)?.[1] ?? '';

/** Types the code of the app. */
export async function proveOn(browser: Browserless, page: Reply, code: string, until = redirectUri): Promise<Reply> {
  assert.ok(asksForFactor(page), `no page that asks for the factor: ${page.status} ${page.url}`);
  return browser.submit(page, { code }, { until });
}
