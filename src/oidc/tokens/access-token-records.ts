/**
 * JWT access tokens (RFC 9068) as revocable things. The library never stores them and refuses to introspect or revoke
 * them; here each one leaves a row under its `jti`, which is found again after the token's own signature was checked. A
 * revoked or ended row means inactive, whatever the JWT says. See docs/decisions/0002-jwt-access-tokens-have-rows.md.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { AccessToken, ClientCredentials, KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { PublicJwk } from '../keys.ts';
import { recordId } from '../storage/jwt-record-ids.ts';
import { isCanonicalJwt } from './assertions.ts';
import type { ExchangedToken } from './exchanged-tokens.ts';
import type { TokenBinding } from './possession.ts';

interface RecordedModel {
  IN_PAYLOAD: string[];
  adapter: { upsert(id: string, payload: object, expiresIn: number): Promise<void> };
}

/** The library makes the list of a model anew each time. */
const membersOf = new WeakMap<RecordedModel, readonly string[]>();

/**
 * `formats.customizers.jwt`: stores the token's row before it is signed, so that no token exists without one.
 * The stored payload is what an opaque token of the same content would have.
 */
export async function recordJwtAccessToken(
  _ctx: KoaContextWithOIDC,
  token: AccessToken | ClientCredentials,
  jwt: { payload: Record<string, unknown> },
): Promise<undefined> {
  const { jti, iat, exp } = jwt.payload as { jti: string; iat: number; exp: number };
  const model = token.constructor as unknown as RecordedModel;
  const members = membersOf.get(model) ?? [...new Set(model.IN_PAYLOAD)];
  membersOf.set(model, members);
  const source = token as unknown as Record<string, unknown>;
  const payload: Record<string, unknown> = {};
  for (const name of members) if (source[name] !== undefined) payload[name] = source[name];
  Object.assign(payload, { iat, exp, jti: recordId(jti), kind: token.kind });
  // The library takes a token of nobody to be the client's own (RFC 9068 section 2.2).
  if ((token as ExchangedToken).origin?.keyId !== undefined) jwt.payload.sub = (token.extra as { sub: string }).sub;
  await model.adapter.upsert(recordId(jti), payload, exp - iat);
}

const jwtForm = /^[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{10,20000}\.[A-Za-z0-9_-]{10,2000}$/;

interface VerifyingKey {
  alg: string;
  key: KeyObject;
}

/** Checks signatures of our own access tokens by `kid`. */
export function createAccessTokenVerifier(issuer: string, publicJwks: readonly PublicJwk[]) {
  const keys = new Map<string, VerifyingKey>(
    publicJwks.map((jwk) => [jwk.kid, { alg: jwk.alg, key: createPublicKey({ key: jwk as never, format: 'jwk' }) }]),
  );

  /** The `jti` of a token that we signed, or undefined. Expiry is the row's business. */
  return function ownJti(token: string): string | undefined {
    if (!jwtForm.test(token) || !isCanonicalJwt(token)) return undefined;
    const [header, body, signature] = token.split('.') as [string, string, string];
    try {
      const { alg, kid, typ } = JSON.parse(Buffer.from(header, 'base64url').toString());
      const known = keys.get(kid);
      if (!known || known.alg !== alg || typ !== 'at+jwt') return undefined;
      const key = alg === 'ES256' ? { key: known.key, dsaEncoding: 'ieee-p1363' as const } : known.key;
      if (!verify('sha256', Buffer.from(`${header}.${body}`), key, Buffer.from(signature, 'base64url')))
        return undefined;
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
      return claims.iss === issuer && typeof claims.jti === 'string' ? claims.jti : undefined;
    } catch {
      return undefined;
    }
  };
}

/** The stored content of a person's JWT access token. */
export interface AccessTokenRecord extends TokenBinding {
  accountId: string;
  clientId: string;
  aud: string;
  exp: number;
  scope?: string;
  extra?: Record<string, unknown>;
}

/** The row of a JWT access token that we signed, that lives, and whose grant lives; undefined for anything else. */
export async function findJwtAccessToken(
  provider: Provider,
  publicJwks: readonly PublicJwk[],
  token: string,
): Promise<AccessTokenRecord | undefined> {
  const jti = createAccessTokenVerifier(provider.issuer, publicJwks)(token);
  const record = jti === undefined ? undefined : await provider.AccessToken.find(recordId(jti));
  const { grantId, accountId, clientId, origin } = (record ?? {}) as ExchangedToken & {
    grantId?: string;
    clientId?: string;
  };
  if (!record || accountId === undefined) return undefined;
  if (origin)
    return (await provider.Client.find(clientId as string)) ? (record as unknown as AccessTokenRecord) : undefined;
  if (grantId === undefined) return undefined;
  const grant = await provider.Grant.find(grantId);
  const belongs = grant && grant.accountId === accountId && grant.clientId === clientId;
  return belongs && (await provider.Client.find(clientId as string))
    ? (record as unknown as AccessTokenRecord)
    : undefined;
}

/** The stored content of a service's JWT access token. */
export interface ServiceTokenRecord extends TokenBinding {
  clientId: string;
  /** Of the service; null: it serves all tenants. */
  tenantId: string | null;
  aud: string;
  scope?: string;
}

/** The row of a service's JWT access token that we signed and that lives, of a client that lives; undefined for others. */
export async function findJwtServiceToken(
  provider: Provider,
  publicJwks: readonly PublicJwk[],
  token: string,
): Promise<ServiceTokenRecord | undefined> {
  const jti = createAccessTokenVerifier(provider.issuer, publicJwks)(token);
  const record = jti === undefined ? undefined : await provider.ClientCredentials.find(recordId(jti));
  const client = record?.clientId === undefined ? undefined : await provider.Client.find(record.clientId);
  if (!record || !client) return undefined;
  return { ...(record as unknown as ServiceTokenRecord), tenantId: (client.tenant_id as string | undefined) ?? null };
}
