/** Stopping an application or a service. Owns that all it holds ends in the transaction that disables it. */
import { type Database, inTransaction } from '../../platform/database.ts';
import type { Caller } from '../audit/audit-events.ts';
import { lockClient, storeClientDisabled } from '../clients/clients.ts';
import { endSessionsOfClient } from '../sessions/sessions.ts';

/**
 * Disables a client and ends all it holds at once: tokens, codes, grants, a service's tokens.
 * @param clientId as the protocol has it
 * @throws DomainError not_found
 */
export async function disableClient(db: Database, clientId: string, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    const client = await lockClient(trx, clientId);
    await endSessionsOfClient(trx, client);
    await storeClientDisabled(trx, client, caller);
  });
}
