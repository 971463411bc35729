/**
 * Looks at an identity provider as a sign-in would, before anybody has to: its discovery document, its keys, and whether it
 * knows our client. Owns what each check means, and says of all of them how they went. Signs nobody in and keeps nothing;
 * what the provider says is told by codes of our own, never in its words.
 */
import { issuerTemplate } from '../domain/methods/federation/entra-issuers.ts';
import { clientSecretOf, type IdentityProvider } from '../domain/methods/federation/identity-providers.ts';
import { OutboundError, type OutboundFetch } from '../platform/network/outbound.ts';
import { randomToken, type Secrets } from '../platform/secrets.ts';

/** In the order in which they are made; after one that fails there may be nothing to make the next ones with. */
export const providerChecks = ['discovery', 'issuer', 'endpoints', 'signing', 'keys', 'scopes', 'credentials'] as const;

export interface ProviderCheck {
  check: (typeof providerChecks)[number];
  passes: boolean;
  /** Why it does not: `refused_address`, `unreachable`, `timeout`, `status`, `not_json`, `too_large`, or one of the check's own. */
  reason: string | null;
}

export type CheckProvider = (provider: IdentityProvider) => Promise<ProviderCheck[]>;

interface Surroundings {
  /** Bounded in time and size, and to addresses that may be called. */
  fetch: OutboundFetch;
  secrets: Secrets;
  /** Ours. */
  issuer: string;
}

class Unusable extends Error {}

type Document = Record<string, unknown>;

const outboundReasons: Record<OutboundError['code'], string> = {
  OUTBOUND_REFUSED: 'refused_address',
  OUTBOUND_TIMEOUT: 'timeout',
  OUTBOUND_TOO_LARGE: 'too_large',
  OUTBOUND_FAILED: 'unreachable',
};

function reasonOf(error: unknown): string {
  if (error instanceof Unusable) return error.message;
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof OutboundError) return outboundReasons[cause.code];
  return 'unreachable';
}

async function documentAt(fetch: OutboundFetch, address: string): Promise<Document> {
  const response = await fetch(address, { headers: { accept: 'application/json' }, redirect: 'manual' });
  if (response.status !== 200) throw new Unusable(response.status === 404 ? 'not_found' : 'status');
  return jsonOf(response);
}

async function jsonOf(response: Response): Promise<Document> {
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Unusable('not_json');
  return body as Document;
}

const asymmetric = /^(?:RS|PS|ES)(?:256|384|512)$|^EdDSA$|^Ed25519$/;
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
const failed = (isFault: boolean, reason: string) => (isFault ? reason : undefined);

function issuerFault({ issuer }: IdentityProvider, { issuer: told }: Document): string | undefined {
  const plain = issuer.replace(/\/$/, '');
  return failed(![plain, `${plain}/`, issuerTemplate(issuer)].includes(String(told)), 'another_issuer');
}

function endpointsFault(document: Document): string | undefined {
  const needed = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'];
  return failed(!needed.every((name) => URL.canParse(String(document[name] ?? ''))), 'endpoint_missing');
}

/** Without the list it is RS256 (OpenID Connect Discovery section 3 requires one; some leave it out). */
function signingFault({ id_token_signing_alg_values_supported: algs = ['RS256'] }: Document): string | undefined {
  return failed(!texts(algs).some((alg) => asymmetric.test(alg)), 'symmetric_only');
}

/** The list is a recommendation: who has none may know every scope. */
function scopesFault({ scopes }: IdentityProvider, { scopes_supported: known }: Document): string | undefined {
  return failed(known !== undefined && !scopes.every((scope) => texts(known).includes(scope)), 'scope_unknown');
}

async function keysFault(fetch: OutboundFetch, { jwks_uri: address }: Document): Promise<string | undefined> {
  const { keys } = await documentAt(fetch, String(address));
  return failed(!Array.isArray(keys) || keys.length === 0, 'no_keys');
}

function authenticationOf(
  clientId: string,
  secret: string | null,
  document: Document,
): Record<'headers' | 'fields', Record<string, string>> {
  if (secret === null) return { headers: {}, fields: { client_id: clientId } };
  const methods = texts(document.token_endpoint_auth_methods_supported);
  if (methods.includes('client_secret_post') && !methods.includes('client_secret_basic'))
    return { headers: {}, fields: { client_id: clientId, client_secret: secret } };
  // RFC 6749 section 2.3.1: each part is encoded as in a form before it is joined.
  const encoded = (part: string) => new URLSearchParams({ '': part }).toString().slice(1);
  const pair = `${encoded(clientId)}:${encoded(secret)}`;
  return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, fields: {} };
}

/** @throws Unusable where no key of ours opens it */
function secretOf(provider: IdentityProvider, secrets: Secrets): string | null {
  try {
    return clientSecretOf(provider, secrets);
  } catch {
    throw new Unusable('secret_unreadable');
  }
}

/**
 * Asks for tokens by a code that nobody was given: who knows our client refuses the code (`invalid_grant`, RFC 6749 section
 * 5.2), who does not refuses the client. Anything else says nothing of it.
 * @returns null where it says nothing
 */
async function credentialsFault(
  { fetch, secrets, issuer }: Surroundings,
  provider: IdentityProvider,
  document: Document,
): Promise<string | null | undefined> {
  const { headers, fields } = authenticationOf(provider.clientId, secretOf(provider, secrets), document);
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code: `gatehouse-check-${randomToken(16)}`,
    redirect_uri: `${issuer}/callback/${provider.key}`,
    code_verifier: randomToken(32),
    ...fields,
  });
  const response = await fetch(String(document.token_endpoint), {
    method: 'POST',
    headers: { ...headers, accept: 'application/json' },
    body,
    redirect: 'manual',
  });
  const { error } = await jsonOf(response);
  if (error === 'invalid_grant') return undefined;
  return error === 'invalid_client' || error === 'unauthorized_client' || response.status === 401
    ? 'client_refused'
    : null;
}

/** Makes the check, of a provider as it is registered. It throws nothing that the provider could cause. */
export function createProviderCheck(surroundings: Surroundings): CheckProvider {
  const { fetch } = surroundings;
  return async (provider) => {
    const done: ProviderCheck[] = [];
    const attempt = async (check: ProviderCheck['check'], work: () => unknown): Promise<boolean> => {
      const reason = await Promise.resolve().then(work).catch(reasonOf);
      if (reason !== null) done.push({ check, passes: reason === undefined, reason: (reason as string) ?? null });
      return reason === undefined;
    };
    let document: Document = {};
    const address = `${provider.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const isFound = await attempt('discovery', async () => {
      document = await documentAt(fetch, address);
      return undefined;
    });
    if (!isFound) return done;
    // What another issuer says of itself is followed nowhere: the secret is meant for this one.
    if (!(await attempt('issuer', () => issuerFault(provider, document)))) return done;
    const hasEndpoints = await attempt('endpoints', () => endpointsFault(document));
    await attempt('signing', () => signingFault(document));
    if (hasEndpoints) await attempt('keys', () => keysFault(fetch, document));
    await attempt('scopes', () => scopesFault(provider, document));
    if (hasEndpoints) await attempt('credentials', () => credentialsFault(surroundings, provider, document));
    return done;
  };
}
