/**
 * Cross-origin reading of an endpoint that takes an access token alone (Fetch standard, CORS protocol), as the library has
 * it at userinfo: any script may ask, and what is answered to a token is for the origins of the token's client.
 */
import type { Context } from 'koa';

const preflightSeconds = 3_600;

/** Lets a script ask. @returns whether the request was a preflight, and is answered */
export function allowScripts(ctx: Context, methods: string): boolean {
  ctx.vary('Origin');
  const isPreflight = ctx.method === 'OPTIONS' && ctx.get('Access-Control-Request-Method') !== '';
  if (ctx.method === 'OPTIONS' && !isPreflight) return false;
  ctx.set('Access-Control-Allow-Origin', ctx.get('Origin') || '*');
  if (!isPreflight) {
    ctx.set('Access-Control-Expose-Headers', 'DPoP-Nonce,WWW-Authenticate');
    return false;
  }
  ctx.set('Access-Control-Allow-Methods', methods);
  ctx.set('Access-Control-Max-Age', String(preflightSeconds));
  const headers = ctx.get('Access-Control-Request-Headers');
  if (headers) ctx.set('Access-Control-Allow-Headers', headers);
  ctx.status = 204;
  return true;
}

/** The end of a request from a page of somebody else's. @returns whether it was one */
export function refuseOrigin(ctx: Context, isAllowed: (origin: string) => boolean): boolean {
  const origin = ctx.get('Origin');
  if (origin === '' || isAllowed(origin)) return false;
  ctx.remove('Access-Control-Allow-Origin');
  ctx.status = 400;
  ctx.body = { error: 'invalid_request', error_description: 'the origin is none of the client' };
  return true;
}
