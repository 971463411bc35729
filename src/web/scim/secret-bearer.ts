/**
 * The bearer that a directory is configured with for good: `<client_id>.<secret>` of a service. Entra ID and Okta send one text
 * that they keep, and fetch no token. It proves what the secret proves at the token endpoint, counts at this door alone, and ends
 * with the secret, the service and the tenant. Refuses services that prove themselves by something better.
 */
import type { Context } from 'koa';
import type { Caller } from '../../domain/audit/audit-events.ts';
import { findLiveClient } from '../../domain/clients/client-store.ts';
import { needsSecret, verifyClientSecret } from '../../domain/clients/clients.ts';
import type { Actor } from '../../management/actor.ts';
import { type AuthenticateDependencies, originOf } from '../api/authenticate.ts';

const form = /^[Bb]earer +([A-Za-z0-9._~:-]{1,100})\.(ghs_[A-Za-z0-9_-]{43})$/;

/** Undefined for anything that is no such bearer, or no good one. */
export async function authenticateBySecret(
  ctx: Context,
  { db }: Pick<AuthenticateDependencies, 'db'>,
): Promise<Actor | undefined> {
  const [, clientId, secret] = form.exec(ctx.get('authorization')) ?? [];
  if (clientId === undefined || secret === undefined || !(await verifyClientSecret(db, clientId, secret)))
    return undefined;
  const client = await findLiveClient(db, clientId);
  if (client?.kind !== 'service' || !needsSecret(client.metadata)) return undefined;
  const caller: Caller = { type: 'client', id: clientId, ...originOf(ctx) };
  const { tenantId } = client;
  return {
    kind: 'service',
    id: clientId,
    tenantId,
    scopes: null,
    authTime: null,
    caller,
    standingOf: { service: clientId },
  };
}
