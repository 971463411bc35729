/** The PostgreSQL server behind a connection: whether it answers, which one it is, and what its clock says. Reads alone. */
import { type Database, firstRow } from './database.ts';

/** Asks for one connection and one answer. @throws what the driver says */
export async function ping(db: Database): Promise<void> {
  await db.raw('select 1');
}

export interface DatabaseServer {
  /** As it calls itself: `16.4 (Debian ...)`. */
  version: string;
  /** `server_version_num`: 160004. */
  number: number;
  /** This connection is encrypted. */
  encrypted: boolean;
  /** `max_connections`. */
  connections: number;
  /** It takes no writes: a standby, or one that was told so. */
  readOnly: boolean;
}

export async function describeServer(db: Database): Promise<DatabaseServer> {
  const server = await firstRow<DatabaseServer>(
    db,
    `select current_setting('server_version')                  as version,
            current_setting('server_version_num')::integer     as number,
            current_setting('max_connections')::integer        as connections,
            current_setting('transaction_read_only')::boolean  as read_only,
            coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as encrypted`,
  );
  if (!server) throw new Error('no answer');
  return server;
}

/** The moment of asking, by the database's clock. */
export async function databaseTime(db: Database): Promise<Date> {
  const answer = await firstRow<{ at: Date }>(db, 'select clock_timestamp() as at');
  if (!answer) throw new Error('no answer');
  return answer.at;
}
