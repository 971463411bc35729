/**
 * Erases people who stay deactivated for as long as their tenant says, if it does (`inactiveErasureDays`). Owns that each is erased whole,
 * once, whoever is at it and whatever is killed meanwhile, and nobody who was let in again. Never the last owner: a tenant's
 * last owner cannot be deactivated.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { systemCaller } from '../audit/audit-events.ts';
import { dateInactivePeople, findDueInactivePeople, holdDueInactivePerson } from '../users/inactive-people.ts';
import { erasePerson, type ForgetSealed } from './erase-person.ts';

/** How many are looked at in one run; the next goes on. */
const batch = 200;

/** The trail says why: nobody asked for it at that moment. */
const caller = Object.freeze({ ...systemCaller, cause: 'inactive_erasure_days' });

/** One that fails holds up nobody else. @throws the first failure, once all were tried */
export async function eraseInactivePeople(
  db: Database,
  deps: { secrets: Secrets; sealedAbove: readonly ForgetSealed[] },
): Promise<void> {
  await dateInactivePeople(db, batch * 10);
  const failures: unknown[] = [];
  for (const user of await findDueInactivePeople(db, batch))
    await inTransaction(db, async (trx) => {
      if (await holdDueInactivePerson(trx, user)) await erasePerson(trx, user, { ...deps, caller });
    }).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
