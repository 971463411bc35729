/**
 * Takes back jobs that nobody works on although they are marked as begun. graphile-worker frees those after four hours;
 * a mail with a code cannot wait that long. Two ways lead there: the process was killed, or the connection broke between
 * PostgreSQL's handing out a job and the worker's hearing of it. Owns the rows of `job_workers`. Refuses to take a job from a
 * worker that lives and knows of it, however long it takes.
 *
 * Each pool of workers beats: it writes the time into its row. Times are the database's own, and no session is held, so that it
 * works the same behind a pooler. After an outage all rows are old: only a pool that has itself beaten without a pause for as
 * long as it asks of others gives one up. A pool that was given up finds its row gone, and ends what it is at.
 */
import { EventEmitter } from 'node:events';
import type { WorkerEvents } from 'graphile-worker';
import type pg from 'pg';

export interface Patience {
  /** A pool that has not beaten for so long is gone. */
  goneAfterSeconds: number;
  /** A job of a pool that does not know of it, or that never had a row, is lost after so long. More than an answer may take. */
  lostAfterSeconds: number;
}

/** Longer than the end of a job waits to be written down while the database is away. */
const endedForMs = 180_000;

/** What one pool of this process works on. */
export interface PoolWatch {
  /** To be given to graphile-worker. */
  events: WorkerEvents;
  /** Undefined until the pool exists. */
  poolId: string | undefined;
  /** It had its row. */
  enrolled: boolean;
  /** Ids of the jobs it knows of, with the time of their end in ms. */
  jobs: Map<string, number>;
  /** Aborted when others have been given its jobs. */
  givenUp: AbortController;
}

/** Follows what a pool works on. */
export function watchPool(): PoolWatch {
  const events: WorkerEvents = new EventEmitter();
  const watch: PoolWatch = {
    events,
    poolId: undefined,
    enrolled: false,
    jobs: new Map(),
    givenUp: new AbortController(),
  };
  events.on('pool:create', ({ workerPool }) => {
    watch.poolId = workerPool.id;
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

/**
 * Says that the pool lives, and frees the jobs of those that have not said so for too long.
 * @returns how many were gone; aborts `givenUp` where this pool was itself
 */
export async function beat(
  pool: pg.Pool,
  watch: PoolWatch,
  { goneAfterSeconds }: Pick<Patience, 'goneAfterSeconds'>,
): Promise<number> {
  const { poolId } = watch;
  if (poolId === undefined) return 0;
  if (!watch.enrolled) {
    // That it was written may not have been heard.
    await pool.query('insert into job_workers (pool_id) values ($1) on conflict (pool_id) do nothing', [poolId]);
    watch.enrolled = true;
    return 0;
  }
  const { rows } = await pool.query<{ beats: boolean; gone: number }>(
    `with own as (
       update job_workers
          set beating_since = case when beat_at < clock_timestamp() - make_interval(secs => $2) then clock_timestamp()
                                   else beating_since end,
              beat_at = clock_timestamp()
        where pool_id = $1
       returning beating_since < clock_timestamp() - make_interval(secs => $2) as is_steady
     ), gone as (
       delete from job_workers w
        using own
        where own.is_steady and w.pool_id <> $1 and w.beat_at < clock_timestamp() - make_interval(secs => $2)
       returning w.pool_id
     )
     select exists (select from own) as beats, (select count(*) from gone)::int as gone,
            (select graphile_worker.force_unlock_workers(array_agg(pool_id)) from gone having count(*) > 0)`,
    [poolId, goneAfterSeconds],
  );
  if (rows[0]?.beats === false) watch.givenUp.abort();
  return rows[0]?.gone ?? 0;
}

/**
 * Frees what `watch` is said to work on without knowing of it, and what is held by a pool that has no row.
 * @returns how many jobs there were
 */
export async function releaseLostJobs(
  pool: pg.Pool,
  watch: PoolWatch,
  { lostAfterSeconds }: Pick<Patience, 'lostAfterSeconds'>,
): Promise<number> {
  // First the connection, for which it may wait two minutes: what the pool begins meanwhile it knows of.
  const client = await pool.connect();
  let failed = true;
  try {
    const count = await releaseLost(client, watch, lostAfterSeconds);
    failed = false;
    return count;
  } finally {
    client.release(failed);
  }
}

async function releaseLost(client: pg.PoolClient, watch: PoolWatch, lostAfterSeconds: number): Promise<number> {
  const { rows } = await client.query(
    `with lost as (
       update graphile_worker._private_jobs
          set locked_by = null, locked_at = null
        where locked_at < now() - make_interval(secs => $3)
          and case when locked_by = $1 then id <> all($2::bigint[])
                   else not exists (select from job_workers where pool_id = locked_by) end
       returning id, job_queue_id
     ), before as (
       select j.job_queue_id, j.locked_by from graphile_worker._private_jobs j join lost on lost.id = j.id
     ), queues as (
       update graphile_worker._private_job_queues q
          set locked_by = null, locked_at = null
         from before
        where q.id = before.job_queue_id and q.locked_by = before.locked_by
     )
     select from lost`,
    [watch.poolId ?? '', [...watch.jobs.keys()], lostAfterSeconds],
  );
  return rows.length;
}

/** Frees what one pool of this process had begun, after its end, and takes away its row. */
export async function releaseJobsOf(pool: pg.Pool, poolId: string): Promise<void> {
  await pool.query(
    `with gone as (delete from job_workers where pool_id = $1)
     select graphile_worker.force_unlock_workers(array[$1::text])`,
    [poolId],
  );
}
