/**
 * Connections of Knex's pool, lent for one statement. Those whose statement has just ended stay at hand for the next one, for
 * this turn of the event loop, so that a busy server does not go by the pool's ceremonies each time: a timer, a promise and a
 * check for each. Refuses to keep one that somebody waits for, or that is of no use any more.
 */
import knex, { type Knex } from 'knex';
import type { Client as Connection } from 'pg';

/** Marks a connection as Knex marks one that broke, so that nobody is lent it any more. */
export function giveUp(connection: Connection, error: unknown): void {
  Object.assign(connection, { __knex__disposed: error });
}

function isGivenUp(connection: Connection): boolean {
  return (connection as { __knex__disposed?: unknown }).__knex__disposed !== undefined;
}

interface Pool {
  acquire(): { promise: Promise<Connection> };
  release(connection: Connection): void;
  numPendingAcquires(): number;
}

const atHand = new WeakMap<Pool, Connection[]>();

export interface BorrowedConnection {
  connection: Connection;
  /** To be called once, whatever became of the statement. */
  giveBack(): Promise<void> | void;
}

/** A connection of the pool, or that of the transaction. */
export async function borrowConnection(db: Knex): Promise<BorrowedConnection> {
  const { pool } = db.client as { pool?: Pool };
  // A transaction has its own; and a pool that is closed says so by Knex.
  if (db.isTransaction || !pool) {
    const client = db.client as Knex.Client;
    const connection = await client.acquireConnection();
    return { connection, giveBack: () => client.releaseConnection(connection) };
  }
  const connection = takeFromHand(pool) ?? (await acquire(pool));
  return { connection, giveBack: () => giveBack(pool, connection) };
}

/** @throws KnexTimeoutError where none came free in time, as Knex does: what the pool throws then has no name to know it by */
async function acquire(pool: Pool): Promise<Connection> {
  try {
    return await pool.acquire().promise;
  } catch (cause) {
    if (!(cause instanceof Error) || cause.constructor.name !== 'TimeoutError') throw cause;
    throw Object.assign(new knex.KnexTimeoutError('no connection came free in time'), { cause });
  }
}

function takeFromHand(pool: Pool): Connection | undefined {
  const connection = atHand.get(pool)?.pop();
  if (!connection || !isGivenUp(connection)) return connection;
  pool.release(connection);
  return undefined;
}

function giveBack(pool: Pool, connection: Connection): void {
  if (pool.numPendingAcquires() > 0 || isGivenUp(connection)) {
    pool.release(connection);
    return;
  }
  const kept = atHand.get(pool) ?? [];
  atHand.set(pool, kept);
  kept.push(connection);
  if (kept.length > 1) return;
  setImmediate(() => {
    for (const one of kept.splice(0)) pool.release(one);
  });
}
