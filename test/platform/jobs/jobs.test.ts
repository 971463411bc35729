import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { migrateToLatest } from '../../../src/platform/apply-migrations.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { startEmbeddedPostgres } from '../../../src/platform/embedded-postgres/embedded-postgres.ts';
import { beat, type PoolWatch, releaseLostJobs, watchPool } from '../../../src/platform/jobs/abandoned-jobs.ts';
import { enqueueJob } from '../../../src/platform/jobs/enqueue-job.ts';
import { type Jobs, type JobsOptions, type JobTask, migrateJobs, startJobs } from '../../../src/platform/jobs/jobs.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { admitServerRole } from '../../../src/platform/server-role.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';

const canary = 'CANARY-71d0aa';

describe('jobs', () => {
  let database: TestDatabase;
  let db: Database;
  let running: Jobs[] = [];
  let lines: string[];

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 4 });
    await migrateJobs({ databaseUrl: database.url });
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });
  beforeEach(() => {
    lines = [];
  });
  afterEach(async () => {
    for (const jobs of running) await jobs.stop();
    running = [];
    await db.raw('delete from graphile_worker._private_jobs');
    await db.raw('delete from job_workers');
  });

  function start(tasks: Record<string, JobTask>, options: Partial<JobsOptions> = {}): Jobs {
    const logger = createLogger({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } });
    const jobs = startJobs({ databaseUrl: database.url, tasks, logger, concurrency: 2, ...options });
    running.push(jobs);
    return jobs;
  }

  async function waiting(): Promise<
    { attempts: number; max_attempts: number; last_error: string | null; locked_by: string | null }[]
  > {
    const { rows } = await db.raw(
      'select attempts, max_attempts, last_error, locked_by from graphile_worker._private_jobs',
    );
    return rows;
  }

  it('migrates many times, and many at once', async () => {
    const fresh = await createTestDatabase();
    try {
      await Promise.all([1, 2, 3].map(() => migrateJobs({ databaseUrl: fresh.url })));
      await migrateJobs({ databaseUrl: fresh.url });
    } finally {
      await fresh.drop();
    }
  });

  it('runs what was enqueued, soon, with its payload', async () => {
    const seen: unknown[] = [];
    // The database tells of it: nobody looks within the hour.
    await start(
      { greet: async (payload, { attempt, maxAttempts }) => void seen.push([payload, attempt, maxAttempts]) },
      { pollIntervalMs: 3_600_000 },
    ).started;
    await enqueueJob(db, 'greet', { name: "Ada's ä ?", list: [1, { a: null }] });
    await eventually(() => seen.length === 1, 'the job ran');
    assert.deepEqual(seen, [[{ name: "Ada's ä ?", list: [1, { a: null }] }, 1, 25]]);
    await eventually(async () => (await waiting()).length === 0, 'the job is gone');
  });

  it('lives and dies with the transaction that enqueued it', async () => {
    const seen: unknown[] = [];
    await start({ mark: async (payload) => void seen.push(payload) }).started;
    // The library holds the name of a task until the commit if it is a new one.
    await enqueueJob(db, 'mark', { n: 0 });
    await eventually(() => seen.length > 0, 'the first job ran');
    const failure = new Error('roll back');
    await assert.rejects(
      db.transaction(async (trx) => {
        await enqueueJob(trx, 'mark', { n: 1 });
        throw failure;
      }),
      failure,
    );
    await db.transaction(async (trx) => {
      await enqueueJob(trx, 'mark', { n: 2 });
      // One that came later and is committed already.
      await enqueueJob(db, 'mark', { n: 3 });
      await eventually(() => seen.length > 1, 'the other job ran');
    });
    await eventually(() => seen.length > 2, 'the job ran');
    assert.deepEqual(seen, [{ n: 0 }, { n: 3 }, { n: 2 }]);
  });

  it('takes time, attempts, key, queue and priority', async () => {
    const runAt = new Date(Date.now() + 3_600_000);
    await enqueueJob(db, 'later', { n: 1 }, { runAt, key: 'one', maxAttempts: 3, queue: 'mail', priority: 5 });
    await enqueueJob(db, 'later', { n: 2 }, { runAt, key: 'one', maxAttempts: 4, queue: 'mail', priority: 6 });
    const { rows } = await db.raw('select run_at, key, max_attempts, queue_name, priority from graphile_worker.jobs');
    assert.deepEqual(rows, [{ run_at: runAt, key: 'one', max_attempts: 4, queue_name: 'mail', priority: 6 }]);
  });

  it('tries again after an error, and keeps its text out of the table and payloads out of the log', async () => {
    let attempts = 0;
    let goOn = () => {};
    const looked = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await start({
      flaky: async (_payload, { log }) => {
        attempts += 1;
        if (attempts > 1) await looked;
        log.info('trying');
        if (attempts === 1)
          throw Object.assign(new TypeError(`no mailbox ${canary}@example.org`), { code: 'EENVELOPE' });
      },
    }).started;
    await enqueueJob(db, 'flaky', { token: canary, to: canary });
    await eventually(() => attempts === 1, 'it failed once');
    await eventually(async () => (await waiting())[0]?.last_error === 'TypeError', 'the failure is written down');
    assert.equal((await waiting())[0]?.attempts, attempts);
    goOn();
    await eventually(() => attempts === 2, 'it was tried again');
    await eventually(async () => (await waiting()).length === 0, 'it is done');
    assert.ok(!lines.join('').includes(canary), lines.join(''));
    const failed = lines
      .map((line) => JSON.parse(line))
      .find(({ msg }) => msg === 'Job failed; it will be tried again');
    assert.equal(failed.task, 'flaky');
    assert.equal(failed.err.code, 'EENVELOPE');
  });

  it('says so when a job has failed for good', async () => {
    await start({ hopeless: () => Promise.reject(new Error('no')) }).started;
    await enqueueJob(db, 'hopeless', {}, { maxAttempts: 1 });
    await eventually(() => lines.some((line) => line.includes('Job failed for good')), 'it is told');
    assert.deepEqual(
      (await waiting()).map(({ attempts, max_attempts }) => [attempts, max_attempts]),
      [[1, 1]],
    );
  });

  it('refuses a crontab that cannot be read or names no task', () => {
    assert.throws(() => start({}, { crontab: '0 4 * * * sweep' }), /names no task: sweep/);
    assert.throws(() => start({ sweep: async () => {} }, { crontab: 'every day sweep' }));
  });

  it('takes its timetable', async () => {
    await start({ sweep: async () => {} }, { crontab: '0 4 * * * sweep ?fill=1d\n30 4 * * * sweep ?id=other' }).started;
    await eventually(async () => {
      const { rows } = await db.raw(
        'select identifier from graphile_worker._private_known_crontabs order by identifier',
      );
      return JSON.stringify(rows) === '[{"identifier":"other"},{"identifier":"sweep"}]';
    }, 'the timetable is known');
  });

  it('waits at the end for what is running', async () => {
    let state = 'idle';
    const jobs = start({
      slow: async () => {
        state = 'running';
        await sleep(400);
        state = 'done';
      },
    });
    await enqueueJob(db, 'slow', {});
    await eventually(() => state === 'running', 'it runs');
    await jobs.stop();
    assert.equal(state, 'done');
    assert.deepEqual(await waiting(), []);
    await enqueueJob(db, 'slow', {});
    assert.equal((await waiting()).length, 1);
  });

  it('does not wait for ever, and gives the job back to the queue', async () => {
    let signal: AbortSignal | undefined;
    const jobs = start(
      {
        endless: async (_payload, job) => {
          signal = job.signal;
          await new Promise(() => {});
        },
      },
      { stopTimeoutMs: 600 },
    );
    await enqueueJob(db, 'endless', {});
    await eventually(() => signal !== undefined, 'it runs');
    await jobs.stop();
    assert.equal(signal?.aborted, true);
    assert.deepEqual(
      (await waiting()).map(({ locked_by }) => locked_by),
      [null],
    );
  });

  it('waits for nothing at the end when it has never reached the database', async () => {
    let tried = 0;
    const refusing = createServer((socket) => {
      tried += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(refusing, 'listening');
    const { port } = refusing.address() as AddressInfo;
    const options = { databaseUrl: `postgres://nobody@127.0.0.1:${port}/none`, stopTimeoutMs: 3_600_000 };
    try {
      await start({}, options).stop();
      const jobs = start({}, options);
      await eventually(() => tried > 1, 'it tries again');
      await jobs.stop();
    } finally {
      refusing.close();
    }
  });

  it('bears a connection that is ended in the moment in which it is opened', async () => {
    let opened = 0;
    const fatal = Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0');
    const frame = (kind: string, body: Buffer) => {
      const head = Buffer.alloc(5, kind);
      head.writeInt32BE(body.length + 4, 1);
      return Buffer.concat([head, body]);
    };
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        opened += 1;
        // AuthenticationOk, ReadyForQuery, and the end at once.
        socket.on('end', () => socket.destroy()).resume();
        socket.end(Buffer.concat([frame('R', Buffer.alloc(4)), frame('Z', Buffer.from('I')), frame('E', fatal)]));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      // An error that nobody listens to is one of the test.
      start({}, { databaseUrl: `postgres://somebody@127.0.0.1:${port}/gatehouse` });
      await eventually(() => opened > 3, 'it tries again');
      await Promise.all(running.splice(-1).map((jobs) => jobs.stop()));
    } finally {
      server.close();
    }
  });

  it('takes jobs though the connection broke when it first looked up its tasks', async () => {
    // As if the network failed at this statement, every time until it is told otherwise.
    await db.raw(`
      create table breaking (n int);
      create function break_off() returns trigger language plpgsql as $$
      begin
        insert into breaking values (1);
        perform pg_terminate_backend(pg_backend_pid());
        return null;
      end $$;
      create trigger break_off before insert on graphile_worker._private_tasks
         for each statement execute function break_off()`);
    const seen: unknown[] = [];
    try {
      start({ patient: async (payload) => void seen.push(payload) }, { pollIntervalMs: 100 });
      await eventually(() => lines.some((line) => /Failed to acquire job/.test(line)), 'it failed');
    } finally {
      await db.raw('drop trigger break_off on graphile_worker._private_tasks');
    }
    await enqueueJob(db, 'patient', { n: 1 });
    await eventually(() => seen.length > 0, 'the job ran');
  });

  it('leaves a server that takes no writes any more, and takes jobs at the one that does', async () => {
    const name = new URL(database.url).pathname.slice(1);
    const ownConnections = `from pg_stat_activity where application_name = 'gatehouse-jobs' and datname = current_database()`;
    const seen: unknown[] = [];
    start({ patient: async (payload) => void seen.push(payload) }, { pollIntervalMs: 50 });
    await eventually(async () => (await db.raw(`select 1 ${ownConnections}`)).rows.length > 0, 'it is connected');
    // As if the server had been demoted: the connections of the queue cannot write, and stay so.
    await db.raw(`alter database ${name} set default_transaction_read_only = on`);
    try {
      await db.raw(`select pg_terminate_backend(pid) ${ownConnections}`);
      await eventually(() => lines.some((line) => /takes no writes/.test(line)), 'it is refused');
    } finally {
      await db.raw(`alter database ${name} reset default_transaction_read_only`);
    }
    await enqueueJob(db, 'patient', { n: 1 });
    await eventually(() => seen.length > 0, 'the job ran');
  });

  /** Another process, which has beaten for an hour. */
  async function steadyWatch(): Promise<PoolWatch> {
    await db.raw(
      `insert into job_workers (pool_id, beating_since) values ('steady', clock_timestamp() - interval '1 hour')
           on conflict (pool_id) do update set beating_since = excluded.beating_since, beat_at = clock_timestamp()`,
    );
    return { ...watchPool(), poolId: 'steady', enrolled: true };
  }

  it('leaves a job alone while the worker that began it lives, however long it takes', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let runs = 0;
    await start(
      {
        long: async () => {
          runs += 1;
          await held;
        },
      },
      { beatIntervalMs: 20, sweepIntervalMs: 20, patience: { goneAfterSeconds: 300 } },
    ).started;
    await enqueueJob(db, 'long', {}, { queue: 'slow' });
    await eventually(() => runs === 1, 'it runs');
    const enrolled = `select beat_at from job_workers where pool_id = (select locked_by from graphile_worker._private_jobs)`;
    await eventually(async () => (await db.raw(enrolled)).rows.length === 1, 'it says that it lives');
    // As if it had run since yesterday.
    await db.raw(`update graphile_worker._private_jobs set locked_at = now() - interval '1 day'`);
    await db.raw(`update graphile_worker._private_job_queues set locked_at = now() - interval '1 day'`);
    const pool = new pg.Pool({ connectionString: database.url, max: 1 });
    try {
      const watch = await steadyWatch();
      const { rows: before } = await db.raw(enrolled);
      await eventually(async () => (await db.raw(enrolled)).rows[0].beat_at > before[0].beat_at, 'it beats');
      assert.equal(await beat(pool, watch, { goneAfterSeconds: 300 }), 0);
      assert.equal(await releaseLostJobs(pool, watch, { lostAfterSeconds: 60 }), 0);
      assert.notEqual((await waiting())[0]?.locked_by, null);
    } finally {
      await pool.end();
    }
    release();
    await eventually(async () => (await waiting()).length === 0, 'it is done');
    assert.equal(runs, 1);
  });

  it('gives nobody up in the first moments after an outage, in which nobody could beat', async () => {
    const pool = new pg.Pool({ connectionString: database.url, max: 1 });
    try {
      const watch = await steadyWatch();
      await db.raw(`insert into job_workers (pool_id) values ('other')`);
      const limits = { goneAfterSeconds: 60 };
      await db.raw(`update job_workers set beat_at = clock_timestamp() - interval '2 minutes'`);
      assert.equal(await beat(pool, watch, limits), 0, 'its own pause was as long');
      assert.equal(await beat(pool, watch, limits), 0, 'and it has not beaten long enough since');
      await db.raw(
        `update job_workers set beating_since = beating_since - interval '2 minutes' where pool_id = 'steady'`,
      );
      assert.equal(await beat(pool, watch, limits), 1);
      assert.equal(await beat(pool, watch, limits), 0);
    } finally {
      await pool.end();
    }
  });

  it('beats by the clock of the database, whichever way the clocks of others go', async () => {
    const pool = new pg.Pool({ connectionString: database.url, max: 1 });
    const realNow = Date.now;
    try {
      const watch = await steadyWatch();
      await db.raw(`insert into job_workers (pool_id) values ('other')`);
      for (const hours of [-24, 24]) {
        Date.now = () => realNow() + hours * 3_600_000;
        assert.equal(await beat(pool, watch, { goneAfterSeconds: 300 }), 0);
      }
    } finally {
      Date.now = realNow;
      await pool.end();
      await db.raw('delete from job_workers');
    }
  });

  it('takes back a job that its living worker was given and never heard of', async () => {
    for (const n of [1, 2, 3]) await enqueueJob(db, 'mail', { n }, { queue: `queue ${n}` });
    // As `get_job` leaves them.
    await db.raw(
      `update graphile_worker._private_jobs set locked_by = 'pool-x', locked_at = now() - interval '5 minutes'`,
    );
    await db.raw(`update graphile_worker._private_job_queues set locked_by = 'pool-x', locked_at = now()`);
    const { rows: ids } = await db.raw('select id::text from graphile_worker._private_jobs order by id');
    const watch = { ...watchPool(), poolId: 'pool-x', jobs: new Map([[String(ids[1].id), Number.POSITIVE_INFINITY]]) };
    const pool = new pg.Pool({ connectionString: database.url, max: 1 });
    try {
      await db.raw(`insert into job_workers (pool_id) values ('pool-x')`);
      assert.equal(await releaseLostJobs(pool, watch, { lostAfterSeconds: 60 }), 2);
      assert.equal(await releaseLostJobs(pool, watch, { lostAfterSeconds: 60 }), 0);
    } finally {
      await pool.end();
    }
    const { rows } = await db.raw(`
      select j.payload ->> 'n' as n, j.locked_by as job, q.locked_by as queue
        from graphile_worker._private_jobs j
        join graphile_worker._private_job_queues q on q.id = j.job_queue_id
       order by n`);
    assert.deepEqual(rows, [
      { n: '1', job: null, queue: null },
      { n: '2', job: 'pool-x', queue: 'pool-x' },
      { n: '3', job: null, queue: null },
    ]);
    await db.raw('update graphile_worker._private_job_queues set locked_by = null, locked_at = null');
  });

  it('knows of a job that began while it waited for a connection', async () => {
    await enqueueJob(db, 'mail', {});
    const { rows: ids } = await db.raw('select id::text from graphile_worker._private_jobs');
    const watch = { ...watchPool(), poolId: 'pool-y' };
    const pool = new pg.Pool({ connectionString: database.url, max: 1 });
    try {
      const held = await pool.connect();
      const released = releaseLostJobs(pool, watch, { lostAfterSeconds: 60 });
      watch.jobs.set(String(ids[0].id), Number.POSITIVE_INFINITY);
      // Two minutes later.
      await db.raw(
        `update graphile_worker._private_jobs set locked_by = 'pool-y', locked_at = now() - interval '2 minutes'`,
      );
      held.release();
      assert.equal(await released, 0);
    } finally {
      await pool.end();
    }
  });

  it('takes back the job of a worker that was killed', async () => {
    const worker = startWorker();
    await enqueueJob(db, 'stuck', { n: 1 }, { queue: 'one' });
    await worker.said('begun');
    await worker.end();

    const seen: unknown[] = [];
    start(
      { stuck: async (payload) => void seen.push(payload) },
      { beatIntervalMs: 100, patience: { goneAfterSeconds: 2 } },
    );
    await eventually(() => seen.length === 1, 'another worker ran it');
    await eventually(async () => (await waiting()).length === 0, 'it is done');
    assert.deepEqual(seen, [{ n: 1 }]);
  });

  it('takes back the job of a worker that stands still, which ends what it is at when it goes on', async () => {
    const worker = startWorker();
    let other = false;
    try {
      await enqueueJob(db, 'stuck', { n: 1 });
      await worker.said('begun');
      worker.child.kill('SIGSTOP');
      start(
        {
          stuck: async () => {
            other = true;
            await new Promise(() => {});
          },
        },
        { beatIntervalMs: 100, stopTimeoutMs: 500, patience: { goneAfterSeconds: 2 } },
      );
      await eventually(() => other, 'another worker runs it');
      const [taken] = await waiting();
      worker.child.kill('SIGCONT');
      await worker.said('ended');
      // It begins anew, and what it does at the end of its old life takes nothing from the other.
      await enqueueJob(db, 'quick', {});
      await worker.said('quick');
      const held = (await waiting()).filter(({ locked_by }) => locked_by === taken?.locked_by);
      assert.equal(held.length, 1);
    } finally {
      await worker.end();
    }
  });

  function startWorker() {
    const child = fork(new URL('../../support/jobs-process.ts', import.meta.url), {
      env: { ...process.env, JOBS_DATABASE_URL: database.url },
    });
    const said: unknown[] = [];
    child.on('message', (text) => said.push(text));
    const exited = once(child, 'exit');
    return {
      child,
      async said(text: string) {
        await eventually(() => said.includes(text), `the worker says ${text}`);
        await eventually(async () => (await db.raw('select from job_workers')).rows.length > 0, 'and that it lives');
      },
      async end() {
        child.kill('SIGKILL');
        await exited;
      },
    };
  }
});

describe('jobs on bad connections', function () {
  this.timeout(150_000);

  it('are all done, though connections break again and again', async () => {
    const failures: unknown[] = [];
    const note = (error: unknown) => void failures.push(error);
    process.on('unhandledRejection', note);
    const database = await createTestDatabase();
    const db = createDatabase({ url: database.url, poolMax: 2 });
    const done = new Set<unknown>();
    await migrateJobs({ databaseUrl: database.url });
    const jobs = startJobs({
      databaseUrl: database.url,
      logger: createLogger({ level: 'silent' }),
      concurrency: 3,
      // A connection may break while a job is being handed out: such a one is taken back after a time.
      sweepIntervalMs: 500,
      patience: { lostAfterSeconds: 3 },
      tasks: {
        count: async (payload) => {
          await sleep(5);
          done.add((payload as { n: number }).n);
        },
      },
    });
    try {
      await jobs.started;
      for (let n = 0; n < 150; n += 1) {
        await enqueueJob(db, 'count', { n });
        if (n % 15 === 14)
          await db.raw(
            `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gatehouse-jobs'`,
          );
      }
      await eventually(() => done.size === 150, 'every job ran', 120_000);
      assert.deepEqual(failures, []);
    } finally {
      await jobs.stop();
      await db.destroy();
      await database.drop();
      process.off('unhandledRejection', note);
    }
  });
});

describe('jobs while PostgreSQL restarts', function () {
  this.timeout(300_000);
  let directory: string;
  const log = { info() {}, warn() {} };
  const launch = () => startEmbeddedPostgres({ dataDirectory: directory, log, durable: false });
  let server: Awaited<ReturnType<typeof launch>>;
  let jobs: Jobs | undefined;
  let db: Database | undefined;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-jobs-'));
    server = await launch();
  });
  after(async () => {
    await jobs?.stop();
    await db?.destroy();
    await server?.stop();
    await rm(server.home, { recursive: true, force: true });
    await rm(directory, { recursive: true, force: true });
  });

  it('go on afterwards, and a job that ended meanwhile is not run again', async () => {
    const failures: unknown[] = [];
    const note = (error: unknown) => void failures.push(error);
    process.on('unhandledRejection', note);
    try {
      db = createDatabase({ url: server.url, poolMax: 2 });
      await migrateJobs({ databaseUrl: server.ownerUrl });
      // The queue belongs to another role, and hides its rows from all that are not admitted.
      const owner = createDatabase({ url: server.ownerUrl, poolMax: 2 });
      await migrateToLatest(owner);
      await admitServerRole(owner, new URL(server.url).username);
      await owner.destroy();
      const runs: string[] = [];
      let finish = () => {};
      jobs = startJobs({
        databaseUrl: server.url,
        logger: createLogger({ level: 'silent' }),
        concurrency: 2,
        tasks: {
          quick: async () => void runs.push('quick'),
          long: async () => {
            runs.push('long');
            await new Promise<void>((resolve) => {
              finish = resolve;
            });
          },
        },
      });
      await jobs.started;
      await enqueueJob(db, 'long', {});
      await eventually(() => runs.length === 1, 'the long job runs');

      const { url } = server;
      await server.stop();
      // The job ends while there is no database to tell.
      finish();
      await sleep(1_500);
      server = await launch();
      assert.equal(server.url, url, 'the same address as before');

      const again = db;
      await eventually(
        () =>
          enqueueJob(again, 'quick', {}).then(
            () => true,
            () => false,
          ),
        'the database is back',
      );
      await eventually(() => runs.includes('quick'), 'a new job runs');
      await eventually(async () => {
        const { rows } = await again.raw('select 1 from graphile_worker._private_jobs');
        return rows.length === 0;
      }, 'the long job is written off');
      assert.deepEqual(runs, ['long', 'quick']);
      await sleep(50);
      assert.deepEqual(failures, []);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});
