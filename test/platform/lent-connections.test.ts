import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createDatabase,
  type Database,
  inTransaction,
  prepared,
  rows,
  runPrepared,
} from '../../src/platform/database.ts';
import { whyUnusable } from '../../src/platform/database-refusals.ts';
import { ping, waitForDatabase } from '../../src/platform/database-server.ts';
import { findPooler } from '../../src/platform/find-pooler.ts';
import { enqueueJob } from '../../src/platform/jobs/enqueue-job.ts';
import { type Jobs, startJobs } from '../../src/platform/jobs/jobs.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { hasPgbouncer, type Pgbouncer, startPgbouncer } from '../support/pgbouncer.ts';

/** Each connection is lent to whoever comes next, as by a busy pooler. */
const fewConnections = { default_pool_size: 2, server_round_robin: 1 };

describe('connections that PgBouncer lends', function () {
  if (!hasPgbouncer()) {
    it.skip('are as good as one’s own (no pgbouncer on this machine)');
    return;
  }
  this.timeout(240_000);
  let database: TestDatabase;
  let bouncer: Pgbouncer;
  let direct: Database;
  const open: Database[] = [];
  before(async () => {
    database = await createTestDatabase();
    bouncer = await startPgbouncer([database.url], fewConnections);
    direct = createDatabase({ url: database.url, poolMax: 2 });
  });
  after(async () => {
    for (const db of open) await db.destroy();
    await direct?.destroy();
    await bouncer?.stop();
    await database?.drop();
  });

  function lent(options: Partial<Parameters<typeof createDatabase>[0]> = {}): Database {
    const db = createDatabase({
      url: bouncer.through(database.url),
      pooler: 'transaction',
      poolMax: 6,
      acquireTimeoutMs: 60_000,
      ...options,
    });
    open.push(db);
    return db;
  }

  it('are refused to who sends parameters, in the words of the pooler and with what to do', async () => {
    const db = lent({ pooler: 'none' });
    const waits: string[] = [];
    const refusal = await waitForDatabase(db, 3_600_000, (why) => waits.push(why)).catch((error) => error);
    assert.match(
      whyUnusable(refusal, 'database gatehouse'),
      /^The database gatehouse refuses us: unsupported startup parameter: statement_timeout\. .*DATABASE_POOLER=transaction/,
    );
    assert.deepEqual(waits, [], 'nobody waits for that');
  });

  it('say in the words of the pooler that a database, a role or a password is none', async () => {
    const refusalOf = async (change: (url: URL) => void) => {
      const url = new URL(bouncer.through(database.url));
      change(url);
      const db = lent({ url: url.href });
      const error = await waitForDatabase(db, 3_600_000, () => {}).catch((refusal) => refusal);
      return whyUnusable(error, 'database x');
    };
    assert.match(
      await refusalOf((url) => Object.assign(url, { password: 'wrong' })),
      /refuses us: .*authentication failed/,
    );
    assert.match(
      await refusalOf((url) => Object.assign(url, { username: 'nobody' })),
      /refuses us: .*(?:no such user|failed)/,
    );
    assert.match(await refusalOf((url) => Object.assign(url, { pathname: '/nowhere' })), /refuses us: .*nowhere/);
  });

  it('run statements that have a name elsewhere, many at once, and keep none', async () => {
    const db = lent();
    const double = prepared('double', 'select $1::int * 2 as doubled_value, pg_backend_pid() as pid');
    const pids = new Set<number | undefined>();
    await eventually(async () => {
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, n) => runPrepared<{ doubledValue: number; pid: number }>(db, double, [n])),
      );
      assert.deepEqual(
        answers.map(({ rows: [row] }) => row?.doubledValue),
        answers.map((_, n) => n * 2),
      );
      for (const { rows: found } of answers) pids.add(found[0]?.pid);
      return pids.size > 1;
    }, 'they ran over several connections');
    for (let n = 0; n < 6; n += 1)
      assert.deepEqual(await rows(db, 'select name from pg_prepared_statements'), [], 'nothing is kept');
  });

  it('could not run them by their names, and say so with what to do', async () => {
    // As with `ignore_startup_parameters`, where nothing is refused at the start.
    const db = lent({ pooler: 'transaction-prepared' });
    const statement = prepared('named', 'select $1::int as n');
    const errors: unknown[] = [];
    await eventually(async () => {
      const runs = Array.from({ length: 12 }, (_, n) => runPrepared(db, statement, [n]).catch((e) => errors.push(e)));
      await Promise.all(runs);
      return errors.length > 0;
    }, 'a name is not known');
    assert.match(whyUnusable(errors[0], 'database x'), /prepared statement "named" .* DATABASE_POOLER=transaction$/);
    // The names went with the connections.
    await direct.raw(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
  });

  it('keep the limits of a transaction within it, and hand none on', async () => {
    const db = lent({ statementTimeoutMs: 7_000 });
    const limits = `select current_setting('statement_timeout') as statement, current_setting('idle_in_transaction_session_timeout') as idle`;
    assert.deepEqual(await inTransaction(db, (trx) => rows(trx, limits)), [{ statement: '7s', idle: '30s' }]);
    const isolated = await db.transaction((trx) => rows(trx, limits), { isolationLevel: 'repeatable read' });
    assert.deepEqual(isolated, [{ statement: '7s', idle: '30s' }]);
    for (let n = 0; n < 6; n += 1) assert.deepEqual(await rows(db, limits), [{ statement: '0', idle: '0' }]);
  });

  it('end a statement of a transaction in time', async () => {
    const db = lent({ statementTimeoutMs: 300 });
    await assert.rejects(
      inTransaction(db, (trx) => rows(trx, 'select pg_sleep(600)')),
      { code: '57014' },
    );
    await ping(db);
  });

  it('are told from one’s own, though others work over them', async () => {
    const db = lent();
    let stop = false;
    const others = Array.from({ length: 3 }, async () => {
      while (!stop) {
        await ping(db);
        await sleep(1);
      }
    });
    try {
      assert.equal((await findPooler(bouncer.through(database.url))).pooler, 'transaction');
    } finally {
      stop = true;
      await Promise.all(others);
    }
    assert.equal((await findPooler(database.url)).pooler, 'none');
  });

  it('are told from those that are lent for as long as ours are open', async () => {
    const session = await startPgbouncer([database.url], { pool_mode: 'session' });
    try {
      assert.equal((await findPooler(session.through(database.url))).pooler, 'session');
    } finally {
      await session.stop();
    }
  });

  it('lead to jobs, which are found without anybody’s listening', async () => {
    const seen: unknown[] = [];
    const lines: string[] = [];
    const jobs: Jobs = startJobs({
      databaseUrl: bouncer.through(database.url),
      pooler: 'transaction',
      logger: createLogger({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } }),
      tasks: { greet: async (payload) => void seen.push(payload) },
      crontab: '0 4 * * * greet',
      concurrency: 3,
      beatIntervalMs: 100,
    });
    try {
      await jobs.started;
      for (let n = 0; n < 40; n += 1) await enqueueJob(direct, 'greet', { n });
      await eventually(() => seen.length === 40, 'all jobs ran');
      await eventually(async () => (await rows(direct, 'select from job_workers')).length === 1, 'it beats');
      const listening = `select from pg_stat_activity where datname = current_database() and query ~* '^listen'`;
      assert.equal((await rows(direct, listening)).length, 0);
      assert.equal((await rows(lent(), 'select pg_listening_channels()')).length, 0);
    } finally {
      await jobs.stop();
    }
    assert.ok(!lines.some((line) => /prepared statement/.test(line)), lines.join(''));
    assert.deepEqual(await rows(direct, 'select pool_id from job_workers'), [], 'it says that it is gone');
  });
});
