/**
 * Gatehouse as a relying party of other OpenID providers: the authorization request, and what its answer is worth. Owns
 * everything that is checked of an id_token (OpenID Connect Core section 3.1.3.7), its signature included, and that a
 * provider that hangs, is down or talks nonsense costs a few seconds and a clear error. Discovery documents and keys are
 * kept for a while in this process; a key that is not among them is looked for at once, and so is a provider before
 * anybody is sent to it.
 *
 * Refuses symmetric algorithms and `none`, an `azp` of another client, an issuer that is not exactly the registered one,
 * and an authentication older than was asked for. Tells nobody what a token said.
 */

import { decodeProtectedHeader } from 'jose';
import * as openid from 'openid-client';
import { type ProviderPerson, readPerson } from '../domain/methods/federation/claim-mapping.ts';
import { clientSecretOf, type IdentityProvider } from '../domain/methods/federation/identity-providers.ts';
import { DomainError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { OutboundFetch } from '../platform/network/outbound.ts';
import type { Secrets } from '../platform/secrets.ts';
import { faultOf, ProviderFault } from './federation-faults.ts';

export interface FederationClientOptions {
  /** Bounded in time and size, and to addresses that may be called. */
  fetch: OutboundFetch;
  secrets: Secrets;
  logger: Logger;
  /** Whether issuers may be http addresses (the fetch above decides which); never in production. */
  allowHttp: boolean;
  /** For everything that one request of a person costs; default 4 s. */
  deadlineMs?: number;
}

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

/** For an answer that has come: the document is only needed to know where to go with it. */
const metadataKeptMs = 60 * 60_000;
/** For setting out. Nobody is sent to a provider that did not answer a moment ago: their browser would have to tell them. */
const metadataFreshMs = 5_000;
/** How long a key that a provider withdrew may still count here. */
const keysFreshMs = 5 * 60_000;
/** Clocks differ. */
const toleranceSeconds = 60;

const asymmetric = /^(?:RS|PS|ES)(?:256|384|512)$|^EdDSA$|^Ed25519$/;

interface Kept<T> {
  value: T;
  at: number;
}

/** What a client works with, and what it keeps between two sign-ins. */
interface Workings extends Required<FederationClientOptions> {
  metadataByIssuer: Map<string, Kept<openid.ServerMetadata>>;
  keysByAddress: Map<string, Kept<string>>;
  execute: ((config: openid.Configuration) => void)[];
}

function fetchBefore({ fetch }: Workings, deadline: AbortSignal): openid.CustomFetch {
  return (url, { signal, ...options }) =>
    fetch(url, {
      ...(options as RequestInit),
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
}

async function discover(
  workings: Workings,
  { issuer }: IdentityProvider,
  deadline: AbortSignal,
  keptMs: number,
): Promise<openid.ServerMetadata> {
  const { metadataByIssuer, execute } = workings;
  const kept = metadataByIssuer.get(issuer);
  if (kept && Date.now() - kept.at < keptMs) return kept.value;
  // The client's id is for the library alone: discovery does not send it.
  const found = await openid.discovery(new URL(issuer), 'discovery', undefined, undefined, {
    [openid.customFetch]: fetchBefore(workings, deadline),
    execute,
  });
  const value = { ...found.serverMetadata() };
  // The library lets a trailing slash differ, and some well-known hosts.
  if (value.issuer !== issuer && value.issuer !== `${issuer}/` && `${value.issuer}/` !== issuer)
    throw new ProviderFault('issuer_mismatch');
  metadataByIssuer.set(issuer, { value, at: Date.now() });
  return value;
}

function configure(
  { secrets, execute, deadlineMs }: Workings,
  provider: IdentityProvider,
  metadata: openid.ServerMetadata,
  fetch: openid.CustomFetch,
): openid.Configuration {
  const server = {
    ...metadata,
    id_token_signing_alg_values_supported: (metadata.id_token_signing_alg_values_supported ?? ['RS256']).filter((alg) =>
      asymmetric.test(alg),
    ),
  };
  const secret = clientSecretOf(provider, secrets);
  const config = new openid.Configuration(server, provider.clientId, {}, clientAuthentication(metadata, secret));
  config[openid.customFetch] = fetch;
  config.timeout = Math.ceil(deadlineMs / 1000);
  // The library trusts an id_token that came straight from the token endpoint; we want the signature as well.
  openid.enableNonRepudiationChecks(config);
  for (const extend of execute) extend(config);
  return config;
}

/** The fetch of one exchange: the provider's keys come from what is kept, where that has the one that is needed. */
function fetchWithKeys(workings: Workings, metadata: openid.ServerMetadata, deadline: AbortSignal): openid.CustomFetch {
  const { keysByAddress } = workings;
  const plain = fetchBefore(workings, deadline);
  let wanted: string | undefined;
  return async (url, options) => {
    if (url === normal(metadata.token_endpoint)) {
      const response = await plain(url, options);
      wanted = await keyIdOf(response.clone());
      return response;
    }
    if (url !== normal(metadata.jwks_uri)) return plain(url, options);
    const kept = keysByAddress.get(url);
    if (kept && Date.now() - kept.at < keysFreshMs && holdsKey(kept.value, wanted)) return jsonResponse(kept.value);
    const response = await plain(url, options);
    if (response.status === 200) keysByAddress.set(url, { value: await response.clone().text(), at: Date.now() });
    return response;
  };
}

/** Does the work within the deadline; whatever goes wrong becomes one of three errors, and the reason is logged. */
async function attempt<T>(
  { logger, deadlineMs }: Workings,
  provider: IdentityProvider,
  work: (deadline: AbortSignal) => Promise<T>,
  forget: () => void = () => {},
): Promise<T> {
  try {
    return await work(AbortSignal.timeout(deadlineMs));
  } catch (error) {
    const fault = faultOf(error);
    if (fault.code !== 'PROVIDER_CANCELLED')
      logger.warn({ provider: provider.key, reason: fault.reason }, 'an identity provider could not be used');
    if (fault.code === 'PROVIDER_REFUSED') forget();
    // Without the cause: it holds claims and tokens.
    throw new DomainError(fault.kind, fault.code, { provider: provider.name });
  }
}

function authorizationParameters(
  { scopes }: IdentityProvider,
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
  const config = configure(workings, provider, metadata, fetchBefore(workings, deadline));
  return openid.buildAuthorizationUrl(config, authorizationParameters(provider, wish, codeChallenge));
}

async function verifyAnswer(
  workings: Workings,
  provider: IdentityProvider,
  answer: AuthorizationAnswer,
  deadline: AbortSignal,
): Promise<VerifiedPerson> {
  const metadata = await discover(workings, provider, deadline, metadataKeptMs);
  const config = configure(workings, provider, metadata, fetchWithKeys(workings, metadata, deadline));
  const callback = new URL(answer.redirectUri);
  callback.search = answer.parameters.toString();
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
  const userinfo = await moreClaims(config, provider, metadata, claims, tokens.access_token);
  return {
    person: readPerson(provider.claimMapping, claims, userinfo),
    authenticatedAt: claims.auth_time === undefined ? undefined : Math.min(claims.auth_time * 1000, Date.now()),
  };
}

/** A provider may have put another key in the place of one, or moved. */
function forget({ metadataByIssuer, keysByAddress }: Workings, { issuer }: IdentityProvider): void {
  const jwksUri = metadataByIssuer.get(issuer)?.value.jwks_uri;
  if (jwksUri) keysByAddress.delete(normal(jwksUri));
  metadataByIssuer.delete(issuer);
}

export function createFederationClient({ deadlineMs = 4_000, ...options }: FederationClientOptions): FederationClient {
  const workings: Workings = {
    ...options,
    deadlineMs,
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

/** Some providers put no email address into an id_token that comes with an access token (OpenID Connect Core section 5.4). */
async function moreClaims(
  config: openid.Configuration,
  { claimMapping: names }: IdentityProvider,
  metadata: openid.ServerMetadata,
  claims: openid.IDToken,
  accessToken: string,
): Promise<Record<string, unknown>> {
  if (claims[names.email] !== undefined || metadata.userinfo_endpoint === undefined) return {};
  return openid.fetchUserInfo(config, accessToken, claims.sub);
}

function clientAuthentication(metadata: openid.ServerMetadata, secret: string | null): openid.ClientAuth {
  if (secret === null) return openid.None();
  const methods = metadata.token_endpoint_auth_methods_supported;
  return methods?.includes('client_secret_post') && !methods.includes('client_secret_basic')
    ? openid.ClientSecretPost(secret)
    : openid.ClientSecretBasic(secret);
}

function normal(address: string | undefined): string {
  return URL.parse(address ?? '')?.href ?? '';
}

function jsonResponse(body: string): Response {
  return new Response(body, { headers: { 'content-type': 'application/json' } });
}

async function keyIdOf(tokenResponse: Response): Promise<string | undefined> {
  try {
    const { id_token: idToken } = (await tokenResponse.json()) as { id_token?: unknown };
    return decodeProtectedHeader(idToken as string).kid;
  } catch {
    return undefined;
  }
}

/** Without a key's id there is no telling whether the keys are still the provider's: they are asked for again. */
function holdsKey(jwks: string, kid: string | undefined): boolean {
  const { keys } = JSON.parse(jwks) as { keys?: { kid?: unknown }[] };
  return kid !== undefined && Array.isArray(keys) && keys.some((key) => key?.kid === kid);
}
