import type { Knex } from 'knex';

/** Who works on jobs: each pool of workers says so every few seconds, and one that is silent has its jobs taken back. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    create table job_workers (
      -- The name under which graphile-worker marks the jobs of a pool.
      pool_id       text        not null,
      -- Since when without a pause.
      beating_since timestamptz not null default clock_timestamp(),
      beat_at       timestamptz not null default clock_timestamp(),
      constraint job_workers_pkey primary key (pool_id)
    ) with (fillfactor = 50);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop table job_workers');
}
