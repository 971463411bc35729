/** Who is signed in to this browser, how lately they proved themselves, and where they do so. */
import type { ParsedUrlQuery } from 'node:querystring';
import type { Context } from 'koa';
import { isTooLittle } from '../../domain/factors/requirement.ts';
import { type AccountProfile, findAccount } from '../../domain/users/users.ts';
import { accountClientId } from '../../oidc/account-client.ts';
import { type Codes, defineCodes } from '../../platform/errors.ts';
import { randomToken, sha256 } from '../../platform/secrets.ts';
import type { WebDependencies } from '../interaction/context.ts';
import { keepSurroundings } from '../pages/pages.ts';

export const accountCodes = defineCodes({
  SIGN_IN_REQUIRED: {
    kind: 'unauthenticated',
    means: 'nobody is signed in, or another person than the one who began this',
  },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof accountCodes> {}
}

export interface SignedIn {
  profile: AccountProfile;
  sessionUidHash: Buffer;
  /** When they last proved themselves, in epoch milliseconds. */
  provedAt: number;
}

/** A person who changes what signs them in has proved who they are within this time (security.md). */
const freshMs = 5 * 60_000;

/** Who is signed in to this browser, if anybody who may act, with the second factor where one is asked of them. */
export async function signedIn(ctx: Context, { db, provider }: WebDependencies): Promise<SignedIn | undefined> {
  const session = await provider().Session.get(ctx as never);
  if (!session.accountId) return undefined;
  const profile = await findAccount(db, session.accountId);
  if (!profile || (await isTooLittle(db, profile, { proved: session.acr }))) return undefined;
  keepSurroundings(ctx, { tenant: profile.tenant, theme: profile.theme, timeZone: profile.zoneinfo ?? undefined });
  return { profile, sessionUidHash: sha256(session.uid), provedAt: (session.loginTs ?? 0) * 1000 };
}

export function isFresh({ provedAt }: SignedIn): boolean {
  return Date.now() - provedAt < freshMs;
}

/** Parameters of an authorization request that a link to the account may carry, such as one to sign up with a referral. */
const carriedOn = ['tenant', 'prompt', 'referral_code', 'login_hint', 'ui_locales'];

/** Pages of ours that a sign-in may come back to, below `/account/`. They change nothing by being opened. */
const pagePath = /^[a-z]+(?:-[a-z]+)*(?:\/[a-z]+(?:-[a-z]+)*)*$/;

/** The state of a sign-in: unguessable, and the page that it comes back to. */
function stateOf(page: string): string {
  const below = page.startsWith('/account/') ? page.slice('/account/'.length) : '';
  return pagePath.test(below) ? `${randomToken(16)}~${below}` : randomToken(16);
}

/** The page that the state of a sign-in names. Anybody can write one: it leads to a page of the account, or to its first. */
export function pageOfState(state: unknown): string {
  const [, below = ''] = typeof state === 'string' && state.length <= 200 ? state.split('~') : [];
  return pagePath.test(below) ? `/account/${below}` : '/account';
}

/** @param page of the account, to come back to */
export function signInAddress(issuer: string, asked: ParsedUrlQuery = {}, page = '/account'): string {
  const query = new URLSearchParams({
    client_id: accountClientId,
    response_type: 'none',
    scope: 'openid',
    redirect_uri: `${issuer}/account/signed-in`,
    state: stateOf(page),
  });
  for (const name of carriedOn) {
    const value = asked[name];
    if (typeof value === 'string' && value.length <= 200) query.set(name, value);
  }
  return `/authorize?${query}`;
}

/** To sign in once more as the same person, and come back to a page of the account. */
export function signInAgainAddress(issuer: string, { profile }: SignedIn, page = '/account'): string {
  const hint = profile.email ?? profile.phone ?? undefined;
  return signInAddress(issuer, { prompt: 'login', tenant: profile.tenant.slug, login_hint: hint }, page);
}
