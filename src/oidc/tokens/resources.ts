/**
 * Resource indicators (RFC 8707): which API a token is for, what it may say there, and for how long. A token never
 * outlives the earliest end among the assignments and grants it speaks of.
 */
import { errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import { accessScopes } from '../../domain/claims/claims.ts';
import { findServiceCapabilities } from '../../domain/clients/client-store.ts';
import { acr } from '../../domain/factors/requirement.ts';
import { findResourceServer } from '../../domain/resource-servers/resource-servers.ts';
import type { Database } from '../../platform/database.ts';
import type { AccountWithProfile } from '../account.ts';
import { decisionApi, decisionAudience, isDecisionAudience } from './decision-tokens.ts';
import { contextOf, narrowedNode } from './token-claims.ts';

type RequestingClient = KoaContextWithOIDC['oidc']['client'];

/** Seconds that a token may live: the API's setting, cut to the earliest end of what the token carries. */
export function lifetimeWithin(ttlSeconds: number, earliestEnd: Date | null, now = Date.now()): number {
  if (earliestEnd === null) return ttlSeconds;
  return Math.max(1, Math.min(ttlSeconds, Math.floor((earliestEnd.getTime() - now) / 1000)));
}

type ResourceServerRow = NonNullable<Awaited<ReturnType<typeof findResourceServer>>>;

async function serviceScopes(db: Database, client: RequestingClient, identifier: string): Promise<string[]> {
  const granted = await findServiceCapabilities(db, client?.clientId as string);
  return granted.filter((capability) => capability.identifier === identifier).map((capability) => capability.key);
}

function registeredResource(client: RequestingClient): string | undefined {
  return client?.default_resource as string | undefined;
}

/** A service that is a registered API may ask this server for decisions. */
function asksForDecisions(client: RequestingClient): boolean {
  return client?.kind === 'service' && client.resource_server_id !== undefined;
}

/**
 * Where the client names no API: the one of its registration. A service that may use one alone need not name that either, and
 * one that may use none and is an API asks for decisions. Where a person granted several, the client says which, or its
 * registration does.
 */
async function defaultResource(
  { db, issuer }: IssuerDependencies,
  client: RequestingClient,
  oneOf: string[] | undefined,
) {
  const registered = registeredResource(client);
  if (oneOf) return registered !== undefined && oneOf.includes(registered) ? registered : oneOf;
  if (registered !== undefined) return registered;
  if (client?.kind !== 'service') return undefined as unknown as string;
  const granted = await findServiceCapabilities(db, client.clientId);
  const identifiers = [...new Set(granted.flatMap((capability) => capability.identifier ?? []))];
  if (identifiers.length > 1) throw new errors.InvalidTarget('resource is required: the service may use several');
  const decisions = asksForDecisions(client) ? decisionAudience(issuer) : undefined;
  return (identifiers[0] ?? decisions) as string;
}

/** An API of one tenant is none of another tenant's clients' business, not even that it exists. */
export async function findApiFor(
  db: Database,
  client: RequestingClient,
  identifier: string,
): Promise<ResourceServerRow> {
  const server = identifier.includes('\0') ? undefined : await findResourceServer(db, identifier);
  const tenantId = server?.tenantId ?? null;
  const isForeign = tenantId !== null && client?.tenant_id !== undefined && client.tenant_id !== tenantId;
  if (!server || isForeign) throw new errors.InvalidTarget();
  return server;
}

/** Holds a service's token request to its capabilities at the API. */
function limitToScopes({ oidc }: KoaContextWithOIDC, scopes: string[]): void {
  const { params } = oidc;
  if (!params || oidc.route !== 'token') return;
  if (Array.isArray(params.resource) && params.resource.length > 1)
    throw new errors.InvalidTarget('a token is for one API');
  // RFC 6749 section 3.3: no scope asked for means all that the service has there.
  params.scope ||= scopes.join(' ') || undefined;
  const asked = params.scope === undefined ? [] : String(params.scope).split(' ');
  const refused = asked.filter((scope) => !scopes.includes(scope));
  if (refused.length > 0) throw new errors.InvalidScope('the service may not ask for this', refused.join(' '));
}

/**
 * A token for an API that asks for more than the person has proved is none that it would take: the client sends the person to sign
 * in as the API asks for it (RFC 9470 section 4). What is presented stays good for other APIs.
 * @throws errors.InvalidTarget
 */
export function checkContext(ctx: KoaContextWithOIDC, { requiredAcr }: ResourceServerRow): void {
  if (requiredAcr === null) return;
  const proved = contextOf(ctx);
  if (proved !== undefined && (requiredAcr === acr.aal1 || proved === requiredAcr)) return;
  throw new errors.InvalidTarget(`the API asks for a sign-in with acr_values=${requiredAcr}`);
}

/** When the first of what the person holds ends; null: nothing does, or nobody is asked yet. */
async function earliestEndOf(db: Database, ctx: KoaContextWithOIDC, server: ResourceServerRow): Promise<Date | null> {
  if (ctx.oidc.route !== 'token') return null;
  const account = ctx.oidc.account as AccountWithProfile | undefined;
  // The client may serve every tenant; the API of one still takes nobody else's people.
  if (server.tenantId !== null && account && account.profile.tenantId !== server.tenantId)
    throw new errors.InvalidTarget();
  return (await account?.access(await narrowedNode(db, ctx)))?.earliestEnd ?? null;
}

function describe(
  server: ResourceServerRow,
  scopes: readonly string[],
  { earliestEnd, at }: { earliestEnd: Date | null; at?: Date },
): ResourceServer {
  return {
    scope: scopes.join(' '),
    audience: server.identifier,
    accessTokenFormat: server.tokenFormat,
    accessTokenTTL: lifetimeWithin(server.accessTokenTtl, earliestEnd, at?.getTime()),
    jwt: { sign: { alg: server.signingAlg } },
  };
}

/** Those that its registration lets the client ask for. */
export function allowedTo(client: RequestingClient, scopes: string[]): string[] {
  const allowed = client?.allowed_scopes as string[] | undefined;
  return allowed ? scopes.filter((scope) => allowed.includes(scope)) : scopes;
}

interface IssuerDependencies {
  db: Database;
  issuer: string;
  /** Takes the person to have proved all that they have to. */
  isRehearsal?: boolean;
}

/** @param at another moment than now at which tokens are made, for rehearsals */
export function createResourceIndicators({ db, issuer, isRehearsal = false }: IssuerDependencies, at?: Date) {
  return {
    enabled: true,

    defaultResource: (_ctx: KoaContextWithOIDC, client: RequestingClient, oneOf?: string[]) =>
      defaultResource({ db, issuer }, client, oneOf),

    async getResourceServerInfo(
      ctx: KoaContextWithOIDC,
      identifier: string,
      client: RequestingClient,
    ): Promise<ResourceServer> {
      if (asksForDecisions(client) && isDecisionAudience(issuer, identifier)) {
        limitToScopes(ctx, []);
        return decisionApi(issuer);
      }
      const server = await findApiFor(db, client, identifier);
      if (client?.kind !== 'service') {
        if (ctx.oidc.route === 'token' && !isRehearsal) checkContext(ctx, server);
        return describe(server, allowedTo(client, [...server.scopes, ...accessScopes]), {
          earliestEnd: await earliestEndOf(db, ctx, server),
          at,
        });
      }
      const scopes = await serviceScopes(db, client, server.identifier);
      if (scopes.length === 0) throw new errors.InvalidTarget();
      limitToScopes(ctx, scopes);
      return describe(server, scopes, { earliestEnd: null });
    },

    /**
     * A token request of a person without `resource` gets a token for userinfo, where `openid` was granted; of a client with an
     * API of its registration one for the API that was granted.
     */
    async useGrantedResource({ oidc }: KoaContextWithOIDC) {
      return registeredResource(oidc.client) !== undefined;
    },
  };
}
