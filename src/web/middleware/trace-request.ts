/**
 * A trace of each request, named by its route. Takes `traceparent` from a trusted proxy alone: a stranger joins no trace and
 * chooses none. Refuses to tell a path, a query or who asked.
 */
import type { Middleware } from 'koa';
import { isProxied } from '../../platform/network/trusted-proxies.ts';
import { openTrace, parentOf } from '../../platform/tracing.ts';
import { createRouteFinder } from './known-routes.ts';

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Gives `ctx.state.traceId`; it stands before the request log, which tells it. */
export function traceRequest(): Middleware {
  const routeOf = createRouteFinder();
  return (ctx, next) => {
    const { req, res, path } = ctx;
    const method = methods.has(ctx.method) ? ctx.method : '_OTHER';
    const route = routeOf(path) ?? 'other';
    const attributes = { 'http.request.method': method, 'http.route': route };
    const parent = isProxied(req) ? parentOf(req.headers.traceparent) : undefined;
    const trace = openTrace(`${method} ${route}`, { kind: 'server', attributes }, parent);
    if (!trace) return next();
    ctx.state.traceId = trace.traceId;
    res.once('close', () => {
      const status = res.writableFinished ? res.statusCode : 499;
      const errorType = status >= 500 ? String(status) : undefined;
      trace.end({ attributes: { 'http.response.status_code': status }, errorType });
    });
    return trace.run(next);
  };
}
