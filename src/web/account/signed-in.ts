/** Who is signed in to this browser, how lately they proved themselves, and where they do so. */
import type { ParsedUrlQuery } from 'node:querystring';
import type { Context } from 'koa';
import { isTooLittle, rememberedAcr } from '../../domain/factors/requirement.ts';
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
  /** By what they proved it (RFC 8176). */
  amr: readonly string[] | undefined;
  /** What they proved, as a context class (domain/factors/requirement.ts). */
  acr: string | undefined;
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
  return {
    profile,
    sessionUidHash: sha256(session.uid),
    provedAt: (session.loginTs ?? 0) * 1000,
    acr: session.acr,
    amr: session.amr,
  };
}

/** A browser that is remembered stood in for a factor that was proved long before: that is not lately. */
export function isFresh({ provedAt, acr }: SignedIn): boolean {
  return acr !== rememberedAcr && Date.now() - provedAt < freshMs;
}

/** Parameters of an authorization request that a link to the account may carry, such as one to sign up with a referral. */
const carriedOn = ['tenant', 'prompt', 'referral_code', 'login_hint', 'ui_locales', 'acr_values'];

/** Pages of ours that a sign-in may come back to, below `/account/`. They change nothing by being opened. */
const pagePath = /^[a-z]+(?:-[a-z]+)*(?:\/[a-z]+(?:-[a-z]+)*)*$/;

/** Where a sign-in comes back to: its redirect URI below the issuer, and which page, kept in the state. */
export interface WayBack {
  redirectPath: '/account/signed-in' | '/console/_signed-in';
  /** Empty: the first page. */
  page: string;
}

/** Back to a page of the account. */
function toAccount(page: string): WayBack {
  const below = page.startsWith('/account/') ? page.slice('/account/'.length) : '';
  return { redirectPath: '/account/signed-in', page: pagePath.test(below) ? below : '' };
}

/** What the state of a sign-in names; anybody can write one. */
export function pageInState(state: unknown): string {
  const [, page = ''] = typeof state === 'string' && state.length <= 4096 ? state.split('~') : [];
  return page;
}

/** The page that the state of a sign-in names: a page of the account, or its first. */
export function pageOfState(state: unknown): string {
  const below = pageInState(state);
  return pagePath.test(below) && below.length <= 200 ? `/account/${below}` : '/account';
}

/** An authorization request of our own pages, unguessable by its state. */
export function signInTo({ redirectPath, page }: WayBack, issuer: string, asked: ParsedUrlQuery = {}): string {
  const query = new URLSearchParams({
    client_id: accountClientId,
    response_type: 'none',
    scope: 'openid',
    redirect_uri: `${issuer}${redirectPath}`,
    state: page === '' ? randomToken(16) : `${randomToken(16)}~${page}`,
  });
  for (const name of carriedOn) {
    const value = asked[name];
    if (typeof value === 'string' && value.length <= 200) query.set(name, value);
  }
  return `/authorize?${query}`;
}

/** To sign in once more as the same person. */
export function signInAgainTo(
  back: WayBack,
  issuer: string,
  { profile }: SignedIn,
  asked: { acr_values?: string } = {},
): string {
  const hint = profile.email ?? profile.phone ?? undefined;
  return signInTo(back, issuer, { ...asked, prompt: 'login', tenant: profile.tenant.slug, login_hint: hint });
}

/** @param page of the account, to come back to */
export function signInAddress(issuer: string, asked: ParsedUrlQuery = {}, page = '/account'): string {
  return signInTo(toAccount(page), issuer, asked);
}

/** To sign in once more as the same person, and come back to a page of the account. @param asked by how much */
export function signInAgainAddress(
  issuer: string,
  person: SignedIn,
  page = '/account',
  asked: { acr_values?: string } = {},
): string {
  return signInAgainTo(toAccount(page), issuer, person, asked);
}
