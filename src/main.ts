/**
 * Start, listen, drain, stop. Owns the order in which a process comes up: database, migrations, keys, first content,
 * then the port. Refuses to start on anything that it would have to be ashamed of later, and says what.
 */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Config } from './config.ts';
import { claimDatabase } from './database-issuer.ts';
import { type DatabaseSource, databaseTls, openDatabaseSource, ownConnections } from './database-source.ts';
import { systemCaller } from './domain/audit/audit-events.ts';
import { createPasswordHasher } from './domain/methods/password/password-hash.ts';
import { firstSetupLink } from './domain/setup/first-setup-link.ts';
import { needsSetup } from './domain/setup/setup-links.ts';
import { ensureSigningKeys, loadSigningKeys } from './oidc/keys.ts';
import { createDatabase, type Database } from './platform/database.ts';
import { describeAddress } from './platform/database-hosts.ts';
import { whyUnusable } from './platform/database-refusals.ts';
import { waitForDatabase } from './platform/database-server.ts';
import { findPooler } from './platform/find-pooler.ts';
import { createLogger, type Logger, scrubText } from './platform/logger.ts';
import { type MetricsServer, startMetricsServer } from './platform/metrics.ts';
import { createSecrets } from './platform/secrets.ts';
import { connectedAs } from './platform/server-role.ts';
import { migrationTimeoutMs, prepareSchema } from './prepare-schema.ts';
import { createGatehouse } from './server.ts';
import { StartError } from './start-error.ts';

const databaseWaitMs = 30_000;

/** Says once what is waited for, and what came of it. */
async function waitUntilReachable(db: Database, url: string, logger: Logger): Promise<void> {
  const address = describeAddress(url);
  const seconds = databaseWaitMs / 1000;
  try {
    const waited = await waitForDatabase(db, databaseWaitMs, (why) =>
      logger.warn(`waiting up to ${seconds} seconds for the ${address}: ${scrubText(why)}`),
    );
    if (waited) logger.info(`the ${address} answers`);
  } catch (error) {
    throw new StartError(whyUnusable(error, address), { cause: error });
  }
}

/** @throws StartError where the server would work over connections that it takes for its own, or over two databases */
async function assertPoolerIsKnown(
  db: Database,
  { config, source: { url, directUrl, pooler } }: { config: Config; source: DatabaseSource },
  logger: Logger,
): Promise<void> {
  // What cannot be found out is no reason to stay away.
  const leadsTo = async (to: string) => (await findPooler(to, databaseTls(config, to)).catch(() => undefined))?.pooler;
  if (pooler === 'none' && (await leadsTo(url)) === 'transaction')
    throw new StartError(
      `The ${describeAddress(url)} is reached by a pooler that lends a connection for each transaction. Set DATABASE_POOLER=transaction, and DATABASE_DIRECT_URL to the way past it`,
    );
  if (directUrl === undefined) return;
  if ((await leadsTo(directUrl)) === 'transaction')
    throw new StartError('DATABASE_DIRECT_URL leads through a pooler too. Let it name PostgreSQL itself');
  const lent = createDatabase({ url, pooler, poolMax: 1, ssl: databaseTls(config, url) });
  try {
    await waitUntilReachable(lent, url, logger);
    if ((await connectedAs(lent)).database !== (await connectedAs(db)).database)
      throw new StartError('DATABASE_DIRECT_URL leads to another database than DATABASE_URL');
  } finally {
    await lent.destroy();
  }
}

async function assertPortIsFree(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const probe = createServer();
  try {
    probe.listen({ host, port });
    await once(probe, 'listening');
  } catch (error) {
    throw new StartError(portMessage(error, port), { cause: error });
  } finally {
    probe.close();
  }
}

function portMessage(error: unknown, port: number): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE')
    return `Port ${port} is taken by another program. Stop it, or choose another port: PORT=${port + 1}`;
  if (code === 'EACCES') return `Port ${port} may not be used by this user. Choose one above 1023: PORT=3000`;
  return `Port ${port} cannot be used: ${(error as Error).message}`;
}

/** What the operator reads after a start. */
async function announcementOf(db: Database, config: Config, source: DatabaseSource): Promise<string> {
  const ready = `\n  Gatehouse is ready at ${config.issuer}\n`;
  if (config.environment === 'development' && source.embedded) {
    const { describeSeeds, updateIssuer } = await import('../seeds/development.ts');
    updateIssuer(config);
    const text = describeSeeds(config);
    if (text) return `${ready}\n${text}\n`;
  }
  if (!(await needsSetup(db))) return `${ready}\n`;
  const secrets = createSecrets(config.secretKeys);
  const { token, expiresAt } = await firstSetupLink(db, { secrets, caller: systemCaller });
  const until = expiresAt
    .toISOString()
    .replace('T', ' ')
    .replace(/:\d\d\.\d+Z$/, ' UTC');
  if (token === undefined)
    return `${ready}\n  Nobody can sign in yet. The link for the first administrator is the one that gatehouse admin invite\n  has shown, until ${until}. For another one run it again.\n\n`;
  return `${ready}\n  Nobody can sign in yet. Make the first administrator here, once, until ${until}:\n\n    ${config.issuer}/set-up/${token}\n\n`;
}

/** First content and keys, made by whichever process comes first. */
async function prepareContent(db: Database, config: Config, source: DatabaseSource): Promise<void> {
  const secrets = createSecrets(config.secretKeys);
  await claimDatabase(db, config);
  await ensureSigningKeys(db, secrets, systemCaller);
  try {
    await loadSigningKeys(db, secrets);
  } catch (error) {
    throw new StartError((error as Error).message, { cause: error });
  }
  if (config.environment === 'development' && source.embedded && (await needsSetup(db))) {
    const { loadSeeds } = await import('../seeds/development.ts');
    await loadSeeds(db, { config, passwords: createPasswordHasher(config.argon2) });
  }
}

/** @returns the database, and what to say once the port is open: a person who reads an address tries it at once */
async function prepare(
  config: Config,
  logger: Logger,
): Promise<{ source: DatabaseSource; announcement: string | undefined }> {
  await assertPortIsFree(config.listen.host, config.listen.port);
  const source = await openDatabaseSource(config, logger);
  try {
    const own = ownConnections(source);
    const db = createDatabase({
      ...own,
      poolMax: 2,
      ssl: databaseTls(config, own.url),
      statementTimeoutMs: migrationTimeoutMs,
    });
    try {
      await waitUntilReachable(db, own.url, logger);
      if (!source.embedded) await assertPoolerIsKnown(db, { config, source }, logger);
      await prepareSchema({ db, config, source }, logger);
      await prepareContent(db, config, source);
      return { source, announcement: await announcementOf(db, config, source) };
    } finally {
      await db.destroy();
    }
  } catch (error) {
    await source.stop();
    throw error;
  }
}

async function serve(config: Config, source: DatabaseSource, logger: Logger): Promise<() => Promise<void>> {
  const gatehouse = await createGatehouse({ config, databaseUrl: source.url, logger });
  try {
    await gatehouse.listen(config.listen.host, config.listen.port);
  } catch (error) {
    await gatehouse.stop();
    throw new StartError(portMessage(error, config.listen.port), { cause: error });
  }
  let metrics: MetricsServer | undefined;
  if (cluster.isPrimary && config.metrics.port !== 0) {
    metrics = await startMetricsServer({ ...config.metrics, source: gatehouse.metrics.registry }).catch((err) => {
      logger.warn({ err }, 'metrics are not served: their port is taken');
      return undefined;
    });
  }
  return async () => {
    await Promise.all([gatehouse.stop(), metrics?.stop()]);
  };
}

/** Forks the workers and replaces those that end on their own, more slowly each time. */
async function supervise(config: Config, logger: Logger): Promise<() => Promise<void>> {
  let stopping = false;
  let losses = 0;
  cluster.on('exit', (worker: Worker, code, signal) => {
    if (stopping) return;
    losses += 1;
    logger.error({ pid: worker.process.pid, code, signal }, 'a worker ended; starting another');
    setTimeout(() => stopping || cluster.fork(), Math.min(30_000, 250 * 2 ** Math.min(losses, 7))).unref();
  });
  for (let n = 0; n < config.workers; n++) cluster.fork();
  const metrics =
    config.metrics.port === 0
      ? undefined
      : await startMetricsServer({ ...config.metrics, source: 'cluster' }).catch((err) => {
          logger.warn({ err }, 'metrics are not served: their port is taken');
          return undefined;
        });
  return async () => {
    stopping = true;
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    await Promise.all(
      workers.map((worker) => {
        const ended = once(worker, 'exit');
        worker.process.kill('SIGTERM');
        return ended;
      }),
    );
    await metrics?.stop();
  };
}

/** Ctrl-C tells every process of a terminal, and npm or whatever started us passes it on: that is one signal. */
const sameSignalMs = 1_000;

/**
 * Runs the server until it is told to stop. SIGTERM and SIGINT drain and end with 0; a second one, later, ends at once.
 * @throws StartError, ConfigError
 */
export async function start(config: Config): Promise<void> {
  const logger = createLogger({ level: config.logLevel });
  // What libraries print goes where the rest goes.
  Object.assign(console, {
    info: (...text: unknown[]) => logger.info(text.join(' ')),
    warn: (...text: unknown[]) => logger.warn(text.join(' ')),
  });
  process.on('unhandledRejection', (err) => logger.error({ err }, 'unhandled rejection'));

  const isWorker = cluster.isWorker;
  const { source, announcement } = isWorker
    ? { source: await openDatabaseSource(config, logger), announcement: undefined }
    : await prepare(config, logger);
  const announce = () => announcement !== undefined && process.stdout.write(announcement);
  const supervises = !isWorker && config.workers > 1;
  if (supervises) cluster.once('listening', announce);
  const stopServing = supervises ? await supervise(config, logger) : await serve(config, source, logger);
  if (!supervises) announce();

  let toldAt: number | undefined;
  const stop = async (signal: string) => {
    if (toldAt !== undefined) {
      if (performance.now() - toldAt > sameSignalMs) process.exit(1);
      return;
    }
    toldAt = performance.now();
    logger.info({ signal }, 'stopping');
    try {
      await stopServing();
      await source.stop();
    } catch (err) {
      logger.error({ err }, 'stopped, but not in order');
      process.exit(1);
    }
    process.exit(0);
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
}
