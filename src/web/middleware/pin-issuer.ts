/**
 * Host and scheme are the configured issuer's, whatever the request says: no address that we print, redirect to or sign
 * can be steered by a Host header. What was asked for is kept aside, to be compared and never to be written.
 */
import type { Middleware } from 'koa';

const otherHosts = ['x-forwarded-host', ':authority'];

export function pinIssuer(issuer: string): Middleware {
  const { host, protocol } = new URL(issuer);
  const scheme = protocol.replace(':', '');
  return (ctx, next) => {
    const { headers } = ctx.req;
    ctx.state.askedHost = ctx.host;
    headers.host = host;
    headers['x-forwarded-proto'] = scheme;
    // Whatever is deleted makes V8 look up each header slowly from then on, and these are seldom there.
    for (const other of otherHosts) if (headers[other] !== undefined) delete headers[other];
    return next();
  };
}
