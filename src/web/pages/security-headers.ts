/**
 * The headers every answer carries (security.md): no caching of pages, no referrer, no framing, no sniffing, and a policy
 * under which nothing runs that the program did not serve itself. Refuses inline script and style, and any widening of
 * the policy but those below: where a form may lead, that a page's own script asks us, and that a page of ours shows
 * another one, which then does nothing, in a frame.
 */
import type { Context, Middleware } from 'koa';

export interface SecurityHeadersOptions {
  /** The issuer identifier; https turns on HSTS. */
  issuer: string;
}

const contentSecurityPolicy = [
  `default-src 'none'`,
  `style-src 'self'`,
  `script-src 'self'`,
  `img-src 'self' https: data:`,
  `form-action 'self'`,
  `base-uri 'none'`,
  `frame-ancestors 'none'`,
].join('; ');

/** Public and the same for everyone: clients and caches may keep them. */
const isPublicDocument = (path: string) =>
  path.startsWith('/assets/') || path.startsWith('/.well-known/') || path === '/jwks';

/** Sets the headers before anything else runs, so that errors carry them too; handlers may replace `Cache-Control`. */
export function securityHeaders({ issuer }: SecurityHeadersOptions): Middleware {
  const headers: Record<string, string> = {
    'Content-Security-Policy': contentSecurityPolicy,
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    // For browsers that do not know frame-ancestors.
    'X-Frame-Options': 'DENY',
  };
  // A year, and the hosts below (OWASP ASVS 5.0, 3.4.1).
  if (issuer.startsWith('https:')) headers['Strict-Transport-Security'] = 'max-age=31536000; includeSubDomains';

  return (ctx, next) => {
    ctx.set(headers);
    if (!isPublicDocument(ctx.path)) ctx.set('Cache-Control', 'no-store');
    return next();
  };
}

/**
 * Lets the forms of this one answer lead to other origins besides our own. A browser checks `form-action` along the
 * whole chain of redirects that follows a form, and the last of it goes to the relying party.
 * @param uris registered redirect URIs, or origins; of each only the origin is used, or the scheme of an application's
 *   own (`com.example.app:`, RFC 8252 section 7.1). What is neither is left out.
 */
export function allowFormAction(ctx: Context, uris: readonly string[]): void {
  const policy = ctx.response.get('Content-Security-Policy');
  const sources = [...new Set(uris.map(formActionSource))].filter((source) => source !== undefined);
  if (policy === '' || sources.length === 0) return;
  ctx.set(
    'Content-Security-Policy',
    policy.replace(/(?<=^|;)(\s*form-action\b[^;]*)/, (directive) => `${directive} ${sources.join(' ')}`),
  );
}

/** Lets the scripts of this answer, all of them ours, ask this server for parts of pages. */
export function allowOwnRequests(ctx: Context): void {
  const policy = ctx.response.get('Content-Security-Policy');
  if (policy !== '') ctx.set('Content-Security-Policy', `${policy}; connect-src 'self'`);
}

/** Lets this page show others of ours in frames. */
export function allowOwnFrames(ctx: Context): void {
  const policy = ctx.response.get('Content-Security-Policy');
  if (policy !== '') ctx.set('Content-Security-Policy', `${policy}; frame-src 'self'`);
}

/**
 * Lets pages of ours show this answer in a frame. In return it runs no script, sends no form, and has an origin of its own,
 * wherever it is opened (CSP3 section 6.3.2): nothing that is typed or pressed in it goes anywhere.
 */
export function letBeFramed(ctx: Context): void {
  const policy = ctx.response.get('Content-Security-Policy');
  if (policy === '') return;
  const framed = policy.replace(/(?<=^|;)\s*frame-ancestors\b[^;]*/, " frame-ancestors 'self'");
  ctx.set({ 'Content-Security-Policy': `${framed}; sandbox`, 'X-Frame-Options': 'SAMEORIGIN' });
}

/** Schemes that run or show something here instead of leading to an application. */
const dangerousSchemes = new Set([
  'about',
  'blob',
  'data',
  'file',
  'filesystem',
  'ftp',
  'javascript',
  'vbscript',
  'ws',
  'wss',
]);

/** One CSP source expression (CSP3 section 2.3.1), or undefined: rebuilt from its parts, never copied. */
function formActionSource(uri: string): string | undefined {
  const url = URL.parse(uri);
  if (!url) return undefined;
  const scheme = url.protocol.slice(0, -1);
  if (scheme === 'https' || scheme === 'http') {
    // The URL parser lets `;`, `,`, `'` and `*` stand in a host name; a policy means something else by them.
    if (/^[a-z0-9](?:[a-z0-9._-]*[a-z0-9.])?(?::\d{1,5})?$/.test(url.host)) return `${scheme}://${url.host}`;
    // A policy cannot name an IPv6 address. The only one in use is the loopback of native applications.
    return url.hostname === '[::1]' ? 'http:' : undefined;
  }
  return /^[a-z][a-z0-9+.-]*$/.test(scheme) && !dangerousSchemes.has(scheme) ? `${scheme}:` : undefined;
}
