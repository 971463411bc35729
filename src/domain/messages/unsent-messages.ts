/** Messages that have not gone: those that wait, and those that were refused or failed today. Reads alone. */
import type { Database } from '../../platform/database.ts';
import { waitingJobs } from '../../platform/jobs/queue-state.ts';
import { reasonsOfLastDay } from '../audit/audit-upkeep.ts';

export interface UnsentMessages {
  waiting: number;
  /** How long the oldest of them has waited. */
  oldestSeconds: number;
  /** By reason, such as `budget_used_up`, the most frequent first. */
  unsentToday: { reason: string; count: number }[];
}

export async function findUnsentMessages(db: Database): Promise<UnsentMessages> {
  // The queues of `messageQueue`.
  const queue = await waitingJobs(db, ['email:', 'phone:']);
  return { ...queue, unsentToday: await reasonsOfLastDay(db, 'message') };
}
