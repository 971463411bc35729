/**
 * Sends one event to one webhook. Owns what is sent and how it is signed; how it is called is in events/call-receiver.ts.
 */
import type { Database } from '../../platform/database.ts';
import type { OutboundFetch } from '../../platform/network/outbound.ts';
import { defineSecretPurpose, type Secrets } from '../../platform/secrets.ts';
import { systemCaller } from '../audit/audit-events.ts';
import { callReceiver } from '../events/call-receiver.ts';
import type { HeldDelivery, Outcome, ReceiverKind } from '../events/receiver-kind.ts';
import { webhookHeaders } from './sign-webhook.ts';
import { giveUpWebhook } from './webhook-state.ts';
import { selectWebhookTarget } from './webhook-store.ts';

export const webhookSecretPurpose = defineSecretPurpose('webhook-secret');

/** What is sent of an event, as text. */
export function webhookBody({
  type,
  tenantId,
  data,
  occurredAt,
}: Pick<HeldDelivery, 'type' | 'tenantId' | 'data' | 'occurredAt'>): string {
  return JSON.stringify({ type, timestamp: occurredAt.toISOString(), data: { tenant_id: tenantId, ...data } });
}

/** Webhooks, as the sender needs them. */
export function webhookKind({
  db,
  secrets,
  fetch,
}: {
  db: Database;
  secrets: Secrets;
  fetch: OutboundFetch;
}): ReceiverKind {
  async function deliver(delivery: HeldDelivery, signal: AbortSignal): Promise<Outcome> {
    const target = await selectWebhookTarget(db, delivery.receiverId);
    if (!target) return { result: 'failed', reason: 'deleted' };
    const { url, sealedSecret, sealedSecretBefore } = target;
    const opened = [sealedSecret, sealedSecretBefore]
      .filter((sealed) => sealed !== null)
      .map((sealed) => secrets.open(webhookSecretPurpose, sealed, delivery.receiverId));
    const signing = opened.filter((secret) => secret !== undefined);
    if (opened[0] === undefined) return { result: 'failed', reason: 'secret_lost' };
    const body = webhookBody(delivery);
    const headers = {
      'content-type': 'application/json',
      ...webhookHeaders({ id: delivery.eventId, at: new Date(), body }, signing),
    };
    return callReceiver(fetch, url, { headers, body, signal });
  }

  return { deliver, giveUp: (trx, receiver, why) => giveUpWebhook(trx, receiver, why, systemCaller) };
}
