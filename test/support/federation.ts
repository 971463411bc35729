/**
 * A person's journey through another OpenID provider: from an application to the provider's page and back, as far as it
 * goes. The provider is a real one on loopback (identity-provider.ts).
 */
import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import {
  addIdentityProvider,
  type IdentityProvider,
  type NewIdentityProvider,
} from '../../src/domain/methods/federation/identity-providers.ts';
import type { TestApp } from './app.ts';
import { Browserless, type Reply } from './browserless.ts';
import type { OpenIdProviderServer } from './identity-provider.ts';
import { type RelyingParty, redirectUri, type StartedSignIn, startSignIn } from './relying-party.ts';

/** Registers a provider; http issuers are fine here. */
export function addProvider(app: TestApp, provider: NewIdentityProvider): Promise<IdentityProvider> {
  return addIdentityProvider(app.db, provider, { secrets: app.secrets, caller: systemCaller, allowHttp: true });
}

let count = 0;

export interface Someone {
  /** At the provider, where it is the subject. */
  login: string;
  email: string;
}

/** Somebody with an account at the provider, whose email address is verified there. */
export function someoneAt(provider: OpenIdProviderServer, claims: Record<string, unknown> = {}): Someone {
  count += 1;
  const login = `there-${count}`;
  const email = `someone${count}@example.test`;
  const said: Record<string, unknown> = { email, email_verified: true, name: `Some One ${count}`, ...claims };
  provider.accounts.set(login, said);
  return { login, email: String(said.email) };
}

export interface JourneyOptions {
  party: RelyingParty;
  /** The provider's key; default google. */
  key?: string;
  browser?: Browserless;
  parameters?: Record<string, string>;
}

export interface Journey {
  reply: Reply;
  started: StartedSignIn;
  browser: Browserless;
}

/** The sign-in page of an application's request. */
export async function openSignIn({
  party,
  browser = new Browserless(),
  parameters = {},
}: JourneyOptions): Promise<Journey> {
  const started = await startSignIn(party, parameters);
  return { reply: await browser.open(started.address.href, redirectUri), started, browser };
}

/** The address of the button of a provider; undefined where the page has none. */
export function providerHref(page: Reply, key = 'google'): string | undefined {
  const [, href] = new RegExp(`href="([^"]*/federation/${key})"`).exec(page.body) ?? [];
  return href && new URL(href, page.url).href;
}

/** To the provider's own page, or past it where the provider knows the browser. */
export async function goThere(options: JourneyOptions): Promise<Journey> {
  const opened = await openSignIn(options);
  const href = providerHref(opened.reply, options.key);
  assert.ok(href, `no button: ${opened.reply.status} ${opened.reply.url} ${opened.reply.body}`);
  return { ...opened, reply: await opened.browser.open(href, redirectUri) };
}

/** The whole way, as far as it goes without more proof. */
export async function signInThere(login: string, options: JourneyOptions): Promise<Journey> {
  const there = await goThere(options);
  if (there.reply.location || !/name="login"/.test(there.reply.body)) return there;
  return { ...there, reply: await there.browser.submit(there.reply, { login }, { until: redirectUri }) };
}

/** The claims of the id_token that the application gets at the end of a journey. */
export async function claimsOf({ reply, started }: Journey, party: RelyingParty): Promise<openid.IDToken> {
  const { location = '' } = reply;
  assert.ok(location.startsWith(redirectUri), `${reply.status} ${reply.url} ${reply.body}`);
  const tokens = await openid.authorizationCodeGrant(party.config, new URL(location), started.checks);
  const claims = tokens.claims();
  assert.ok(claims);
  return claims;
}

/** The words of a page. */
export function textOf({ body }: Reply): string {
  return body
    .replace(/<(?:script|style|head)[\s\S]*?<\/(?:script|style|head)>/g, '')
    .replaceAll('<wbr>', '')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&#39;', "'")
    .replace(/\s+/g, ' ')
    .trim();
}

/** What is linked to whom, for comparisons of before and after. */
export async function identitiesOf(app: TestApp, userId: string): Promise<string[]> {
  const found = await app.db('userIdentities').where({ userId }).orderBy('provider').select('provider', 'subject');
  return found.map(({ provider, subject }: { provider: string; subject: string }) =>
    provider === 'password' ? provider : `${provider} ${subject}`,
  );
}

/** Actions of the events about a person, the oldest first. */
export async function eventsOf(app: TestApp, userId: string): Promise<string[]> {
  const found = await app
    .db('auditEvents')
    .where({ entityId: userId })
    .orderBy([{ column: 'occurredAt' }, { column: 'id' }])
    .select('action');
  return found.map(({ action }: { action: string }) => action);
}
