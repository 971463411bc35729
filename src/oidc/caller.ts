/** Who acts in the request that oidc-provider is handling, for the audit trail. */
import Provider, { type KoaContextWithOIDC } from 'oidc-provider';
import { type Caller, systemCaller } from '../domain/audit/audit-events.ts';
import type { AccountWithProfile } from './account.ts';

export interface RequestCaller {
  caller: Caller;
  tenantId: string | null;
}

/** The request's address, agent and id, as the web floor left them on the context. */
export function requestOrigin(ctx: KoaContextWithOIDC): Pick<Caller, 'ip' | 'userAgent' | 'requestId'> {
  return {
    ip: ctx.ip,
    userAgent: ctx.get('user-agent') || undefined,
    requestId: (ctx.state as { requestId?: string }).requestId,
  };
}

/** The person of the request if one is known, else the client, else the system (jobs, the command line). */
export function currentCaller(): RequestCaller {
  const ctx = Provider.ctx;
  if (!ctx?.oidc) return { caller: systemCaller, tenantId: null };
  // Who is asked for an approval has done nothing yet.
  const isAsked = ctx.oidc.route === 'backchannel_authentication';
  const account = isAsked ? undefined : (ctx.oidc.entities.Account as AccountWithProfile | undefined);
  const client = ctx.oidc.client;
  const tenantId = account?.profile.tenantId ?? (client?.tenant_id as string | null | undefined) ?? null;
  const origin = requestOrigin(ctx);
  if (account) return { caller: { type: 'user', id: account.accountId, ...origin }, tenantId };
  if (client) return { caller: { type: 'client', id: client.clientId, ...origin }, tenantId };
  return { caller: { type: 'system', ...origin }, tenantId };
}
