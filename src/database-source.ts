/** Where the database is: the configured one, or the embedded one, which is started here. Shared by the server and every command. */
import type { Config } from './config.ts';
import { startEmbeddedPostgres } from './platform/embedded-postgres/embedded-postgres.ts';
import type { Logger } from './platform/logger.ts';

export interface DatabaseSource {
  url: string;
  /** As the role that owns the tables; undefined where nothing but `url` is known. */
  ownerUrl: string | undefined;
  embedded: boolean;
  stop(): Promise<void>;
}

/** The configured database, or the embedded one in the data directory. */
export async function openDatabaseSource(config: Config, logger: Logger): Promise<DatabaseSource> {
  const { url, ownerUrl } = config.database;
  if (url !== undefined) return { url, ownerUrl, embedded: false, stop: async () => {} };
  const embedded = await startEmbeddedPostgres({ dataDirectory: config.dataDirectory, log: logger });
  return { url: embedded.url, ownerUrl: embedded.ownerUrl, embedded: true, stop: embedded.stop };
}
