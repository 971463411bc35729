/**
 * The door for receivers of security events: OpenID Shared Signals Framework 1.0 at `/ssf`, with push (RFC 8935) and poll
 * (RFC 8936). Translates, and calls the operations of management; so authority, whose a stream is, and the trail are theirs.
 * Owns its routes, its names and the form of its refusals.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import compose from 'koa-compose';
import { countOperation } from '../../management/limits.ts';
import type { ManagementDependencies } from '../../management/operation.ts';
import { operationOf, operations } from '../../management/operations.ts';
import { perform } from '../../management/perform.ts';
import { isConnectionError } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { I18n } from '../../platform/i18n.ts';
import type { Logger } from '../../platform/logger.ts';
import { actingTenant } from '../api/acting-tenant.ts';
import { type AuthenticateDependencies, authenticate } from '../api/authenticate.ts';
import { readJson } from '../middleware/body.ts';
import { statusOf } from '../middleware/errors.ts';
import { acceptedLanguages } from '../pages/locale.ts';
import {
  changeFrom,
  configurationOf,
  deliveryMethods,
  type Json,
  type StreamBody,
  wishFrom,
} from './stream-configuration.ts';

export const ssfPath = '/ssf';
export const ssfMetadata = '/.well-known/ssf-configuration';

type Dependencies = ManagementDependencies & AuthenticateDependencies & { i18n: I18n; logger: Logger };

type Ask = <T>(id: string, asked?: { params?: Record<string, string>; query?: Json; body?: Json }) => Promise<T>;

/** How long a poll is held where nothing waits, and how often it looks. */
const heldMs = 15_000;
const lookMs = 500;

function metadata(issuer: string): Json {
  const at = (path: string) => `${issuer}${ssfPath}/${path}`;
  return {
    spec_version: '1_0',
    issuer,
    jwks_uri: `${issuer}/jwks`,
    delivery_methods_supported: Object.values(deliveryMethods),
    configuration_endpoint: at('streams'),
    status_endpoint: at('status'),
    verification_endpoint: at('verify'),
    authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
    default_subjects: 'ALL',
  };
}

/** Refusals have the form of RFC 8935 section 2.4, here and everywhere below `/ssf`. */
function inForm({ i18n, logger }: Dependencies): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      if (!(error instanceof DomainError) && !isConnectionError(error)) {
        logger.error({ err: error, requestId: ctx.state.requestId }, 'request failed');
        ctx.status = 500;
        ctx.body = { err: 'server_error', description: `request ${ctx.state.requestId}` };
        return;
      }
      const known = error instanceof DomainError ? error : new DomainError('unavailable', 'SERVICE_UNAVAILABLE');
      const { seconds = 5 } = known.params;
      // The framework knows no 422.
      const status = statusOf(known) === 422 ? 400 : statusOf(known);
      const translate = i18n.translator(i18n.negotiate(acceptedLanguages(ctx.get('accept-language'))));
      const field = known.params.field === undefined ? '' : ` (${known.params.field})`;
      if (status === 429 || status === 503) ctx.set('Retry-After', String(seconds));
      if (status === 401 && ctx.response.get('WWW-Authenticate') === '')
        ctx.set('WWW-Authenticate', 'Bearer realm="ssf"');
      ctx.status = status;
      ctx.body = {
        err: known.code.toLowerCase(),
        description: `${translate(`errors.${known.code}`, { seconds, ...known.params })}${field}`,
      };
    }
  };
}

const invalid = (field: string) => new DomainError('invalid', 'INVALID_INPUT', { field });

async function bodyOf(ctx: Context): Promise<Json> {
  const body = await readJson(ctx);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('body');
  return body as Json;
}

function streamIdIn(from: Json): string {
  const { stream_id: id } = from;
  if (typeof id !== 'string' || id === '') throw invalid('stream_id');
  return id;
}

type Handler = (ctx: Context, ask: Ask) => Promise<void>;

/** With whoever asks let in, for the operations that the request is made of. */
function asked(deps: Dependencies, handler: Handler): Middleware {
  return async (ctx) => {
    const actor = await authenticate(ctx as Context, deps);
    await countOperation(deps.db, actor, operationOf('event_streams.list'));
    const tenantId = await actingTenant(deps.db, actor, ctx.query.tenant);
    const ask: Ask = async <T>(id: string, { params = {}, query = {}, body }: Parameters<Ask>[1] = {}) =>
      (await perform(operationOf(id), { actor, tenantId, params, query, body }, deps, operations)).body as T;
    await handler(ctx as Context, ask);
  };
}

const statuses = { enabled: 'enable', paused: 'pause', disabled: 'disable' } as const;

interface Polled {
  sets: Record<string, string>;
  more_available: boolean;
}

/** RFC 8936 section 2.4, in the names of the operation. */
function pollFrom({ maxEvents, ack = [], setErrs = {} }: Json): Json {
  if (!Array.isArray(ack)) throw invalid('ack');
  if (typeof setErrs !== 'object' || setErrs === null || Array.isArray(setErrs)) throw invalid('setErrs');
  const errors = Object.entries(setErrs).map(([event_id, told]) => ({
    event_id,
    reason: String((told as { err?: unknown } | null)?.err ?? 'unknown').slice(0, 200),
  }));
  const most = typeof maxEvents === 'number' && maxEvents > 100 ? 100 : maxEvents;
  return { ack, errors, ...(most !== undefined && { max_events: most }) };
}

async function poll(ctx: Context, ask: Ask): Promise<void> {
  const request = await bodyOf(ctx);
  const params = { stream_id: String(ctx.params.id) };
  let { sets, more_available: more } = await ask<Polled>('event_streams.poll', { params, body: pollFrom(request) });
  const until = Date.now() + heldMs;
  const waits = request.returnImmediately !== true && request.maxEvents !== 0;
  while (waits && Object.keys(sets).length === 0 && Date.now() < until && !ctx.res.destroyed) {
    await sleep(lookMs);
    // What was acknowledged is taken out already.
    const again = pollFrom({ maxEvents: request.maxEvents });
    ({ sets, more_available: more } = await ask<Polled>('event_streams.poll', { params, body: again }));
  }
  ctx.body = { sets, ...(more && { moreAvailable: true }) };
}

function mountStreams(router: Router, deps: Dependencies): void {
  const { issuer } = deps;
  const shown = (stream: StreamBody) => configurationOf(stream, { issuer, pollPath: `${ssfPath}/poll` });
  const change =
    (isWhole: boolean): Handler =>
    async (ctx, ask) => {
      const body = await bodyOf(ctx);
      const params = { stream_id: streamIdIn(body) };
      const before = await ask<StreamBody>('event_streams.get', { params });
      const wanted = changeFrom(body, before, { isWhole });
      ctx.body = shown(await ask<StreamBody>('event_streams.update', { params, body: wanted }));
    };
  router.post(
    '/streams',
    asked(deps, async (ctx, ask) => {
      const made = await ask<StreamBody>('event_streams.create', { body: wishFrom(await bodyOf(ctx)) });
      ctx.status = 201;
      ctx.body = shown(made);
    }),
  );
  router.get(
    '/streams',
    asked(deps, async (ctx, ask) => {
      if (ctx.query.stream_id !== undefined) {
        const params = { stream_id: streamIdIn(ctx.query as Json) };
        ctx.body = shown(await ask<StreamBody>('event_streams.get', { params }));
        return;
      }
      const { items } = await ask<{ items: StreamBody[] }>('event_streams.list', { query: { limit: '100' } });
      ctx.body = items.map(shown);
    }),
  );
  router.patch('/streams', asked(deps, change(false)));
  router.put('/streams', asked(deps, change(true)));
  router.delete(
    '/streams',
    asked(deps, async (ctx, ask) => {
      await ask('event_streams.delete', { params: { stream_id: streamIdIn(ctx.query as Json) } });
      ctx.status = 204;
    }),
  );
}

function mountStatus(router: Router, deps: Dependencies): void {
  const shown = ({ id, state, disabled_why: why }: StreamBody) => ({
    stream_id: id,
    status: state,
    ...(why && { reason: why }),
  });
  router.get(
    '/status',
    asked(deps, async (ctx, ask) => {
      const params = { stream_id: streamIdIn(ctx.query as Json) };
      ctx.body = shown(await ask<StreamBody>('event_streams.get', { params }));
    }),
  );
  router.post(
    '/status',
    asked(deps, async (ctx, ask) => {
      const body = await bodyOf(ctx);
      const params = { stream_id: streamIdIn(body) };
      const verb = Object.hasOwn(statuses, String(body.status)) && statuses[body.status as keyof typeof statuses];
      if (!verb) throw invalid('status');
      ctx.body = shown(await ask<StreamBody>(`event_streams.${verb}`, { params, body: {} }));
    }),
  );
  router.post(
    '/verify',
    asked(deps, async (ctx, ask) => {
      const { state, ...body } = await bodyOf(ctx);
      const params = { stream_id: streamIdIn(body) };
      await ask('event_streams.verify', { params, body: { ...(state !== undefined && { state }) } });
      ctx.status = 204;
    }),
  );
  router.post('/poll/:id', asked(deps, poll));
}

/** The routes below `/ssf`, and the document that names them. */
export function ssfRoutes(deps: Dependencies): Middleware {
  const router = new Router({ prefix: ssfPath, sensitive: true });
  mountStreams(router, deps);
  mountStatus(router, deps);
  const routes = compose([inForm(deps), router.routes() as Middleware, router.allowedMethods() as Middleware]);
  return async (ctx, next) => {
    if (ctx.path.startsWith(`${ssfPath}/`)) return routes(ctx, next);
    if (ctx.path !== ssfMetadata) return next();
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next();
    ctx.body = metadata(deps.issuer);
  };
}
