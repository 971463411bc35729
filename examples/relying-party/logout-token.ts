/**
 * Back-channel logout, the receiving end: is this really Gatehouse saying that a session is over? (OpenID Connect
 * Back-Channel Logout 1.0 section 2.6.) Refuses id_tokens in a logout token's place, other audiences and repetitions.
 */
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

export interface LogoutTokenVerifierOptions {
  issuer: string;
  clientId: string;
  jwksUri: string;
}

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/** A function that returns whom the token is about. It throws jose's JOSEError where the token is not acceptable. */
export function createLogoutTokenVerifier({ issuer, clientId, jwksUri }: LogoutTokenVerifierOptions) {
  const keys = createRemoteJWKSet(new URL(jwksUri));
  const seen = new Map<string, number>();

  return async function verifyLogoutToken(token: string): Promise<{ sub?: string; sid?: string }> {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience: clientId,
      typ: 'logout+jwt',
      algorithms: ['RS256', 'ES256'],
      requiredClaims: ['iat', 'exp', 'jti', 'events'],
      clockTolerance: 10,
    });
    const { sub, sid, events, nonce, jti, exp } = payload;
    const refuse = (reason: string): never => {
      throw new errors.JWTClaimValidationFailed(reason, payload);
    };
    if (typeof events !== 'object' || events === null || !(logoutEvent in events)) refuse('not a logout event');
    // An id_token has a nonce; without this rule a stolen one could end sessions.
    if (nonce !== undefined) refuse('a logout token has no nonce');
    if (sub === undefined && sid === undefined) refuse('neither sub nor sid');
    if (sid !== undefined && typeof sid !== 'string') refuse('sid is no string');

    const now = Date.now() / 1000;
    for (const [id, end] of seen) if (end + 60 < now) seen.delete(id);
    if (seen.has(jti as string)) refuse('the token came before');
    seen.set(jti as string, exp as number);
    return { sub, sid: sid as string | undefined };
  };
}
