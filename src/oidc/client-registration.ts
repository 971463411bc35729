/**
 * Registering applications and services. Owns that nothing is registered that every request would be refused for: each new
 * client is shown to oidc-provider itself, configured as the server's, in the transaction that makes it.
 */
import type { Caller } from '../domain/audit/audit-events.ts';
import { arrivingClient, isDeleted } from '../domain/clients/arriving-clients.ts';
import { type ClientChange, updateClient } from '../domain/clients/change-client.ts';
import type { ClientRow } from '../domain/clients/client-store.ts';
import {
  type CreatedClient,
  createClient,
  createService,
  type NewClient,
  type NewService,
} from '../domain/clients/clients.ts';
import type { SecurityProfile } from '../domain/clients/security-profile.ts';
import { addWorkloadIdentity, type NewWorkloadIdentity } from '../domain/clients/workload-identities.ts';
import { switchSecurityProfile } from '../domain/lifecycle/end-client.ts';
import type { ArrivingRow } from '../platform/arriving-row.ts';
import { type Database, inTransaction } from '../platform/database.ts';
import type { ClientCheck, RegistrationDependencies } from './client-check.ts';

export interface ClientRegistration {
  /** @throws DomainError as `createClient`, and invalid INVALID_INPUT (metadata) with the library's reason */
  registerClient(db: Database, wanted: NewClient, caller: Caller): Promise<CreatedClient>;
  /** @throws DomainError as `createService` and `addWorkloadIdentity`, and invalid INVALID_INPUT (metadata) with the library's reason */
  registerService(
    db: Database,
    wanted: NewService & { workloadIdentity?: NewWorkloadIdentity },
    caller: Caller,
  ): Promise<CreatedClient>;
  /** @throws DomainError as `updateClient`, and invalid INVALID_INPUT (metadata) with the library's reason */
  changeClient(db: Database, wanted: ClientChange, caller: Caller): Promise<ClientRow>;
  /** @throws DomainError as `switchSecurityProfile`, and invalid INVALID_INPUT (metadata) with the library's reason */
  changeSecurityProfile(
    db: Database,
    wanted: { clientId: string; wanted: SecurityProfile },
    caller: Caller,
  ): Promise<ClientRow>;
}

/** Of clients that come in with their tenant, whether the server would take them. @returns throws DomainError as `registerClient` */
export async function createArrivalCheck(dependencies: RegistrationDependencies): Promise<(row: ArrivingRow) => void> {
  const { createClientCheck } = await import('./client-check.ts');
  const check = await createClientCheck(dependencies);
  return (row) => {
    if (!isDeleted(row)) check(arrivingClient(row));
  };
}

/** The first registration makes the keys that it checks by. */
export function createClientRegistration(dependencies: RegistrationDependencies): ClientRegistration {
  let made: Promise<ClientCheck> | undefined;
  const check = async (client: ClientRow): Promise<void> => {
    // The library and its configuration are loaded for who registers something.
    made ??= import('./client-check.ts').then(({ createClientCheck }) => createClientCheck(dependencies));
    (await made)(client);
  };

  async function register(db: Database, create: (trx: Database) => Promise<CreatedClient>): Promise<CreatedClient> {
    return inTransaction(db, async (trx) => {
      const created = await create(trx);
      await check(created.client);
      return created;
    });
  }

  return {
    registerClient: (db, wanted, caller) => register(db, (trx) => createClient(trx, wanted, caller)),
    registerService: (db, { workloadIdentity, ...wanted }, caller) =>
      register(db, async (trx) => {
        const proof = workloadIdentity ? { workload: true } : {};
        const created = await createService(trx, { ...wanted, ...proof }, caller);
        if (workloadIdentity) await addWorkloadIdentity(trx, created.client.clientId, workloadIdentity, caller);
        return created;
      }),
    changeClient: (db, wanted, caller) =>
      inTransaction(db, async (trx) => {
        const changed = await updateClient(trx, wanted, caller);
        await check(changed);
        return changed;
      }),
    changeSecurityProfile: (db, wanted, caller) =>
      inTransaction(db, async (trx) => {
        const changed = await switchSecurityProfile(trx, wanted, caller);
        await check(changed);
        return changed;
      }),
  };
}
