/**
 * The grant type of identity assertions (RFC 7523 section 2.1, draft-ietf-oauth-identity-assertion-authz-grant section 4.4): an
 * application brings what another authorization server said of a person, and gets a token for one API here. Owns that the
 * person is one who is linked already, that the token says no more than the assertion, the provider's terms, the API, the
 * application's registration and the person's own access, that an assertion is good once, and that the token has a grant of its
 * own, which ends with the person, the application, the provider and the link. There is no refresh token.
 */
import { errors, type Provider, type TokenEndpointGrantContext } from 'oidc-provider';
import { acr } from '../../domain/factors/requirement.ts';
import { findAssertedAccount } from '../../domain/methods/federation/cross-app.ts';
import type { ResourceServerWithScopes } from '../../domain/resource-servers/resource-servers.ts';
import { type AccountWithProfile, createFindAccount } from '../account.ts';
import { jwtBearerGrant } from '../grant-types.ts';
import { memoryOf } from '../request-memory.ts';
import { answerApiToken, shownBinding } from '../tokens/api-token.ts';
import { managementAudience } from '../tokens/management-audience.ts';
import { allowedTo, checkContext, findApiFor, lifetimeWithin } from '../tokens/resources.ts';
import { narrowedNode } from '../tokens/token-claims.ts';
import { type AssertedClaims, clockSeconds, type JudgeDependencies, judgeAssertion } from './judge-assertion.ts';

export interface AcceptDependencies extends JudgeDependencies {
  provider: Provider;
}

type Context = TokenEndpointGrantContext;

const given = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** The API: what the assertion is for, or where it does not say, what the request names. @throws errors.InvalidTarget */
async function findTarget(
  ctx: Context,
  { db, provider }: AcceptDependencies,
  { claims, tenantId }: { claims: AssertedClaims; tenantId: string },
): Promise<ResourceServerWithScopes> {
  const { client, params } = ctx.oidc;
  const asserted = [claims.resource ?? []].flat();
  const asked = [params.resource ?? []].flat().filter((one) => one !== '');
  const named = [...new Set([...asserted, ...asked])];
  const [target] = named;
  if (typeof target !== 'string' || named.length > 1)
    throw new errors.InvalidTarget('a token is for one API: that of the assertion, or of the request (resource)');
  const api = await findApiFor(db, client, target);
  const isForeign = api.tenantId !== null && api.tenantId !== tenantId;
  if (isForeign || api.identifier === managementAudience(provider.issuer)) throw new errors.InvalidTarget();
  checkContext(ctx, api);
  return api;
}

/** @throws errors.InvalidScope where more is asked for than there is, or nothing is left */
function scopeWithin({ oidc: { params } }: Context, claims: AssertedClaims, possible: readonly string[]): string {
  const asserted = claims.scope.split(' ');
  const asked = given(params.scope)?.split(' ');
  const within = (asked ?? asserted).filter((scope) => asserted.includes(scope) && possible.includes(scope));
  const missing = asked?.filter((scope) => !within.includes(scope)) ?? [];
  if (missing.length > 0) throw new errors.InvalidScope('this may not be had by the assertion', missing.join(' '));
  if (within.length === 0) throw new errors.InvalidScope('nothing may be had by the assertion', claims.scope);
  return [...new Set(within)].join(' ');
}

/** When the person had signed in there, in seconds; never in the future. */
function authTimeOf({ auth_time: at }: AssertedClaims): number | undefined {
  return typeof at === 'number' && at > 0 ? Math.min(Math.floor(at), Math.floor(Date.now() / 1000)) : undefined;
}

/** Who may bring one: an application of one tenant that proves itself. @throws errors.UnauthorizedClient */
function bringingClient({ oidc: { client } }: Context): { clientId: string; tenantId: string } {
  const { clientId, tenant_id: tenantId } = client;
  if (client.kind === 'service' || client.clientAuthMethod === 'none' || typeof tenantId !== 'string')
    throw new errors.UnauthorizedClient('only an application of one tenant that proves itself brings assertions');
  return { clientId, tenantId };
}

async function accept(ctx: Context, deps: AcceptDependencies): Promise<void> {
  const { db, provider } = deps;
  const bringing = bringingClient(ctx);
  const { clientId, tenantId } = bringing;
  const assertion = given(ctx.oidc.params.assertion);
  if (assertion === undefined) throw new errors.InvalidRequest('assertion is required');
  const judged = await judgeAssertion(deps, bringing, assertion);
  if ('refused' in judged) throw new errors.InvalidGrant(judged.refused);
  const { claims, provider: trusted } = judged;
  const { iss, sub: subject, jti, exp } = claims;
  const hostedDomain = given(claims.hd)?.toLowerCase() ?? null;
  const asserted = await findAssertedAccount(db, trusted, { issuer: iss, subject, hostedDomain });
  if (!asserted) throw new errors.InvalidGrant('the assertion is about nobody who is linked here');
  // The other server's word is one factor, as where somebody signs in by it.
  const proved = { clientId, acr: acr.aal1 } as never;
  const account = (await createFindAccount(db)(ctx, asserted.userId, proved)) as AccountWithProfile | undefined;
  if (account?.profile.tenantId !== tenantId)
    throw new errors.InvalidGrant('the person may not act, or not by one factor');
  ctx.oidc.entity('Account', account);
  memoryOf(ctx).exchangedSubject = { acr: acr.aal1, authTime: authTimeOf(claims) };
  const api = await findTarget(ctx, deps, { claims, tenantId });
  const binding = await shownBinding(ctx, provider);
  const { capabilities, earliestEnd } = await account.access(await narrowedNode(db, ctx));
  const { scopes } = trusted.crossApp;
  const possible = allowedTo(ctx.oidc.client, api.scopes).filter(
    (scope) => scopes.includes(scope) && capabilities.includes(scope),
  );
  const scope = scopeWithin(ctx, claims, possible);
  const expiresIn = lifetimeWithin(api.accessTokenTtl, earliestEnd);
  if (!(await provider.ReplayDetection.unique(`id-jag ${iss}`, jti, exp + clockSeconds)))
    throw new errors.InvalidGrant('the assertion was used before');
  const { accountId } = account;
  const grant = new provider.Grant({ accountId, clientId });
  grant.addResourceScope(api.identifier, scope);
  grant.exp = Math.floor(Date.now() / 1000) + expiresIn;
  const grantId = await grant.save();
  const link = { identityId: asserted.identityId, provider: trusted.key, issuer: iss, jti };
  const origin = { tenantId, grantId, clientId, ceilings: {}, link };
  await answerApiToken(ctx, provider, { api, scope, expiresIn, accountId, gty: 'jwt_bearer', origin, binding });
}

/** To be called once for each provider that is built. */
export function registerAssertions(deps: AcceptDependencies): void {
  const parameters = ['assertion', 'scope', 'resource'];
  deps.provider.registerGrantType(jwtBearerGrant, (ctx) => accept(ctx, deps), parameters, ['resource']);
}
