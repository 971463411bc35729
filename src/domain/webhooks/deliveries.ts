/** What a webhook was told, and telling it again. */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { type Delivery, type DeliveryState, deliveriesOf, findDelivery, tellAgain } from '../events/deliveries.ts';
import { actingUserId } from '../organisation/acting-user.ts';
import { webhookBody } from './deliver-webhook.ts';
import { about, listeningWebhook, type WebhookReference, webhookOf } from './webhooks.ts';

export interface WebhookDelivery extends Delivery {
  /** As it is sent. */
  body: unknown;
}

function shown(tenantId: string, row: Delivery): WebhookDelivery {
  return { ...row, body: JSON.parse(webhookBody({ ...row, tenantId })) };
}

/** The newest first. @throws DomainError not_found NOT_FOUND (the webhook), invalid CURSOR_INVALID */
export async function listDeliveries(
  db: Database,
  { tenantId, webhookId, ...query }: PageRequest & WebhookReference & { state?: DeliveryState; type?: string },
): Promise<Page<WebhookDelivery>> {
  const { id: receiverId } = await webhookOf(db, { tenantId, webhookId });
  const page = await deliveriesOf(db, { tenantId, receiverId, ...query });
  return { ...page, items: page.items.map((row) => shown(tenantId, row)) };
}

/** @throws DomainError not_found NOT_FOUND */
export async function deliveryOf(
  db: Database,
  { tenantId, webhookId, deliveryId }: WebhookReference & { deliveryId: string },
): Promise<WebhookDelivery> {
  const ids = isId(tenantId) && isId(webhookId) && isId(deliveryId);
  const row = ids ? await findDelivery(db, { tenantId, receiverId: webhookId, deliveryId }) : undefined;
  if (!row) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'delivery' });
  return shown(tenantId, row);
}

/**
 * Sends one event once more, under the same `webhook-id`. Nothing where it waits anyway.
 * @returns how many were put behind what waits
 * @throws DomainError not_found NOT_FOUND, conflict WEBHOOK_DISABLED
 */
export async function replayDelivery(
  db: Database,
  wanted: WebhookReference & { deliveryId: string },
  caller: Caller,
): Promise<number> {
  return inTransaction(db, async (trx) => {
    const { id: receiverId, tenantId } = await listeningWebhook(trx, wanted);
    const { eventId } = await deliveryOf(trx, wanted);
    const replayedBy = actingUserId(caller);
    const count = await tellAgain(trx, { tenantId, receiverId, replayedBy, eventId });
    if (count > 0) await recordReplay(trx, { tenantId, id: receiverId, count }, caller);
    return count;
  });
}

/**
 * Sends once more, in order, all that happened since a moment and that the webhook wants; 100,000 events at the most.
 * @returns how many were put behind what waits
 * @throws DomainError not_found NOT_FOUND, conflict WEBHOOK_DISABLED
 */
export async function replaySince(
  db: Database,
  { since, ...reference }: WebhookReference & { since: Date },
  caller: Caller,
): Promise<number> {
  return inTransaction(db, async (trx) => {
    const { id: receiverId, tenantId } = await listeningWebhook(trx, reference);
    const replayedBy = actingUserId(caller);
    const count = await tellAgain(trx, { tenantId, receiverId, replayedBy, since });
    if (count > 0) await recordReplay(trx, { tenantId, id: receiverId, count, since }, caller);
    return count;
  });
}

async function recordReplay(
  trx: Database,
  { tenantId, id, count, since }: { tenantId: string; id: string; count: number; since?: Date },
  caller: Caller,
): Promise<void> {
  const payload = { count, ...(since && { since }) };
  await recordEvent(trx, { ...about({ tenantId, id }), action: 'webhook.replayed', payload }, caller);
}
