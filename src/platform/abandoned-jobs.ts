/**
 * Takes back jobs whose worker is gone. graphile-worker frees a job that a killed process had begun only after four
 * hours; a mail with a code cannot wait that long. Each pool of workers therefore holds an advisory lock under its id on
 * the connection by which it listens: PostgreSQL lets go of it when the process dies. Refuses to take a job from a pool
 * that lives.
 */
import { EventEmitter } from 'node:events';
import type { WorkerEvents } from 'graphile-worker';
import type pg from 'pg';

/** Long enough for a living pool to have its listening connection back after an outage, short beside a code's 5 minutes. */
const abandonedAfterSeconds = 60;

/** Events for graphile-worker that make each pool hold its lock, and tell its id. */
export function announcePool(onPool: (poolId: string) => void): WorkerEvents {
  const events: WorkerEvents = new EventEmitter();
  events.on('pool:create', ({ workerPool }) => onPool(workerPool.id));
  events.on('pool:listen:success', ({ workerPool, client }) => {
    // Failing here means that the connection failed; the library listens again on another.
    client.query('select pg_advisory_lock_shared(hashtextextended($1, 0))', [lockName(workerPool.id)]).catch(() => {});
  });
  return events;
}

function lockName(poolId: string): string {
  return `gatehouse:jobs:${poolId}`;
}

/** Unlocks what pools that hold no lock any more had begun. Returns how many jobs there were. */
export async function releaseAbandonedJobs(pool: pg.Pool, afterSeconds = abandonedAfterSeconds): Promise<number> {
  const { rows } = await pool.query<{ locked_by: string; jobs: number }>(
    `select locked_by, count(*)::int as jobs
       from graphile_worker._private_jobs
      where locked_at < now() - make_interval(secs => $1)
      group by locked_by`,
    [afterSeconds],
  );
  let released = 0;
  for (const { locked_by: poolId, jobs } of rows) {
    const { rows: gone } = await pool.query(
      `select graphile_worker.force_unlock_workers(array[$1::text])
        where pg_try_advisory_xact_lock(hashtextextended($2, 0))`,
      [poolId, lockName(poolId)],
    );
    if (gone.length > 0) released += jobs;
  }
  return released;
}

/** Unlocks what one pool of this process had begun, after its end. */
export async function releaseJobsOf(pool: pg.Pool, poolId: string): Promise<void> {
  await pool.query('select graphile_worker.force_unlock_workers(array[$1::text])', [poolId]);
}
