/**
 * Gatehouse as a relying party of other OpenID providers: the authorization request, and what its answer is worth. Owns
 * everything that is checked of an id_token (OpenID Connect Core section 3.1.3.7), its signature included, and that a
 * provider that hangs, is down or talks nonsense costs a few seconds and a clear error. Discovery documents and keys are
 * in `federation-discovery.ts`; a provider is asked for before anybody is sent to it.
 *
 * Refuses symmetric algorithms and `none`, an `azp` of another client, an issuer that is not exactly the registered one,
 * an authentication older than was asked for, and what userinfo says of another subject. Tells nobody what a token said.
 */

import * as openid from 'openid-client';
import { missingClaims, type ProviderPerson, readPerson } from '../domain/methods/federation/claim-mapping.ts';
import type { IdentityProvider } from '../domain/methods/federation/identity-providers.ts';
import { DomainError } from '../platform/errors.ts';
import {
  checkDirectory,
  configure,
  discover,
  type FederationClientOptions,
  fetchBefore,
  fetchWithKeys,
  forget,
  metadataFreshMs,
  metadataKeptMs,
  type Workings,
} from './federation-discovery.ts';
import { faultOf, ProviderFault } from './federation-faults.ts';

/** What the authorization request asks for beside the person. */
export interface AuthorizationWish {
  redirectUri: string;
  state: string;
  nonce: string;
  codeVerifier: string;
  /** The person is to prove themselves again. */
  reauthenticate: boolean;
  /** Seconds. */
  maxAge?: number;
  loginHint?: string;
  uiLocales?: string;
  /** For providers that know organisations: which one's account is wanted. Only a hint; the token is what counts. */
  hostedDomain?: string;
}

export interface AuthorizationAnswer {
  redirectUri: string;
  /** As it came, with everything. */
  parameters: URLSearchParams;
  state: string;
  nonce: string;
  codeVerifier: string;
  reauthenticate: boolean;
  maxAge?: number;
  /** Unix time in seconds. */
  startedAt: number;
}

export interface VerifiedPerson {
  person: ProviderPerson;
  /** When the person proved themselves to the provider, in epoch milliseconds, never in the future; undefined: it does not say. */
  authenticatedAt: number | undefined;
}

export interface FederationClient {
  /** Where to send the browser. @throws DomainError unavailable PROVIDER_UNAVAILABLE, invalid PROVIDER_REFUSED */
  authorizationUrl(provider: IdentityProvider, wish: AuthorizationWish): Promise<URL>;
  /**
   * Exchanges the code and verifies who it is.
   * @throws DomainError unauthenticated PROVIDER_CANCELLED, unavailable PROVIDER_UNAVAILABLE, invalid PROVIDER_REFUSED
   */
  verifyAnswer(provider: IdentityProvider, answer: AuthorizationAnswer): Promise<VerifiedPerson>;
}

/** Clocks differ. */
const toleranceSeconds = 60;

/** Does the work within the deadline; whatever goes wrong becomes one of three errors, and the reason is logged. */
async function attempt<T>(
  { logger, deadlineMs, onUse }: Workings,
  provider: IdentityProvider,
  work: (deadline: AbortSignal) => Promise<T>,
  forget: () => void = () => {},
): Promise<T> {
  try {
    const done = await work(AbortSignal.timeout(deadlineMs));
    onUse(provider, undefined);
    return done;
  } catch (error) {
    const fault = faultOf(error);
    if (fault.code !== 'PROVIDER_CANCELLED') {
      logger.warn({ provider: provider.key, reason: fault.reason }, 'an identity provider could not be used');
      // What an answer of the browser says is anybody's text.
      onUse(provider, fault.reason.startsWith('authorization:') ? 'authorization' : fault.reason);
    }
    if (fault.code === 'PROVIDER_REFUSED') forget();
    // Without the cause: it holds claims and tokens.
    throw new DomainError(fault.kind, fault.code, { provider: provider.name });
  }
}

function authorizationParameters(
  { scopes, responseMode }: IdentityProvider,
  wish: AuthorizationWish,
  codeChallenge: string,
): Record<string, string> {
  const parameters: Record<string, string> = {
    redirect_uri: wish.redirectUri,
    scope: scopes.join(' '),
    state: wish.state,
    nonce: wish.nonce,
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
  };
  if (responseMode !== 'query') parameters.response_mode = responseMode;
  if (wish.reauthenticate) parameters.prompt = 'login';
  if (wish.maxAge !== undefined) parameters.max_age = String(wish.maxAge);
  // Some tell the time of the authentication only if they are asked to (OpenID Connect Core section 5.5.1).
  if (wish.reauthenticate || wish.maxAge !== undefined)
    parameters.claims = JSON.stringify({ id_token: { auth_time: { essential: true } } });
  if (wish.loginHint !== undefined) parameters.login_hint = wish.loginHint;
  if (wish.uiLocales !== undefined) parameters.ui_locales = wish.uiLocales;
  if (wish.hostedDomain !== undefined) parameters.hd = wish.hostedDomain;
  return parameters;
}

async function authorizationUrl(
  workings: Workings,
  provider: IdentityProvider,
  wish: AuthorizationWish,
  deadline: AbortSignal,
): Promise<URL> {
  const metadata = await discover(workings, provider, deadline, metadataFreshMs);
  const codeChallenge = await openid.calculatePKCECodeChallenge(wish.codeVerifier);
  const config = await configure(workings, provider, metadata, fetchBefore(workings, deadline));
  return openid.buildAuthorizationUrl(config, authorizationParameters(provider, wish, codeChallenge));
}

async function verifyAnswer(
  workings: Workings,
  provider: IdentityProvider,
  answer: AuthorizationAnswer,
  deadline: AbortSignal,
): Promise<VerifiedPerson> {
  const metadata = await discover(workings, provider, deadline, metadataKeptMs);
  const config = await configure(workings, provider, metadata, fetchWithKeys(workings, metadata, deadline));
  const callback = new URL(answer.redirectUri);
  const told = answer.parameters.get('iss');
  callback.search = answer.parameters.toString();
  if (metadata.issuer.includes('{tenantid}')) callback.searchParams.delete('iss');
  const tokens = await openid.authorizationCodeGrant(config, callback, {
    expectedState: answer.state,
    expectedNonce: answer.nonce,
    pkceCodeVerifier: answer.codeVerifier,
    maxAge: answer.maxAge,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (!claims) throw new ProviderFault('no_id_token');
  checkMore(claims, provider, answer);
  checkDirectory(workings, metadata, { idToken: tokens.id_token as string, claims, told });
  const userinfo = await moreClaims(config, provider, metadata, claims, tokens.access_token);
  return {
    person: readPerson(provider.claimMapping, claims, userinfo),
    authenticatedAt: claims.auth_time === undefined ? undefined : Math.min(claims.auth_time * 1000, Date.now()),
  };
}

export function createFederationClient({
  deadlineMs = 4_000,
  onUse = () => {},
  ...options
}: FederationClientOptions): FederationClient {
  const workings: Workings = {
    ...options,
    deadlineMs,
    onUse,
    metadataByIssuer: new Map(),
    keysByAddress: new Map(),
    execute: options.allowHttp ? [openid.allowInsecureRequests] : [],
  };
  return {
    authorizationUrl: (provider, wish) =>
      attempt(workings, provider, (deadline) => authorizationUrl(workings, provider, wish, deadline)),
    verifyAnswer: (provider, answer) =>
      attempt(
        workings,
        provider,
        (deadline) => verifyAnswer(workings, provider, answer, deadline),
        () => forget(workings, provider),
      ),
  };
}

/** What the library leaves to its caller. */
function checkMore(claims: openid.IDToken, provider: IdentityProvider, answer: AuthorizationAnswer): void {
  if (claims.azp !== undefined && claims.azp !== provider.clientId) throw new ProviderFault('azp');
  const now = Date.now() / 1000;
  if (claims.iat > now + 10 * toleranceSeconds) throw new ProviderFault('iat');
  if (answer.reauthenticate && claims.auth_time !== undefined && claims.auth_time < answer.startedAt - toleranceSeconds)
    throw new ProviderFault('not_reauthenticated');
}

/**
 * Some providers put little into an id_token that comes with an access token (OpenID Connect Core section 5.4). Without an
 * address nobody is known; what else is missing is worth a call, and no sign-in. Of another subject it is always refused.
 */
async function moreClaims(
  config: openid.Configuration,
  { claimMapping: names }: IdentityProvider,
  metadata: openid.ServerMetadata,
  claims: openid.IDToken,
  accessToken: string,
): Promise<Record<string, unknown>> {
  const missing = missingClaims(names, claims);
  if (missing === undefined || metadata.userinfo_endpoint === undefined) return {};
  try {
    return await openid.fetchUserInfo(config, accessToken, claims.sub);
  } catch (error) {
    const isOfAnotherSubject = (error as { code?: unknown }).code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED';
    if (missing === 'address' || isOfAnotherSubject) throw error;
    return {};
  }
}
