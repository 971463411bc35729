/** What a check of an installation is given. */
import type { Config } from '../config.ts';
import type { Database } from '../platform/database.ts';
import type { Secrets } from '../platform/secrets.ts';

/** What is looked at. */
export interface Installation {
  config: Config;
  db: Database;
  secrets: Secrets;
  /** Whether the database is the one in the data directory. */
  source: { embedded: boolean };
}
