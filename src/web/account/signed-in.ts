/** Who is signed in to this browser, how lately they proved themselves, and where they do so. */
import type { ParsedUrlQuery } from 'node:querystring';
import type { Context } from 'koa';
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

/** Who is signed in to this browser, if anybody who may act. */
export async function signedIn(ctx: Context, { db, provider }: WebDependencies): Promise<SignedIn | undefined> {
  const session = await provider().Session.get(ctx as never);
  if (!session.accountId) return undefined;
  const profile = await findAccount(db, session.accountId);
  if (!profile) return undefined;
  keepSurroundings(ctx, { tenant: profile.tenant, theme: profile.theme, timeZone: profile.zoneinfo ?? undefined });
  return { profile, sessionUidHash: sha256(session.uid), provedAt: (session.loginTs ?? 0) * 1000 };
}

export function isFresh({ provedAt }: SignedIn): boolean {
  return Date.now() - provedAt < freshMs;
}

/** Parameters of an authorization request that a link to the account may carry, such as one to sign up with a referral. */
const carriedOn = ['tenant', 'prompt', 'referral_code', 'login_hint', 'ui_locales'];

export function signInAddress(issuer: string, asked: ParsedUrlQuery = {}): string {
  const query = new URLSearchParams({
    client_id: accountClientId,
    response_type: 'none',
    scope: 'openid',
    redirect_uri: `${issuer}/account/signed-in`,
    state: randomToken(16),
  });
  for (const name of carriedOn) {
    const value = asked[name];
    if (typeof value === 'string' && value.length <= 200) query.set(name, value);
  }
  return `/authorize?${query}`;
}

/** To sign in once more as the same person. */
export function signInAgainAddress(issuer: string, { profile }: SignedIn): string {
  const hint = profile.email ?? profile.phone ?? undefined;
  return signInAddress(issuer, { prompt: 'login', tenant: profile.tenant.slug, login_hint: hint });
}
