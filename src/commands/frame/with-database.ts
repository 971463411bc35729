/**
 * Opens what a command works on: the configuration and the configured database, or the embedded one, which is started
 * for the length of the command or joined where a server runs already; leaving it does not stop it for others. Says on standard
 * error which one it is, and for which issuer. Refuses a schema that does not fit this version, and another issuer's database.
 */
import pino from 'pino';
import type { Config } from '../../config.ts';
import { type DatabaseSource, databaseTls, openDatabaseSource, ownConnections } from '../../database-source.ts';
import { createDatabase, type Database } from '../../platform/database.ts';
import { describeAddress } from '../../platform/database-hosts.ts';
import { whyUnusable } from '../../platform/database-refusals.ts';
import { ping } from '../../platform/database-server.ts';
import { isQueueMade } from '../../platform/jobs/queue-state.ts';
import { createLogger, type Logger } from '../../platform/logger.ts';
import { migrationStatus } from '../../platform/migrations.ts';
import { createSecrets, type Secrets } from '../../platform/secrets.ts';
import { loadCommandConfig, namesIssuer } from './command-config.ts';
import { DatabaseUnreachable } from './failures.ts';

export interface CommandContext {
  config: Config;
  db: Database;
  secrets: Secrets;
  logger: Logger;
  /** What `db` is connected to. */
  source: DatabaseSource;
}

/** Standard output is the command's; what the program logs goes to standard error, and only if it is worth reading. */
export function commandLogger(config: Config): Logger {
  const level = config.logLevel === 'info' ? 'warn' : config.logLevel;
  return createLogger({ level, destination: pino.destination({ fd: 2, sync: true }) });
}

/** The database, started if need be. @throws DatabaseUnreachable */
async function openSource(config: Config, logger: Logger): Promise<DatabaseSource> {
  try {
    return await openDatabaseSource(config, logger);
  } catch (error) {
    throw new DatabaseUnreachable(`The embedded PostgreSQL does not start: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Where a command works, for a person to see that it is the right place. */
export function sayWhere({ config, source }: Pick<CommandContext, 'config' | 'source'>): void {
  const place = source.embedded
    ? `embedded database in ${config.dataDirectory}`
    : describeAddress(ownConnections(source).url);
  process.stderr.write(`gatehouse: on the ${place}, issuer ${config.issuer}\n`);
}

/** Asks for one connection. @throws DatabaseUnreachable */
async function connect(db: Database, url: string): Promise<void> {
  try {
    await ping(db);
  } catch (error) {
    throw new DatabaseUnreachable(whyUnusable(error, describeAddress(url)), { cause: error });
  }
}

/**
 * Does `work` on a connected database, whatever its schema, and closes everything.
 * @param options `anyServer`: also on a single server that takes no writes, to look at it
 */
export async function withUnpreparedDatabase<T>(
  config: Config,
  work: (context: CommandContext) => Promise<T>,
  { anyServer = false }: { anyServer?: boolean } = {},
): Promise<T> {
  const logger = commandLogger(config);
  const source = await openSource(config, logger);
  const stopOnSignal = endWith(source, logger);
  try {
    const own = ownConnections(source);
    const db = createDatabase({
      ...own,
      anyServer,
      poolMax: 2,
      ssl: databaseTls(config, own.url),
      applicationName: 'gatehouse-command',
      // `migrate` may build an index over years of events.
      statementTimeoutMs: 30 * 60_000,
    });
    try {
      await connect(db, own.url);
      return await work({ config, db, secrets: createSecrets(config.secretKeys), logger, source });
    } finally {
      // A failure to close must not hide what was done: a new secret is shown once.
      await db.destroy().catch((err) => logger.warn({ err }, 'the connection could not be closed'));
    }
  } finally {
    stopOnSignal.forget();
    await source.stop().catch((err) => logger.warn({ err }, 'the embedded PostgreSQL could not be stopped'));
  }
}

/** Does `work` on a database whose schema is up to date: brought there by the same rule as at a start. */
export async function withDatabase<T>(work: (context: CommandContext) => Promise<T>): Promise<T> {
  return withUnpreparedDatabase(loadCommandConfig(), async (context) => {
    const { config, db, source, logger } = context;
    if (!(await isPrepared(db))) {
      // The whole server hangs on it, which takes longer to load than a small command works.
      const { prepareSchema } = await import('../../prepare-schema.ts');
      await prepareSchema({ db, config, source }, logger);
    }
    const { findIssuer } = await import('../../database-issuer.ts');
    const issuer = await findIssuer(db, config, namesIssuer());
    const found = { ...context, config: { ...config, issuer } };
    sayWhere(found);
    return work(found);
  });
}

async function isPrepared(db: Database): Promise<boolean> {
  return (await isQueueMade(db)) && (await migrationStatus(db)).current;
}

/** Ctrl-C must not leave behind a PostgreSQL that this command started. */
function endWith(source: DatabaseSource, logger: Logger): { forget(): void } {
  const onSignal = (signal: NodeJS.Signals) => {
    source
      .stop()
      .catch((err) => logger.warn({ err }, 'the embedded PostgreSQL could not be stopped'))
      .finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  return { forget: () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal) };
}
