/**
 * Host and scheme are the configured issuer's, whatever the request says: no address that we print, redirect to or sign
 * can be steered by a Host header. What was asked for is kept aside, to be compared and never to be written.
 */
import type { Middleware } from 'koa';

export function pinIssuer(issuer: string): Middleware {
  const { host, protocol } = new URL(issuer);
  const scheme = protocol.replace(':', '');
  return (ctx, next) => {
    ctx.state.askedHost = ctx.host;
    ctx.req.headers.host = host;
    ctx.req.headers['x-forwarded-proto'] = scheme;
    delete ctx.req.headers['x-forwarded-host'];
    delete ctx.req.headers[':authority'];
    return next();
  };
}
