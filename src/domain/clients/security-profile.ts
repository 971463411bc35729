/**
 * Security profiles of clients: FAPI 2.0 Security Profile, and Message Signing on top of it. Owns what a registration has to
 * be for it. Refuses one that leaves a weaker path open. What each request is held to is oidc/security-profile.ts.
 */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { DomainError } from '../../platform/errors.ts';
import type { ClientRow } from './client-store.ts';
import { isWorkload } from './service-authentication.ts';

export const securityProfiles = ['none', 'fapi2', 'fapi2_message_signing'] as const;
export type SecurityProfile = (typeof securityProfiles)[number];

/** How anything may be signed (FAPI 2.0 Security Profile section 5.4.1); Ed25519 is the name of EdDSA in RFC 9864. */
export const profileAlgs: ReadonlySet<unknown> = new Set(['PS256', 'ES256', 'EdDSA', 'Ed25519']);

/** How a client proves itself (section 5.3.2.1). */
const methods: readonly unknown[] = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'];
const grants: readonly unknown[] = ['authorization_code', 'refresh_token', 'client_credentials'];

const signed = ['jwt', 'query.jwt', 'form_post.jwt'];
/** How an answer may come back; never in a fragment, which scripts and the history of the browser see. */
export function responseModesOf(profile: SecurityProfile): string[] {
  return profile === 'fapi2_message_signing' ? signed : ['query', 'form_post', ...signed];
}

/** Whether a change from one to the other asks for more: what was given out before is then worth too much. */
export function isStricter(from: SecurityProfile, to: SecurityProfile): boolean {
  return securityProfiles.indexOf(to) > securityProfiles.indexOf(from);
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Members that say how something is signed. */
const algMembers = [
  ...['token_endpoint_auth_signing_alg', 'request_object_signing_alg', 'id_token_signed_response_alg'],
  ...['authorization_signed_response_alg', 'introspection_signed_response_alg', 'userinfo_signed_response_alg'],
];

type Metadata = Record<string, unknown>;

function faultOfKeys({ jwks, jwks_uri: address }: Metadata, needed: boolean): string | undefined {
  const keys = list((jwks as { keys?: unknown } | undefined)?.keys) as JsonWebKey[];
  if (needed && keys.length === 0 && address === undefined)
    return 'it signs what it asks: register its public keys (jwks or jwks_uri)';
  const isShort = (key: JsonWebKey) => {
    const bits = createPublicKey({ key, format: 'jwk' }).asymmetricKeyDetails?.modulusLength;
    return bits !== undefined && bits < 2048;
  };
  return keys.some(isShort) ? 'an RSA key has fewer than 2048 bits' : undefined;
}

function faultOfAddresses(metadata: Metadata): string | undefined {
  const addresses = [...list(metadata.redirect_uris), ...list(metadata.post_logout_redirect_uris)];
  const open = addresses.find((uri) => !String(uri).startsWith('https://'));
  return open === undefined ? undefined : `${open} is not https`;
}

/** Why a client cannot be held to its profile, in a sentence that says what to change; undefined where it can. */
function faultOfProfile({ kind, metadata, securityProfile }: ClientRow): string | undefined {
  const { token_endpoint_auth_method: method } = metadata;
  const signs = securityProfile === 'fapi2_message_signing';
  if (kind === 'service' && signs) return 'a service sends no authorization request that could be signed: fapi2 is all';
  if (!methods.includes(method))
    return `it authenticates by ${method}: private_key_jwt or mutual TLS (tls_client_auth, self_signed_tls_client_auth) is asked for`;
  // A token of a platform is signed as the platform likes, and for whom it likes.
  if (isWorkload(metadata))
    return 'it signs no assertions with keys of its own: register its public keys (jwks, jwks_uri)';
  const grant = list(metadata.grant_types).find((one) => !grants.includes(one));
  if (grant !== undefined) return `the grant type ${grant} is not part of the profile: take it away`;
  if (list(metadata.response_types).some((type) => type !== 'code')) return 'response_types may be code alone';
  const mode = list(metadata.response_modes).find((one) => !responseModesOf(securityProfile).includes(String(one)));
  if (mode !== undefined) return `the response mode ${mode} is not part of the profile: take it away`;
  if (metadata.require_pkce === false) return 'it is exempt from PKCE (require_pkce)';
  const alg = algMembers.find((name) => metadata[name] !== undefined && !profileAlgs.has(metadata[name]));
  if (alg !== undefined) return `${alg} is ${metadata[alg]}: PS256, ES256 and EdDSA are allowed`;
  return faultOfAddresses(metadata) ?? faultOfKeys(metadata, signs);
}

/** @throws DomainError invalid INVALID_INPUT (security_profile) with the reason in words */
export function checkSecurityProfile(client: ClientRow): void {
  if (client.securityProfile === 'none') return;
  const reason = faultOfProfile(client);
  if (reason === undefined) return;
  throw new DomainError('invalid', 'INVALID_INPUT', {
    field: 'security_profile',
    value: client.securityProfile,
    reason,
  });
}
