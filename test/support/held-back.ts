/** Whoever is made to wait after failures stays so for as long as a test takes: the first wait is two seconds. */
import type { Database } from '../../src/platform/database.ts';

/** To be called once the tenth failure in a row is counted, before what is refused for it is tried. */
export async function keepWaiting(db: Database): Promise<void> {
  await db('sign_in_failures')
    .where('failures', '>=', 10)
    .update({ lastFailedAt: db.raw(`now() + interval '1 hour'`) });
}
