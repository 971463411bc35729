/** What the library reports: refusals for the audit trail, counts for the metrics, bugs for the log. */
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { createRefusalRecorder } from '../domain/audit/repeated-refusals.ts';
import { createRedirectMistakeRecorder } from '../domain/clients/redirect-mistakes.ts';
import { type Database, isConnectionError } from '../platform/database.ts';
import type { Logger } from '../platform/logger.ts';
import type { AccountWithProfile } from './account.ts';
import { requestOrigin } from './caller.ts';
import { jwtBearerGrant, tokenExchangeGrant } from './grant-types.ts';
import { keyClientId } from './key-client.ts';
import { giveBackRefused } from './storage/refresh-rotation.ts';
import type { TokenMetrics } from './tokens/token-metrics.ts';

interface EventDependencies {
  db: Database;
  logger: Logger;
  metrics: TokenMetrics;
}

/** Refusals worth an event. Malformed requests are not: anybody can send a million of them. */
const audited = new Set([
  'access_denied',
  'invalid_client',
  'invalid_grant',
  'invalid_target',
  'unauthorized_client',
  'unmet_authentication_requirements',
]);

/** At an exchange of tokens `invalid_request` says that a token was refused (RFC 8693 section 2.2.2). A stranger may try keys. */
function isWorthAnEvent({ oidc }: KoaContextWithOIDC, { message }: { message: string }): boolean {
  if (oidc.client?.clientId === keyClientId) return false;
  const type = oidc.params?.grant_type;
  if (type === tokenExchangeGrant && message === 'invalid_request') return true;
  const isOurs = type === tokenExchangeGrant || type === jwtBearerGrant;
  return audited.has(message) || (isOurs && message === 'invalid_scope');
}

/**
 * Where the library has answered a machine with `server_error`: come again soon (RFC 7009 section 2.2.1, RFC 9110 section
 * 15.6.4). People get a page from `renderError`.
 */
function answerUnavailable(ctx: KoaContextWithOIDC): void {
  if ((ctx.body as { error?: string } | undefined)?.error !== 'server_error') return;
  ctx.status = 503;
  ctx.set('retry-after', '5');
  ctx.body = { error: 'temporarily_unavailable', error_description: 'the service is not available for the moment' };
}

/** Keeps what an application sent as its redirect URI where that is not registered. */
function redirectMistakes(db: Database, logger: Logger) {
  const record = createRedirectMistakeRecorder(db);
  return async (ctx: KoaContextWithOIDC, error: { message: string }): Promise<void> => {
    const { client, params } = ctx.oidc ?? {};
    const address = params?.redirect_uri;
    if (error.message !== 'invalid_redirect_uri' || !client || typeof address !== 'string') return;
    try {
      await record(client.clientId, address);
    } catch (err) {
      logger.warn({ err }, 'a redirect URI that is not registered could not be kept');
    }
  };
}

interface ProtocolError {
  message: string;
  error_detail?: string;
  error_description?: string;
}

/** What the trail says of a refusal: more than the answer, where there is more. */
function told({ message, error_detail: detail, error_description: description }: ProtocolError) {
  return { error: message, detail: detail ?? description };
}

/** Listens on a provider; to be called for each one that is built. */
export function listenToProvider(provider: Provider, { db, logger, metrics }: EventDependencies): void {
  const recordRefusal = createRefusalRecorder(db);
  const refusedRedirect = redirectMistakes(db, logger);

  async function giveBack(ctx: KoaContextWithOIDC): Promise<void> {
    try {
      await giveBackRefused(db, ctx);
    } catch (err) {
      logger.warn({ err }, 'a refresh token could not be given back');
    }
  }

  async function refused(action: string, ctx: KoaContextWithOIDC, error: ProtocolError): Promise<void> {
    const client = ctx.oidc?.client;
    if (!client || !isWorthAnEvent(ctx, error)) return;
    const account = ctx.oidc.account as AccountWithProfile | undefined;
    const refusal = {
      tenantId: account?.profile?.tenantId ?? (client.tenant_id as string | undefined),
      clientId: client.clientId,
      action,
      error: error.message,
      payload: { ...told(error), accountId: account?.accountId },
    };
    try {
      // The refusal itself changes nothing in the database, so its event stands alone.
      await recordRefusal(refusal, { type: 'client', id: client.clientId, ...requestOrigin(ctx) });
    } catch (err) {
      logger.warn({ err, action }, 'an audit event could not be written');
    }
  }

  provider.on('authorization.error', (ctx, error) => void refused('authorization.refused', ctx, error));
  provider.on('authorization.error', refusedRedirect);
  provider.on('pushed_authorization_request.error', (ctx, error) => void refused('authorization.refused', ctx, error));
  provider.on('pushed_authorization_request.error', refusedRedirect);
  provider.on('device_authorization.error', (ctx, error) => void refused('authorization.refused', ctx, error));
  provider.on('backchannel_authentication.error', (ctx, error) => void refused('authorization.refused', ctx, error));
  provider.on('grant.error', (ctx, error) => {
    void giveBack(ctx);
    void refused('token.refused', ctx, error);
  });
  provider.on('introspection.error', (ctx, error) => void refused('introspection.refused', ctx, error));
  provider.on('revocation.error', (ctx, error) => void refused('revocation.refused', ctx, error));
  provider.on('grant.success', (ctx) =>
    metrics.countToken('access_token', ctx.oidc.params?.grant_type as string | undefined),
  );
  provider.on('server_error', (ctx, err) => {
    void giveBack(ctx);
    if (isConnectionError(err)) {
      logger.warn({ err, requestId: (ctx.state as { requestId?: string }).requestId }, 'the database does not answer');
      answerUnavailable(ctx);
      return;
    }
    logger.error({ err, requestId: (ctx.state as { requestId?: string }).requestId }, 'the protocol endpoint failed');
  });
}
