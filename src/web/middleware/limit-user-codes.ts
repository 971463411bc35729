/**
 * Guessing device codes (RFC 8628 section 5.1): an address may send so many codes and no more. Counted before the library
 * looks the code up.
 */
import type { Middleware } from 'koa';
import type { Database } from '../../platform/database.ts';
import { consume } from '../../platform/rate-limits.ts';

export function limitUserCodes(db: Database, path: string): Middleware {
  return async (ctx, next) => {
    if (ctx.method === 'POST' && ctx.path === path) await consume(db, 'userCodePerIp', ctx.ip);
    return next();
  };
}
