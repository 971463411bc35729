/**
 * Cross-site request forgery stops here: a form of ours is sent from a page of ours. For the routes of forms only; the
 * endpoints of machines (token, introspection, revocation, PAR, device authorization, userinfo) take no cookie and are
 * called from anywhere.
 */
import type { Middleware } from 'koa';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';

export const originCodes = defineCodes({
  CROSS_SITE_REQUEST: { kind: 'forbidden', means: 'the form was sent by a page of another site' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof originCodes> {}
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses what changes something when the browser says that another site sent it.
 *
 * `Sec-Fetch-Site` decides where it is sent: every current browser sends it to https and to localhost, and no page can
 * forge it. `none` is the person's own doing, such as sending a form again by reloading. `Origin` is the answer of older
 * browsers. It is `null` on our own forms too, because our pages have `Referrer-Policy: no-referrer` (Fetch standard,
 * "append a request Origin header"), so `null` proves nothing and is let through to the checks that follow: the
 * SameSite cookie and the interaction's own binding.
 */
export function sameOrigin({ issuer }: { issuer: string }): Middleware {
  const { origin: ownOrigin } = new URL(issuer);

  return (ctx, next) => {
    if (safeMethods.has(ctx.method)) return next();
    const { 'sec-fetch-site': site, origin } = ctx.req.headers;
    const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
    const foreignOrigin = origin !== undefined && origin !== ownOrigin && origin !== 'null';
    if (foreignSite || foreignOrigin) throw new DomainError('forbidden', 'CROSS_SITE_REQUEST');
    return next();
  };
}
