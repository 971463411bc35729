/**
 * Reading what jobs of one name carry, and taking some out of the queue by it: also those that have failed for good, which
 * would stay for ever. One that is being worked on keeps its row, which its queue needs to go on, and loses its payload.
 */
import { type Database, rows } from '../database.ts';

interface WaitingJob {
  id: string;
  payload: unknown;
}

/** The payloads of all jobs of a name, failed ones too. */
export async function jobPayloads(db: Database, name: string): Promise<unknown[]> {
  return (await jobsOf(db, name)).map(({ payload }) => payload);
}

/** Takes the jobs of a name that are meant. Answers how many. */
export async function forgetJobs(trx: Database, name: string, isMeant: (payload: unknown) => boolean): Promise<number> {
  const ids = (await jobsOf(trx, name)).filter(({ payload }) => isMeant(payload)).map(({ id }) => id);
  if (ids.length === 0) return 0;
  await rows(
    trx,
    `with held as (
       select id, locked_at from graphile_worker._private_jobs where id = any(:ids::bigint[]) order by id for update
     ), emptied as (
       update graphile_worker._private_jobs j
          set payload = '{}', max_attempts = greatest(j.attempts, 1)
         from held
        where j.id = held.id and held.locked_at is not null
     )
     delete from graphile_worker._private_jobs j using held where j.id = held.id and held.locked_at is null`,
    { ids },
  );
  return ids.length;
}

async function jobsOf(db: Database, name: string): Promise<WaitingJob[]> {
  return rows<WaitingJob>(
    db,
    `select j.id::text as id, j.payload
       from graphile_worker._private_jobs j
       join graphile_worker._private_tasks t on t.id = j.task_id
      where t.identifier = :name`,
    { name },
  );
}
