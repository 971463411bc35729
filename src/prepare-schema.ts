/** Brings the schema up to date, as the role that owns the tables where that is another one than the server's, or says why it may not. */
import type { Config } from './config.ts';
import { type DatabaseSource, databaseTls, ownConnections } from './database-source.ts';
import { ensureAuditPartitions } from './domain/audit/audit-upkeep.ts';
import { migrateToLatest } from './platform/apply-migrations.ts';
import { createDatabase, type Database } from './platform/database.ts';
import { migrateJobs } from './platform/jobs/jobs.ts';
import type { Logger } from './platform/logger.ts';
import { type MigrationPlan, planMigrations } from './platform/migration-plan/plan-migrations.ts';
import { type MigrationStatus, migrationStatus } from './platform/migrations.ts';
import { admitServerRole, connectedAs } from './platform/server-role.ts';
import { StartError } from './start-error.ts';

/** A migration may build an index over years of events. */
export const migrationTimeoutMs = 30 * 60_000;

const insufficientPrivilege = '42501';

interface Prepared {
  /** The server's connection. */
  db: Database;
  config: Config;
  source: Pick<DatabaseSource, 'url' | 'pooler' | 'directUrl' | 'ownerUrl'>;
}

/** Whether there is no way but through a pooler. */
function isLent(source: Prepared['source']): boolean {
  return source.ownerUrl === undefined && ownConnections(source).pooler !== 'none';
}

/** Does `work` as the owner of the tables. @throws StartError where its URL leads to another database */
async function asOwner<T>({ db, config, source }: Prepared, work: (owner: Database) => Promise<T>): Promise<T> {
  const { url } = ownConnections(source);
  const { ownerUrl } = source;
  if (ownerUrl === undefined || ownerUrl === url) return work(db);
  const ssl = databaseTls(config, ownerUrl);
  const owner = createDatabase({ url: ownerUrl, poolMax: 2, ssl, statementTimeoutMs: migrationTimeoutMs });
  try {
    const [server, other] = [await connectedAs(db), await connectedAs(owner)];
    if (server.database !== other.database)
      throw new StartError('DATABASE_OWNER_URL leads to another database than DATABASE_URL.');
    return await work(owner);
  } finally {
    await owner.destroy();
  }
}

/** Compares the database with the code. */
export async function schemaStatus(prepared: Prepared): Promise<MigrationStatus> {
  return asOwner(prepared, migrationStatus);
}

/** What applying what is pending would do, and for how long. Changes nothing. */
export async function schemaPlan(prepared: Prepared): Promise<MigrationPlan> {
  return asOwner(prepared, planMigrations);
}

/**
 * Applies the migrations that are pending, makes the queue's tables, and grants the server's role what it works with.
 * @returns the names applied by this call
 */
export async function applyMigrations(prepared: Prepared): Promise<string[]> {
  const { db, config, source } = prepared;
  if (isLent(source) && (await migrationStatus(db)).pending.length > 0)
    throw new StartError(
      'Migrations take longer than a pooler lends a connection. Set DATABASE_DIRECT_URL, to the way past it.',
    );
  const applied = asOwner(prepared, async (owner) => {
    const { role } = await connectedAs(db);
    const isOther = role !== (await connectedAs(owner)).role;
    // Before as well: tables of a migration are the server's to use in the moment in which they are there.
    if (isOther) await admitServerRole(owner, role);
    const applied = await migrateToLatest(owner);
    const { url, pooler } =
      source.ownerUrl === undefined ? ownConnections(source) : { url: source.ownerUrl, pooler: 'none' as const };
    await migrateJobs({ databaseUrl: url, pooler, ssl: databaseTls(config, url) });
    if (isOther) await admitServerRole(owner, role);
    return applied;
  });
  return applied.catch((error) => {
    if ((error as { code?: unknown }).code !== insufficientPrivilege) throw error;
    const which = source.ownerUrl === undefined ? 'DATABASE_URL' : 'DATABASE_OWNER_URL';
    throw new StartError(
      `The role of ${which} may not migrate: ${(error as Error).message.split(' - ').at(-1)}. Set DATABASE_OWNER_URL, to the role that owns the tables.`,
      { cause: error },
    );
  });
}

/** At a start: what is pending is applied where the configuration lets it. @throws StartError */
export async function prepareSchema(prepared: Prepared, logger: Logger): Promise<void> {
  const { db, config } = prepared;
  const status = await schemaStatus(prepared);
  if (status.unknown.length > 0)
    throw new StartError(
      `The database was migrated by a newer version of Gatehouse (${status.unknown.join(', ')}). Start that version.`,
    );
  if (status.pending.length > 0 && !config.database.migrateOnStart)
    throw new StartError(`Migrations are not applied (${status.pending.join(', ')}). Run: gatehouse migrate`);
  if (config.database.migrateOnStart) {
    const applied = await applyMigrations(prepared);
    if (applied.length > 0) logger.info({ applied }, 'migrations applied');
  }
  // What is not made now is made by the night's job, and until then the default partition takes it.
  await ensureAuditPartitions(db, { attempts: 5 });
}
