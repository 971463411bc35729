/**
 * The headers of what machines read (OWASP REST security): no caching but of public documents, no sniffing, and for the
 * browser that is shown such an answer all the same: nothing runs, nothing frames it.
 */
import type { Middleware } from 'koa';

/** Public and the same for everyone: clients and caches may keep them. */
const isPublicDocument = (path: string) => path.startsWith('/.well-known/') || path === '/jwks';

/** Sets them before anything else runs, so that errors carry them too; handlers may replace `Cache-Control`. */
export function machineHeaders({ issuer }: { issuer: string }): Middleware {
  const headers = new Map([
    ['Content-Security-Policy', `default-src 'none'; frame-ancestors 'none'`],
    ['Referrer-Policy', 'no-referrer'],
    ['X-Content-Type-Options', 'nosniff'],
    ['X-Frame-Options', 'DENY'],
  ]);
  // A year, and the hosts below (OWASP ASVS 5.0, 3.4.1).
  if (issuer.startsWith('https:')) headers.set('Strict-Transport-Security', 'max-age=31536000; includeSubDomains');

  return (ctx, next) => {
    for (const [name, value] of headers) ctx.set(name, value);
    // Errors are JSON here, whatever a browser that was led here would like to see.
    ctx.state.isForMachines = true;
    if (!isPublicDocument(ctx.path)) ctx.set('Cache-Control', 'no-store');
    return next();
  };
}
