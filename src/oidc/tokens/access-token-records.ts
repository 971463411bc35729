/**
 * JWT access tokens (RFC 9068) as revocable things. The library never stores them and refuses to introspect or revoke
 * them; here each one leaves a row under its `jti`, and the introspection and revocation endpoints find it again after
 * the token's own signature was checked. A revoked or ended row means inactive, whatever the JWT says.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Middleware } from 'koa';
import Provider, { type AccessToken, type ClientCredentials, type KoaContextWithOIDC } from 'oidc-provider';
import { sha256 } from '../../platform/secrets.ts';
import type { PublicJwk } from '../keys.ts';

const recordPrefix = 'at+jwt:';

/** The id under which the row of a JWT access token is stored; no opaque token begins like this. */
function recordId(jti: string): string {
  return `${recordPrefix}${jti}`;
}

// The row that each request may look for, because the token's signature was checked.
const admitted = new WeakMap<object, string>();

/** False for the id of a row that was given from outside: a `jti` stands in logs and is no bearer value. */
export function isAdmitted(id: string): boolean {
  const ctx = Provider.ctx;
  return !id.startsWith(recordPrefix) || !ctx || admitted.get(ctx) === id;
}

/** The `service_sessions.jti` of a stored token: the JWT's own `jti`, or the hash of an opaque token. */
export function serviceJti(id: string): string {
  return id.startsWith(recordPrefix) ? id.slice(recordPrefix.length) : sha256(id).toString('base64url');
}

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
  const model = token.constructor as unknown as {
    IN_PAYLOAD: string[];
    adapter: { upsert(id: string, payload: object, expiresIn: number): Promise<void> };
  };
  const source = token as unknown as Record<string, unknown>;
  const payload: Record<string, unknown> = {};
  for (const name of model.IN_PAYLOAD) if (source[name] !== undefined) payload[name] = source[name];
  Object.assign(payload, { iat, exp, jti: recordId(jti), kind: token.kind });
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
    if (!jwtForm.test(token)) return undefined;
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

const bodyLimit = 56 * 1024;

async function readBody(req: AsyncIterable<Buffer>): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of req) {
    length += chunk.length;
    if (length > bodyLimit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Koa middleware before the library's introspection and revocation endpoints: a JWT access token in `token` is replaced
 * by the id of its row. What is not ours is replaced by an id that no row has, so the answer is the standard one
 * (`active: false`, RFC 7662 section 2.2; 200, RFC 7009 section 2.2). Everything else is left as it came.
 */
export function structuredTokens(
  paths: ReadonlySet<string>,
  ownJti: (token: string) => string | undefined,
): Middleware {
  return async function resolveStructuredToken(ctx, next) {
    if (ctx.method !== 'POST' || !paths.has(ctx.path) || !ctx.is('application/x-www-form-urlencoded')) return next();
    const body = await readBody(ctx.req);
    if (body === undefined) {
      ctx.status = 413;
      ctx.body = { error: 'invalid_request', error_description: 'request entity too large' };
      return;
    }
    const form = new URLSearchParams(body.toString('utf8'));
    const tokens = form.getAll('token');
    const token = tokens[0] ?? '';
    // Opaque tokens have no dot.
    if (tokens.length === 1 && token.includes('.')) {
      const id = recordId(ownJti(token) ?? '');
      admitted.set(ctx, id);
      form.set('token', id);
    }
    // The stream is spent; the library takes a body that was read before it from here.
    Object.assign(ctx.req, { body: form.toString() });
    return next();
  };
}

/** The stored content of a person's JWT access token. */
export interface AccessTokenRecord {
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
  const { grantId, accountId, clientId } = (record ?? {}) as {
    grantId?: string;
    accountId?: string;
    clientId?: string;
  };
  if (!record || accountId === undefined || grantId === undefined) return undefined;
  const grant = await provider.Grant.find(grantId);
  const belongs = grant && grant.accountId === accountId && grant.clientId === clientId;
  return belongs && (await provider.Client.find(clientId as string))
    ? (record as unknown as AccessTokenRecord)
    : undefined;
}
