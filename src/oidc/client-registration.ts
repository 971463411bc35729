/**
 * Registering applications and services. Owns that nothing is registered that every request would be refused for: each new
 * client is shown to oidc-provider itself, configured as the server's, in the transaction that makes it.
 */
import { generateKeyPairSync } from 'node:crypto';
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
import { type Database, inTransaction } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import { createOutboundFetch } from '../platform/network/outbound.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { SigningKeySet } from './keys.ts';
import { createProvider, type ProviderPages } from './provider.ts';
import { clientMetadata } from './storage/client-adapter.ts';

interface RegistrationDependencies {
  config: Config;
  db: Database;
  secrets: Secrets;
}

/** The library asks which algorithms there are keys for, and these keys sign nothing. */
function passingKeys(): SigningKeySet {
  const pairs = {
    RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  };
  const privateJwks = Object.entries(pairs).map(([alg, { privateKey }]) => ({
    ...privateKey.export({ format: 'jwk' }),
    kid: alg,
    alg,
    use: 'sig',
  }));
  return { version: '', privateJwks: privateJwks as SigningKeySet['privateJwks'], publicJwks: [] };
}

async function noPage(): Promise<void> {
  throw new Error('no page is drawn to check a client');
}

const noPages: ProviderPages = {
  renderError: noPage,
  logoutSource: noPage,
  postLogoutSuccessSource: noPage,
  userCodeInputSource: noPage,
  userCodeConfirmSource: noPage,
  successSource: noPage,
};

function refusal(reason: string): DomainError {
  return new DomainError('invalid', 'INVALID_INPUT', { field: 'metadata', reason });
}

/**
 * Makes the check; it calls no network and may be asked in the transaction that makes the client.
 * @returns throws DomainError invalid INVALID_INPUT with the library's reason
 */
export function createClientCheck({ config, db, secrets }: RegistrationDependencies): (client: ClientRow) => void {
  const fetch = createOutboundFetch({ allowedNetworks: [], timeoutMs: 1000, maxBytes: 1024 });
  const provider = createProvider({
    config,
    db,
    secrets,
    keys: passingKeys(),
    pages: noPages,
    fetch: fetch as typeof globalThis.fetch,
    uiLocales: ['en'],
  });
  // The types know the class, and not that it is made from metadata.
  const Client = provider.Client as unknown as new (metadata: object) => { metadata(): ClientMetadata };

  return (client) => {
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
  /** @throws DomainError as `createService`, and invalid INVALID_INPUT (metadata) with the library's reason */
  registerService(db: Database, wanted: NewService, caller: Caller): Promise<CreatedClient>;
  /** @throws DomainError as `updateClient`, and invalid INVALID_INPUT (metadata) with the library's reason */
  changeClient(db: Database, wanted: ClientChange, caller: Caller): Promise<ClientRow>;
}

/** The first registration makes the keys that it checks by. */
export function createClientRegistration(dependencies: RegistrationDependencies): ClientRegistration {
  let made: ReturnType<typeof createClientCheck> | undefined;
  const check = (client: ClientRow): void => {
    made ??= createClientCheck(dependencies);
    made(client);
  };

  async function register(db: Database, create: (trx: Database) => Promise<CreatedClient>): Promise<CreatedClient> {
    return inTransaction(db, async (trx) => {
      const created = await create(trx);
      check(created.client);
      return created;
    });
  }

  return {
    registerClient: (db, wanted, caller) => register(db, (trx) => createClient(trx, wanted, caller)),
    registerService: (db, wanted, caller) => register(db, (trx) => createService(trx, wanted, caller)),
    changeClient: (db, wanted, caller) =>
      inTransaction(db, async (trx) => {
        const changed = await updateClient(trx, wanted, caller);
        check(changed);
        return changed;
      }),
  };
}
