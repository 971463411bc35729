/**
 * Work that outlives a request: graphile-worker on the program's own PostgreSQL. A job is enqueued (enqueue-job.ts) inside
 * the caller's transaction and so exists exactly when the data does. Runs at least once: a task must bear being repeated.
 * Survives a restart of PostgreSQL, and takes back at once what a process that was killed had begun (abandoned-jobs.ts).
 * Refuses to write a payload or the text of a task's error into the queue's table or the log.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type JobHelpers,
  Logger as LibraryLogger,
  type ParsedCronItem,
  parseCrontab,
  type Runner,
  run,
  runMigrations,
  type TaskList,
} from 'graphile-worker';
import pg from 'pg';
import type { Logger } from 'pino';
import { type Pooler, startParameters } from '../lent-connections.ts';
import { connectionsToPrimary } from '../primary.ts';
import { tracedAlone } from '../tracing.ts';
import { beat, type Patience, releaseJobsOf, releaseLostJobs, watchPool } from './abandoned-jobs.ts';
import { onLastingFailure, workersAreGone } from './idle-workers.ts';

export interface JobsConnection {
  databaseUrl: string;
  /** As in DatabaseOptions: the CA bundle to verify the server by, or `true` for the system's. */
  ssl?: boolean | { ca: string };
  /** What stands before the server; default `none`. Behind one nothing tells of new jobs, and they are looked for. */
  pooler?: Pooler;
}

export interface JobContext {
  id: string;
  /** From 1. */
  attempt: number;
  maxAttempts: number;
  /** Fires when the worker must stop soon. */
  signal: AbortSignal;
  log: Logger;
}

/** Throwing means: again later, after exp(attempt) seconds, until `maxAttempts`. */
export type JobTask = (payload: unknown, job: JobContext) => Promise<void>;

export interface JobsOptions extends JobsConnection {
  tasks: Readonly<Record<string, JobTask>>;
  /** One line a job in graphile-worker's form, times in UTC: `0 4 * * * sweep ?fill=1d`. */
  crontab?: string;
  logger: Logger;
  /** Jobs at once; default 4. */
  concurrency?: number;
  /** How long `stop` waits for running jobs; default 8 s. */
  stopTimeoutMs?: number;
  /** How often it looks for jobs of which the database did not tell it; default 2 s, behind a pooler 1 s. */
  pollIntervalMs?: number;
  /** How often it says that it lives, and looks who does not; default 2 s. */
  beatIntervalMs?: number;
  /** How often it looks for jobs that were handed to nobody; default 30 s. */
  sweepIntervalMs?: number;
  /** Default: a process that is silent for 10 s is gone, and a job is lost after 60 s. */
  patience?: Partial<Patience>;
}

export interface Jobs {
  /** Resolves when jobs are being taken for the first time. Never rejects; does not resolve while the database is away. */
  started: Promise<void>;
  /** Takes no more jobs, waits for the running ones, then gives the rest back to the queue. Never rejects. */
  stop(): Promise<void>;
}

const longestBackOffMs = 30_000;

/** Makes or updates the queue's tables (schema `graphile_worker`). Many processes may call it at once. */
export async function migrateJobs(connection: JobsConnection): Promise<void> {
  const pool = createPool(connection, 1);
  // The library complains where a pool has no listeners; a failed query rejects on its own.
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));
  try {
    await runMigrations({ pgPool: pool, logger: new LibraryLogger(() => ignore) });
  } finally {
    await pool.end();
  }
}

/**
 * Starts taking jobs in the background, on a pool of its own, and starts again whenever the worker gives up.
 * @throws at once where the crontab cannot be read or names a task that does not exist
 */
export function startJobs(options: JobsOptions): Jobs {
  const { tasks, logger, concurrency = 4, stopTimeoutMs = 8_000, pooler = 'none' } = options;
  const {
    pollIntervalMs = pooler === 'none' ? 2_000 : 1_000,
    beatIntervalMs = 2_000,
    sweepIntervalMs = 30_000,
  } = options;
  const patience = { goneAfterSeconds: 10, lostAfterSeconds: 60, ...options.patience };
  const cronItems = parseCron(options.crontab ?? '', tasks);
  const stopping = new AbortController();
  // One connection listens for new jobs; one is left for the timetable and the sweep.
  const pool = createPool(options, concurrency + 2);
  pool.on('error', (err) => logger.warn({ err }, 'The job queue lost a connection'));
  pool.on('connect', (client) => {
    client.on('error', ignore);
    if (pooler !== 'none') listenInVain(client);
  });
  waitOutages(pool, stopping.signal, logger);

  const { promise: started, resolve: nowStarted } = Promise.withResolvers<void>();
  let runner: Runner | undefined;
  let watch = watchPool();

  async function runOnce(): Promise<void> {
    watch = watchPool();
    watch.events.once('pool:create', () => void beat(pool, watch, patience).catch(ignore));
    const current = await run({
      pgPool: pool,
      taskList: wrapTasks(tasks, logger, watch.givenUp.signal),
      parsedCronItems: cronItems,
      concurrency,
      pollInterval: pollIntervalMs,
      noHandleSignals: true,
      gracefulShutdownAbortTimeout: stopTimeoutMs / 2,
      logger: libraryLogger(logger),
      events: watch.events,
      // Without these the library does not wait for the end of a job to be written, and nobody hears if that fails: the
      // process would end by an unhandled rejection.
      preset: {
        worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0, preparedStatements: pooler !== 'transaction' },
      },
    });
    runner = current;
    watch.givenUp.signal.addEventListener('abort', () => {
      logger.warn('Others were given the jobs of this worker, which was silent for too long');
      current.stop().catch(ignore);
    });
    // One that broke makes a failure for each worker, and then they go on.
    onLastingFailure(watch.events, 3 * concurrency, () => void current.stop().catch(ignore));
    nowStarted();
    if (stopping.signal.aborted) await current.stop().catch(ignore);
    try {
      await Promise.race([current.promise, workersAreGone(watch.events)]);
    } finally {
      runner = undefined;
      // Where the end of a job could not be written down it would otherwise wait for hours.
      if (watch.poolId && !stopping.signal.aborted) await releaseJobsOf(pool, watch.poolId).catch(ignore);
    }
  }

  async function supervise(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const since = Date.now();
      const reason = await runOnce().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (stopping.signal.aborted) return;
      failures = Date.now() - since > longestBackOffMs ? 0 : failures + 1;
      const delayMs = Math.min(longestBackOffMs, 250 * 2 ** failures) * (0.5 + Math.random() / 2);
      logger.warn({ err: reason, delayMs: Math.round(delayMs) }, 'The job worker ended; starting again');
      await sleep(delayMs, undefined, { signal: stopping.signal }).catch(ignore);
    }
  }

  const beats = every(beatIntervalMs, logger, async () => {
    const gone = await beat(pool, watch, patience);
    if (gone > 0) logger.warn({ workers: gone }, 'Took back what workers that are gone had begun');
  });
  const sweep = every(sweepIntervalMs, logger, async () => {
    const count = await releaseLostJobs(pool, watch, patience);
    if (count > 0) logger.warn({ count }, 'Took back jobs that no worker knows of');
  });

  const ended = supervise();
  let stopped: Promise<void> | undefined;

  async function stopNow(): Promise<void> {
    clearInterval(sweep);
    stopping.abort();
    const active = runner;
    await within(stopTimeoutMs, active ? active.stop().catch(ignore) : undefined, ended);
    clearInterval(beats);
    // The library has no way to end a job that goes on. Another worker may begin it again at once.
    if (runner) logger.warn('Jobs still run at the end; they go back to the queue');
    if (watch.poolId) await within(2_000, releaseJobsOf(pool, watch.poolId).catch(ignore));
    await within(1_000, pool.end().catch(ignore));
  }

  return {
    started,
    stop() {
      stopped ??= stopNow();
      return stopped;
    },
  };
}

/** One at a time: what takes longer than its turn is not begun again beside itself. */
function every(milliseconds: number, logger: Logger, work: () => Promise<void>): NodeJS.Timeout {
  let underWay = false;
  return setInterval(() => {
    if (underWay) return;
    underWay = true;
    work()
      .catch((err) => logger.debug({ err }, 'Could not look after the job queue'))
      .finally(() => {
        underWay = false;
      });
  }, milliseconds).unref();
}

/**
 * On a lent connection, to listen is to have another one hear of it: the library is told that it listens, and finds jobs by
 * looking for them.
 */
function listenInVain(client: pg.ClientBase): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  client.query = ((...args: unknown[]) =>
    /^(?:UN)?LISTEN /.test(String(args[0])) ? Promise.resolve() : query(...args)) as typeof client.query;
}

/** The library may release its listening connection twice, where it breaks during a shutdown; the pool would throw at that. */
function releaseOnce(client: pg.PoolClient): (release?: unknown) => void {
  let released = false;
  return (release) => {
    if (!released) client.release(release as Error | boolean | undefined);
    released = true;
  };
}

function createPool({ databaseUrl, ssl, pooler = 'none' }: JobsConnection, max: number): pg.Pool {
  const { Client, config } = connectionsToPrimary(databaseUrl, { ssl });
  return new pg.Pool({
    ...config,
    Client,
    max,
    application_name: 'gatehouse-jobs',
    connectionTimeoutMillis: 3_000,
    // Both ends: a connection that died without a word must not hold a job for ever.
    ...startParameters(pooler, { statement: 15_000, idleInTransaction: 30_000 }),
    query_timeout: 20_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
  });
}

/**
 * Lets a caller that asks the pool for a connection wait while there is none to be had. The library gives up a worker, and
 * leaves its job locked, when the end of a job cannot be written because PostgreSQL is just then restarting.
 */
function waitOutages(pool: pg.Pool, stopping: AbortSignal, logger: Logger): void {
  const connect = pool.connect.bind(pool) as () => Promise<pg.PoolClient>;

  async function patiently(): Promise<pg.PoolClient> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await connect();
      } catch (error) {
        // At the stop nobody waits; two minutes are an outage, no restart.
        if (stopping.aborted || attempt >= 60) throw error;
        if (attempt === 0) logger.warn({ err: error }, 'The job queue waits for its database');
        await sleep(Math.min(2_000, 100 * 1.5 ** attempt), undefined, { signal: stopping }).catch(ignore);
      }
    }
  }

  type Callback = (
    error: Error | undefined,
    client: pg.PoolClient | undefined,
    done: (release?: unknown) => void,
  ) => void;
  function connectPatiently(callback?: Callback): Promise<pg.PoolClient> | undefined {
    if (!callback) return patiently();
    patiently().then(
      (client) => callback(undefined, client, releaseOnce(client)),
      (error: Error) => callback(error, undefined, ignore),
    );
    return undefined;
  }
  pool.connect = connectPatiently as typeof pool.connect;
}

function parseCron(crontab: string, tasks: JobsOptions['tasks']): ParsedCronItem[] {
  const items = parseCrontab(crontab);
  for (const { task } of items) if (!Object.hasOwn(tasks, task)) throw new Error(`the crontab names no task: ${task}`);
  return items;
}

function wrapTasks(tasks: JobsOptions['tasks'], logger: Logger, givenUp: AbortSignal): TaskList {
  return Object.fromEntries(Object.entries(tasks).map(([name, task]) => [name, wrapTask(name, task, logger, givenUp)]));
}

function wrapTask(name: string, task: JobTask, logger: Logger, givenUp: AbortSignal) {
  return async (payload: unknown, { job, abortSignal }: JobHelpers): Promise<void> => {
    const log = logger.child({ task: name, jobId: job.id, attempt: job.attempts });
    const began = performance.now();
    try {
      const signal = abortSignal ? AbortSignal.any([abortSignal, givenUp]) : givenUp;
      await tracedAlone(`job ${name}`, { attributes: { attempt: job.attempts } }, () =>
        task(payload, { id: job.id, attempt: job.attempts, maxAttempts: job.max_attempts, signal, log }),
      );
      // What was begun by another meanwhile is that one's to end.
      givenUp.throwIfAborted();
      log.debug({ ms: Math.round(performance.now() - began) }, 'Job done');
    } catch (err) {
      const final = job.attempts >= job.max_attempts;
      log[final ? 'error' : 'warn'](
        { err, final },
        final ? 'Job failed for good' : 'Job failed; it will be tried again',
      );
      // The library keeps this text in its table: what went wrong in full is in the log alone.
      throw new Error(err instanceof Error ? err.name : 'Error');
    }
  };
}

/** The library's own words, without what it hangs on them: whole jobs with their payloads. */
function libraryLogger(logger: Logger): LibraryLogger {
  return new LibraryLogger(() => (level, message, meta) => {
    // A failed job has been told of by `wrapTask`.
    if (meta?.failure === true) return;
    logger[level === 'error' || level === 'warning' ? 'warn' : 'debug']({ err: meta?.error }, `Job queue: ${message}`);
  });
}

function ignore(): void {}

/** Waits for all of it, but no longer than that. */
async function within(milliseconds: number, ...work: (Promise<unknown> | undefined)[]): Promise<void> {
  const timer = new AbortController();
  await Promise.race([
    Promise.allSettled(work),
    sleep(milliseconds, undefined, { signal: timer.signal }).catch(ignore),
  ]);
  timer.abort();
}
