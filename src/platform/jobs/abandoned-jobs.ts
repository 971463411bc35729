/**
 * Takes back jobs that nobody works on although they are marked as begun. graphile-worker frees those after four hours;
 * a mail with a code cannot wait that long. Two ways lead there: the process was killed, or the connection broke between
 * PostgreSQL's handing out a job and the worker's hearing of it. Refuses to take a job from a worker that lives and
 * knows of it.
 *
 * Each pool of workers holds an advisory lock under its id on the connection by which it listens: PostgreSQL lets go of
 * it when the process dies.
 */
import { EventEmitter } from 'node:events';
import type { WorkerEvents } from 'graphile-worker';
import type pg from 'pg';

/** Long enough for a living pool to have its listening connection back after an outage, short beside a code's 5 minutes. */
const abandonedAfterSeconds = 60;
/** Longer than the end of a job waits to be written down while the database is away. */
const endedForMs = 180_000;

/** What one pool of this process works on. */
export interface PoolWatch {
  /** To be given to graphile-worker. */
  events: WorkerEvents;
  /** Undefined until the pool exists. */
  poolId: string | undefined;
  /** Ids of the jobs it knows of, with the time of their end in ms. */
  jobs: Map<string, number>;
}

/** Makes a pool hold its lock and tell what it works on. */
export function watchPool(): PoolWatch {
  const events: WorkerEvents = new EventEmitter();
  const watch: PoolWatch = { events, poolId: undefined, jobs: new Map() };
  events.on('pool:create', ({ workerPool }) => {
    watch.poolId = workerPool.id;
  });
  events.on('pool:listen:success', ({ workerPool, client }) => {
    // Failing here means that the connection failed; the library listens again on another.
    client.query('select pg_advisory_lock_shared(hashtextextended($1, 0))', [lockName(workerPool.id)]).catch(() => {});
  });
  events.on('job:start', ({ job }) => {
    watch.jobs.set(job.id, Number.POSITIVE_INFINITY);
  });
  events.on('job:complete', ({ job }) => {
    watch.jobs.set(job.id, Date.now());
    for (const [id, endedAt] of watch.jobs) if (Date.now() - endedAt > endedForMs) watch.jobs.delete(id);
  });
  return watch;
}

function lockName(poolId: string): string {
  return `gatehouse:jobs:${poolId}`;
}

/**
 * Frees what pools that live no more had begun, and what `own` is said to work on without knowing of it.
 * @returns how many jobs there were
 */
export async function releaseAbandonedJobs(
  pool: pg.Pool,
  own?: PoolWatch,
  afterSeconds = abandonedAfterSeconds,
): Promise<number> {
  const { rows } = await pool.query<{ locked_by: string; jobs: number }>(
    `select locked_by, count(*)::int as jobs
       from graphile_worker._private_jobs
      where locked_at < now() - make_interval(secs => $1)
      group by locked_by`,
    [afterSeconds],
  );
  let released = 0;
  for (const { locked_by: poolId, jobs } of rows) {
    if (poolId === own?.poolId) {
      released += await releaseLost(pool, poolId, [...own.jobs.keys()], afterSeconds);
      continue;
    }
    const { rows: gone } = await pool.query(
      `select graphile_worker.force_unlock_workers(array[$1::text])
        where pg_try_advisory_xact_lock(hashtextextended($2, 0))`,
      [poolId, lockName(poolId)],
    );
    if (gone.length > 0) released += jobs;
  }
  return released;
}

async function releaseLost(pool: pg.Pool, poolId: string, known: string[], afterSeconds: number): Promise<number> {
  const { rows } = await pool.query(
    `with lost as (
       update graphile_worker._private_jobs
          set locked_by = null, locked_at = null
        where locked_by = $1
          and locked_at < now() - make_interval(secs => $3)
          and id <> all($2::bigint[])
       returning job_queue_id
     ), queues as (
       update graphile_worker._private_job_queues q
          set locked_by = null, locked_at = null
         from lost
        where q.id = lost.job_queue_id and q.locked_by = $1
     )
     select from lost`,
    [poolId, known, afterSeconds],
  );
  return rows.length;
}

/** Frees what one pool of this process had begun, after its end. */
export async function releaseJobsOf(pool: pg.Pool, poolId: string): Promise<void> {
  await pool.query('select graphile_worker.force_unlock_workers(array[$1::text])', [poolId]);
}
