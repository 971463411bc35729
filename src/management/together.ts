/** Several operations as one change: all of them or none, and one such change of a thing after the other. */
import { inTransaction } from '../platform/database.ts';
import type { ManagementDependencies } from './operation.ts';

/**
 * @param thing of which two changes take turns, such as `user:<id>`
 * @param work gets dependencies whose database is the transaction
 */
export async function together<T>(
  deps: ManagementDependencies,
  thing: string,
  work: (deps: ManagementDependencies) => Promise<T>,
): Promise<T> {
  return inTransaction(deps.db, async (trx) => {
    await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`together:${thing}`]);
    return work({ ...deps, db: trx });
  });
}
