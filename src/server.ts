/**
 * The only place where things are wired together: configuration -> database -> provider -> routes. A process may build
 * several (tests do); nothing here is global.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Koa from 'koa';
import compose from 'koa-compose';
import type { Provider } from 'oidc-provider';
import type { Config } from './config.ts';
import { createMessenger } from './domain/messages/deliver-message.ts';
import { createMessageViews } from './domain/messages/message-views.ts';
import { createPasswordHasher } from './domain/methods/password/password-hash.ts';
import { listenToProvider } from './oidc/events.ts';
import { createFederationClient } from './oidc/federation-client.ts';
import { loadSigningKeys, type SigningKeySet, signingKeysVersion } from './oidc/keys.ts';
import { createProvider, routes } from './oidc/provider.ts';
import { createAccessTokenVerifier, structuredTokens } from './oidc/tokens/access-token-records.ts';
import { createDatabase, type Database } from './platform/database.ts';
import { createI18n } from './platform/i18n.ts';
import { type Jobs, startJobs } from './platform/jobs/jobs.ts';
import type { Logger } from './platform/logger.ts';
import { createMailer } from './platform/mailer.ts';
import { createMetrics, type Metrics } from './platform/metrics.ts';
import { createOutboundFetch } from './platform/network/outbound.ts';
import { trustProxies } from './platform/network/trusted-proxies.ts';
import { createPhoneMessages } from './platform/phone-messages.ts';
import { createSecrets } from './platform/secrets.ts';
import { crontab, scheduledTasks } from './schedule.ts';
import { accountRoutes } from './web/account/account.ts';
import { welcomeRoutes } from './web/account/welcome.ts';
import { accessClaims } from './web/api/access-claims.ts';
import { authzenRoutes } from './web/api/authzen.ts';
import { createHealth } from './web/api/health.ts';
import type { WebDependencies } from './web/interaction/context.ts';
import { interactionRoutes } from './web/interaction/dispatcher.ts';
import { invitationRoutes } from './web/links/invitations.ts';
import { recoveryRoutes } from './web/links/recovery.ts';
import { setUpRoutes } from './web/links/set-up.ts';
import { limitBody } from './web/middleware/body.ts';
import { device } from './web/middleware/device.ts';
import { handleErrors } from './web/middleware/errors.ts';
import { limitUserCodes } from './web/middleware/limit-user-codes.ts';
import { pinIssuer } from './web/middleware/pin-issuer.ts';
import { postToGet } from './web/middleware/post-to-get.ts';
import { createRequestLog } from './web/middleware/request-log.ts';
import { sameOrigin } from './web/middleware/same-origin.ts';
import { createAssets } from './web/pages/assets.ts';
import { locale } from './web/pages/locale.ts';
import { createPages } from './web/pages/pages.ts';
import { securityHeaders } from './web/pages/security-headers.ts';
import { createViews } from './web/pages/views.ts';
import { createProviderPages } from './web/provider/provider-pages.ts';
import { selfSubmittingForms } from './web/provider/self-submitting-forms.ts';
import { callbackRoutes } from './web/sign-in/federation-callback.ts';

export interface GatehouseServer {
  app: Koa;
  db: Database;
  metrics: Metrics;
  provider: () => Provider;
  /** Listens; answers the port. */
  listen(host: string, port: number): Promise<number>;
  /** Refuses new requests, finishes what is in flight (10 s at the most), closes everything. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  config: Config;
  databaseUrl: string;
  logger: Logger;
  /** How often the signing keys are compared with the database; default 1 s. */
  keyPollMs?: number;
  /** Whether this process takes jobs; default yes. */
  runJobs?: boolean;
}

/** `views` beside the sources, or beside the compiled build. */
const viewsDirectory = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../views' : '../../views', import.meta.url),
);

const drainMs = 10_000;

/** Two more than messages can hold (two queues of mail, two of phones): what hangs there holds up nothing else. */
const jobsAtOnce = 6;

function knexLogger(logger: Logger): { warn(text: string): void; error(text: string): void } {
  return { warn: (text) => logger.warn(text), error: (text) => logger.warn(text) };
}

/** How a remote database is verified. */
export function databaseTls(config: Config, url: string): boolean | { ca: string } | undefined {
  if (config.database.ca !== undefined) return { ca: config.database.ca };
  return url.includes('sslmode=verify-full') ? true : undefined;
}

/**
 * Builds a server on a migrated database that has signing keys.
 * @throws where a signing key cannot be opened with the configured secret keys
 */
export async function createGatehouse({
  config,
  databaseUrl,
  logger,
  keyPollMs = 1000,
  runJobs = true,
}: ServerOptions): Promise<GatehouseServer> {
  const { issuer } = config;
  const ssl = databaseTls(config, databaseUrl);
  const db = createDatabase({ url: databaseUrl, poolMax: config.database.poolMax, ssl, log: knexLogger(logger) });
  const secrets = createSecrets(config.secretKeys);
  const metrics = createMetrics();
  metrics.watchPool('main', db);
  const passwords = createPasswordHasher(config.argon2);
  metrics.watchPasswordQueue(() => passwords.pending);

  const i18n = createI18n(`${viewsDirectory}/locales`, {
    onMissing: config.isProduction
      ? (locale, key) => logger.warn({ locale, textKey: key }, 'a text is missing')
      : undefined,
  });
  const assets = createAssets(`${viewsDirectory}/assets`);
  const views = createViews({
    directory: viewsDirectory,
    i18n,
    cache: config.environment !== 'development',
    assetUrl: assets.url,
  });
  const pages = createPages({ views, i18n });
  const mailer = createMailer({
    ...config.mail,
    directory: join(config.dataDirectory, 'mail'),
    log: (line) => logger.info(line),
  });
  const messenger = createMessenger({
    db,
    config,
    views: createMessageViews({ directory: viewsDirectory, i18n, issuer, cache: config.environment !== 'development' }),
    mailer,
    phone: config.phone.twilio && createPhoneMessages(config.phone.twilio),
    metrics,
    logger,
  });
  const fetch = createOutboundFetch({
    allowedNetworks: [...config.outboundAllowedNetworks],
    timeoutMs: 2500,
    maxBytes: 64 * 1024,
  });

  let current: { keys: SigningKeySet; provider: Provider; handle: Koa.Middleware };
  function use(keys: SigningKeySet): void {
    const provider = createProvider({
      config,
      db,
      secrets,
      keys,
      pages: createProviderPages(db, pages, logger),
      fetch: fetch as typeof globalThis.fetch,
      uiLocales: i18n.locales.map(({ code }) => code),
    });
    provider.proxy = true;
    listenToProvider(provider, { db, secrets, logger, metrics });
    const tokens = structuredTokens(
      new Set([routes.introspection, routes.revocation]),
      createAccessTokenVerifier(issuer, keys.publicJwks),
    );
    current = { keys, provider, handle: compose([tokens, ...provider.middleware]) as Koa.Middleware };
  }
  use(await loadSigningKeys(db, secrets));

  async function followKeys(): Promise<void> {
    try {
      if ((await signingKeysVersion(db)) !== current.keys.version) {
        use(await loadSigningKeys(db, secrets));
        logger.info('signing keys changed');
      }
    } catch (err) {
      logger.warn({ err }, 'signing keys could not be read');
    }
  }
  const keyTimer = setInterval(() => void followKeys(), keyPollMs);
  keyTimer.unref();

  const web: WebDependencies = {
    db,
    secrets,
    passwords,
    pages,
    metrics,
    issuer,
    isDevelopment: config.environment === 'development',
    channels: messenger.channels,
    phoneCountries: config.phone.countries,
    budgets: { email: config.mail.dailyBudget, phone: config.phone.dailyBudget },
    federation: createFederationClient({ fetch, secrets, logger, allowHttp: !config.isProduction }),
    provider: () => current.provider,
  };

  let stopping = false;
  const app = new Koa();
  app.keys = secrets.keys('cookies').map((key) => key.toString('base64url'));
  app.on('error', (err) => logger[isClientsDoing(err) ? 'info' : 'error']({ err }, 'an answer could not be sent'));
  app.use(async (ctx, next) => {
    await next();
    // Else the connection would wait for the next request, and the end for the connection.
    if (stopping) ctx.set('Connection', 'close');
  });
  app.use(createHealth({ db, logger, isStopping: () => stopping }));
  app.use(pinIssuer(issuer));
  app.use(createRequestLog({ logger, metrics }));
  app.use(securityHeaders({ issuer }));
  app.use(assets.middleware);
  app.use(locale(i18n));
  app.use(handleErrors(pages, logger));
  app.use(limitBody());
  app.use(device());
  app.use(postToGet(new Set([routes.authorization, routes.end_session])));
  const forms = sameOrigin({ issuer });
  for (const router of [
    welcomeRoutes(web),
    interactionRoutes(web),
    accountRoutes(web),
    setUpRoutes(web),
    invitationRoutes(web),
    recoveryRoutes(web),
    callbackRoutes(web),
  ]) {
    // Before the router: what a router is told to use after its routes were made never runs for them.
    app.use((ctx, next) => (router.match(ctx.path, ctx.method).route ? forms(ctx, next) : next()));
    app.use(router.routes()).use(router.allowedMethods());
  }
  const authzen = authzenRoutes({ db, secrets, issuer });
  app.use(authzen.routes()).use(authzen.allowedMethods());
  app.use(accessClaims({ db, issuer, provider: () => current.provider, keys: () => current.keys }));
  app.use(limitUserCodes(db, routes.code_verification));
  app.use(selfSubmittingForms(pages));
  app.use((ctx, next) => current.handle(ctx, next));
  trustProxies(app, config.trustedProxies);

  const jobs: Jobs | undefined = runJobs
    ? startJobs({
        databaseUrl,
        ssl,
        tasks: scheduledTasks({ config, db, secrets, messenger, provider: () => current.provider }),
        crontab,
        logger,
        concurrency: jobsAtOnce,
      })
    : undefined;

  let server: Server | undefined;
  const sockets = new Set<Socket>();
  return {
    app,
    db,
    metrics,
    provider: () => current.provider,
    async listen(host, port) {
      const http = createServer(
        // Node looks at the first two only every half minute if it is not told otherwise.
        {
          requestTimeout: 30_000,
          headersTimeout: 10_000,
          keepAliveTimeout: 65_000,
          connectionsCheckingInterval: 2_000,
        },
        app.callback(),
      );
      http.maxHeadersCount = 100;
      http.on('connection', (socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      });
      server = http;
      await new Promise<void>((resolve, reject) => {
        http.once('error', reject);
        http.listen({ host, port }, resolve);
      });
      return (http.address() as AddressInfo).port;
    },
    async stop() {
      stopping = true;
      clearInterval(keyTimer);
      await Promise.all([server && drain(server, sockets), jobs?.stop()]);
      mailer?.close();
      await db.destroy();
    },
  };
}

/** The client hung up, or spoke no HTTP: anybody can do that all day. */
function isClientsDoing(error: NodeJS.ErrnoException): boolean {
  return /^(?:HPE_|ECONNRESET$|ECONNABORTED$|EPIPE$|ERR_STREAM_PREMATURE_CLOSE$)/.test(error.code ?? '');
}

/** Takes no more connections, lets requests finish, and cuts what takes longer than ten seconds. */
function drain(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
    // Browsers open connections in case there will be something to ask; to Node these are busy.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  });
}
