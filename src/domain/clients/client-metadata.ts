/**
 * What an application may register, by its kind: how it authenticates, which grants, public keys alone. Refuses what would
 * make a secret of a value that everybody has, and names that are Gatehouse's to give. Whether the server would take the
 * rest is asked of oidc-provider itself (oidc/client-registration.ts).
 */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { DomainError } from '../../platform/errors.ts';
import type { ClientKind } from './client-store.ts';

/** A JWK Set (RFC 7517 section 5). */
export interface KeySet {
  keys: Record<string, unknown>[];
}

const lists = ['redirect_uris', 'post_logout_redirect_uris', 'grant_types', 'response_types'] as const;

/** Given by Gatehouse, by arguments of their own. */
const ours = [
  'client_id',
  'client_name',
  'client_secret',
  'first_party',
  'kind',
  'resource_server_id',
  'tenant_id',
  'workload',
];

/** Metadata whose lists are lists. */
export type CheckedMetadata = Record<string, unknown> & Record<(typeof lists)[number], string[]>;

/**
 * The metadata of a new application, with the defaults of its kind filled in.
 * @throws DomainError invalid INVALID_INPUT with the member's name, the value and the reason
 */
export function checkedMetadata(kind: Exclude<ClientKind, 'service'>, asked: Record<string, unknown>): CheckedMetadata {
  const named = ours.find((name) => asked[name] !== undefined);
  if (named !== undefined) throw refusal(named, undefined, 'it is no metadata of the client’s own');
  const metadata: Record<string, unknown> = { ...defaultsOf(kind, asked), ...asked };
  const broken = memberThatIsNoList(metadata);
  if (broken !== undefined) throw refusal(broken, undefined, 'it is no list of strings');
  checkKind(kind, metadata as CheckedMetadata);
  if (metadata.jwks !== undefined) checkPublicKeys(metadata.jwks);
  return metadata as CheckedMetadata;
}

/**
 * As `checkedMetadata`, and with addresses that nobody else can receive a code at.
 * @throws DomainError invalid INVALID_INPUT, FIELD_REQUIRED (redirect_uris)
 */
export function checkedApplication(
  kind: Exclude<ClientKind, 'service'>,
  asked: Record<string, unknown>,
): CheckedMetadata {
  const metadata = checkedMetadata(kind, asked);
  if (metadata.redirect_uris.length === 0 && metadata.response_types.length > 0)
    throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'redirect_uris' });
  for (const uri of [...metadata.redirect_uris, ...metadata.post_logout_redirect_uris]) {
    if (!isAcceptableRedirectUri(uri, kind))
      throw new DomainError('invalid', 'INVALID_INPUT', { field: 'redirect_uris', value: uri });
  }
  return metadata;
}

/** What of a service's metadata is its own to choose; the rest follows from what it is. */
export const serviceMembers = ['default_resource', 'introspection_signed_response_alg'] as const;

/** @throws DomainError invalid INVALID_INPUT with the member's name */
export function checkServiceMembers(metadata: Record<string, unknown>): void {
  const other = Object.keys(metadata).find((name) => !(serviceMembers as readonly string[]).includes(name));
  if (other !== undefined) throw refusal(other, undefined, `of a service only ${serviceMembers.join(', ')} can be set`);
}

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * A redirect URI must keep the code from others: https, or http to the person's own machine, or a private-use scheme
 * of a native app in reverse domain form (RFC 8252 sections 7.1 to 7.3). No fragment (RFC 6749 section 3.1.2).
 */
export function isAcceptableRedirectUri(value: string, kind: ClientKind): boolean {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    return false;
  }
  if (value.includes('#') || value.includes('*') || url.username || url.password) return false;
  if (url.protocol === 'https:') return true;
  if (url.protocol === 'http:') return loopbackHosts.has(url.hostname);
  return kind === 'native' && /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(url.protocol);
}

function defaultsOf(kind: ClientKind, asked: Record<string, unknown>): Record<string, unknown> {
  const { grant_types: grants } = asked;
  const redirects = !Array.isArray(grants) || grants.includes('authorization_code');
  return {
    application_type: kind === 'native' ? 'native' : 'web',
    grant_types: ['authorization_code', 'refresh_token'],
    // Without the code grant nobody is redirected: the device flow needs no redirect URI.
    response_types: redirects ? ['code'] : [],
    redirect_uris: [],
    post_logout_redirect_uris: [],
    token_endpoint_auth_method: kind === 'web' ? 'client_secret_basic' : 'none',
    // What the most used libraries read: docs/decisions/0021-claims-in-the-id-token.md.
    id_token_claims: 'all',
    // One that is told of a session's end can tell which one it was.
    ...(asked.backchannel_logout_uri === undefined ? {} : { backchannel_logout_session_required: true }),
  };
}

function checkKind(kind: ClientKind, metadata: CheckedMetadata): void {
  const method = String(metadata.token_endpoint_auth_method);
  if (kind !== 'web' && method.startsWith('client_secret_')) {
    const reason = `everybody who has a ${kind} client has its secret; make it a web client, or let it use none`;
    throw refusal('token_endpoint_auth_method', method, reason);
  }
  if (metadata.require_pkce === false && method === 'none')
    throw refusal('require_pkce', 'false', 'a client without authentication always uses PKCE');
  if (metadata.id_token_claims !== 'all' && metadata.id_token_claims !== 'lean')
    throw refusal('id_token_claims', undefined, 'it is "all" or "lean"');
  const { allowed_scopes: scopes } = metadata;
  if (scopes !== undefined && !(Array.isArray(scopes) && scopes.every((scope) => typeof scope === 'string')))
    throw refusal('allowed_scopes', undefined, 'it is no list of strings');
  const { agent, consent_days: days } = metadata;
  if (agent !== undefined && typeof agent !== 'boolean') throw refusal('agent', undefined, 'it is true or false');
  if (days !== undefined && !(Number.isInteger(days) && Number(days) >= 1 && Number(days) <= 365))
    throw refusal('consent_days', undefined, 'it is a number from 1 to 365');
  if (metadata.grant_types.includes('client_credentials'))
    throw refusal('grant_types', 'client_credentials', 'what gets tokens for itself is a service, not an application');
}

/** How long an agent may act if nobody says otherwise, in days. */
const usualAgentDays = 90;

/** How long a person's consent to it lasts at the most, in days; undefined: until it is withdrawn. */
export function consentDaysOf({ agent, consent_days: days }: Record<string, unknown>): number | undefined {
  return typeof days === 'number' ? days : agent === true ? usualAgentDays : undefined;
}

/** The first member that should be a list of strings and is something else. */
export function memberThatIsNoList(metadata: Record<string, unknown>): string | undefined {
  return lists.find((name) => {
    const value = metadata[name];
    return value !== undefined && !(Array.isArray(value) && value.every((entry) => typeof entry === 'string'));
  });
}

/** Why this is no set of public keys; undefined where it is one. */
export function faultOfPublicKeys(jwks: unknown): string | undefined {
  const { keys } = (jwks ?? {}) as Partial<KeySet>;
  const isRecord = (key: unknown) => typeof key === 'object' && key !== null && !Array.isArray(key);
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isRecord)) return 'is no JWK Set, {"keys": [...]}';
  // RFC 7518 section 6: `d` of RSA, EC and OKP keys, `k` of symmetric ones.
  if (keys.some((key) => 'd' in key || 'k' in key)) return 'holds a private or secret key; give the public part alone';
  // The library takes a key that it cannot read, and then every assertion of the client fails.
  const broken = keys.findIndex((key) => !isPublicKey(key));
  return broken < 0 ? undefined : `key ${broken + 1} is no public key`;
}

function isPublicKey(key: Record<string, unknown>): boolean {
  try {
    createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

/** @throws DomainError invalid INVALID_INPUT (jwks) */
export function checkPublicKeys(jwks: unknown): void {
  const reason = faultOfPublicKeys(jwks);
  if (reason !== undefined) throw refusal('jwks', undefined, reason);
}

function refusal(field: string, value: string | undefined, reason: string): DomainError {
  return new DomainError('invalid', 'INVALID_INPUT', { field, ...(value === undefined ? {} : { value }), reason });
}
