/** Where the database is: the configured one, or the embedded one, which is started here. Shared by the server and every command. */
import type { Config } from './config.ts';
import type { DatabaseOptions } from './platform/database.ts';
import { tlsBy } from './platform/database-hosts.ts';
import type { Pooler } from './platform/lent-connections.ts';
import type { Logger } from './platform/logger.ts';

export interface DatabaseSource {
  url: string;
  /** What stands before the server of `url`. */
  pooler: Pooler;
  /** Past the pooler; undefined where there is none, or nothing but `url` is known. */
  directUrl: string | undefined;
  /** As the role that owns the tables; undefined where nothing but `url` is known. */
  ownerUrl: string | undefined;
  embedded: boolean;
  stop(): Promise<void>;
}

/** The configured database, or the embedded one in the data directory. */
export async function openDatabaseSource(config: Config, logger: Logger): Promise<DatabaseSource> {
  const { url, directUrl, ownerUrl, pooler } = config.database;
  if (url !== undefined) return { url, pooler, directUrl, ownerUrl, embedded: false, stop: async () => {} };
  // Most servers have no use for it.
  const { startEmbeddedPostgres } = await import('./platform/embedded-postgres/embedded-postgres.ts');
  const embedded = await startEmbeddedPostgres({ dataDirectory: config.dataDirectory, log: logger });
  return { ...noPooler, url: embedded.url, ownerUrl: embedded.ownerUrl, embedded: true, stop: embedded.stop };
}

const noPooler = { pooler: 'none', directUrl: undefined } as const;

/** Where connections of one's own are had, for what a lent one is too short for; over the pooler where there is no other way. */
export function ownConnections({
  url,
  directUrl,
  pooler,
}: Pick<DatabaseSource, 'url' | 'directUrl' | 'pooler'>): Required<Pick<DatabaseOptions, 'url' | 'pooler'>> {
  return directUrl === undefined ? { url, pooler } : { url: directUrl, pooler: 'none' };
}

/** How a remote database is verified. */
export function databaseTls(config: Config, url: string): boolean | { ca: string } | undefined {
  return tlsBy(config.database.ca, url);
}
