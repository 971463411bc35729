/**
 * The grant type of token exchange (RFC 8693): a service trades a person's token that is meant for it, or an API key, for a
 * token for another API. Owns that both sides have said so (the service's exchange capabilities and `token_exchange` of the API),
 * that the new token never says more and never lives longer than any of those whom it comes from, that it says who acts
 * (`act`), and that a binding to a key or a certificate is not lost. docs/token-exchange.md explains it.
 */
import { errors, type TokenEndpointGrantContext } from 'oidc-provider';
import { findExchangeCapabilities } from '../../domain/clients/exchange-capabilities.ts';
import type { ResourceServerWithScopes } from '../../domain/resource-servers/resource-servers.ts';
import { peerCertificateOf } from '../../platform/network/peer-certificate.ts';
import { tokenType as assertionTokenType } from '../cross-app/assertion.ts';
import { type AssertionDependencies, issueAssertion } from '../cross-app/issue-assertion.ts';
import { tokenExchangeGrant } from '../grant-types.ts';
import { keyClientId } from '../key-client.ts';
import { memoryOf } from '../request-memory.ts';
import { answerApiToken, shownBinding } from '../tokens/api-token.ts';
import { shownThumbprint } from '../tokens/possession.ts';
import { checkContext, findApiFor, lifetimeWithin } from '../tokens/resources.ts';
import { type ExchangeDependencies, findSubjectKey, findSubjectToken, refused, type Subject } from './subject.ts';

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
/** Ours, for `subject_token_type`. */
export const apiKeyType = 'urn:gatehouse:params:oauth:token-type:api_key';

const parameters = [
  ...['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type'],
  ...['resource', 'audience', 'scope', 'requested_token_type'],
];
/** Several are refused as what they are, a token for two. */
const duplicates = ['resource', 'audience'];

type Parameters = Record<string, unknown>;
type Context = TokenEndpointGrantContext;

const given = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** @throws errors.InvalidRequest */
function checkForm(params: Parameters): { value: string; type: string } {
  const value = given(params.subject_token);
  const type = given(params.subject_token_type);
  if (value === undefined) throw new errors.InvalidRequest('subject_token is required');
  if (type !== accessTokenType && type !== apiKeyType)
    throw new errors.InvalidRequest(`subject_token_type is ${accessTokenType} or ${apiKeyType}`);
  if (given(params.actor_token) !== undefined || given(params.actor_token_type) !== undefined)
    throw new errors.InvalidRequest('actor_token is not taken: the service that asks is who acts');
  const wanted = given(params.requested_token_type);
  if (wanted !== undefined && wanted !== accessTokenType)
    throw new errors.InvalidRequest(`requested_token_type is ${accessTokenType}`);
  return { value, type };
}

/** The one API that is asked for. @throws errors.InvalidTarget */
function namedTarget({ resource, audience }: Parameters): string {
  const named = [...new Set([resource, audience].flat().flatMap((one) => given(one) ?? []))];
  const [target] = named;
  if (target === undefined) throw new errors.InvalidTarget('resource is required: the API that the token is for');
  if (named.length > 1) throw new errors.InvalidTarget('a token is for one API');
  return target;
}

/** Whom the new token is for, and what of it the service may get for others. @throws errors.InvalidTarget */
async function findTarget(
  ctx: Context,
  { db }: ExchangeDependencies,
  { origin }: Subject,
): Promise<{ api: ResourceServerWithScopes; allowed: ReadonlySet<string> }> {
  const { client, params } = ctx.oidc;
  const api = await findApiFor(db, client, namedTarget(params));
  if (api.tenantId !== null && api.tenantId !== origin.tenantId) throw new errors.InvalidTarget();
  checkContext(ctx, api);
  if (!api.tokenExchange) throw new errors.InvalidTarget('the API takes no exchanged tokens');
  if (client.clientId === keyClientId) return { api, allowed: new Set(api.scopes) };
  const granted = await findExchangeCapabilities(db, client.clientId);
  const allowed = new Set(granted.filter(({ identifier }) => identifier === api.identifier).map(({ key }) => key));
  if (allowed.size === 0) throw new errors.InvalidTarget('the service may exchange nothing for this API');
  return { api, allowed };
}

/** What is asked for, or all there is. @throws errors.InvalidScope */
function scopeWithin(
  { oidc: { params } }: Context,
  capabilities: readonly string[],
  others: readonly string[],
): string {
  const possible = [...capabilities, ...others];
  const asked = given(params.scope)?.split(' ');
  const missing = asked?.filter((scope) => !possible.includes(scope)) ?? [];
  if (missing.length > 0) throw new errors.InvalidScope('this may not be had for the subject_token', missing.join(' '));
  const scopes = asked ?? possible;
  if (!scopes.some((scope) => capabilities.includes(scope)))
    throw new errors.InvalidScope('nothing of this API may be had for the subject_token', scopes.join(' '));
  return [...new Set(scopes)].join(' ');
}

const shownCertificate = ({ req }: Context) => peerCertificateOf(req)?.certificate;

/** The key or certificate that the new token is bound to. @throws errors.InvalidRequest where the old one's is not proved */
async function checkBinding(ctx: Context, { provider }: ExchangeDependencies, { binding }: Subject) {
  const shown = await shownBinding(ctx, provider);
  const { dPoP } = shown;
  const x5t = binding['x5t#S256'];
  const certificate = shown.certificate ?? (x5t === undefined ? undefined : shownCertificate(ctx));
  if (binding.jkt !== undefined && dPoP?.thumbprint !== binding.jkt)
    throw refused('is bound to a key, and this request has no proof of it');
  if (x5t !== undefined && shownThumbprint(ctx.req) !== x5t)
    throw refused('is bound to a certificate, and this request does not show it');
  return { dPoP, certificate };
}

/** Seconds: that of the API, and no longer than what it comes from. */
function secondsWithin(api: ResourceServerWithScopes, { exp }: Subject, earliestEnd: Date | null): number {
  const left = exp - Math.floor(Date.now() / 1000);
  if (left < 1) throw refused('has expired');
  return Math.min(left, lifetimeWithin(api.accessTokenTtl, earliestEnd));
}

async function exchange(ctx: Context, deps: ExchangeDependencies & AssertionDependencies): Promise<void> {
  const { client, params } = ctx.oidc;
  const { provider } = deps;
  if (params.requested_token_type === assertionTokenType) return issueAssertion(ctx, deps);
  const { value, type } = checkForm(params);
  const isKey = type === apiKeyType;
  if (!isKey && typeof client.resource_server_id !== 'string')
    throw new errors.UnauthorizedClient('a service that is no API gets no tokens that it could exchange');
  const subject = await (isKey ? findSubjectKey : findSubjectToken)(ctx, deps, value);
  memoryOf(ctx).exchangedSubject = subject.says;
  if (subject.account) ctx.oidc.entity('Account', subject.account);
  const { api, allowed } = await findTarget(ctx, deps, subject);
  const binding = await checkBinding(ctx, deps, subject);
  const { capabilities, earliestEnd } = await subject.sayableAt(ctx, api);
  const sayable = capabilities.filter((key) => allowed.has(key));
  const scope = scopeWithin(ctx, sayable, subject.accessScopes);
  const expiresIn = secondsWithin(api, subject, earliestEnd);

  const { origin, account, sessionUid } = subject;
  const made = { accountId: account?.accountId, sessionUid, origin, gty: 'token_exchange', binding };
  await answerApiToken(ctx, provider, { ...made, api, scope, expiresIn, issuedTokenType: accessTokenType });
}

/** To be called once for each provider that is built. */
export function registerTokenExchange(deps: ExchangeDependencies & AssertionDependencies): void {
  deps.provider.registerGrantType(tokenExchangeGrant, (ctx) => exchange(ctx, deps), parameters, duplicates);
}
