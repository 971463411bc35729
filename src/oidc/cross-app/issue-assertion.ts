/**
 * Identity assertions for other authorization servers (ID-JAG, draft-ietf-oauth-identity-assertion-authz-grant section 4.3): an
 * application that a person is signed in to trades its id_token, or its refresh token, for an assertion that says who they are to
 * one other server. Owns that the application may (domain/clients/cross-app-audiences.ts), and that the session or the grant
 * lives which the subject token is of. Refuses public clients, access tokens, tokens of other applications, and more scope than
 * an administrator let the application have there. docs/cross-app-access.md explains it.
 */
import { randomUUID } from 'node:crypto';
import { importJWK, type JWK, SignJWT } from 'jose';
import { errors, type Provider, type TokenEndpointGrantContext } from 'oidc-provider';
import { buildTokenResponse } from 'oidc-provider/lib/helpers/grants.js';
import { recordEvent } from '../../domain/audit/audit-events.ts';
import { type CrossAppAudience, findCrossAppAudiences } from '../../domain/clients/cross-app-audiences.ts';
import type { Database } from '../../platform/database.ts';
import { type AccountWithProfile, createFindAccount } from '../account.ts';
import { currentCaller } from '../caller.ts';
import type { SigningKeySet } from '../keys.ts';
import { assertionType, tokenType } from './assertion.ts';
import { findVouchedFor } from './subject.ts';

export interface AssertionDependencies {
  db: Database;
  provider: Provider;
  keys: SigningKeySet;
}

type Context = TokenEndpointGrantContext;

/** It is used at once. */
const assertionSeconds = 120;
const longestResource = 500;

const given = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** @throws errors.InvalidTarget */
async function findAudience({ oidc: { client, params } }: Context, db: Database): Promise<CrossAppAudience> {
  const named = [params.audience].flat();
  const audience = given(named[0]);
  if (audience === undefined || named.length > 1)
    throw new errors.InvalidTarget('audience is required: the issuer of the one server that the assertion is for');
  const found = (await findCrossAppAudiences(db, client.clientId)).find((one) => one.audience === audience);
  if (!found) throw new errors.InvalidTarget('the application may get no assertion for this audience');
  return found;
}

/** An absolute URI without a fragment (RFC 8707 section 2). @throws errors.InvalidTarget */
function namedResource({ oidc: { params } }: Context): string | undefined {
  const named = [params.resource].flat();
  const [resource] = named.map(given);
  if (resource === undefined) return undefined;
  const isUri = named.length === 1 && resource.length <= longestResource && URL.canParse(resource);
  if (!isUri || resource.includes('#'))
    throw new errors.InvalidTarget('resource is one absolute URI without a fragment');
  return resource;
}

/** What is asked for, or all that may be. @throws errors.InvalidScope */
function scopeWithin({ oidc: { params } }: Context, { scopes }: CrossAppAudience): string {
  const asked = given(params.scope)?.split(' ') ?? scopes;
  const refused = asked.filter((scope) => !scopes.includes(scope));
  if (refused.length > 0)
    throw new errors.InvalidScope('the application may not ask for this there', refused.join(' '));
  return [...new Set(asked)].join(' ');
}

async function sign(claims: Record<string, unknown>, { privateJwks }: SigningKeySet): Promise<string> {
  // Every server that checks id_tokens of ours knows it.
  const jwk = privateJwks.find(({ alg }) => alg === 'RS256') as JWK;
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid: jwk.kid as string, typ: assertionType })
    .sign(await importJWK(jwk, 'RS256'));
}

/** Answers a request of token exchange that asks for an assertion. */
export async function issueAssertion(ctx: Context, deps: AssertionDependencies): Promise<void> {
  const { db, provider, keys } = deps;
  const { client } = ctx.oidc;
  if (client.clientAuthMethod === 'none') throw new errors.UnauthorizedClient('a public client gets no assertions');
  const audience = await findAudience(ctx, db);
  const subject = await findVouchedFor(ctx, deps);
  const account = (await createFindAccount(db)(ctx, subject.accountId, {
    clientId: client.clientId,
    acr: subject.acr,
  } as never)) as AccountWithProfile | undefined;
  const { tenantId } = account?.profile ?? {};
  if (!account || (client.tenant_id !== undefined && client.tenant_id !== tenantId))
    throw new errors.InvalidRequest('the subject_token is of a person who may not act');
  ctx.oidc.entity('Account', account);
  const scope = scopeWithin(ctx, audience);
  const resource = namedResource(ctx);
  const iat = Math.floor(Date.now() / 1000);
  const { acr, amr, authTime } = subject;
  const claims = {
    ...{ iss: provider.issuer, sub: account.accountId, aud: audience.audience, client_id: audience.audienceClientId },
    ...{ jti: randomUUID(), iat, exp: iat + assertionSeconds, tenant: tenantId, scope },
    ...(resource !== undefined && { resource }),
    ...(authTime !== undefined && { auth_time: authTime }),
    ...(acr !== undefined && { acr }),
    ...(amr !== undefined && { amr }),
  };
  const assertion = await sign(claims, keys);
  const { audience: aud, audienceClientId } = audience;
  const payload = { aud, audienceClientId, scope, resource, accountId: account.accountId, jti: claims.jti };
  const about = { tenantId, entityType: 'client', entityId: client.clientId };
  const { caller } = currentCaller();
  await recordEvent(
    db,
    { ...about, action: 'cross_app.issued', payload },
    { ...caller, type: 'client', id: client.clientId },
  );
  ctx.body = buildTokenResponse(provider, {
    accessToken: assertion,
    issuedTokenType: tokenType,
    tokenType: 'N_A',
    expiresIn: assertionSeconds,
    scope,
  });
}
