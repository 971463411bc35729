/**
 * Showing a client to oidc-provider itself, configured as the server's, before it is kept. Owns that nothing is registered that
 * every request would be refused for.
 */
import { type ClientMetadata, errors } from 'oidc-provider';
import type { Config } from '../config.ts';
import { faultOfClaimMapping } from '../domain/claims/claim-mapping.ts';
import type { ClientRow } from '../domain/clients/client-store.ts';
import type { Database } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import type { Secrets } from '../platform/secrets.ts';
import { certificateMethods } from './client-certificates.ts';
import { closed } from './closed-provider.ts';
import { createThrowawayKeys } from './keys.ts';
import { createProvider } from './provider.ts';
import { clientMetadata } from './storage/client-adapter.ts';

export interface RegistrationDependencies {
  config: Config;
  db: Database;
  secrets: Secrets;
}

/** @throws DomainError invalid INVALID_INPUT with the library's reason */
export type ClientCheck = (client: ClientRow) => void;

function refusal(reason: string): DomainError {
  return new DomainError('invalid', 'INVALID_INPUT', { field: 'metadata', reason });
}

/**
 * Makes the check; it calls no network and may be asked in the transaction that makes the client.
 * @returns throws DomainError invalid INVALID_INPUT with the library's reason
 */
export async function createClientCheck({ config, db, secrets }: RegistrationDependencies): Promise<ClientCheck> {
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
