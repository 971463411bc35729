/**
 * What the routes and the jobs of one process share, made once from its configuration: database, secrets, pages, messages,
 * outgoing calls. A process may build several (tests do); nothing here is global.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from './config.ts';
import { databaseTls, ownConnections } from './database-source.ts';
import { codeRateLimits } from './domain/codes/code-limits.ts';
import { configuredChannels } from './domain/messages/available-channels.ts';
import { createMessenger, type Messenger } from './domain/messages/deliver-message.ts';
import type { MailReach } from './domain/messages/mail-policy.ts';
import { createMessageMetrics, type MessageMetrics } from './domain/messages/message-metrics.ts';
import { createMessageViews } from './domain/messages/message-views.ts';
import type { Channel } from './domain/messages/outgoing-message.ts';
import { createPasswordHasher, type PasswordHasher } from './domain/methods/password/password-hash.ts';
import { showPasswordQueue } from './domain/methods/password/password-metrics.ts';
import { passwordLimits } from './domain/methods/password/password-sign-in.ts';
import { createSealMetrics, type SealMetrics } from './domain/seals/seal-metrics.ts';
import { createSignInMetrics, type SignInMetrics } from './domain/sign-in/sign-in-metrics.ts';
import { storedRequestLimits } from './oidc/storage/stored-requests.ts';
import { createTokenMetrics, type TokenMetrics } from './oidc/tokens/token-metrics.ts';
import { type AddressLimits, createAddressLimits } from './platform/address-limits.ts';
import { createDatabase, type Database } from './platform/database.ts';
import { createI18n, type I18n } from './platform/i18n.ts';
import type { JobsConnection } from './platform/jobs/jobs.ts';
import { createListeners, type Listeners } from './platform/listeners.ts';
import type { Logger } from './platform/logger.ts';
import { createMailer, type MailTimeouts } from './platform/mailer.ts';
import { createMetrics, type Metrics } from './platform/metrics.ts';
import { createOutboundFetch } from './platform/network/outbound.ts';
import { createPhoneMessages } from './platform/phone-messages.ts';
import { rememberConfiguration } from './platform/remembered.ts';
import { createReplicaMetrics } from './platform/replica-metrics.ts';
import { createReads, type Reads } from './platform/replicas.ts';
import { createSecrets, type Secrets } from './platform/secrets.ts';
import { type Assets, createAssets } from './web/pages/assets.ts';
import { createPages, type Pages } from './web/pages/pages.ts';
import { createViews } from './web/pages/views.ts';

/** How long others are waited for, where it is not the usual: the defaults stand with what waits. Tests give them. */
export interface Timeouts {
  mail?: Partial<MailTimeouts>;
  phoneMs?: number;
  federationMs?: number;
  /** How long what this process remembers of the configuration counts unasked. */
  configurationCheckMs?: number;
  /** For an answer to any outgoing call. */
  outboundMs?: number;
  /** For the answer of a webhook. */
  webhookMs?: number;
  /** How long the document of a client counts, whatever its server says. */
  clientDocumentMs?: number;
  /** How long a request waits for a connection to the database. */
  connectionMs?: number;
}

export interface Dependencies extends MailReach {
  config: Config;
  timeouts: Timeouts;
  jobsConnection: JobsConnection;
  db: Database;
  /** What may be read from replicas, where there are any. */
  reads: Reads;
  secrets: Secrets;
  limits: AddressLimits;
  metrics: Metrics & MessageMetrics & SealMetrics & SignInMetrics & TokenMetrics;
  logger: Logger;
  passwords: PasswordHasher;
  i18n: I18n;
  assets: Assets;
  pages: Pages;
  messenger: Messenger;
  /** The channels that have a provider. */
  channels: readonly Channel[];
  /** Outgoing calls, under the rule of which networks they may reach. */
  fetch: ReturnType<typeof createOutboundFetch>;
  /** Those who are told as things happen; they end with the server. */
  listeners: Listeners;
  /** Closes what holds connections. */
  close(): Promise<void>;
}

/** `views` beside the sources, or beside the compiled build. */
const viewsDirectory = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../views' : '../../views', import.meta.url),
);

const outboundTimeoutMs = 2_500;
const outboundBytes = 64 * 1024;

function knexLogger(logger: Logger): { warn(text: string): void; error(text: string): void } {
  return { warn: (text) => logger.warn(text), error: (text) => logger.warn(text) };
}

function createLanguages(config: Config, logger: Logger): I18n {
  return createI18n(`${viewsDirectory}/locales`, {
    onMissing: config.isProduction
      ? (locale, key) => logger.warn({ locale, textKey: key }, 'a text is missing')
      : undefined,
  });
}

/** Those of the platform, and each feature's own in the same registry. */
function createAllMetrics(): Dependencies['metrics'] {
  const metrics = createMetrics();
  const { registry } = metrics;
  return {
    ...metrics,
    ...createMessageMetrics(registry),
    ...createSealMetrics(registry),
    ...createSignInMetrics(registry),
    ...createTokenMetrics(registry),
  };
}

/** The numbers stand under the names of the limits that the features declare. */
export function createLimits({ addressLimits }: Pick<Config, 'addressLimits'>): AddressLimits {
  const { trustedNetworks, signInFailures, codes, openSignIns } = addressLimits;
  const numbers = {
    [passwordLimits.signInPerIp.name]: signInFailures,
    [codeRateLimits.codesPerIp.name]: codes,
    [storedRequestLimits.openSignInsPerIp.name]: openSignIns,
  };
  return createAddressLimits({ trustedNetworks, numbers });
}

function createFetch(config: Config, { outboundMs = outboundTimeoutMs }: Timeouts): Dependencies['fetch'] {
  const allowedNetworks = [...config.outboundAllowedNetworks];
  return createOutboundFetch({ allowedNetworks, timeoutMs: outboundMs, maxBytes: outboundBytes });
}

function openDatabase(config: Config, url: string, logger: Logger, timeouts: Timeouts): Database {
  const ssl = databaseTls(config, url);
  const { poolMax, pooler } = config.database;
  const acquireTimeoutMs = timeouts.connectionMs;
  const db = createDatabase({ url, poolMax, pooler, ssl, acquireTimeoutMs, log: knexLogger(logger) });
  rememberConfiguration(db, { checkMs: timeouts.configurationCheckMs });
  return db;
}

/** Each read is counted where there are replicas; else all go one way. */
function openReads(config: Config, primary: Database, { registry }: Metrics, logger: Logger): Reads {
  const { replicaUrl: url, replicaMaxLagMs: maxLagMs, poolMax } = config.database;
  if (url === undefined) return createReads({ url, maxLagMs, primary });
  const { countRead, showLag } = createReplicaMetrics(registry);
  const ssl = databaseTls(config, url);
  const log = knexLogger(logger);
  return createReads({ url, ssl, poolMax, maxLagMs, primary, log, onRead: countRead, onLag: showLag });
}

/** What listens needs connections of its own. */
function jobsConnection(config: Config, databaseUrl: string): JobsConnection {
  const { directUrl, pooler } = config.database;
  const { url, pooler: before } = ownConnections({ url: databaseUrl, directUrl, pooler });
  return { databaseUrl: url, pooler: before, ssl: databaseTls(config, url) };
}

/** Makes everything; nothing listens and nothing is asked of the database yet. */
export function createDependencies(
  config: Config,
  databaseUrl: string,
  logger: Logger,
  timeouts: Timeouts = {},
): Dependencies {
  const db = openDatabase(config, databaseUrl, logger, timeouts);
  const metrics = createAllMetrics();
  metrics.watchPool('main', db);
  const reads = openReads(config, db, metrics, logger);
  const passwords = createPasswordHasher(config.argon2);
  showPasswordQueue(metrics.registry, passwords);

  const i18n = createLanguages(config, logger);
  const assets = createAssets(`${viewsDirectory}/assets`);
  const drawing = { directory: viewsDirectory, i18n, cache: config.environment !== 'development' };
  const mailer = createMailer({
    ...config.mail,
    directory: join(config.dataDirectory, 'mail'),
    log: (line) => logger.info(line),
    timeouts: timeouts.mail,
  });
  const channels = configuredChannels(config);
  const messenger = createMessenger({
    db,
    config,
    views: createMessageViews({ ...drawing, issuer: config.issuer, brand: config.brand }),
    mailer,
    phone: config.phone.twilio && createPhoneMessages({ ...config.phone.twilio, timeoutMs: timeouts.phoneMs }),
    channels,
    metrics,
    logger,
  });
  return {
    config,
    timeouts,
    jobsConnection: jobsConnection(config, databaseUrl),
    db,
    reads,
    secrets: createSecrets(config.secretKeys),
    limits: createLimits(config),
    metrics,
    logger,
    passwords,
    i18n,
    assets,
    pages: createPages({ views: createViews({ ...drawing, assetUrl: assets.url }), i18n, brand: config.brand }),
    messenger,
    channels,
    takesUnicodeMail: mailer && (() => mailer.takesUnicode()),
    fetch: createFetch(config, timeouts),
    listeners: createListeners(),
    async close() {
      mailer?.close();
      await reads.close();
      await db.destroy();
    },
  };
}
