/**
 * Sending a browser to an identity provider, and knowing it again when it comes back: a cookie that only the provider's
 * callback gets, one for each request, so that two tabs do not stand in each other's way.
 */
import type { Context } from 'koa';
import {
  type FederationDetails,
  federationLimits,
  requestLifeSeconds,
  startFederationRequest,
} from '../../domain/methods/federation/federation-requests.ts';
import type { IdentityProvider } from '../../domain/methods/federation/identity-providers.ts';
import { randomToken, sha256 } from '../../platform/secrets.ts';
import type { WebDependencies } from '../interaction/context.ts';

export interface FederationWish {
  purpose: FederationDetails['purpose'];
  /** The person is to prove themselves again, whatever session they have at the provider. */
  reauthenticate: boolean;
  /** Seconds: the oldest proof that will do. */
  maxAge?: number;
  loginHint?: string;
  hostedDomain?: string;
}

/** Registered with the provider, and fixed: the provider's key is its last part. */
export function callbackAddress(issuer: string, key: string): string {
  return `${issuer}/callback/${key}`;
}

function cookieName(issuer: string, state: string): string {
  const prefix = issuer.startsWith('https:') ? '__Secure-' : '';
  return `${prefix}gh_federation_${sha256(state).toString('hex').slice(0, 12)}`;
}

/**
 * Where the browser has to go.
 * @throws DomainError unavailable PROVIDER_UNAVAILABLE, invalid PROVIDER_REFUSED, rate_limited TOO_MANY_ATTEMPTS `{ seconds }`
 */
export async function beginFederation(
  ctx: Context,
  web: WebDependencies,
  provider: IdentityProvider,
  { purpose, reauthenticate, maxAge, loginHint, hostedDomain }: FederationWish,
): Promise<string> {
  const nonce = randomToken();
  const codeVerifier = randomToken();
  const countedAs = [...(await web.limits.consume(web.db, federationLimits.federationPerIp, ctx.ip))];
  const startedAt = Math.floor(Date.now() / 1000);
  const details = { nonce, codeVerifier, startedAt, reauthenticate, maxAge, purpose, countedAs };
  const { state, browserToken } = await startFederationRequest(
    web.db,
    { providerId: provider.id, details },
    web.secrets,
  );
  const address = await web.federation.authorizationUrl(provider, {
    redirectUri: callbackAddress(web.issuer, provider.key),
    state,
    nonce,
    codeVerifier,
    reauthenticate,
    maxAge,
    loginHint,
    hostedDomain,
    uiLocales: ctx.state.locale,
  });
  ctx.cookies.set(cookieName(web.issuer, state), browserToken, {
    ...cookieOptions(web.issuer, provider.key),
    maxAge: requestLifeSeconds * 1000,
  });
  return address.href;
}

/** The token of this browser for a request, which is forgotten: the answer counts once. */
export function takeBrowserToken(ctx: Context, issuer: string, key: string, state: string): string | undefined {
  const name = cookieName(issuer, state);
  const token = ctx.cookies.get(name, { signed: true });
  if (token !== undefined) ctx.cookies.set(name, null, cookieOptions(issuer, key));
  return token;
}

function cookieOptions(issuer: string, key: string) {
  return {
    path: `/callback/${key}`,
    httpOnly: true,
    // The way back from the provider is a navigation from another site.
    sameSite: 'lax',
    secure: issuer.startsWith('https:'),
    signed: true,
    overwrite: true,
  } as const;
}
