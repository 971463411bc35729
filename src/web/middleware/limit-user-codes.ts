/**
 * Guessing device codes (RFC 8628 section 5.1): an address may send so many codes and no more. Counted before the library
 * looks the code up.
 */
import type { Middleware } from 'koa';
import { memoryOf } from '../../oidc/request-memory.ts';
import type { AddressLimits } from '../../platform/address-limits.ts';
import type { Database } from '../../platform/database.ts';
import { defineLimits, giveBackHit } from '../../platform/rate-limits.ts';

export const userCodeLimits = defineLimits({
  /** User codes typed from one address that are nobody's (RFC 8628 section 5.1): 20 of 20^8 codes, and then a wait. */
  userCodePerIp: { hits: 20, windowSeconds: 600 },
});

export function limitUserCodes(db: Database, limits: AddressLimits, path: string): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== 'POST' || ctx.path !== path) return next();
    const counted = await limits.consume(db, userCodeLimits.userCodePerIp, ctx.ip);
    await next();
    // A class that connects its devices guesses at nothing.
    if (memoryOf(ctx).foundUserCode) await giveBackHit(db, counted);
  };
}
