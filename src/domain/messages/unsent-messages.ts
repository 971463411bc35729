/** Messages that have not gone: those that wait, and those that were refused or failed today. Reads alone. */
import type { Database } from '../../platform/database.ts';
import { waitingJobs } from '../../platform/jobs/queue-state.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import { reasonsOfLastDay } from '../audit/audit-upkeep.ts';
import { listAuditEvents } from '../audit/list-audit-events.ts';
import type { Channel } from './outgoing-message.ts';

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

export interface UnsentMessage {
  id: string;
  channel: string | null;
  template: string | null;
  reason: string;
  occurredAt: Date;
}

/**
 * Those of a tenant that were refused or failed, the newest first.
 * @param query.channel @param query.reason those alone
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listUnsentMessages(
  db: Database,
  { tenantId, channel, reason, ...page }: PageRequest & { tenantId: string; channel?: Channel; reason?: string },
): Promise<Page<UnsentMessage>> {
  const payload = JSON.stringify({ channel, reason });
  const { items, next } = await listAuditEvents(db, { tenantId, entityType: 'message', payload, ...page });
  const shown = items.map(({ entityId, payload, occurredAt }) => ({
    id: entityId ?? '',
    channel: textOf(payload.channel),
    template: textOf(payload.template),
    reason: textOf(payload.reason) ?? 'unknown',
    occurredAt,
  }));
  return { items: shown, next };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
