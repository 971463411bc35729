/** All connections of a pool at once: what is said to each of them is said to every one, however slow the machine is. */
import type { Knex } from 'knex';
import type { Database } from '../../src/platform/database.ts';

/**
 * Takes so many connections, the most that the pool has, in a transaction each; says it to each; gives them back together.
 * One that was given back earlier would be taken twice, and another never.
 */
export async function holdEveryConnection(
  db: Database,
  poolMax: number,
  say: (trx: Knex.Transaction) => PromiseLike<unknown>,
): Promise<void> {
  let open = () => {};
  const allHeld = new Promise<void>((resolve) => {
    open = resolve;
  });
  let held = 0;
  const takes = Array.from({ length: poolMax }, () =>
    db.transaction(async (trx) => {
      await say(trx);
      held += 1;
      if (held === poolMax) open();
      await allHeld;
    }),
  );
  await Promise.all(takes);
}

/**
 * As if the server that all connections of the pool lead to had been demoted, without a word of it: a pooler in between may keep to
 * itself what PostgreSQL tells. Connections that are opened later lead to the new primary.
 */
export async function demoteSilently(db: Database, poolMax: number): Promise<void> {
  await holdEveryConnection(db, poolMax, async (trx) => {
    const connection = await trx.client.acquireConnection();
    connection.connection.removeAllListeners('parameterStatus');
    await trx.client.releaseConnection(connection);
    await demote(trx);
  });
}

/** The same, and PostgreSQL says so to each of them. */
export async function demoteOpenly(db: Database, poolMax: number): Promise<void> {
  await holdEveryConnection(db, poolMax, demote);
}

function demote(trx: Knex.Transaction): PromiseLike<unknown> {
  return trx.raw('set session characteristics as transaction read only');
}
