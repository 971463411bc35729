/**
 * The management API over HTTP: a route for each operation, and nothing that an operation says itself. Parses, performs,
 * answers. Two members of the query belong to every operation: `tenant`, for those who may act in another one than their
 * own, and `dry_run`, which says what a change would do.
 */
import Router from '@koa/router';
import type { Context } from 'koa';
import { bulkBodyBytes } from '../../management/bulk.ts';
import { countOperation } from '../../management/limits.ts';
import { openApiDocument } from '../../management/openapi.ts';
import { type AnyOperation, isChange, type ManagementDependencies } from '../../management/operation.ts';
import { operations } from '../../management/operations.ts';
import { type ManagementAnswer, type ManagementRequest, perform } from '../../management/perform.ts';
import { importBodyBytes } from '../../management/user-import.ts';
import { ValidationError } from '../../management/validate.ts';
import { DomainError } from '../../platform/errors.ts';
import type { I18n } from '../../platform/i18n.ts';
import { defaultLimitBytes, readJson } from '../middleware/body.ts';
import { acceptedLanguages } from '../pages/locale.ts';
import { actingTenant } from './acting-tenant.ts';
import { type AuthenticateDependencies, authenticate, credentialLives, schemeOf } from './authenticate.ts';
import { readLines } from './request-lines.ts';
import { sendStream } from './streams.ts';

export const apiPath = '/api/v1';

type ApiDependencies = ManagementDependencies & AuthenticateDependencies & { i18n: I18n };

/** How long a body may be at an address, for who refuses one before it is read. */
export function bodyLimitAt(path: string): number {
  if (path === `${apiPath}/users/import` || path === `${apiPath}/imports`) return importBodyBytes;
  return path.startsWith(`${apiPath}/bulk/`) ? bulkBodyBytes : defaultLimitBytes;
}

/** The routes below `/api/v1`. */
export function apiRoutes(deps: ApiDependencies): Router {
  const router = new Router({ prefix: apiPath, sensitive: true });
  const document = openApiDocument(operations, deps.issuer);
  router.get('/openapi.json', (ctx) => {
    ctx.set('Cache-Control', 'public, max-age=300');
    ctx.body = document;
  });
  for (const operation of operations) {
    const path = operation.path.replace(/\{(\w+)\}/g, ':$1');
    router.register(path, [operation.method], (ctx) => answer(ctx as Context, operation, deps));
  }
  return router;
}

async function answer(ctx: Context, operation: AnyOperation, deps: ApiDependencies): Promise<void> {
  const actor = await authenticate(ctx, deps);
  const isLive = operation.streams && (() => credentialLives(ctx, deps));
  await countOperation(deps.db, actor, operation);
  const { tenant, dry_run: dryRun, ...query } = ctx.query;
  // What a browser's EventSource says when it comes again.
  const lastEventId = operation.streams?.includes('text/event-stream') ? ctx.get('last-event-id') : '';
  if (lastEventId !== '') query.last_event_id = lastEventId;
  const found = await perform(
    operation,
    {
      actor,
      tenantId: await actingTenant(deps.db, actor, tenant),
      params: ctx.params as Record<string, string>,
      query,
      body: operation.lines ? undefined : await bodyOf(ctx, operation),
      lines: operation.lines && (() => readLines(ctx, { limitBytes: operation.bodyLimitBytes })),
      ifMatch: ctx.get('if-match') || undefined,
      idempotencyKey: ctx.get('idempotency-key') || undefined,
      dryRun: isDryRun(operation, dryRun),
      tell: teller(ctx, deps.i18n),
      isLive,
    },
    deps,
    operations,
  ).catch((error) => {
    throw toldInHeader(ctx, error);
  });
  send(ctx, operation, found);
}

/** In the language of who asks. */
function teller(ctx: Context, i18n: I18n): NonNullable<ManagementRequest['tell']> {
  const translate = i18n.translator(i18n.negotiate(acceptedLanguages(ctx.get('accept-language'))));
  return ({ code, params }) => translate(`errors.${code}`, params);
}

/** RFC 9470 section 3: how to come back. */
function toldInHeader(ctx: Context, error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  if (error.code === 'FRESH_AUTHENTICATION_REQUIRED')
    ctx.set(
      'WWW-Authenticate',
      `${schemeOf(ctx)} error="insufficient_user_authentication", max_age="${error.params.seconds}"`,
    );
  if (error.code === 'FORBIDDEN')
    ctx.set('WWW-Authenticate', `${schemeOf(ctx)} error="insufficient_scope", scope="${error.params.capability}"`);
  return error;
}

function isDryRun(operation: AnyOperation, value: unknown): boolean {
  if (value === undefined || value === 'false') return false;
  if (value === 'true' && isChange(operation)) return true;
  throw new ValidationError([{ field: 'query.dry_run', message: 'is true or false, and for changes alone' }]);
}

async function bodyOf(ctx: Context, operation: AnyOperation): Promise<unknown> {
  const announced = Number(ctx.req.headers['content-length'] ?? 0) > 0 || 'transfer-encoding' in ctx.req.headers;
  if (!announced) return undefined;
  if (!operation.body) throw new ValidationError([{ field: 'body', message: 'nothing is taken here' }]);
  return readJson(ctx, { limitBytes: operation.bodyLimitBytes });
}

function send(ctx: Context, operation: AnyOperation, { status, body, etag, next, stream }: ManagementAnswer): void {
  ctx.status = status;
  if (stream) {
    sendStream(ctx, stream);
    return;
  }
  if (etag !== undefined) ctx.set('ETag', etag);
  if (next) {
    const query = new URLSearchParams(ctx.querystring);
    query.set('after', next);
    ctx.set('Link', `<${apiPath}${ctx.path.slice(apiPath.length)}?${query}>; rel="next"`);
  }
  if (operation.method === 'GET' && etag !== undefined && ctx.get('if-none-match').includes(etag)) ctx.status = 304;
  else ctx.body = body;
}
