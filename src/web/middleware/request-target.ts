/**
 * The target of a request is a path of ours, and a query (RFC 9112 section 3.2.1). Refuses every other form: a target with
 * a host in it (`http://other.example/token`, `//other.example/token`) would be taken for our own address by whatever
 * builds an address on it, and no client has to send one to a server.
 */
import type { Middleware } from 'koa';
import { DomainError } from '../../platform/errors.ts';

/**
 * One slash, then printable ASCII without what parsers of addresses disagree about: a second slash, `#`, and `\` in the
 * path. Browsers leave a `\` of the query as it is.
 */
const originForm = /^\/(?!\/)[!"$->@-[\]-~]*(?:\?[!"$-~]*)?$/;

/** A path that no route has: what stands in the place of a target that is no path of ours. */
const nowhere = '/*';

/** Has nothing after it see a target of another form: parsers of addresses throw at some of them. */
export function dropOtherTargets(): Middleware {
  return (ctx, next) => {
    ctx.state.hasOtherTarget = !originForm.test(ctx.url);
    if (ctx.state.hasOtherTarget) ctx.url = nowhere;
    return next();
  };
}

/** The end of a request that is for none of our addresses. Keeps what its target says from the page that tells so. */
export function refuseTarget(): Middleware {
  return (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    ctx.url = '/';
    if (ctx.state.hasOtherTarget) throw new DomainError('invalid', 'INVALID_INPUT');
    throw new DomainError('not_found', 'NOT_FOUND');
  };
}
