/**
 * Sends one event to one webhook. Owns what is sent and how it is signed, and what counts as an answer: 2xx alone. The call goes by
 * the outbound rules: no private address, no redirect, ten seconds. Keeps of an answer its status and nothing else.
 */
import type { Database } from '../../platform/database.ts';
import { OutboundError, type OutboundFetch } from '../../platform/network/outbound.ts';
import { defineSecretPurpose, type Secrets } from '../../platform/secrets.ts';
import { systemCaller } from '../audit/audit-events.ts';
import type { HeldDelivery, Outcome, ReceiverKind } from '../events/sender.ts';
import { webhookHeaders } from './sign-webhook.ts';
import { giveUpWebhook } from './webhook-state.ts';
import { selectWebhookTarget } from './webhook-store.ts';

export const webhookSecretPurpose = defineSecretPurpose('webhook-secret');

/** How long a receiver has for its answer, and how much of it is read. */
export const webhookCall = { timeoutMs: 10_000, maxBytes: 64 * 1024 };

const reasons: Record<OutboundError['code'], string> = {
  OUTBOUND_REFUSED: 'address_refused',
  OUTBOUND_TIMEOUT: 'timeout',
  OUTBOUND_TOO_LARGE: 'answer_too_large',
  OUTBOUND_FAILED: 'unreachable',
};

/** What is sent of an event, as text. */
export function webhookBody({
  type,
  tenantId,
  data,
  occurredAt,
}: Pick<HeldDelivery, 'type' | 'tenantId' | 'data' | 'occurredAt'>): string {
  return JSON.stringify({ type, timestamp: occurredAt.toISOString(), data: { tenant_id: tenantId, ...data } });
}

function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 300) return { result: 'delivered', status };
  if (status === 410) return { result: 'gone', status, reason: 'status' };
  return { result: 'failed', status, reason: status >= 300 && status < 400 ? 'redirect' : 'status' };
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
    try {
      return outcomeOf((await fetch(url, { method: 'POST', headers, body, signal })).status);
    } catch (error) {
      return { result: 'failed', reason: error instanceof OutboundError ? reasons[error.code] : 'unreachable' };
    }
  }

  return { deliver, giveUp: (trx, receiver, why) => giveUpWebhook(trx, receiver, why, systemCaller) };
}
