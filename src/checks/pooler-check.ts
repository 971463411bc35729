/** Whether a pooler stands before the database, whether the server is told of it, and what it lets stand still. */
import type { Config } from '../config.ts';
import { databaseTls } from '../database-source.ts';
import type { Check } from '../management/check.ts';
import { createDatabase } from '../platform/database.ts';
import { type FoundConnections, findPooler } from '../platform/find-pooler.ts';
import type { Pooler } from '../platform/lent-connections.ts';
import { type ConnectedAs, connectedAs } from '../platform/server-role.ts';
import type { Installation } from './installation.ts';

const name = 'pooler';
const docs = 'docs/deployment.md has it, under "Behind PgBouncer".';

/** Undefined where the database is the embedded one, before which none stands. */
export async function checkPooler({ config }: Pick<Installation, 'config'>): Promise<Check | undefined> {
  const { url, directUrl, pooler } = config.database;
  if (url === undefined) return undefined;
  const found = await findPooler(url, databaseTls(config, url));
  if (found.pooler !== 'transaction') {
    const detail = found.pooler === 'none' ? 'none' : 'one that lends a connection for as long as ours is open';
    if (pooler === 'none') return { name, status: 'ok', detail };
    const advice = 'Leave DATABASE_POOLER out: the server does without named statements for nothing.';
    return { name, status: 'warn', detail: `${detail}, and DATABASE_POOLER is ${pooler}`, advice };
  }
  const detail = 'one that lends a connection for each transaction';
  if (pooler === 'none') {
    const advice = `Set DATABASE_POOLER=transaction, and DATABASE_DIRECT_URL to the way past it. ${docs}`;
    return { name, status: 'fail', detail: `${detail}, and the server does not know`, advice };
  }
  if (directUrl === undefined) {
    const advice = `Set DATABASE_DIRECT_URL: without it jobs wait for up to a second, and migrations are refused. ${docs}`;
    return { name, status: 'warn', detail: `${detail}, and no way past it`, advice };
  }
  return (
    (await checkDirect(config, { url, directUrl })) ??
    (await checkLimits(config, { directUrl, found })) ?? { name, status: 'ok', detail }
  );
}

async function checkDirect(
  config: Config,
  { url, directUrl }: { url: string; directUrl: string },
): Promise<Check | undefined> {
  const direct = await findPooler(directUrl, databaseTls(config, directUrl));
  if (direct.pooler === 'transaction') {
    const advice = `Let it name PostgreSQL itself, past the pooler. ${docs}`;
    return { name, status: 'fail', detail: 'DATABASE_DIRECT_URL leads through a pooler too', advice };
  }
  const [there, here] = [
    await whoIsAt(config, { url, pooler: config.database.pooler }),
    await whoIsAt(config, { url: directUrl, pooler: 'none' }),
  ];
  if (there.database === here.database && there.role === here.role) return undefined;
  const detail = 'DATABASE_DIRECT_URL leads to another database, or another role of it, than DATABASE_URL';
  return { name, status: 'fail', detail, advice: 'Give both the same role and the same database.' };
}

async function whoIsAt(config: Config, { url, pooler }: { url: string; pooler: Pooler }): Promise<ConnectedAs> {
  const db = createDatabase({ url, pooler, poolMax: 1, ssl: databaseTls(config, url), anyServer: true });
  try {
    return await connectedAs(db);
  } finally {
    await db.destroy();
  }
}

/** Transactions bring their limits along; a statement outside of one has those of its role. */
async function checkLimits(
  config: Config,
  { directUrl, found }: { directUrl: string; found: FoundConnections },
): Promise<Check | undefined> {
  if (found.statementTimeout !== '0') return undefined;
  const { role } = await whoIsAt(config, { url: directUrl, pooler: 'none' });
  const detail = 'one that lends a connection for each transaction; a statement outside of one may run for ever';
  const advice = `As ${role} or a superuser, once: alter role ${role} in database … set statement_timeout = '15s'; then RECONNECT in the pooler.`;
  return { name, status: 'warn', detail, advice };
}
