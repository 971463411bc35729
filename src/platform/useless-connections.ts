/**
 * Connections that look alive and are of no use any more. A server that has gone without a word (its machine lost, the network
 * cut) leaves one for a quarter of an hour: one that owes an answer for too long is closed. A server that takes no writes any
 * more was demoted, and all that lead there are given up, so that the pool finds the one that was promoted.
 */
import type { Client as Connection } from 'pg';
import { giveUp } from './borrowed-connections.ts';
import { beginSpan, isTracing } from './tracing.ts';

/** read_only_sql_transaction: a standby, which may have been the primary a moment ago. */
export const readOnly = '25006';

/** Whether a state of PostgreSQL says that the connection is over. */
function isEndOfConnection(code: string): boolean {
  return /^(?:08|57P0)/.test(code) || code === '25P03';
}

/** What a connection owes. */
interface Debt {
  /** Answers that are to come. */
  answers: number;
  /** Since when it has said nothing that was waited for, by `performance.now()`. */
  since: number;
}

/** What the documentation of the driver does not tell of a connection. */
interface Insides {
  connection: { stream: { destroy(error: Error): void } };
  connectionParameters: { query_timeout: number | false };
}

const statementSpan = { kind: 'client', attributes: { 'db.system.name': 'postgresql' } } as const;

/** As it is prepared under; the text of any other may hold a value. */
function statementName(query: unknown): string {
  const { name, statementName } = query as { name?: unknown; statementName?: unknown };
  return String(statementName ?? name ?? 'query');
}

/** The driver's own words for it. */
function overdue(): Error {
  return new Error('Query read timeout');
}

/** Closes those that owe an answer for longer than it may take. Whoever waits is told why. */
function closeOverdue(debts: ReadonlyMap<Connection, Debt>, answerTimeoutMs: number): void {
  const now = performance.now();
  for (const [connection, { answers, since }] of debts) {
    if (answers < 1 || now - since < answerTimeoutMs) continue;
    const error = overdue();
    giveUp(connection, error);
    (connection as unknown as Insides).connection.stream.destroy(error);
  }
}

/** Gives up what an error says to be of no use: this connection, or all that lead to the same server. */
function judge(error: unknown, connection: Connection, pool: Iterable<Connection>): void {
  if (!(error instanceof Error)) return;
  const { code } = error as { code?: unknown };
  if (code === readOnly) for (const other of pool) giveUp(other, error);
  else if (typeof code === 'string' && isEndOfConnection(code)) giveUp(connection, error);
}

/**
 * Watches the connections of one pool, each from when it is made to its end. One clock looks at all of them, ten times within an
 * answer's time: the driver sets a timer for each query, and what hangs at those outlives V8's quick collections, the rows of the
 * answer with it (docs/performance.md).
 * @param answerTimeoutMs how long an answer may take, all in all
 */
export function watchConnections(answerTimeoutMs: number): (connection: Connection) => void {
  const debts = new Map<Connection, Debt>();
  let clock: NodeJS.Timeout | undefined;

  function begin(connection: Connection, debt: Debt): void {
    debts.set(connection, debt);
    clock ??= setInterval(closeOverdue, Math.min(1_000, answerTimeoutMs / 10), debts, answerTimeoutMs).unref();
    connection.once('end', () => {
      debts.delete(connection);
      if (debts.size > 0) return;
      clearInterval(clock);
      clock = undefined;
    });
  }

  return (connection) => {
    const debt: Debt = { answers: 0, since: 0 };
    begin(connection, debt);
    (connection as unknown as Insides).connectionParameters.query_timeout = false;
    const query = connection.query.bind(connection) as (...args: unknown[]) => unknown;
    const answered = (error: unknown) => {
      // Never below: one that was told twice must not hide the next.
      if (debt.answers > 0) debt.answers -= 1;
      debt.since = performance.now();
      judge(error, connection, debts.keys());
    };
    connection.query = ((...args: unknown[]) => {
      const callback = args.at(-1);
      const end = isTracing() ? beginSpan(statementName(args[0]), statementSpan) : undefined;
      if (debt.answers === 0) debt.since = performance.now();
      debt.answers += 1;
      const told = (error?: unknown) => {
        end?.(error);
        answered(error);
      };
      if (typeof callback === 'function')
        return query(...args.slice(0, -1), (error: unknown, result: unknown) => {
          told(error);
          callback(error, result);
        });
      const answer = query(...args);
      if (answer instanceof Promise) answer.then(() => told(), told);
      else told();
      return answer;
    }) as typeof connection.query;
  };
}
