/**
 * Access tokens by which a registered API asks for decisions, whatever way it has to prove itself at the token endpoint
 * (`private_key_jwt` among them). Owns their audience, which no capability leads to: that a service is a registered API is
 * enough, and all it takes. Refuses people's tokens, tokens for other audiences, and bound ones without a proof of the key.
 */
import type { Context } from 'koa';
import type { Provider, ResourceServer } from 'oidc-provider';
import { normalIdentifier } from '../../domain/resource-servers/normal-identifier.ts';
import type { PublicJwk } from '../keys.ts';
import { findJwtServiceToken } from './access-token-records.ts';
import { provesPossession } from './possession.ts';

/** The audience of these tokens, and where decisions are asked for. */
export function decisionAudience(issuer: string): string {
  return `${issuer}/access/v1`;
}

/** Whether a token request is for decisions, however it spells the address. */
export function isDecisionAudience(issuer: string, resource: string): boolean {
  return normalIdentifier(resource) === normalIdentifier(decisionAudience(issuer));
}

/** What such a token is: without a scope, because what may be asked is the API's. */
export function decisionApi(issuer: string): ResourceServer {
  return {
    scope: '',
    audience: decisionAudience(issuer),
    accessTokenFormat: 'jwt',
    accessTokenTTL: 600,
    jwt: { sign: { alg: 'ES256' } },
  };
}

/** The `client_id` of the service that a request with this token is from; undefined for whatever does not count here. */
export async function findDecisionClient(
  ctx: Context,
  { provider, publicJwks }: { provider: Provider; publicJwks: readonly PublicJwk[] },
  token: string,
): Promise<string | undefined> {
  const record = await findJwtServiceToken(provider, publicJwks, token);
  if (record?.aud !== decisionAudience(provider.issuer)) return undefined;
  const address = `${provider.issuer}${ctx.path}`;
  return (await provesPossession(ctx, { provider, address }, token, record)) ? record.clientId : undefined;
}
