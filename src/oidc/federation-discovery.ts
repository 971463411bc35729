/**
 * What is known of an OpenID provider: its discovery document and its keys, kept for a while in this process, and the
 * library's configuration made of them. A key that is not among them is looked for at once. Refuses a document of another
 * issuer than the registered one, algorithms that are symmetric or `none`, and a key of Entra ID that is another directory's.
 */
import { decodeProtectedHeader } from 'jose';
import * as openid from 'openid-client';
import { issuerOfDirectory, issuerTemplate } from '../domain/methods/federation/entra-issuers.ts';
import { clientSecretOf, type IdentityProvider } from '../domain/methods/federation/identity-providers.ts';
import type { Logger } from '../platform/logger.ts';
import type { OutboundFetch } from '../platform/network/outbound.ts';
import type { Secrets } from '../platform/secrets.ts';
import { ProviderFault } from './federation-faults.ts';

export interface FederationClientOptions {
  /** Bounded in time and size, and to addresses that may be called. */
  fetch: OutboundFetch;
  secrets: Secrets;
  logger: Logger;
  /** Whether issuers may be http addresses (the fetch above decides which); never in production. */
  allowHttp: boolean;
  /** Is told how a provider answered; `failure`: why it could not be used. What it does is waited for by nobody. */
  onUse?(provider: IdentityProvider, failure: string | undefined): void;
  /** For everything that one request of a person costs; default 4 s. */
  deadlineMs?: number;
}

/** For an answer that has come: the document is only needed to know where to go with it. */
export const metadataKeptMs = 60 * 60_000;
/** For setting out. Nobody is sent to a provider that did not answer a moment ago: their browser would have to tell them. */
export const metadataFreshMs = 5_000;
/** How long a key that a provider withdrew may still count here. */
const keysFreshMs = 5 * 60_000;
const asymmetric = /^(?:RS|PS|ES)(?:256|384|512)$|^EdDSA$|^Ed25519$/;

interface Kept<T> {
  value: T;
  at: number;
}

/** What a client works with, and what it keeps between two sign-ins. */
export interface Workings extends Required<FederationClientOptions> {
  metadataByIssuer: Map<string, Kept<openid.ServerMetadata>>;
  keysByAddress: Map<string, Kept<string>>;
  execute: ((config: openid.Configuration) => void)[];
}

export function fetchBefore({ fetch }: Workings, deadline: AbortSignal): openid.CustomFetch {
  return (url, { signal, ...options }) =>
    fetch(url, {
      ...(options as RequestInit),
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
}

export async function discover(
  workings: Workings,
  { issuer }: IdentityProvider,
  deadline: AbortSignal,
  keptMs: number,
): Promise<openid.ServerMetadata> {
  const { metadataByIssuer, execute } = workings;
  const kept = metadataByIssuer.get(issuer);
  if (kept && Date.now() - kept.at < keptMs) return kept.value;
  // By its full address the library leaves it to us whose document it is. The client's id is for the library alone.
  const address = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const found = await openid.discovery(address, 'discovery', undefined, undefined, {
    [openid.customFetch]: fetchBefore(workings, deadline),
    execute,
  });
  const value = { ...found.serverMetadata() };
  const isExpected = [issuer, `${issuer}/`, issuer.replace(/\/$/, ''), issuerTemplate(issuer)].includes(value.issuer);
  if (!isExpected) throw new ProviderFault('issuer_mismatch');
  metadataByIssuer.set(issuer, { value, at: Date.now() });
  return value;
}

export async function configure(
  workings: Workings,
  provider: IdentityProvider,
  metadata: openid.ServerMetadata,
  fetch: openid.CustomFetch,
): Promise<openid.Configuration> {
  const { secrets, execute, deadlineMs } = workings;
  const server = {
    ...metadata,
    id_token_signing_alg_values_supported: (metadata.id_token_signing_alg_values_supported ?? ['RS256']).filter((alg) =>
      asymmetric.test(alg),
    ),
  };
  const authentication = clientAuthentication(metadata, clientSecretOf(provider, secrets));
  const config = isTemplate(metadata)
    ? await configureForDirectories(server, provider.clientId, authentication)
    : new openid.Configuration(server, provider.clientId, {}, authentication);
  config[openid.customFetch] = fetch;
  config.timeout = Math.ceil(deadlineMs / 1000);
  // The library trusts an id_token that came straight from the token endpoint; we want the signature as well.
  openid.enableNonRepudiationChecks(config);
  for (const extend of execute) extend(config);
  return config;
}

function isTemplate({ issuer }: openid.ServerMetadata): boolean {
  return issuer.includes('{tenantid}');
}

/**
 * The library takes the issuer of a token from its claim `tid` only where it was the one to discover Entra ID at its own
 * address. So it discovers what is known already, wherever that was, and asks nobody.
 */
async function configureForDirectories(
  server: openid.ServerMetadata,
  clientId: string,
  authentication: openid.ClientAuth,
): Promise<openid.Configuration> {
  // An `iss` of the answer (RFC 9207) names the directory, which only the token tells: `checkDirectory` compares them.
  const said = { ...server, authorization_response_iss_parameter_supported: false };
  return openid.discovery(new URL('https://login.microsoftonline.com/'), clientId, undefined, authentication, {
    [openid.customFetch]: async () => jsonResponse(JSON.stringify(said)),
  });
}

/**
 * Of a token that may be any directory's: its issuer is the very directory that it names, and its key is that directory's or
 * all directories' (a key's `issuer`, https://learn.microsoft.com/entra/identity-platform/claims-validation).
 * @param told the `iss` of the answer, where it came with one
 * @throws ProviderFault
 */
export function checkDirectory(
  { keysByAddress }: Workings,
  metadata: openid.ServerMetadata,
  { idToken, claims, told }: { idToken: string; claims: openid.IDToken; told: string | null },
): void {
  if (!isTemplate(metadata)) return;
  const issuer = issuerOfDirectory(metadata.issuer, claims.tid);
  if (issuer === undefined || claims.iss !== issuer || (told !== null && told !== issuer))
    throw new ProviderFault('directory');
  const { kid } = decodeProtectedHeader(idToken);
  const { keys = [] } = JSON.parse(keysByAddress.get(normal(metadata.jwks_uri))?.value ?? '{}') as {
    keys?: { kid?: unknown; issuer?: unknown }[];
  };
  const keyIssuer = keys.find((key) => key.kid === kid)?.issuer;
  if (keyIssuer !== undefined && issuerOfDirectory(String(keyIssuer), claims.tid) !== issuer)
    throw new ProviderFault('key_of_another_directory');
}

/** The fetch of one exchange: the provider's keys come from what is kept, where that has the one that is needed. */
export function fetchWithKeys(
  workings: Workings,
  metadata: openid.ServerMetadata,
  deadline: AbortSignal,
): openid.CustomFetch {
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

/** A provider may have put another key in the place of one, or moved. */
export function forget({ metadataByIssuer, keysByAddress }: Workings, { issuer }: IdentityProvider): void {
  const jwksUri = metadataByIssuer.get(issuer)?.value.jwks_uri;
  if (jwksUri) keysByAddress.delete(normal(jwksUri));
  metadataByIssuer.delete(issuer);
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
