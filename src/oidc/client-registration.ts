/**
 * Registering applications and services. Owns that nothing is registered that every request would be refused for: each new
 * client is shown to oidc-provider itself, configured as the server's, in the transaction that makes it.
 */
import { type ClientMetadata, errors } from 'oidc-provider';
import type { Config } from '../config.ts';
import type { Caller } from '../domain/audit/audit-events.ts';
import { faultOfClaimMapping } from '../domain/claims/claim-mapping.ts';
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
import { type Database, inTransaction } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import type { Secrets } from '../platform/secrets.ts';
import { certificateMethods } from './client-certificates.ts';
import { closed } from './closed-provider.ts';
import { createThrowawayKeys } from './keys.ts';
import { createProvider } from './provider.ts';
import { clientMetadata } from './storage/client-adapter.ts';

interface RegistrationDependencies {
  config: Config;
  db: Database;
  secrets: Secrets;
}

function refusal(reason: string): DomainError {
  return new DomainError('invalid', 'INVALID_INPUT', { field: 'metadata', reason });
}

/**
 * Makes the check; it calls no network and may be asked in the transaction that makes the client.
 * @returns throws DomainError invalid INVALID_INPUT with the library's reason
 */
export async function createClientCheck({
  config,
  db,
  secrets,
}: RegistrationDependencies): Promise<(client: ClientRow) => void> {
  // The library asks which algorithms there are keys for, and these keys sign nothing.
  const provider = createProvider({ config, db, secrets, ...closed(), keys: await createThrowawayKeys() });
  // The types know the class, and not that it is made from metadata.
  const Client = provider.Client as unknown as new (metadata: object) => { metadata(): ClientMetadata };

  const byCertificate = config.clientCertificates.certificate !== undefined;
  return (client) => {
    const method = String(client.metadata.token_endpoint_auth_method);
    if (!byCertificate && (certificateMethods as readonly string[]).includes(method))
      throw refusal('no proxy hands certificates on: set CLIENT_CERTIFICATE_HEADER');
    // It would be fetched at every use of the client, for pairwise subjects, which Gatehouse does not give out.
    if (client.metadata.sector_identifier_uri !== undefined) throw refusal('sector_identifier_uri is not supported');
    // OpenID Connect Back-Channel Logout 1.0, section 2.2.
    const { backchannel_logout_uri: logoutUri } = client.metadata;
    if (typeof logoutUri === 'string' && logoutUri.includes('#'))
      throw refusal('backchannel_logout_uri must have no fragment');
    if (client.metadata.claim_mapping !== undefined) {
      const fault = faultOfClaimMapping(client.metadata.claim_mapping);
      if (fault !== undefined) throw refusal(`claim_mapping ${fault}`);
    }
    let taken: ClientMetadata;
    try {
      taken = new Client(clientMetadata(client, secrets)).metadata();
    } catch (error) {
      if (error instanceof errors.OIDCProviderError)
        throw refusal(`${error.error}: ${error.error_description ?? error.message}`);
      throw error;
    }
    const ignored = Object.keys(client.metadata).filter((name) => taken[name] === undefined);
    if (ignored.length > 0) throw refusal(`the server knows nothing of ${ignored.join(', ')}`);
  };
}

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

/** The first registration makes the keys that it checks by. */
export function createClientRegistration(dependencies: RegistrationDependencies): ClientRegistration {
  let made: ReturnType<typeof createClientCheck> | undefined;
  const check = async (client: ClientRow): Promise<void> => {
    made ??= createClientCheck(dependencies);
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
