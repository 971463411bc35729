/** Limits by address of what people do on pages: many of them may share one address, so what comes to good counts nothing. */
import type { Context } from 'koa';
import { giveBackHit, type Limit } from '../../platform/rate-limits.ts';
import type { WebDependencies } from './context.ts';

/**
 * Counts before the work is done, so that many at once do not outrun the limit, and gives back where it did not fail.
 * @throws DomainError rate_limited TOO_MANY_ATTEMPTS `{ seconds }`, and what the work throws
 */
export async function countFailures<T>(
  ctx: Context,
  { db, limits }: Pick<WebDependencies, 'db' | 'limits'>,
  limit: Limit,
  work: () => Promise<T>,
): Promise<T> {
  const counted = await limits.consume(db, limit, ctx.ip);
  const result = await work();
  await giveBackHit(db, counted);
  return result;
}
