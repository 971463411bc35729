/**
 * Client-Initiated Backchannel Authentication (CIBA Core 1.0) as the library asks for it: which requests are taken, and whom they
 * name. Polling alone. Owns that a request that names nobody is answered as any, at the same cost, and waits until it expires.
 * Refuses hints that would tell something else of a person, and texts that could pass for something that we say.
 */
import { type Account, type Configuration, errors, type FindAccount, type KoaContextWithOIDC } from 'oidc-provider';
import { findAskedPerson } from '../../domain/approvals/approvals.ts';
import { findTenantById } from '../../domain/tenants/tenants.ts';
import type { Database } from '../../platform/database.ts';
import { nobody } from '../storage/approval-request-adapter.ts';
import { toldTooMany } from '../storage/stored-requests.ts';
import { demandsUnknownContext } from './authentication-context.ts';
import { checkAsked } from './registered-scopes.ts';

type Ciba = NonNullable<NonNullable<Configuration['features']>['ciba']>;

export const backchannelRoute = 'backchannel_authentication';

/** How long a request waits, in seconds; a client may ask for less (`requested_expiry`). */
const longestSeconds = 600;
const shortestSeconds = 30;

/** `ttl.BackchannelAuthenticationRequest`. */
export function approvalRequestSeconds(ctx: KoaContextWithOIDC | undefined): number {
  const asked = Number(ctx?.oidc?.params?.requested_expiry ?? longestSeconds);
  return Math.max(shortestSeconds, Math.min(longestSeconds, asked));
}

const longestHint = 320;
/** Letters, digits and the marks of a reference or a short sentence; no line, no markup, no address with a scheme. */
const bindingMessage = /^[\p{L}\p{M}\p{N} .,:;+#_()'’?!-]{1,60}$/u;

function checkBindingMessage(_ctx: unknown, message: string | undefined): void {
  if (message !== undefined && !(bindingMessage.test(message) && message.trim() === message))
    throw new errors.InvalidBindingMessage(
      "binding_message must be 1 to 60 letters, digits, spaces and . , : ; + # _ ( ) ' ? ! -",
    );
}

/** Before anybody is looked for: the same for everybody. */
function checkParameters({ oidc }: KoaContextWithOIDC, requestContext: unknown): void {
  const { params } = oidc;
  if (requestContext !== undefined) throw new errors.InvalidRequest('request_context is not supported');
  if (params?.user_code !== undefined) throw new errors.InvalidRequest('user_code is not supported');
  if (params?.login_hint_token !== undefined || params?.id_token_hint !== undefined)
    throw new errors.InvalidRequest('a person is named by login_hint alone');
  const { login_hint: hint } = params ?? {};
  if (typeof hint !== 'string' || hint === '')
    throw new errors.InvalidRequest("missing required parameter 'login_hint'");
  if (hint.length > longestHint) throw new errors.InvalidRequest('login_hint is too long');
}

/** What an authorization request would be refused for before anybody is asked. */
function checkWanted(ctx: KoaContextWithOIDC): void {
  checkAsked(ctx);
  if (demandsUnknownContext({ claims: ctx.oidc.claims }))
    throw new errors.InvalidRequest('the requested acr values cannot be satisfied');
}

/** `features.ciba`. */
export function createBackchannel(db: Database): Ciba {
  return {
    enabled: true,
    deliveryModes: ['poll'],
    validateRequestContext: async (ctx: KoaContextWithOIDC, requestContext: unknown) =>
      checkParameters(ctx, requestContext),
    validateBindingMessage: async (ctx: KoaContextWithOIDC, message?: string) => checkBindingMessage(ctx, message),
    async processLoginHint(ctx: KoaContextWithOIDC, hint?: string) {
      checkWanted(ctx);
      const { clientId, tenant_id: tenantId } = ctx.oidc.client as { clientId: string; tenant_id?: string };
      const tenant = tenantId === undefined ? undefined : await findTenantById(db, tenantId);
      if (!tenant) throw new errors.UnauthorizedClient('the client serves no single tenant');
      try {
        return await findAskedPerson(db, { tenant, clientId, hint: String(hint) });
      } catch (error) {
        throw toldTooMany(ctx, error, 'too many requests for approvals');
      }
    },
    processLoginHintToken: async () => undefined,
    verifyUserCode: async () => undefined,
    // The job that tells the person is stored with the request (storage/approval-request-adapter.ts).
    triggerAuthenticationDevice: async () => undefined,
  } as unknown as Ciba;
}

const account: Account = { accountId: nobody, claims: async () => ({ sub: nobody }) };

/** Has a request that names nobody go on as if it named somebody; only where it is made. */
export function orNobody(find: FindAccount): FindAccount {
  return async (ctx, id, token) => {
    const found = await find(ctx, id, token);
    return found ?? (ctx.oidc.route === backchannelRoute ? account : undefined);
  };
}
