/**
 * What FAPI 2.0 asks of the requests of a client that is held to it (domain/clients/security-profile.ts says which can be):
 * what its registration counts as, whatever it says itself, and what its assertions, request objects and tokens have to be.
 */
import { decodeProtectedHeader } from 'jose';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { ClientRow } from '../domain/clients/client-store.ts';
import { profileAlgs, responseModesOf, type SecurityProfile } from '../domain/clients/security-profile.ts';

type Client = KoaContextWithOIDC['oidc']['client'];

/** Whether the client is held to FAPI 2.0. */
export function isHeldToProfile(client: Client): boolean {
  return client?.security_profile === 'fapi2' || client?.security_profile === 'fapi2_message_signing';
}

/** `features.fapi`: the library's own rules for such a client. */
export const fapi = {
  enabled: true,
  profile: (_ctx: KoaContextWithOIDC, client: Client) => (isHeldToProfile(client) ? '2.0' : undefined),
} as const;

/** Members that the profile decides, in the place of those that are registered; none without a profile. */
export function profileMembers({ kind, metadata, securityProfile }: ClientRow): Record<string, unknown> {
  if (securityProfile === 'none') return {};
  const signed = 'ES256';
  const ofTokens = {
    security_profile: securityProfile satisfies SecurityProfile,
    dpop_bound_access_tokens: metadata.tls_client_certificate_bound_access_tokens !== true,
    introspection_signed_response_alg: signed,
  };
  if (kind === 'service') return ofTokens;
  return {
    ...ofTokens,
    require_pkce: true,
    require_pushed_authorization_requests: true,
    require_signed_request_object: securityProfile === 'fapi2_message_signing',
    response_modes: metadata.response_modes ?? responseModesOf(securityProfile),
    id_token_signed_response_alg: signed,
    authorization_signed_response_alg: signed,
    ...(metadata.userinfo_signed_response_alg !== undefined && { userinfo_signed_response_alg: signed }),
  };
}

/**
 * A client assertion (FAPI 2.0 Security Profile section 5.3.2.1): its audience is the issuer, as a string.
 * @throws errors.InvalidClientAuth
 */
export function checkProfileAssertion(
  { oidc }: KoaContextWithOIDC,
  { aud }: { aud?: unknown },
  { alg }: { alg?: unknown },
): void {
  if (aud !== oidc.issuer)
    throw new errors.InvalidClientAuth('audience (aud) must be the issuer identifier alone, as a string');
  if (!profileAlgs.has(alg))
    throw new errors.InvalidClientAuth('the assertion must be signed by PS256, ES256 or EdDSA');
}

const longestSeconds = 3600;

/**
 * A request object (FAPI 2.0 Message Signing section 5.3.1), where it is pushed and where what was pushed is used: it may have
 * been pushed before the client was held to the profile. One without a signature is the library's own writing of a form that
 * was pushed, and good where requests need not be signed.
 * @throws errors.InvalidRequestObject
 */
export function checkProfileRequest(
  { oidc }: KoaContextWithOIDC,
  { aud, exp, nbf }: { aud?: unknown; exp?: unknown; nbf?: unknown },
  { alg }: { alg?: unknown },
): void {
  const isPushed = oidc.entities.PushedAuthorizationRequest !== undefined;
  if (isPushed && alg === 'none' && oidc.client?.security_profile === 'fapi2') return;
  if (!profileAlgs.has(alg))
    throw new errors.InvalidRequestObject('the Request Object must be signed by PS256, ES256 or EdDSA');
  if (![aud].flat().includes(oidc.issuer))
    throw new errors.InvalidRequestObject("Request Object 'aud' must name the issuer identifier");
  if (typeof exp !== 'number' || typeof nbf !== 'number')
    throw new errors.InvalidRequestObject("Request Object must have 'nbf' and 'exp'");
  if (exp <= nbf || exp - nbf > longestSeconds || nbf < Date.now() / 1000 - longestSeconds)
    throw new errors.InvalidRequestObject("Request Object 'nbf' and 'exp' must be within 60 minutes");
}

/** What of a token says what it is bound to, and how it will be signed. */
export interface IssuedToken {
  clientId?: string;
  jkt?: string;
  'x5t#S256'?: string;
  resourceServer?: { accessTokenFormat?: string; jwt?: { sign?: { alg?: unknown } } };
}

/** Whether a token is worth nothing by itself. */
export function isBound(token: IssuedToken): boolean {
  return token.jkt !== undefined || token['x5t#S256'] !== undefined;
}

/**
 * The last look at an access token before it is given out, by whichever grant.
 * @throws errors.InvalidRequest where it is bound to nothing; InvalidDpopProof, InvalidTarget by an algorithm
 */
export function checkProfileToken(ctx: KoaContextWithOIDC, token: IssuedToken): void {
  if (!isHeldToProfile(ctx.oidc.client)) return;
  if (!isBound(token)) throw new errors.InvalidRequest('the token must be bound to a key (DPoP) or a certificate');
  if (token.jkt !== undefined && !profileAlgs.has(decodeProtectedHeader(ctx.get('DPoP')).alg))
    throw new errors.InvalidDpopProof('the proof must be signed by PS256, ES256 or EdDSA');
  const { accessTokenFormat: format, jwt } = token.resourceServer ?? {};
  if (format === 'jwt' && !profileAlgs.has(jwt?.sign?.alg))
    throw new errors.InvalidTarget(
      'the tokens of this API are signed in a way that the security profile does not allow',
    );
}
