/**
 * The connection to PostgreSQL: one Knex instance, snake_case in SQL and camelCase in TypeScript converted here and
 * nowhere else, transactions, and named prepared statements for the hot path. Knows no table.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { borrowConnection, giveUp } from './borrowed-connections.ts';
import { runStatement } from './known-statements.ts';
import { lendForTransactions, type Pooler, startParameters } from './lent-connections.ts';
import { connectionsToPrimary } from './primary.ts';
import { readOnly, watchConnections } from './useless-connections.ts';

export type Database = Knex;

export interface DatabaseOptions {
  /** `postgres://` URL, of several servers too (database-hosts.ts): the connections lead to the one that takes writes. */
  url: string;
  /** Takes a server that takes no writes, if the URL names no other: to look at it. */
  anyServer?: boolean;
  /** Connections at the most; default 10. */
  poolMax?: number;
  /** How long a query may run on the server; default 15 s. */
  statementTimeoutMs?: number;
  /** How long an answer may take, all in all, before the connection is given up; default 5 s more than a query may run. */
  answerTimeoutMs?: number;
  /** How long a query may wait for a connection of the pool; default 5 s. */
  acquireTimeoutMs?: number;
  /** TLS for a remote server: the CA bundle to verify it by, or `true` for the system's. */
  ssl?: boolean | { ca: string };
  applicationName?: string;
  /** What stands before the server; default `none`. */
  pooler?: Pooler;
  /**
   * Where Knex's own complaints go, a line each; they are about connections, never about values. Default: nowhere, since
   * the one who asks gets the error too.
   */
  log?: { warn(text: string): void; error(text: string): void };
}

// bigint (count(*), sums) as a number: nothing counted here passes 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, (value) => Number(value));

const camelByName = new Map<string, string>();

function camelCase(name: string): string {
  let camel = camelByName.get(name);
  if (camel === undefined) {
    camel = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    if (camelByName.size < 1000) camelByName.set(name, camel);
  }
  return camel;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Turns the columns of a row into camelCase. The values, jsonb included, stay as they are. */
export function camelRow<T>(row: Record<string, unknown>): T {
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(row)) result[camelCase(name)] = row[name];
  return result as T;
}

function isRow(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function convertResponse(result: unknown): unknown {
  if (Array.isArray(result)) return result.map((row) => (isRow(row) ? camelRow(row) : row));
  if (isRow(result) && Array.isArray(result.rows)) return result;
  return isRow(result) ? camelRow(result) : result;
}

function knexLog(log: DatabaseOptions['log'] = { warn() {}, error() {} }): Knex.Logger {
  // It hands over stacks, of its own and of the driver's insides.
  const text = (message: unknown) =>
    (message instanceof Error ? message.message : String(message)).split('\n    at ')[0];
  return {
    warn: (message) => log.warn(text(message) ?? ''),
    error: (message) => log.error(text(message) ?? ''),
    deprecate: (method, alternative) => log.warn(`${method} is deprecated; use ${alternative}`),
    debug() {},
  };
}

/** Opens a pool. Nothing is contacted until the first query. */
export function createDatabase(options: DatabaseOptions): Database {
  const statementTimeoutMs = options.statementTimeoutMs ?? 15_000;
  const acquireTimeoutMs = options.acquireTimeoutMs ?? 5_000;
  const answerTimeoutMs = options.answerTimeoutMs ?? statementTimeoutMs + 5_000;
  const watch = watchConnections(answerTimeoutMs);
  const { pooler = 'none' } = options;
  // A client that dies between two statements must not hold its locks.
  const limits = { statement: statementTimeoutMs, idleInTransaction: 30_000 };
  const { Client, config } = connectionsToPrimary(options.url, options);
  const db = knex({
    client: 'pg',
    connection: {
      ...config,
      application_name: options.applicationName ?? 'gatehouse',
      ...startParameters(pooler, limits),
      // Until the connection is made, and watched.
      query_timeout: answerTimeoutMs,
      // Sooner than whoever waits for it, so that they are told why.
      connectionTimeoutMillis: Math.max(3_000, acquireTimeoutMs * 0.6),
      keepAlive: true,
    },
    pool: {
      min: 0,
      max: options.poolMax ?? 10,
      acquireTimeoutMillis: acquireTimeoutMs,
      propagateCreateError: true,
      afterCreate(connection: pg.Client, done: (error: null, connection: pg.Client) => void) {
        lendForTransactions(connection, pooler, limits);
        watch(connection);
        done(null, connection);
      },
    },
    acquireConnectionTimeout: acquireTimeoutMs,
    log: knexLog(options.log),
    wrapIdentifier: (value, wrap) => wrap(value === '*' ? value : snakeCase(value)),
    postProcessResponse: convertResponse,
  });
  // What Knex makes its connections of.
  Object.assign(db.client, { driver: { ...pg, Client } });
  return db;
}

/** Rolled back by the server for the sake of another: deadlock_detected, serialization_failure. */
const rolledBackForAnother = new Set(['40P01', '40001']);

/**
 * Repeats once what PostgreSQL rolled back for the sake of another transaction: all that it did is undone, and the other one
 * has gone on. Within a transaction nothing is repeated, for all of it is gone.
 */
async function repeatedOnce<T>(db: Database, work: () => Promise<T>): Promise<T> {
  if (db.isTransaction) return work();
  try {
    return await work();
  } catch (error) {
    if (!rolledBackForAnother.has(String((error as { code?: unknown } | null)?.code))) throw error;
    // A moment for the other one to get on: who comes back at once may meet it at the same place.
    await sleep(20 + Math.random() * 60);
    return work();
  }
}

/** Rows of a raw statement, in camelCase. Bindings as `?` or `:name`, as Knex has them. */
export async function rows<T>(
  db: Database,
  sql: string,
  bindings: readonly unknown[] | Record<string, unknown> = [],
): Promise<T[]> {
  const result = await repeatedOnce(db, async () => db.raw(sql, bindings as Knex.RawBinding[]));
  return (result.rows as Record<string, unknown>[]).map((row) => camelRow<T>(row));
}

/** The first row of a raw statement, or undefined. */
export async function firstRow<T>(
  db: Database,
  sql: string,
  bindings: readonly unknown[] | Record<string, unknown> = [],
): Promise<T | undefined> {
  return (await rows<T>(db, sql, bindings))[0];
}

/**
 * Runs `work` in a transaction, or in the caller's one if `db` is already one: the same rule then runs in or out of a
 * larger change, and its audit event commits or goes with it. The work is repeated once where it lost a deadlock, so it
 * leaves nothing behind but what it wrote.
 */
export async function inTransaction<T>(db: Database, work: (trx: Database) => Promise<T>): Promise<T> {
  if (db.isTransaction) return work(db);
  return repeatedOnce(db, () => db.transaction((trx) => work(trx)));
}

export interface PreparedStatement {
  name: string;
  text: string;
}

/** Names a statement once; PostgreSQL parses and plans it once per connection. `$1` placeholders. */
export function prepared(name: string, text: string): PreparedStatement {
  return { name, text };
}

/**
 * Runs a named prepared statement on a connection of Knex's own pool (or the transaction's): three times the throughput of
 * the query builder on the adapter's path. Rows come back in camelCase.
 */
export async function runPrepared<T>(
  db: Database,
  statement: PreparedStatement,
  values: unknown[],
): Promise<{ rows: T[]; rowCount: number }> {
  return repeatedOnce(db, async () => {
    const { connection, giveBack } = await borrowConnection(db);
    try {
      return (await runStatement(connection, statement, values, camelCase)) as { rows: T[]; rowCount: number };
    } catch (error) {
      // A connection that broke goes back marked, so that the pool's check drops it. After an ERROR it goes on.
      if (isConnectionError(error) && (error as { severity?: unknown }).severity !== 'ERROR') giveUp(connection, error);
      throw error;
    } finally {
      await giveBack();
    }
  });
}

/** Classes and codes of PostgreSQL that say: not for the moment. */
const unavailableStates = [
  '08', // connection_exception
  readOnly,
  '25P03', // idle_in_transaction_session_timeout
  '40001', // serialization_failure, on a standby too
  '40P01', // deadlock_detected
  '53', // insufficient_resources: disk_full, out_of_memory, too_many_connections
  '55P03', // lock_not_available
  '57014', // query_canceled, by statement_timeout
  '57P0', // admin_shutdown, crash_shutdown, cannot_connect_now, database_dropped, idle_session_timeout
  '58030', // io_error
];

/** What Node.js says of the way there. */
const networkCodes = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** True where the database could not be reached, went away, or cannot do it for the moment: the answer is 503, not 500. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') {
    const isState = code.length === 5 && unavailableStates.some((state) => code.startsWith(state));
    if (isState || networkCodes.has(code)) return true;
  }
  // PostgreSQL's word for what ends a connection or refuses one, such as a database that is being restored. A wrong
  // password (28P01) or name (3D000) is no such thing: it does not go away by waiting.
  if ((error as { severity?: unknown }).severity === 'FATAL' && !/^(28|3D)/.test(String(code))) return true;
  return (
    error.name === 'KnexTimeoutError' ||
    error.name === 'TimeoutError' ||
    /Connection terminated|Connection ended|connection timeout|timeout expired|Query read timeout|not queryable|Unable to acquire a connection/i.test(
      error.message,
    )
  );
}

/** The name of the constraint or index that a statement broke, with its SQLSTATE; undefined for any other error. */
export function violatedConstraint(error: unknown): { code: string; constraint: string } | undefined {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  if (typeof code === 'string' && code.startsWith('23') && typeof constraint === 'string') return { code, constraint };
  return undefined;
}
