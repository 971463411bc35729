/**
 * Who asks for an operation over HTTP: the bearer of an access token for this API (RFC 6750), with a proof of its key where
 * it is bound to one (RFC 9449); or of an API key. Refuses tokens in a query or a body, tokens for other audiences, and people who may not
 * act any longer.
 */
import type { Context } from 'koa';
import { openApiKey } from '../../domain/api-keys/api-keys.ts';
import { looksLikeKey } from '../../domain/api-keys/key-format.ts';
import type { Caller } from '../../domain/audit/audit-events.ts';
import { isTooLittle, rememberedAcr } from '../../domain/factors/requirement.ts';
import { isLetIn } from '../../domain/registration/client-documents.ts';
import { findAccount } from '../../domain/users/users.ts';
import type { Actor } from '../../management/actor.ts';
import type { LiveProvider } from '../../oidc/live-provider.ts';
import { findManagementToken, managementTokenLives } from '../../oidc/tokens/management-tokens.ts';
import { proofAlgs } from '../../oidc/tokens/possession.ts';
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';

export interface AuthenticateDependencies {
  db: Database;
  live: Pick<LiveProvider, 'provider' | 'keys'>;
}

/** From where a request comes, for the trail. */
export function originOf(ctx: Context): Pick<Caller, 'ip' | 'userAgent' | 'requestId'> {
  return { ip: ctx.ip, userAgent: ctx.get('user-agent') || undefined, requestId: ctx.state.requestId };
}

/** By which scheme the request came; the answer speaks of the same (RFC 9449 section 7.1). */
export function schemeOf(ctx: Context): 'Bearer' | 'DPoP' {
  return /^DPoP /i.test(ctx.get('authorization')) ? 'DPoP' : 'Bearer';
}

function refuse(ctx: Context, error?: 'invalid_token'): DomainError {
  const told = error ? `, error="${error}"` : '';
  const challenges = {
    Bearer: `Bearer realm="management"${told}`,
    DPoP: `DPoP realm="management"${told}, algs="${proofAlgs.join(' ')}"`,
  };
  ctx.set('WWW-Authenticate', error ? challenges[schemeOf(ctx)] : [challenges.Bearer, challenges.DPoP]);
  return new DomainError('unauthenticated', 'ACCESS_TOKEN_INVALID');
}

/** A person's key acts as the person, and the trail says by which key; a place's key acts in nobody's name. */
async function actorOfKey(ctx: Context, db: Database, value: string): Promise<Actor> {
  const key = schemeOf(ctx) === 'Bearer' ? await openApiKey(db, value) : undefined;
  if (!key) throw refuse(ctx, 'invalid_token');
  const { id, tenantId, userId } = key;
  const acting: Caller = userId === null ? { type: 'api_key', id } : { type: 'user', id: userId, keyId: id };
  const caller = { ...acting, ...originOf(ctx) };
  return { kind: 'api_key', id, tenantId, scopes: null, authTime: null, caller, standingOf: { key: id } };
}

function tokenOf(ctx: Context): string {
  return /^(?:Bearer|DPoP) +([A-Za-z0-9._~+/-]+=*)$/i.exec(ctx.get('authorization'))?.[1] ?? '';
}

/** Whether what a request was let in by is good still: for answers that take their time. It was proved to be theirs before. */
export async function credentialLives(ctx: Context, { db, live }: AuthenticateDependencies): Promise<boolean> {
  const token = tokenOf(ctx);
  if (looksLikeKey(token)) return (await openApiKey(db, token)) !== undefined;
  return managementTokenLives(live.provider(), live.keys().publicJwks, token);
}

/** @throws DomainError unauthenticated ACCESS_TOKEN_INVALID */
export async function authenticate(ctx: Context, { db, live }: AuthenticateDependencies): Promise<Actor> {
  if (ctx.get('authorization') === '') throw refuse(ctx);
  const token = tokenOf(ctx);
  if (looksLikeKey(token)) return actorOfKey(ctx, db, token);
  const keys = live.keys();
  const found = await findManagementToken(ctx, { db, provider: live.provider(), publicJwks: keys.publicJwks }, token);
  if (!found) throw refuse(ctx, 'invalid_token');
  const origin = originOf(ctx);
  if (found.kind === 'service') {
    const { clientId: id, tenantId, scopes } = found;
    const caller: Caller = { type: 'client', id, ...origin };
    return { kind: 'service', id, tenantId, scopes, authTime: null, caller, standingOf: { service: id } };
  }
  const account = await findAccount(db, found.accountId);
  if (!account || (await isTooLittle(db, account, { proved: found.acr }))) throw refuse(ctx, 'invalid_token');
  const { userId: id, tenantId } = account;
  const client = await live.provider().Client.find(found.clientId);
  if (!client || !isLetIn(account.tenant.settings, found.clientId)) throw refuse(ctx, 'invalid_token');
  const { scopes } = found;
  // A browser that is remembered stood in for a factor that was proved long before: nothing sensitive rests on it.
  const authTime = found.acr === rememberedAcr ? null : found.authTime;
  const by = client.first_party === true ? {} : { client: found.clientId };
  const caller: Caller = { type: 'user', id, ...by, ...origin };
  return { kind: 'person', id, tenantId, scopes, authTime, caller, standingOf: { person: id } };
}
