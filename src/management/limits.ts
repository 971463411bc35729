/** How much of the management one person, service or key asks for, whichever way it comes. */
import type { Database } from '../platform/database.ts';
import { consume, defineLimits } from '../platform/rate-limits.ts';
import { type Actor, actorKey } from './actor.ts';
import type { AnyOperation } from './operation.ts';

export const managementLimits = defineLimits({
  /** Operations of the management API by one person, service or key. */
  managementPerActor: { hits: 3_000, windowSeconds: 60 },
  /** Requests with up to 1,000 rows. */
  managementBulkPerActor: { hits: 60, windowSeconds: 60 },
});

/** Counts an operation that is about to be performed. @throws DomainError rate_limited TOO_MANY_ATTEMPTS */
export async function countOperation(db: Database, actor: Actor, operation: AnyOperation): Promise<void> {
  await consume(db, managementLimits.managementPerActor, actorKey(actor));
  if (operation.each) await consume(db, managementLimits.managementBulkPerActor, actorKey(actor));
}
