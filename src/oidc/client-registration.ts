/**
 * Whether the server would take a client. Asks oidc-provider itself, configured as the server's, so that nothing is
 * registered here that every request would be refused for there.
 */
import { generateKeyPairSync } from 'node:crypto';
import { type ClientMetadata, errors } from 'oidc-provider';
import type { ClientRow } from '../domain/clients/client-store.ts';
import type { SigningKeySet } from '../oidc/keys.ts';
import { createProvider, type ProviderPages } from '../oidc/provider.ts';
import { clientMetadata } from '../oidc/storage/client-adapter.ts';
import { DomainError } from '../platform/errors.ts';
import { createOutboundFetch } from '../platform/network/outbound.ts';
import type { CommandContext } from './frame/with-database.ts';

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
  throw new Error('no page is drawn on the command line');
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
export function createClientCheck({ config, db, secrets }: CommandContext): (client: ClientRow) => void {
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
