/**
 * Putting a job into the queue, which exists exactly when the transaction that enqueues it commits. Knows the queue's own
 * function alone, and nothing of the library that works on jobs: a command enqueues and does not wait to load that.
 */
import type { Database } from '../database.ts';

export interface JobOptions {
  /** Not before; default now. */
  runAt?: Date;
  /** Default 25, over about three days. */
  maxAttempts?: number;
  /** Of jobs with one key, one waits at a time: a later one replaces it. */
  key?: string;
  /** `preserve_run_at` replaces all but the time; `unsafe_dedupe` keeps the earlier job, even one that has failed for good. */
  keyMode?: 'replace' | 'preserve_run_at' | 'unsafe_dedupe';
  /** Jobs of one queue run one after another. */
  queue?: string;
  /** Smaller goes first; default 0. */
  priority?: number;
}

/** Enqueues a job with `db`'s transaction: it runs after the commit, or never existed. The payload is stored in clear. */
export async function enqueueJob(db: Database, name: string, payload: object, options: JobOptions = {}): Promise<void> {
  await db.raw(
    `select id
       from graphile_worker.add_job(
              identifier   => :name::text,
              payload      => :payload::json,
              queue_name   => :queue::text,
              run_at       => :runAt::timestamptz,
              max_attempts => :maxAttempts::int,
              job_key      => :key::text,
              priority     => :priority::int,
              job_key_mode => :keyMode::text
            )`,
    {
      name,
      payload: JSON.stringify(payload),
      queue: options.queue ?? null,
      runAt: options.runAt?.toISOString() ?? null,
      maxAttempts: options.maxAttempts ?? null,
      key: options.key ?? null,
      priority: options.priority ?? null,
      keyMode: options.keyMode ?? 'replace',
    },
  );
}

/** Enqueues one job for each payload, in one statement, as `enqueueJob` without options does. */
export async function enqueueJobs(db: Database, name: string, payloads: readonly object[]): Promise<void> {
  if (payloads.length === 0) return;
  await db.raw(
    `select count(graphile_worker.add_job(identifier => :name::text, payload => p.value::json))
       from jsonb_array_elements(:payloads::jsonb) as p`,
    { name, payloads: JSON.stringify(payloads) },
  );
}
