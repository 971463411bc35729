/**
 * What an API is told of an API key (RFC 7662). A key is meant for an API for as long as it is good for a capability of that
 * API. Refuses everybody else: clients, APIs of other tenants, and APIs that it has nothing for.
 */
import type { Context } from 'koa';
import type { AccessToken, Provider } from 'oidc-provider';
import { findKeyAccess, openApiKey } from '../../domain/api-keys/api-keys.ts';
import { findLiveClient } from '../../domain/clients/client-store.ts';
import { findResourceServerIdentifier } from '../../domain/resource-servers/resource-servers.ts';
import type { Database } from '../../platform/database.ts';
import { memoryOf } from '../request-memory.ts';

/** In the form of a token that the library can answer with; undefined where there is nothing to tell this client. */
export async function findIntrospectedKey(
  ctx: Context,
  { db, provider, clientId }: { db: Database; provider: Provider; clientId: string },
  value: string,
): Promise<AccessToken | undefined> {
  const asking = await findLiveClient(db, clientId);
  if (!asking?.resourceServerId) return undefined;
  const { resourceServerId } = asking;
  const key = await openApiKey(db, value);
  if (!key || (asking.tenantId !== null && asking.tenantId !== key.tenantId)) return undefined;
  const { scope } = await findKeyAccess(db, key, resourceServerId);
  const aud = await findResourceServerIdentifier(db, resourceServerId);
  if (scope.length === 0 || aud === undefined) return undefined;
  const { id, tenantId, tenantSlug: slug, tenantName: name, userId, orgNodeId } = key;
  const token = new provider.AccessToken({} as never);
  Object.assign(token, {
    jti: id,
    iat: secondsOf(key.createdAt),
    exp: secondsOf(key.expiresAt),
    aud,
    scope: scope.join(' '),
    extra: { sub: userId ?? orgNodeId, tenant: { id: tenantId, slug, name }, org_node_id: orgNodeId },
  });
  memoryOf(ctx).introspectedKey = token;
  return token;
}

function secondsOf(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
