/** Removing applications that registered themselves and that nobody ever let have anything. Owns that one in use stays. */
import { type Database, inTransaction } from '../../platform/database.ts';
import { systemCaller } from '../audit/audit-events.ts';
import { lockClientUnlessDeleted, storeClientDeleted } from '../clients/clients.ts';
import { isStillUnused, selectUnused } from '../registration/registration-store.ts';
import { endRegistrationOf, unusedDays } from '../registration/registrations.ts';
import { endSessionsOfClient } from '../sessions/sessions.ts';

/** How many are looked at in one run; the next goes on. */
const batch = 200;

/** Removes those that have been there for days, each in its own transaction. */
export async function endUnusedClients(db: Database): Promise<void> {
  for (const { clientId } of await selectUnused(db, { days: unusedDays, most: batch }))
    await inTransaction(db, async (trx) => {
      const client = await lockClientUnlessDeleted(trx, clientId);
      if (!client || !(await isStillUnused(trx, client.id))) return;
      await endSessionsOfClient(trx, client);
      await endRegistrationOf(trx, client);
      await storeClientDeleted(trx, client, systemCaller);
    });
}
