/**
 * What an access token says of a person. Owns that it is true at the moment it is made, that it says no more than one
 * node where the client asked for one (`org_node_id`), that it stays within the budget, and that introspection and the
 * claims endpoint answer with the full set as it is now.
 */
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { accessTokenClaims } from '../../domain/claims/claims.ts';
import { isWithin } from '../../domain/organisation/place-paths.ts';
import type { Database } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import type { AccountWithProfile } from '../account.ts';
import { memoryOf } from '../request-memory.ts';
import { type ActingParty, actOf } from './exchanged-tokens.ts';
import { withinBudget } from './token-budget.ts';

/** What of a stored token matters here. */
export interface StoredAccessToken {
  kind: string;
  scope?: string;
  aud?: string | string[];
  extra?: Record<string, unknown>;
}

/** Seconds since the epoch. */
type SignInClaims = { acr?: string; auth_time?: number; act?: ActingParty };

/** What remembers the node, and how and when the person signed in: a code, a device code, a refresh token. */
export interface CarriesOrgNode {
  orgNodeId?: string;
  acr?: string;
  authTime?: number;
  params?: { org_node_id?: string };
}

/** What the token is made from: the code, the device code, the approved request, the refresh token, or what is exchanged for it. */
function grantSource(ctx: KoaContextWithOIDC): CarriesOrgNode | undefined {
  const { AuthorizationCode, DeviceCode, RotatedRefreshToken, RefreshToken } = ctx.oidc.entities;
  const { BackchannelAuthenticationRequest: approved } = ctx.oidc.entities;
  const stored = AuthorizationCode ?? DeviceCode ?? approved ?? RotatedRefreshToken ?? RefreshToken;
  return (stored as CarriesOrgNode | undefined) ?? memoryOf(ctx).exchangedSubject;
}

/** The node that the authorization request named, as its code or refresh token remembers it. */
export function askedAtAuthorization(ctx: KoaContextWithOIDC): string | undefined {
  const source = grantSource(ctx);
  return source?.orgNodeId ?? source?.params?.org_node_id;
}

/**
 * How and when the person signed in, for APIs that ask for more than that (RFC 9470 section 6), and who acts for them. A refresh
 * is no sign-in, nor is an exchange: they say what the first token said.
 */
function signInClaims(ctx: KoaContextWithOIDC): SignInClaims {
  const { acr, authTime } = grantSource(ctx) ?? {};
  const { act } = memoryOf(ctx).exchangedSubject ?? {};
  const signIn = { ...(acr !== undefined && { acr }), ...(authTime !== undefined && { auth_time: authTime }) };
  return { ...signIn, ...(act && { act }) };
}

/** The context that the token of this request rests on; undefined where nobody signed in. */
export function contextOf(ctx: KoaContextWithOIDC): string | undefined {
  return grantSource(ctx)?.acr;
}

/** Of a token that says it. */
export function storedSignInClaims(token: StoredAccessToken): SignInClaims {
  const { acr, auth_time } = (token.extra ?? {}) as SignInClaims;
  const act = actOf(token);
  return { ...(acr !== undefined && { acr }), ...(auth_time !== undefined && { auth_time }), ...(act && { act }) };
}

/** `extraParams` check of the authorization request: the form alone; whose node it is shows when the person is known. */
export function checkOrgNodeId(_ctx: unknown, value: unknown): void {
  if (value !== undefined && !isId(value)) throw new errors.InvalidRequest('org_node_id must be the id of a node');
}

/**
 * The node that the token of this request is narrowed to, if any. A token request may narrow further than the
 * authorization request did, never elsewhere.
 * @throws InvalidRequest where the node is not below the one that was authorized
 */
export async function narrowedNode(db: Database, ctx: KoaContextWithOIDC): Promise<string | undefined> {
  const authorized = askedAtAuthorization(ctx);
  const asked = (ctx.oidc.body as { org_node_id?: unknown } | undefined)?.org_node_id;
  if (asked === undefined || asked === '') return authorized;
  checkOrgNodeId(ctx, asked);
  if (authorized !== undefined && !(await isWithin(db, authorized, asked as string)))
    throw new errors.InvalidRequest('org_node_id is not within the authorized one');
  return asked as string;
}

/** The full set of claims for a token as it is now. */
export async function currentTokenClaims(
  account: AccountWithProfile,
  scope: string | undefined,
  orgNodeId: string | undefined,
): Promise<Record<string, unknown>> {
  const access = await account.access(orgNodeId);
  const claims = accessTokenClaims(account.profile, access, new Set(scope?.split(' ')));
  return { ...claims, ...(orgNodeId && { org_node_id: orgNodeId }) };
}

interface TokenClaimsOptions {
  db: Database;
  issuer: string;
  maxBytes: number;
}

/** `extraTokenClaims`: for tokens of a person. Those that are meant for an API say what is held as well. */
export function createExtraTokenClaims({ db, issuer, maxBytes }: TokenClaimsOptions) {
  return async function extraTokenClaims(
    ctx: KoaContextWithOIDC,
    token: object,
  ): Promise<Record<string, unknown> | undefined> {
    const { kind, aud, scope, jti, format } = token as StoredAccessToken & { jti: string; format?: string };
    const account = ctx.oidc.account as AccountWithProfile | undefined;
    if (kind !== 'AccessToken') return undefined;
    const signIn = signInClaims(ctx);
    const { ofKey } = memoryOf(ctx).exchangedSubject ?? {};
    if (ofKey) return { ...ofKey, ...signIn };
    if (!account) return undefined;
    if (aud === undefined) return signIn;
    const orgNodeId = await narrowedNode(db, ctx);
    const claims = await currentTokenClaims(account, scope, orgNodeId);
    if (orgNodeId !== undefined && (await holdsNothing(account, orgNodeId)))
      throw new errors.InvalidRequest('nothing is held at org_node_id');
    if (format !== 'jwt') return { ...claims, ...signIn };
    const { jkt, clientId, resourceServer } = token as {
      jkt?: string;
      clientId: string;
      resourceServer?: { jwt?: { sign?: { alg?: string } } };
    };
    const registered = {
      jti,
      sub: account.accountId,
      iat: 1_000_000_000,
      exp: 1_000_000_000,
      scope,
      client_id: clientId,
      iss: issuer,
      aud,
      ...signIn,
      ...(jkt && { cnf: { jkt } }),
    };
    const alg = resourceServer?.jwt?.sign?.alg === 'RS256' ? 'RS256' : 'ES256';
    return { ...withinBudget(claims, registered, { maxBytes, alg, endpoint: `${issuer}/access-claims` }), ...signIn };
  };
}

async function holdsNothing(account: AccountWithProfile, orgNodeId: string): Promise<boolean> {
  const { assignments, visibilityGrants } = await account.access(orgNodeId);
  return assignments.length === 0 && visibilityGrants.length === 0;
}
