/**
 * Which registered API asks for a decision: by `client_id` and secret (RFC 7617), or by an access token of its own for this
 * address (RFC 6750, or RFC 9449 where it is bound to a key). Refuses services that are no registered API.
 */
import type { Context } from 'koa';
import type { Provider } from 'oidc-provider';
import type { Asker } from '../../domain/access/decisions.ts';
import { findLiveClient } from '../../domain/clients/client-store.ts';
import { verifyClientSecret } from '../../domain/clients/clients.ts';
import type { SigningKeySet } from '../../oidc/keys.ts';
import { findDecisionClient } from '../../oidc/tokens/decision-tokens.ts';
import type { Database } from '../../platform/database.ts';
import { RequestFault } from './request-fault.ts';

export interface AskerDependencies {
  db: Database;
  provider: () => Provider;
  keys: () => SigningKeySet;
}

/** RFC 6749 section 2.3.1: id and secret are form-encoded before they go into the Basic header. */
function basicCredentials(header: string): { clientId: string; clientSecret: string } | undefined {
  const [, encoded] = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(header) ?? [];
  if (!encoded) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  try {
    const decode = (part: string) => decodeURIComponent(part.replaceAll('+', ' '));
    return { clientId: decode(text.slice(0, colon)), clientSecret: decode(text.slice(colon + 1)) };
  } catch {
    return undefined;
  }
}

/** The `client_id` that is proved. */
async function provedClient(ctx: Context, { db, provider, keys }: AskerDependencies): Promise<string | undefined> {
  const header = ctx.get('authorization');
  const [, token] = /^(?:Bearer|DPoP) +([A-Za-z0-9._-]+)$/i.exec(header) ?? [];
  if (token !== undefined)
    return findDecisionClient(ctx, { provider: provider(), publicJwks: keys().publicJwks }, token);
  const credentials = basicCredentials(header);
  if (!credentials || !/^[\x21-\x7e]{1,100}$/.test(credentials.clientId)) return undefined;
  const { clientId, clientSecret } = credentials;
  return (await verifyClientSecret(db, clientId, clientSecret)) ? clientId : undefined;
}

/** @throws RequestFault 401, 403 */
export async function authenticateAsker(ctx: Context, deps: AskerDependencies): Promise<Asker> {
  const clientId = await provedClient(ctx, deps);
  const client = clientId === undefined ? undefined : await findLiveClient(deps.db, clientId);
  if (!client) throw new RequestFault(401, 'authenticate as a registered API, by its secret or by an access token');
  if (client.resourceServerId === null) throw new RequestFault(403, 'the client is no registered API');
  return { tenantId: client.tenantId, resourceServerId: client.resourceServerId };
}
