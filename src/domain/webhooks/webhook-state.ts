/** Whether a webhook is told anything: by somebody's decision, or because it answers no longer. */
import type { Database } from '../../platform/database.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { type ReceiverState, setReceiverState } from '../events/receivers.ts';

/** Stores the state. @returns false where nothing changed */
export async function storeWebhookState(
  trx: Database,
  { id, tenantId, state, why }: { id: string; tenantId: string; state: ReceiverState; why?: string },
  caller: Caller,
): Promise<boolean> {
  if (!(await setReceiverState(trx, { id, state, why }))) return false;
  const action = state === 'disabled' ? 'webhook.disabled' : state === 'paused' ? 'webhook.paused' : 'webhook.enabled';
  const payload = { ...(why !== undefined && { reason: why }) };
  await recordEvent(trx, { tenantId, action, entityType: 'webhook', entityId: id, payload }, caller);
  return true;
}

/** Switches one off that has failed for days, or that says itself that it is gone. */
export async function giveUpWebhook(
  trx: Database,
  { id, tenantId }: { id: string; tenantId: string },
  why: 'failing' | 'gone',
  caller: Caller,
): Promise<void> {
  await storeWebhookState(trx, { id, tenantId, state: 'disabled', why }, caller);
}
