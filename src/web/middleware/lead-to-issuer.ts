/**
 * A page that a person opens under another name of this server (its address, an old name, 127.0.0.1 for localhost) leads to
 * the same page at the issuer's, before anything is asked: cookies, password managers and the way back from an identity
 * provider belong to one name. Refuses to lead in circles where a proxy hides the name that the browser asked for.
 */
import type { Middleware } from 'koa';

/** Set with the redirect. The browser brings it to the issuer's name only if that is where it was all the time. */
const cookieName = 'gh_led';
const circleMs = 10_000;

/** Where people begin. Within a journey nobody changes the name. */
const entries = /^\/(?:account(?:\/.*)?|authorize|device|(?:set-up|recovery|invitations)\/[^/]+)?$/;

export function leadToIssuer(issuer: string): Middleware {
  const { host, protocol } = new URL(issuer);
  const isOurs = (asked: string) => (URL.parse(`${protocol}//${asked}`)?.host ?? host) === host;
  return (ctx, next) => {
    const { askedHost } = ctx.state as { askedHost?: string };
    // What machines ask under an inner name is no navigation (Fetch Metadata).
    const isNavigation = ctx.method === 'GET' && ctx.get('Sec-Fetch-Mode') === 'navigate';
    if (!isNavigation || !askedHost || isOurs(askedHost) || !entries.test(ctx.path)) return next();
    if (ctx.cookies.get(cookieName, { signed: false })) return next();
    ctx.cookies.set(cookieName, '1', {
      httpOnly: true,
      sameSite: 'lax',
      secure: false,
      maxAge: circleMs,
      signed: false,
    });
    ctx.set('Cache-Control', 'no-store');
    ctx.status = 303;
    ctx.redirect(issuer + ctx.url);
  };
}
