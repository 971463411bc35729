/**
 * Authorization and logout requests by POST. OpenID Connect Core section 3.1.2.1 and RP-Initiated Logout section 2 ask
 * for both methods; the session cookie is SameSite=Lax and does not come with a POST from elsewhere. So the parameters
 * are turned into a navigation (303), which carries it. What would not fit into an address is for PAR (RFC 9126).
 */
import type { Middleware } from 'koa';
import { DomainError } from '../../platform/errors.ts';
import { readFormBody } from './body.ts';

const longestQuery = 8000;

export function postToGet(paths: ReadonlySet<string>): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== 'POST' || !paths.has(ctx.path)) return next();
    const query = new URLSearchParams((await readFormBody(ctx)).toString('utf8')).toString();
    if (query.length > longestQuery) throw new DomainError('invalid', 'BODY_TOO_LARGE');
    ctx.status = 303;
    ctx.redirect(`${ctx.path}?${query}`);
  };
}
