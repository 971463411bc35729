/**
 * The provider of the moment. oidc-provider takes its keys once and for all; to build a new one takes a millisecond. So a
 * change of signing keys, made by any process, builds a new provider here and puts it in the place of the old one.
 */

import type Koa from 'koa';
import compose from 'koa-compose';
import type { Provider } from 'oidc-provider';
import type { Database } from '../platform/database.ts';
import type { Logger } from '../platform/logger.ts';
import { listenToProvider } from './events.ts';
import { loadSigningKeys, type SigningKeySet, signingKeysVersion } from './keys.ts';
import { createProvider, type ProviderDependencies } from './provider.ts';
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
}

interface Current {
  keys: SigningKeySet;
  provider: Provider;
  handle: Koa.Middleware;
}

function build(dependencies: LiveProviderDependencies, keys: SigningKeySet): Current {
  const provider = createProvider({ ...dependencies, keys });
  // The addresses of requests are settled before they get here.
  provider.proxy = true;
  listenToProvider(provider, dependencies);
  return { keys, provider, handle: compose(provider.middleware) as Koa.Middleware };
}

/**
 * Builds the provider and follows the signing keys from then on.
 * @throws Error where a signing key cannot be opened with the configured secret keys
 */
export async function startLiveProvider(dependencies: LiveProviderDependencies): Promise<LiveProvider> {
  const { db, secrets, logger, keyPollMs } = dependencies;
  let current = build(dependencies, await loadSigningKeys(db, secrets));

  async function followKeys(): Promise<void> {
    try {
      if ((await signingKeysVersion(db)) === current.keys.version) return;
      current = build(dependencies, await loadSigningKeys(db, secrets));
      logger.info('signing keys changed');
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
