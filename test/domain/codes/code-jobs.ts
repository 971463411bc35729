/** What asking for codes leaves behind, for tests: the jobs with their codes, and rows that can be made older. */

import { deliverCodeJob } from '../../../src/domain/codes/deliver-code.ts';
import { openPayload } from '../../../src/domain/messages/outgoing-message.ts';
import type { Database } from '../../../src/platform/database.ts';
import type { Secrets } from '../../../src/platform/secrets.ts';

interface WaitingJob {
  payload: unknown;
  queue: string;
  maxAttempts: number;
}

/** Jobs that wait to deliver a code, the oldest first. */
export async function waitingJobs(db: Database): Promise<WaitingJob[]> {
  const found = await db.raw(
    `select j.payload, q.queue_name as queue, j.max_attempts as "maxAttempts"
       from graphile_worker._private_jobs j
       join graphile_worker._private_tasks t on t.id = j.task_id and t.identifier = ?
       left join graphile_worker._private_job_queues q on q.id = j.job_queue_id
      order by j.id`,
    [deliverCodeJob],
  );
  return found.rows;
}

/** The code that was made last for a destination: what its reader would type. */
export async function lastCode(db: Database, secrets: Secrets, destination: string): Promise<string> {
  const row = await db('otp_codes').where({ destination }).orderBy('created_at', 'desc').first('id');
  for (const { payload } of (await waitingJobs(db)).reverse()) {
    const { codeId, code } = openPayload(secrets, deliverCodeJob, payload).value as { codeId: string; code: string };
    if (codeId === row?.id) return code;
  }
  throw new Error(`no code waits for ${destination}`);
}

/** Another code than this one. */
export function otherThan(code: string, step = 1): string {
  return String((Number(code) + step) % 1_000_000).padStart(6, '0');
}

/** Makes the rows of a destination older, as if that much time had passed for it. */
export async function letPass(db: Database, destination: string, passed: string): Promise<void> {
  await db.raw(
    `update otp_codes
        set created_at      = created_at - :passed::interval,
            expires_at      = expires_at - :passed::interval,
            last_attempt_at = last_attempt_at - :passed::interval,
            sent_at         = sent_at - :passed::interval,
            consumed_at     = consumed_at - :passed::interval
      where destination = :destination`,
    { destination, passed },
  );
}
