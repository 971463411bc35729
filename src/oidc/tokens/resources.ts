/**
 * Resource indicators (RFC 8707): which API a token is for, what it may say there, and for how long. A token never
 * outlives the earliest end among the assignments and grants it speaks of.
 */
import { errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import { accessScopes } from '../../domain/claims/claims.ts';
import { findServiceCapabilities } from '../../domain/clients/client-store.ts';
import { findResourceServer } from '../../domain/resource-servers/resource-servers.ts';
import type { Database } from '../../platform/database.ts';
import type { AccountWithProfile } from '../account.ts';
import { narrowedNode } from './token-claims.ts';

type RequestingClient = KoaContextWithOIDC['oidc']['client'];

/** Seconds that a token may live: the API's setting, cut to the earliest end of what the token carries. */
export function lifetimeWithin(ttlSeconds: number, earliestEnd: Date | null, now = Date.now()): number {
  if (earliestEnd === null) return ttlSeconds;
  return Math.max(1, Math.min(ttlSeconds, Math.floor((earliestEnd.getTime() - now) / 1000)));
}

export function createResourceIndicators(db: Database) {
  async function serviceScopes(client: RequestingClient, identifier: string): Promise<string[]> {
    const granted = await findServiceCapabilities(db, client?.clientId as string);
    return granted.filter((capability) => capability.identifier === identifier).map((capability) => capability.key);
  }

  return {
    enabled: true,

    /**
     * A service that may use one API alone need not name it. Where a person granted several, the client says which.
     */
    async defaultResource(_ctx: KoaContextWithOIDC, client: RequestingClient, oneOf?: string[]) {
      if (oneOf) return oneOf;
      if (client?.kind !== 'service') return undefined as unknown as string;
      const granted = await findServiceCapabilities(db, client.clientId);
      const identifiers = [...new Set(granted.flatMap((capability) => capability.identifier ?? []))];
      if (identifiers.length > 1) throw new errors.InvalidTarget('resource is required: the service may use several');
      return identifiers[0] as string;
    },

    async getResourceServerInfo(
      ctx: KoaContextWithOIDC,
      identifier: string,
      client: RequestingClient,
    ): Promise<ResourceServer> {
      const server = identifier.includes('\0') ? undefined : await findResourceServer(db, identifier);
      // An API of one tenant is none of another tenant's clients' business, not even that it exists.
      if (
        !server ||
        (server.tenantId !== null && client?.tenant_id !== undefined && client.tenant_id !== server.tenantId)
      )
        throw new errors.InvalidTarget();

      let scopes = [...server.scopes, ...accessScopes];
      let earliestEnd: Date | null = null;
      if (client?.kind === 'service') {
        scopes = await serviceScopes(client, identifier);
        if (scopes.length === 0) throw new errors.InvalidTarget();
        const params = ctx.oidc.params;
        if (params && ctx.oidc.route === 'token') {
          if (Array.isArray(params.resource) && params.resource.length > 1)
            throw new errors.InvalidTarget('a token is for one API');
          // RFC 6749 section 3.3: no scope asked for means all that the service has there.
          params.scope ||= scopes.join(' ');
          const refused = String(params.scope)
            .split(' ')
            .filter((scope) => !scopes.includes(scope));
          if (refused.length > 0) throw new errors.InvalidScope('the service may not ask for this', refused.join(' '));
        }
      } else if (ctx.oidc.route === 'token') {
        const account = ctx.oidc.account as AccountWithProfile | undefined;
        // The client may serve every tenant; the API of one still takes nobody else's people.
        if (server.tenantId !== null && account && account.profile.tenantId !== server.tenantId)
          throw new errors.InvalidTarget();
        earliestEnd = (await account?.access(await narrowedNode(db, ctx)))?.earliestEnd ?? null;
      }
      return {
        scope: scopes.join(' '),
        audience: server.identifier,
        accessTokenFormat: server.tokenFormat,
        accessTokenTTL: lifetimeWithin(server.accessTokenTtl, earliestEnd),
        jwt: { sign: { alg: server.signingAlg } },
      };
    },

    /** A token request of a person without `resource` gets a token for userinfo, where `openid` was granted. */
    async useGrantedResource() {
      return false;
    },
  };
}
