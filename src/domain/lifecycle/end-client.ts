/** Stopping an application or a service. Owns that all it holds ends in the transaction that disables it. */
import { type Database, inTransaction } from '../../platform/database.ts';
import { type Caller, recordEvent, systemCaller } from '../audit/audit-events.ts';
import {
  lockClient,
  lockClientUnlessDeleted,
  storeClientDeleted,
  storeClientState,
  storeSecurityProfile,
} from '../clients/clients.ts';
import { isStricter, type SecurityProfile } from '../clients/security-profile.ts';
import { endRegistrationOf, findUnusedRegistrations, isUnusedStill } from '../registration/registrations.ts';
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
    await storeClientState(trx, client, 'disabled', caller);
  });
}

/**
 * Holds a client to a security profile. A stricter one ends all that it holds: it was given out for less. So already: nothing
 * is recorded.
 * @throws DomainError not_found, invalid INVALID_INPUT (security_profile) with the reason in words
 */
export async function switchSecurityProfile(
  db: Database,
  { clientId, wanted }: { clientId: string; wanted: SecurityProfile },
  caller: Caller,
): Promise<Awaited<ReturnType<typeof lockClient>>> {
  return inTransaction(db, async (trx) => {
    const client = await lockClient(trx, clientId);
    if (client.securityProfile === wanted) return client;
    if (isStricter(client.securityProfile, wanted)) await endSessionsOfClient(trx, client);
    return storeSecurityProfile(trx, client, wanted, caller);
  });
}

/**
 * Ends the tokens that a service holds, those that it got for people by token exchange too; it may ask for others.
 * @throws DomainError not_found
 */
export async function endTokensOfService(db: Database, clientId: string, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    const client = await lockClient(trx, clientId);
    const count = await endSessionsOfClient(trx, client);
    const about = { tenantId: client.tenantId, entityType: 'client', entityId: clientId };
    await recordEvent(trx, { ...about, action: 'service_session.all_revoked', payload: { count } }, caller);
  });
}

/** Lets a disabled client act again; what it held before stays ended. @throws DomainError not_found */
export async function enableClient(db: Database, clientId: string, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    const client = await lockClient(trx, clientId);
    if (client.state === 'active') return;
    // What was under way when it was stopped must not come to life again.
    await endSessionsOfClient(trx, client);
    await storeClientState(trx, client, 'active', caller);
  });
}

/**
 * Removes a client for good, with its secrets and all it holds. Its `client_id` is not given out again. Once more does no harm.
 * @throws DomainError not_found
 */
export async function deleteClient(db: Database, clientId: string, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    const client = await lockClientUnlessDeleted(trx, clientId);
    if (client) await end(trx, client, caller);
  });
}

/**
 * Removes applications that registered themselves days ago and that nobody ever let have anything, each in its own
 * transaction. One that is in use stays.
 */
export async function endUnusedClients(db: Database): Promise<void> {
  for (const clientId of await findUnusedRegistrations(db))
    await inTransaction(db, async (trx) => {
      const client = await lockClientUnlessDeleted(trx, clientId);
      if (client && (await isUnusedStill(trx, client))) await end(trx, client, systemCaller);
    });
}

async function end(trx: Database, client: Awaited<ReturnType<typeof lockClient>>, caller: Caller): Promise<void> {
  await endSessionsOfClient(trx, client);
  await endRegistrationOf(trx, client);
  await storeClientDeleted(trx, client, caller);
}
