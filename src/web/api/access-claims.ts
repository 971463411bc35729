/**
 * The claims that did not fit into an access token (OpenID Connect Core section 5.6.2). The holder of the token may read
 * them: they are what the token would say if it were larger. Answered as they are now, as a signed JWT, or as JSON for
 * who asks for that. Refuses anything but a live access token of ours, one that is bound to a key without a proof of the
 * key, and scripts of others' pages.
 */
import { importJWK, SignJWT } from 'jose';
import type { Context, Middleware } from 'koa';
import type { Provider } from 'oidc-provider';
import { type AccountWithProfile, createFindAccount } from '../../oidc/account.ts';
import { isOriginOf } from '../../oidc/client-origins.ts';
import type { SigningKeySet } from '../../oidc/keys.ts';
import { findJwtAccessToken } from '../../oidc/tokens/access-token-records.ts';
import { provesPossession } from '../../oidc/tokens/possession.ts';
import { currentTokenClaims } from '../../oidc/tokens/token-claims.ts';
import type { Database } from '../../platform/database.ts';
import { allowScripts, refuseOrigin } from './cross-origin.ts';

interface AccessClaimsDependencies {
  db: Database;
  issuer: string;
  provider: () => Provider;
  keys: () => SigningKeySet;
}

export function accessClaims({ db, issuer, provider, keys }: AccessClaimsDependencies): Middleware {
  const findAccount = createFindAccount(db);

  async function sign(
    claims: Record<string, unknown>,
    subject: string,
    audience: string,
    exp: number,
  ): Promise<string> {
    const jwk = keys().privateJwks.find((key) => key.alg === 'ES256');
    if (!jwk) throw new Error('no ES256 signing key');
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: jwk.kid, typ: 'JWT' })
      .setIssuer(issuer)
      .setSubject(subject)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(exp)
      .sign(await importJWK(jwk, 'ES256'));
  }

  const answer = async (ctx: Context): Promise<void> => {
    if (allowScripts(ctx, 'GET,POST')) return;
    if (ctx.method !== 'GET' && ctx.method !== 'POST') {
      ctx.status = 405;
      ctx.set('Allow', 'GET, POST');
      return;
    }
    const [, token = ''] = /^(?:Bearer|DPoP) +([A-Za-z0-9._-]+)$/i.exec(ctx.get('authorization')) ?? [];
    const record = await findJwtAccessToken(provider(), keys().publicJwks, token);
    const address = `${issuer}/access-claims`;
    const isShown = record && (await provesPossession(ctx, { provider: provider(), address }, token, record));
    const account =
      isShown &&
      ((await findAccount(ctx as never, record.accountId, record as never)) as AccountWithProfile | undefined);
    if (!record || !account) {
      ctx.status = 401;
      const scheme = record?.jkt !== undefined ? 'DPoP' : 'Bearer';
      ctx.set('WWW-Authenticate', `${scheme} realm="${issuer}"${token ? ', error="invalid_token"' : ''}`);
      ctx.body = token
        ? { error: 'invalid_token', error_description: 'the access token is not valid' }
        : { error: 'invalid_request', error_description: 'no access token provided' };
      return;
    }
    const client = await provider().Client.find(record.clientId);
    if (refuseOrigin(ctx, (origin) => client !== undefined && isOriginOf(client, origin))) return;
    const orgNodeId = record.extra?.org_node_id as string | undefined;
    const claims = await currentTokenClaims(account, record.scope, orgNodeId);
    if (ctx.accepts('application/jwt', 'application/json') === 'application/json') {
      ctx.body = { sub: account.accountId, ...claims };
      return;
    }
    ctx.type = 'application/jwt';
    ctx.body = await sign(claims, account.accountId, record.aud, record.exp);
  };
  return (ctx, next) => (ctx.path === '/access-claims' ? answer(ctx) : next());
}
