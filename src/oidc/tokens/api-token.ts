/**
 * A token for one API that a grant type of our own makes, with the answer of the token endpoint that has it. Owns what it is
 * bound to: the key of a proof that came (RFC 9449), and a certificate (RFC 8705) where the client's tokens are bound to one.
 */
import type { X509Certificate } from 'node:crypto';
import type { Provider, TokenEndpointGrantContext } from 'oidc-provider';
import {
  buildTokenResponse,
  checkDpopReplay,
  checkDpopRequired,
  checkMtlsCert,
  validateDpop,
} from 'oidc-provider/lib/helpers/grants.js';
import type { ResourceServerWithScopes } from '../../domain/resource-servers/resource-servers.ts';
import type { TokenOrigin } from './exchanged-tokens.ts';

type Context = TokenEndpointGrantContext;

/** What the request has proved, to bind its token to. */
export interface ShownBinding {
  dPoP: Awaited<ReturnType<typeof validateDpop>>;
  certificate: X509Certificate | string | undefined;
}

/** @throws errors.InvalidGrant where the client's tokens are bound, and nothing is proved */
export async function shownBinding(ctx: Context, provider: Provider): Promise<ShownBinding> {
  const dPoP = await validateDpop(provider, ctx);
  checkDpopRequired(provider, ctx, dPoP);
  return { dPoP, certificate: checkMtlsCert(provider, ctx) };
}

export interface ApiToken {
  api: ResourceServerWithScopes;
  scope: string;
  /** Seconds. */
  expiresIn: number;
  accountId: string | undefined;
  sessionUid?: string;
  gty: string;
  origin: TokenOrigin;
  binding: ShownBinding;
  issuedTokenType?: string;
}

/** Stores the token and answers with it. */
export async function answerApiToken(ctx: Context, provider: Provider, wanted: ApiToken): Promise<void> {
  const { client } = ctx.oidc;
  const { api, scope, expiresIn, accountId, sessionUid, gty, origin, issuedTokenType } = wanted;
  const { dPoP, certificate } = wanted.binding;
  const token = new provider.AccessToken({ accountId, client, gty, sessionUid, origin, expiresIn, scope } as never);
  token.resourceServer = new provider.ResourceServer(api.identifier, {
    scope,
    audience: api.identifier,
    accessTokenFormat: api.tokenFormat,
    accessTokenTTL: expiresIn,
    jwt: { sign: { alg: api.signingAlg } },
  });
  if (certificate) token.setThumbprint('x5t', certificate);
  if (dPoP) {
    await checkDpopReplay(provider, ctx, dPoP, client.clientId);
    token.setThumbprint('jkt', dPoP.thumbprint);
  }
  ctx.oidc.entity('AccessToken', token);
  ctx.body = buildTokenResponse(provider, {
    accessToken: await token.save(),
    ...(issuedTokenType !== undefined && { issuedTokenType }),
    tokenType: token.tokenType,
    expiresIn,
    scope,
  });
}
