/**
 * The provider of the moment. oidc-provider takes its keys once and for all; to build a new one takes a millisecond. So a
 * change of signing keys, or of what discovery tells, made by any process, builds a new provider here and puts it in the place of the old one.
 */
import { isDeepStrictEqual } from 'node:util';
import type Koa from 'koa';
import compose from 'koa-compose';
import type { Provider } from 'oidc-provider';
import { findOfferedRegistration, type OfferedRegistration } from '../domain/tenants/offered-registration.ts';
import type { Database } from '../platform/database.ts';
import type { Logger } from '../platform/logger.ts';
import { listenToProvider } from './events.ts';
import { loadSigningKeys, type SigningKeySet, signingKeysVersion } from './keys.ts';
import { createProvider, type ProviderDependencies } from './provider.ts';
import { clientMetadata } from './storage/client-adapter.ts';
import { createDocumentClients, type DocumentClientsOptions } from './storage/document-clients.ts';
import type { TokenMetrics } from './tokens/token-metrics.ts';

export interface LiveProvider {
  provider(): Provider;
  keys(): SigningKeySet;
  /** The protocol's endpoints, as the last middleware of a stack. */
  handle: Koa.Middleware;
  /** No longer looks for changed keys. */
  stop(): void;
}

export interface LiveProviderDependencies extends Omit<ProviderDependencies, 'keys'> {
  logger: Logger;
  metrics: TokenMetrics;
  db: Database;
  /** How often the signing keys are compared with the database, ms. */
  keyPollMs: number;
  /** How long the document of a client counts, where that is not the usual. */
  fresh?: DocumentClientsOptions['fresh'];
}

interface Current {
  keys: SigningKeySet;
  offered: OfferedRegistration;
  provider: Provider;
  handle: Koa.Middleware;
}

/** What a provider is built from, as it is now; undefined where that is what the one of before was built from. */
async function changed(
  { db, secrets }: LiveProviderDependencies,
  before?: Current,
): Promise<Pick<Current, 'keys' | 'offered'> | undefined> {
  const offered = await findOfferedRegistration(db);
  const isSame = before && isDeepStrictEqual(offered, before.offered);
  if (isSame && (await signingKeysVersion(db)) === before.keys.version) return undefined;
  return { keys: await loadSigningKeys(db, secrets), offered };
}

function build(dependencies: LiveProviderDependencies, { keys, offered }: Pick<Current, 'keys' | 'offered'>): Current {
  const provider = createProvider({ ...dependencies, keys, offered });
  // The addresses of requests are settled before they get here.
  provider.proxy = true;
  listenToProvider(provider, dependencies);
  return { keys, offered, provider, handle: compose(provider.middleware) as Koa.Middleware };
}

/**
 * Builds the provider and follows the signing keys from then on.
 * @throws Error where a signing key cannot be opened with the configured secret keys
 */
export async function startLiveProvider(dependencies: LiveProviderDependencies): Promise<LiveProvider> {
  const { logger, keyPollMs, secrets } = dependencies;
  // What was fetched outlives a provider.
  const documents = createDocumentClients(dependencies, (client) => clientMetadata(client, secrets));
  const parts = { ...dependencies, documents };
  const first = await changed(dependencies);
  if (!first) throw new Error('nothing to build a provider from');
  let current = build(parts, first);

  async function followKeys(): Promise<void> {
    try {
      const wanted = await changed(dependencies, current);
      if (!wanted) return;
      const isRotation = wanted.keys.version !== current.keys.version;
      current = build(parts, wanted);
      logger.info(isRotation ? 'signing keys changed' : 'what discovery tells of registration changed');
    } catch (err) {
      logger.warn({ err }, 'signing keys could not be read');
    }
  }
  const timer = setInterval(() => void followKeys(), keyPollMs);
  timer.unref();

  return {
    provider: () => current.provider,
    keys: () => current.keys,
    handle: (ctx, next) => current.handle(ctx, next),
    stop: () => clearInterval(timer),
  };
}
