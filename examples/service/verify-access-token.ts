/**
 * How an API decides whether an access token is good (RFC 9068 section 4): type, signature, issuer, audience, time; then
 * whether it allows what is asked. Asks Gatehouse for its public keys, which are kept, and for the claims of the few
 * people about whom there is more to say than a token should carry.
 */
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';

export interface AccessToken extends JWTPayload {
  sub: string;
  client_id: string;
  /** Names separated by spaces: what the client may do here. */
  scope?: string;
  /** How well the person has proved who they are: one factor, or two. */
  acr?: string;
  /** What the person may do, where the token speaks for one and `capabilities` was granted. */
  capabilities?: string[];
  /** Which claims are elsewhere, and where (OpenID Connect Core section 5.6.2). */
  _claim_names?: Record<string, string>;
  _claim_sources?: Record<string, { endpoint: string }>;
}

export interface AccessTokenVerifierOptions {
  issuer: string;
  /** The identifier under which this API is registered. */
  audience: string;
}

/** A function that returns the claims of a good token. It throws jose's JOSEError for any other. */
export function createAccessTokenVerifier({ issuer, audience }: AccessTokenVerifierOptions) {
  let keys: Promise<JWTVerifyGetKey> | undefined;

  return async function verifyAccessToken(token: string): Promise<AccessToken> {
    // A discovery that failed is tried again with the next request.
    keys ??= findKeys(issuer).catch((error) => {
      keys = undefined;
      throw error;
    });
    const { payload } = await jwtVerify<AccessToken>(token, await keys, {
      // An id_token is signed by the same keys and must not pass for an access token.
      typ: 'at+jwt',
      issuer,
      audience,
      algorithms: ['ES256', 'RS256'],
      requiredClaims: ['exp', 'iat', 'sub', 'client_id', 'jti'],
      clockTolerance: 10,
    });
    // Bound to a key of the client (DPoP): this API checks no proofs, and a stolen one must be of no use.
    if (payload.cnf !== undefined) throw new errors.JWTClaimValidationFailed('the token is bound', payload, 'cnf');
    return payload._claim_names ? { ...(await fetchClaims(token, payload, issuer)), ...payload } : payload;
  };
}

/** The claims that did not fit. The token is sent to its own issuer and to nobody else, whatever it says. */
async function fetchClaims(token: string, payload: AccessToken, issuer: string): Promise<JWTPayload> {
  const { endpoint } = payload._claim_sources?.gatehouse ?? {};
  if (!endpoint?.startsWith(`${issuer}/`))
    throw new errors.JWTClaimValidationFailed('foreign claims', payload, '_claim_sources');
  const answer = await fetch(endpoint, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(5000),
  });
  if (answer.status === 401) throw new errors.JWTInvalid('the token was revoked');
  if (!answer.ok) throw new Error(`the claims endpoint answered ${answer.status}`);
  return (await answer.json()) as JWTPayload;
}

/** New keys are fetched when a token names one that is not known, at most every 30 s. */
async function findKeys(issuer: string): Promise<JWTVerifyGetKey> {
  const answer = await fetch(`${issuer}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(5000) });
  if (!answer.ok) throw new Error(`discovery answered ${answer.status}`);
  const metadata = (await answer.json()) as { issuer: string; jwks_uri: string };
  if (metadata.issuer !== issuer) throw new Error('discovery is another issuer’s');
  return createRemoteJWKSet(new URL(metadata.jwks_uri));
}

/**
 * The scope says what the client may do. Where the token speaks for a person (`sub` is then not the client), the person
 * must be allowed to do it as well.
 */
export function permits(token: AccessToken, capability: string): boolean {
  if (!(token.scope ?? '').split(' ').includes(capability)) return false;
  return token.sub === token.client_id || (token.capabilities ?? []).includes(capability);
}
