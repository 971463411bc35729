/**
 * Host and scheme are the configured issuer's, whatever the request says: no address that we print, redirect to or sign
 * can be steered by a Host header.
 */
import type { Middleware } from 'koa';

export function pinIssuer(issuer: string): Middleware {
  const { host, protocol } = new URL(issuer);
  const scheme = protocol.replace(':', '');
  return (ctx, next) => {
    ctx.req.headers.host = host;
    ctx.req.headers['x-forwarded-proto'] = scheme;
    delete ctx.req.headers['x-forwarded-host'];
    delete ctx.req.headers[':authority'];
    return next();
  };
}
