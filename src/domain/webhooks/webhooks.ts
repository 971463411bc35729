/**
 * Webhooks: addresses that are told what happens in a tenant. Owns their names, addresses, secrets and states. Refuses http where
 * that is not allowed, an address with credentials in it, and to tell a secret twice: what is kept is sealed. What is told
 * is in domain/events; where an address leads is decided at each call by the outbound rules.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { emptyPage, type Page, type PageRequest } from '../../platform/paging.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { differences } from '../audit/differences.ts';
import { countDeliveries } from '../events/deliveries.ts';
import type { EventTypeName } from '../events/event-types.ts';
import { tell } from '../events/outbox.ts';
import { addReceiver, changeReceiverTypes, type ReceiverState, removeReceiver } from '../events/receivers.ts';
import { actingUserId } from '../organisation/acting-user.ts';
import { checkDisplayName } from '../tenants/display-name.ts';
import { webhookSecretPurpose } from './deliver-webhook.ts';
import { newWebhookSecret } from './sign-webhook.ts';
import { storeWebhookState } from './webhook-state.ts';
import {
  countWebhooksAlone,
  insertWebhook,
  replaceWebhookSecret,
  selectWebhook,
  selectWebhooks,
  updateWebhook,
  type WebhookRow,
} from './webhook-store.ts';

export const webhookCodes = defineCodes({
  TOO_MANY_WEBHOOKS: { kind: 'conflict', params: ['limit'], means: 'a tenant has no more webhooks than that' },
  WEBHOOK_DISABLED: { kind: 'conflict', means: 'the webhook is told nothing until it is enabled' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof webhookCodes> {}
}

/** Each event is written down and sent once for each. */
export const mostWebhooks = 20;
/** A day: long enough to bring the new secret to all who verify. */
export const defaultOverlapSeconds = 86_400;
export const longestOverlapSeconds = 7 * 86_400;

export interface Webhook extends WebhookRow {
  /** 1,000 at the most each. */
  waiting: number;
  failed: number;
}

export interface WebhookReference {
  tenantId: string;
  webhookId: string;
}

export interface WebhookWish {
  name: string;
  url: string;
  /** None: all. */
  types: readonly EventTypeName[];
}

/** @throws DomainError invalid INVALID_INPUT (url) */
export function checkedWebhookUrl(text: string, allowHttp: boolean): string {
  const url = URL.parse(text);
  const protocols = allowHttp ? ['https:', 'http:'] : ['https:'];
  const isGood =
    url && protocols.includes(url.protocol) && !url.username && !url.password && !url.hash && text.length <= 2000;
  if (!isGood) throw new DomainError('invalid', 'INVALID_INPUT', { field: 'url' });
  return url.href;
}

const hostOf = (url: string) => URL.parse(url)?.host ?? '';

async function withCounts(db: Database, rows: readonly WebhookRow[]): Promise<Webhook[]> {
  const counts = await countDeliveries(
    db,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({ waiting: 0, failed: 0, ...row, ...counts.get(row.id) }));
}

/** Undefined also for one of another tenant. */
export async function findWebhook(
  db: Database,
  { tenantId, webhookId: id }: WebhookReference,
): Promise<Webhook | undefined> {
  const row = isId(tenantId) && isId(id) ? await selectWebhook(db, { tenantId, id }) : undefined;
  return row && (await withCounts(db, [row]))[0];
}

/** @throws DomainError not_found NOT_FOUND */
export async function webhookOf(db: Database, reference: WebhookReference): Promise<Webhook> {
  const found = await findWebhook(db, reference);
  if (!found) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'webhook' });
  return found;
}

/** @throws DomainError invalid CURSOR_INVALID */
export async function listWebhooks(
  db: Database,
  { tenantId, ...page }: PageRequest & { tenantId: string },
): Promise<Page<Webhook>> {
  if (!isId(tenantId)) return emptyPage();
  const found = await selectWebhooks(db, tenantId, page);
  return { ...found, items: await withCounts(db, found.items) };
}

/**
 * Makes one, told from now on. The answer alone holds its secret.
 * @throws DomainError invalid INVALID_INPUT (name, url), conflict TOO_MANY_WEBHOOKS
 */
export async function createWebhook(
  db: Database,
  { tenantId, ...wanted }: WebhookWish & { tenantId: string },
  { secrets, allowHttp, caller }: { secrets: Secrets; allowHttp: boolean; caller: Caller },
): Promise<Webhook & { secret: string }> {
  const name = checkDisplayName(wanted.name);
  const url = checkedWebhookUrl(wanted.url, allowHttp);
  const types = [...new Set(wanted.types)];
  const id = newId();
  const secret = newWebhookSecret();
  return inTransaction(db, async (trx) => {
    if ((await countWebhooksAlone(trx, tenantId)) >= mostWebhooks)
      throw new DomainError('conflict', 'TOO_MANY_WEBHOOKS', { limit: mostWebhooks });
    await addReceiver(trx, { id, tenantId, kind: 'webhook', types });
    const sealedSecret = secrets.seal(webhookSecretPurpose, secret, id);
    await insertWebhook(trx, { id, tenantId, name, url, sealedSecret, actorId: actingUserId(caller) });
    const payload = { name, host: hostOf(url), types };
    await recordEvent(trx, { ...about({ tenantId, id }), action: 'webhook.created', payload }, caller);
    return { ...(await webhookOf(trx, { tenantId, webhookId: id })), secret };
  });
}

/** @throws DomainError invalid INVALID_INPUT (name, url), not_found NOT_FOUND */
export async function changeWebhook(
  db: Database,
  { tenantId, webhookId, ...wanted }: WebhookReference & Partial<WebhookWish>,
  { allowHttp, caller }: { allowHttp: boolean; caller: Caller },
): Promise<Webhook> {
  return inTransaction(db, async (trx) => {
    const before = await webhookOf(trx, { tenantId, webhookId });
    const name = wanted.name === undefined ? before.name : checkDisplayName(wanted.name);
    const url = wanted.url === undefined ? before.url : checkedWebhookUrl(wanted.url, allowHttp);
    const types = wanted.types === undefined ? before.types : [...new Set(wanted.types)];
    const shown = (one: { name: string; url: string; types: readonly string[] }) => ({
      name: one.name,
      host: hostOf(one.url),
      types: one.types.join(' '),
    });
    const { from, to } = differences(shown(before), shown({ name, url, types }));
    if (url === before.url && Object.keys(to).length === 0) return before;
    await changeReceiverTypes(trx, { id: webhookId, types });
    await updateWebhook(trx, { id: webhookId, name, url });
    await recordEvent(trx, { ...about(before), action: 'webhook.changed', payload: { from, to } }, caller);
    return webhookOf(trx, { tenantId, webhookId });
  });
}

/**
 * Enables, pauses or disables one. While it is paused, what happens waits; what happens while it is disabled is not told to
 * it, and what waits is given up.
 * @throws DomainError not_found NOT_FOUND
 */
export async function setWebhookState(
  db: Database,
  { tenantId, webhookId, state }: WebhookReference & { state: ReceiverState },
  caller: Caller,
): Promise<Webhook> {
  return inTransaction(db, async (trx) => {
    const { id } = await webhookOf(trx, { tenantId, webhookId });
    await storeWebhookState(trx, { id, tenantId, state }, caller);
    return webhookOf(trx, { tenantId, webhookId });
  });
}

/**
 * Gives one a new secret. The answer alone holds it; the one before signs beside it for the overlap.
 * @throws DomainError not_found NOT_FOUND
 */
export async function rotateWebhookSecret(
  db: Database,
  { tenantId, webhookId, overlapSeconds }: WebhookReference & { overlapSeconds: number },
  { secrets, caller }: { secrets: Secrets; caller: Caller },
): Promise<Webhook & { secret: string }> {
  const secret = newWebhookSecret();
  return inTransaction(db, async (trx) => {
    const { id } = await webhookOf(trx, { tenantId, webhookId });
    const sealedSecret = secrets.seal(webhookSecretPurpose, secret, id);
    await replaceWebhookSecret(trx, { id, sealedSecret, overlapSeconds });
    await recordEvent(
      trx,
      { ...about({ tenantId, id }), action: 'webhook.rotated', payload: { overlapSeconds } },
      caller,
    );
    return { ...(await webhookOf(trx, { tenantId, webhookId })), secret };
  });
}

/** Removes one with its secret and the list of what it was told. @throws DomainError not_found NOT_FOUND */
export async function deleteWebhook(db: Database, reference: WebhookReference, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    const { id, tenantId, name } = await webhookOf(trx, reference);
    await removeReceiver(trx, id);
    await recordEvent(trx, { ...about({ tenantId, id }), action: 'webhook.deleted', payload: { name } }, caller);
  });
}

/** One that is told something. @throws DomainError not_found NOT_FOUND, conflict WEBHOOK_DISABLED */
export async function listeningWebhook(db: Database, reference: WebhookReference): Promise<Webhook> {
  const found = await webhookOf(db, reference);
  if (found.state === 'disabled') throw new DomainError('conflict', 'WEBHOOK_DISABLED');
  return found;
}

/** Sends one an event about nothing. @throws DomainError not_found NOT_FOUND, conflict WEBHOOK_DISABLED */
export async function pingWebhook(db: Database, reference: WebhookReference, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    const { id, tenantId } = await listeningWebhook(trx, reference);
    await tell(trx, { tenantId, type: 'ping', subjectId: id, data: {}, receiverId: id });
    await recordEvent(trx, { ...about({ tenantId, id }), action: 'webhook.pinged' }, caller);
  });
}

export function about({ tenantId, id }: { tenantId: string; id: string }) {
  return { tenantId, entityType: 'webhook', entityId: id };
}
