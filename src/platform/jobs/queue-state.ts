/** What waits in the queue of jobs, and whether it is there at all. Reads alone. */
import { type Database, firstRow } from '../database.ts';

/** Whether `migrateJobs` has made the queue's tables. */
export async function isQueueMade(db: Database): Promise<boolean> {
  const queue = await firstRow<{ made: boolean }>(db, `select to_regnamespace('graphile_worker') is not null as made`);
  return queue?.made === true;
}

/**
 * Jobs that wait or will be tried again, and for how long the oldest has.
 * @param queues beginnings of the names of queues, such as `email:`
 */
export async function waitingJobs(
  db: Database,
  queues: readonly string[],
): Promise<{ waiting: number; oldestSeconds: number }> {
  const found = await firstRow<{ waiting: number; seconds: number | null }>(
    db,
    `select count(*) as waiting, extract(epoch from now() - min(created_at))::integer as seconds
       from graphile_worker.jobs
      where attempts < max_attempts
        and exists (select from unnest(:queues::text[]) as q(beginning) where starts_with(queue_name, q.beginning))`,
    { queues: [...queues] },
  );
  return { waiting: found?.waiting ?? 0, oldestSeconds: found?.seconds ?? 0 };
}
