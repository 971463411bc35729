/** The variables that say where the database is and how it is reached, what is asked of them, and what they come to. Never repeats a value. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { hostUrls } from '../database-hosts.ts';
import { type Pooler, poolers } from '../lent-connections.ts';
import { flag, integer, text } from './environment-forms.ts';

/** Part of the environment's schema. */
export const databaseVariables = {
  DATABASE_URL: text,
  DATABASE_OWNER_URL: text,
  DATABASE_DIRECT_URL: text,
  DATABASE_POOLER: z.enum(poolers, `must be ${poolers.slice(0, -1).join(', ')} or ${poolers.at(-1)}`).default('none'),
  DATABASE_REPLICA_URL: text,
  DATABASE_REPLICA_MAX_LAG_MS: integer(50, 60_000, 1_000),
  DATABASE_POOL_MAX: integer(2, 200, 10),
  DATABASE_CA_FILE: text,
  MIGRATE_ON_START: flag,
};

type DatabaseEnvironment = z.output<z.ZodObject<typeof databaseVariables>>;

export interface DatabaseConfig {
  /** Absent: the embedded PostgreSQL in the data directory. */
  readonly url: string | undefined;
  /** For migrations, as the role that owns the tables; absent: over `directUrl` or `url`. */
  readonly ownerUrl: string | undefined;
  /** Past the pooler, for what needs connections of its own: migrations, jobs, commands. */
  readonly directUrl: string | undefined;
  /** What stands before the server of `url`. */
  readonly pooler: Pooler;
  /** Standbys that some reads may go to; absent: none. */
  readonly replicaUrl: string | undefined;
  readonly replicaMaxLagMs: number;
  readonly poolMax: number;
  readonly ca: string | undefined;
  readonly migrateOnStart: boolean;
}

export function databaseOf(env: DatabaseEnvironment, ca: string | undefined, production: boolean): DatabaseConfig {
  return {
    url: env.DATABASE_URL,
    ownerUrl: env.DATABASE_OWNER_URL,
    directUrl: env.DATABASE_DIRECT_URL,
    pooler: env.DATABASE_POOLER,
    replicaUrl: env.DATABASE_REPLICA_URL,
    replicaMaxLagMs: env.DATABASE_REPLICA_MAX_LAG_MS,
    poolMax: env.DATABASE_POOL_MAX,
    ca,
    migrateOnStart: env.MIGRATE_ON_START ?? (!production || env.DATABASE_URL === undefined),
  };
}

/** The host that the driver takes: the parameter wins, an empty one does not. */
function databaseHost(url: URL): string {
  return url.searchParams.get('host') || decodeURIComponent(url.hostname);
}

function isLocalDatabase(host: string): boolean {
  return host.startsWith('/') || ['localhost', '127.0.0.1', '[::1]', '::1'].includes(host);
}

/** The CA bundle, where a file is named; adds to `faults` what is wrong with the addresses or their TLS. */
export function checkDatabase(urls: DatabaseEnvironment, production: boolean, faults: string[]): string | undefined {
  const { DATABASE_CA_FILE: caFile } = urls;
  let ca: string | undefined;
  if (caFile !== undefined) {
    try {
      ca = readFileSync(caFile, 'utf8');
    } catch {
      faults.push('DATABASE_CA_FILE: cannot be read');
    }
  }
  for (const name of ['DATABASE_URL', 'DATABASE_OWNER_URL', 'DATABASE_DIRECT_URL', 'DATABASE_REPLICA_URL'] as const) {
    const value = urls[name];
    const purpose = name === 'DATABASE_REPLICA_URL' ? 'any' : 'writable';
    if (value !== undefined)
      faults.push(
        ...databaseFaults(value, purpose, caFile !== undefined, production).map((fault) => `${name}: ${fault}`),
      );
  }
  if (urls.DATABASE_OWNER_URL !== undefined && urls.DATABASE_URL === undefined)
    faults.push('DATABASE_OWNER_URL: belongs to DATABASE_URL; the embedded database has its owner by itself');
  if (urls.DATABASE_URL === undefined && urls.DATABASE_DIRECT_URL !== undefined)
    faults.push('DATABASE_DIRECT_URL: belongs to DATABASE_URL; the embedded database has no pooler before it');
  if (urls.DATABASE_URL === undefined && urls.DATABASE_REPLICA_URL !== undefined)
    faults.push('DATABASE_REPLICA_URL: belongs to DATABASE_URL; the embedded database has no replicas');
  if (urls.DATABASE_URL === undefined && urls.DATABASE_POOLER !== 'none')
    faults.push('DATABASE_POOLER: belongs to DATABASE_URL; the embedded database has no pooler before it');
  return ca;
}

/** Of each server that the URL names. */
function databaseFaults(
  value: string,
  purpose: Parameters<typeof hostUrls>[1],
  hasCa: boolean,
  production: boolean,
): string[] {
  let urls: string[];
  try {
    urls = hostUrls(value, purpose);
  } catch (error) {
    return [(error as Error).message];
  }
  return [...new Set(urls.flatMap((url) => serverFaults(url, hasCa, production)))];
}

function serverFaults(value: string, hasCa: boolean, production: boolean): string[] {
  const url = URL.parse(value);
  if (!url) return ['must be a URL such as postgres://user:password@host/database'];
  const faults: string[] = [];
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') faults.push('must begin with postgres://');
  // Of two the driver takes the last, others the first.
  if (new Set(url.searchParams.keys()).size < url.searchParams.size) faults.push('must not have a parameter twice');
  const host = databaseHost(url);
  const sslmode = url.searchParams.get('sslmode') ?? (hasCa ? 'verify-full' : undefined);
  // The driver would look for it in PGHOST.
  if (production && host === '') faults.push('must name the host in production');
  else if (production && !isLocalDatabase(host) && sslmode !== 'verify-full')
    faults.push(
      'a remote database needs verified TLS in production; add sslmode=verify-full, or set DATABASE_CA_FILE and no other sslmode',
    );
  return faults;
}
