/** The only place where things are wired together: dependencies -> provider -> routes -> listen. */
import Koa from 'koa';
import type { Provider } from 'oidc-provider';
import type { Config } from './config.ts';
import { createDependencies, type Dependencies, type Timeouts } from './dependencies.ts';
import type { SenderOptions } from './domain/events/sender.ts';
import { createHttpServer, type HttpTimeouts } from './http-server.ts';
import { type LiveProvider, startLiveProvider } from './oidc/live-provider.ts';
import { cookieKeys } from './oidc/provider.ts';
import type { Database } from './platform/database.ts';
import { type Jobs, startJobs } from './platform/jobs/jobs.ts';
import type { Logger } from './platform/logger.ts';
import type { Metrics } from './platform/metrics.ts';
import { trustProxies } from './platform/network/trusted-proxies.ts';
import { mountRoutes, publishedDocuments } from './routes.ts';
import { crontab, scheduledTasks } from './schedule.ts';
import { startTelemetry } from './telemetry.ts';
import { startTelling } from './telling.ts';
import { createRequestTeller } from './web/middleware/request-log.ts';
import { createProviderPages } from './web/provider/provider-pages.ts';
import { createPublicDocuments, type PublicDocuments } from './web/provider/public-documents.ts';

export interface GatehouseServer {
  app: Koa;
  db: Database;
  metrics: Metrics;
  provider: () => Provider;
  /** Listens; answers the port. */
  listen(host: string, port: number): Promise<number>;
  /**
   * Takes no more jobs and is not ready any more, answers for as long as balancers may need to notice (`DRAIN_SECONDS`), finishes
   * what is in flight (10 s at the most), closes everything.
   */
  stop(): Promise<void>;
}

export interface ServerOptions {
  config: Config;
  databaseUrl: string;
  logger: Logger;
  /** How often the signing keys are compared with the database; default 1 s. */
  keyPollMs?: number;
  /** Whether this process takes jobs, and tells who listens; default yes. */
  runJobs?: boolean;
  /** How that is told, where it is not as usual. */
  telling?: Partial<SenderOptions>;
  timeouts?: Timeouts & { http?: Partial<HttpTimeouts> };
}

/** Two more than messages can hold (two queues of mail, two of phones): what hangs there holds up nothing else. */
const jobsAtOnce = 6;

/**
 * Builds a server on a migrated database that has signing keys.
 * @throws where a signing key cannot be opened with the configured secret keys
 */
export async function createGatehouse(options: ServerOptions): Promise<GatehouseServer> {
  const { config, databaseUrl, logger, keyPollMs = 1000, runJobs = true } = options;
  const dependencies = createDependencies(config, databaseUrl, logger, options.timeouts);
  const { db, metrics, pages, i18n } = dependencies;
  const documentMs = options.timeouts?.clientDocumentMs;
  const live = await startLiveProvider({
    ...dependencies,
    keyPollMs,
    pages: createProviderPages(db, pages, logger),
    fetch: dependencies.fetch as typeof globalThis.fetch,
    uiLocales: i18n.locales.map(({ code }) => code),
    fresh: documentMs === undefined ? undefined : { least: documentMs, most: documentMs },
  });
  let stopping = false;
  const isStopping = () => stopping;
  const tell = createRequestTeller(dependencies);
  const telemetry = await startTelemetry(dependencies);
  const documents = createPublicDocuments({ live, paths: publishedDocuments, tell });
  const app = createApp(dependencies, live, { isStopping, documents });
  const jobs = runJobs ? startJobsOf(dependencies, live) : undefined;
  const sender = runJobs ? startTelling(dependencies, options.telling) : undefined;
  const keepAliveTimeout = config.listen.keepAliveSeconds * 1000;
  const http = createHttpServer(documents.before(app.callback()), { keepAliveTimeout, ...options.timeouts?.http });
  return {
    app,
    db,
    metrics,
    provider: live.provider,
    listen: http.listen,
    async stop() {
      stopping = true;
      const work = [jobs?.stop(), sender?.stop()];
      await http.leave(config.listen.drainSeconds * 1000);
      // Else they would be waited for. Not before: who is told as things happen comes back at once, and may be led here.
      dependencies.listeners.end();
      await Promise.all([http.drain(), ...work]);
      live.stop();
      await dependencies.close();
      await telemetry.stop();
    },
  };
}

function createApp(
  dependencies: Dependencies,
  live: LiveProvider,
  { isStopping, documents }: { isStopping: () => boolean; documents: PublicDocuments },
): Koa {
  const { config, secrets, logger } = dependencies;
  const app = new Koa();
  app.keys = cookieKeys(secrets);
  setHeadersSimply(app);
  app.on('error', (err) => logger[isClientsDoing(err) ? 'info' : 'error']({ err }, 'an answer could not be sent'));
  mountRoutes(app, dependencies, live, { isStopping, documents });
  trustProxies(app, config.trustedProxies, config.clientCertificates);
  return app;
}

/** Koa makes five lists of each header that it sets; a header of one value needs none. */
function setHeadersSimply(app: Koa): void {
  const response = app.response as Koa.Response;
  const { set } = response;
  response.set = function setHeader(this: Koa.Response, field: unknown, value?: unknown) {
    if (typeof field !== 'string' || field === '' || typeof value !== 'string')
      set.call(this, field as string, value as string);
    else if (!this.headerSent) this.res.setHeader(field, value);
  };
}

function startJobsOf(dependencies: Dependencies, live: LiveProvider): Jobs {
  const { jobsConnection, logger } = dependencies;
  const tasks = scheduledTasks({ ...dependencies, provider: live.provider });
  return startJobs({ ...jobsConnection, tasks, crontab, logger, concurrency: jobsAtOnce });
}

/** The client hung up, or spoke no HTTP: anybody can do that all day. */
function isClientsDoing(error: NodeJS.ErrnoException): boolean {
  return /^(?:HPE_|ECONNRESET$|ECONNABORTED$|EPIPE$|ERR_STREAM_PREMATURE_CLOSE$)/.test(error.code ?? '');
}
