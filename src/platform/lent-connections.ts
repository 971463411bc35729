/**
 * What changes where a pooler such as PgBouncer stands before PostgreSQL and lends a server's connection for one transaction at a
 * time (docs/decisions/0066-behind-a-pooler.md). Owns that nothing is left on a connection that the next one is lent: no setting,
 * no named statement. Refuses nothing; what the connections of this program may not do is decided here for all of them.
 */
import type pg from 'pg';

/**
 * `none`: each connection is PostgreSQL's own. `transaction`: lent for a transaction. `transaction-prepared`: so too, by a pooler
 * that carries named statements along, as PgBouncer does from 1.21 on with `max_prepared_statements`.
 */
export const poolers = ['none', 'transaction', 'transaction-prepared'] as const;
export type Pooler = (typeof poolers)[number];

/** In ms. */
export interface TimeLimits {
  /** How long PostgreSQL works at a statement. */
  statement: number;
  /** How long it lets a transaction wait for its next statement. */
  idleInTransaction: number;
}

/** What the driver asks for as a connection begins. A pooler refuses who sends these parameters. */
export function startParameters(
  pooler: Pooler,
  limits: TimeLimits,
): { statement_timeout?: number; idle_in_transaction_session_timeout?: number } {
  if (pooler !== 'none') return {};
  return { statement_timeout: limits.statement, idle_in_transaction_session_timeout: limits.idleInTransaction };
}

/** Connections of which the next statement may reach another session of the server. */
const nameless = new WeakSet<pg.Client>();

/** Whether a statement that was given a name on this connection has it the next time. */
export function keepsNames(connection: pg.Client): boolean {
  return !nameless.has(connection);
}

/**
 * Has a lent connection keep the limits within each transaction, told in the message that begins it, so that they cost no way
 * there and back and end with it. A statement outside of one runs under what the role is set to (`gatehouse doctor` asks).
 */
export function lendForTransactions(connection: pg.Client, pooler: Pooler, limits: TimeLimits): void {
  if (pooler === 'none') return;
  if (pooler === 'transaction') nameless.add(connection);
  const query = connection.query.bind(connection) as (...args: unknown[]) => unknown;
  const settings =
    `set local statement_timeout = ${limits.statement}; ` +
    `set local idle_in_transaction_session_timeout = ${limits.idleInTransaction};`;
  connection.query = ((asked: unknown, ...rest: unknown[]) => {
    const { text } = (asked ?? {}) as { text?: unknown };
    if (typeof text !== 'string' || !beginsTransaction.test(text)) return query(asked, ...rest);
    return query({ text: `${text} ${settings}` }, ...rest);
  }) as typeof connection.query;
}

/** As Knex begins one. */
const beginsTransaction = /^BEGIN(?: TRANSACTION [A-Z ]+)?;$/i;
