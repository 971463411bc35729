/**
 * Guessing device codes (RFC 8628 section 5.1): an address may send so many codes and no more. Counted before the library
 * looks the code up.
 */
import type { Middleware } from 'koa';
import type { Database } from '../../platform/database.ts';
import { consume, defineLimits } from '../../platform/rate-limits.ts';

export const userCodeLimits = defineLimits({
  /** User codes typed from one address (RFC 8628 section 5.1): 20 of 20^8 codes, and then a wait. */
  userCodePerIp: { hits: 20, windowSeconds: 600 },
});

export function limitUserCodes(db: Database, path: string): Middleware {
  return async (ctx, next) => {
    if (ctx.method === 'POST' && ctx.path === path) await consume(db, userCodeLimits.userCodePerIp, ctx.ip);
    return next();
  };
}
