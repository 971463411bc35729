/**
 * One line and one measurement for every request, and the id by which both are found. Refuses to log a query, a value
 * that stands in a path, or an id that somebody other than a trusted proxy chose.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context, Middleware } from 'koa';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { isProxied } from '../../platform/network/trusted-proxies.ts';
import { createRouteFinder } from './known-routes.ts';

export interface RequestLogOptions {
  logger: Logger;
  metrics: Pick<Metrics, 'observeRequest'>;
  /** As `knownRoutes`, which are the default. What fits none is `other`. */
  routes?: readonly string[];
}

/** Asked every few seconds by machines: of interest only when something else is. */
const quietRoutes = new Set(['/healthz', '/readyz', '/assets/*']);

/** A request whose answer has been sent, or whose client went away first. */
export interface ToldRequest {
  req: IncomingMessage;
  res: ServerResponse;
  requestId: string;
  /** `performance.now()`. */
  began: number;
  route: string;
  ip: string | undefined;
  /** Where it is traced. */
  traceId?: string | undefined;
  /** Where it is not the target itself. */
  path?: string;
}

/** The line and the measurement of a request. */
export function createRequestTeller({ logger, metrics }: Pick<RequestLogOptions, 'logger' | 'metrics'>) {
  return ({ req, res, requestId, began, route, ip, traceId, path = route }: ToldRequest): void => {
    const method = req.method ?? '';
    // 499, as nginx has it: nobody was there to be answered.
    const status = res.writableFinished ? res.statusCode : 499;
    const ms = performance.now() - began;
    metrics.observeRequest({ method, route, status, seconds: ms / 1000 });
    const level = status >= 500 ? 'error' : quietRoutes.has(route) ? 'debug' : 'info';
    logger[level]({ requestId, method, path, status, ms: Math.round(ms), ip, traceId }, 'request');
  };
}

/** Gives `ctx.state.requestId` and the header `X-Request-Id`; logs and measures when the answer has been sent. */
export function createRequestLog({ logger, metrics, routes }: RequestLogOptions): Middleware {
  const routeOf = createRouteFinder(routes);
  const tell = createRequestTeller({ logger, metrics });

  return (ctx, next) => {
    const began = performance.now();
    const requestId = acceptedId(ctx.req) ?? randomUUID();
    ctx.state.requestId = requestId;
    ctx.set('X-Request-Id', requestId);
    const { path, ip, req, res } = ctx;
    const { traceId } = ctx.state;
    const route = routeOf(path) ?? 'other';
    // `close` also comes where the client goes away first, and where another handler answers on `res` itself.
    res.once('close', () => tell({ req, res, requestId, began, route, ip, traceId, path: maskedPath(path, route) }));
    return next();
  };
}

/** The id of the current request, for pages and audit events. */
export function requestIdOf(ctx: Context): string {
  return String(ctx.state.requestId ?? '');
}

function acceptedId(req: IncomingMessage): string | undefined {
  const id = req.headers['x-request-id'];
  return isProxied(req) && typeof id === 'string' && /^[A-Za-z0-9._-]{8,64}$/.test(id) ? id : undefined;
}

/** Words of a path are the program's own; anything else in it is a value, and some values are credentials. */
function maskedPath(path: string, route: string): string {
  if (path === route) return path;
  const names = route.split('/');
  return path
    .slice(0, 300)
    .split('/')
    .slice(0, 12)
    .map((part, index) => (names[index]?.startsWith(':') ? names[index] : isWord(part) ? part : ':value'))
    .join('/');
}

function isWord(part: string): boolean {
  return part === '' || /^\.?[a-z][a-z_-]{0,23}\d?(?:\.[a-z]{2,5})?$/.test(part);
}
