/** What the next process finds some seconds after the ones before it were killed: their jobs are taken back. Nobody waits here. */
import type pg from 'pg';
import { beat, releaseLostJobs, watchPool } from '../../src/platform/jobs/abandoned-jobs.ts';

/** @returns how many jobs are marked as begun then */
export async function takeBackJobs(pool: pg.Pool): Promise<number> {
  const watch = { ...watchPool(), poolId: 'test', enrolled: true };
  await pool.query(`update job_workers set beat_at = beat_at - interval '1 hour'`);
  await pool.query(
    `insert into job_workers (pool_id, beating_since) values ('test', clock_timestamp() - interval '1 hour')`,
  );
  await beat(pool, watch, { goneAfterSeconds: 10 });
  await releaseLostJobs(pool, watch, { lostAfterSeconds: 0 });
  await pool.query(`delete from job_workers where pool_id = 'test'`);
  const { rows } = await pool.query(
    'select count(*)::integer as begun from graphile_worker._private_jobs where locked_at is not null',
  );
  return rows[0].begun;
}
