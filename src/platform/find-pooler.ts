/**
 * Whether a pooler stands before the server that a URL leads to, and how it lends. Asks over connections without parameters, which
 * every pooler takes, and leaves nothing behind. Refuses to guess from names and ports.
 */
import type pg from 'pg';
import { connectionsToPrimary } from './primary.ts';

/** `session`: a server's connection for as long as ours is open, which changes nothing for us. */
export type FoundPooler = 'none' | 'session' | 'transaction';

export interface FoundConnections {
  pooler: FoundPooler;
  /** What a statement runs under that says nothing itself, as PostgreSQL writes it: `15s`; `0` is none. */
  statementTimeout: string;
  idleInTransactionTimeout: string;
}

const answerMs = 5_000;
/** Others work over the same pooler meanwhile: in each round chance may hide it, half of the time on a busy one. */
const rounds = 40;

/** Asks the server that `url` leads to. @throws what the driver says */
export async function findPooler(url: string, ssl?: boolean | { ca: string }): Promise<FoundConnections> {
  const { Client, config } = connectionsToPrimary(url, { ssl, anyServer: true });
  const open = async () => {
    const connection = new Client({
      ...config,
      application_name: 'gatehouse-look',
      connectionTimeoutMillis: answerMs,
      query_timeout: answerMs,
    });
    connection.on('error', () => {});
    await connection.connect();
    return connection;
  };
  const first = await open();
  try {
    const { rows } = await first.query(
      `select current_setting('statement_timeout') as statement,
              current_setting('idle_in_transaction_session_timeout') as idle`,
    );
    const { statement, idle } = rows[0];
    return {
      pooler: await howItLends(first, open),
      statementTimeout: statement,
      idleInTransactionTimeout: idle,
    };
  } finally {
    await first.end();
  }
}

/** The server tells its number at the beginning; a pooler tells one of its own, to know whose question is to be cancelled. */
async function howItLends(first: pg.Client, open: () => Promise<pg.Client>): Promise<FoundPooler> {
  const { processID } = first as unknown as { processID: number | null };
  if ((await serverOf(first)) === processID) return 'none';
  const second = await open();
  try {
    for (let round = 0; round < rounds; round += 1) {
      const before = await serverOf(first);
      await second.query('begin');
      // While both are open one server serves both, or ours is another one than a moment ago.
      const isShared = (await serverOf(second)) === before || (await serverOf(first)) !== before;
      await second.query('rollback');
      if (isShared) return 'transaction';
    }
    return 'session';
  } finally {
    await second.end();
  }
}

async function serverOf(connection: pg.Client): Promise<number> {
  const { rows } = await connection.query('select pg_backend_pid() as pid');
  return rows[0].pid;
}
