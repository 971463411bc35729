/** One webhook: how it does, what it was told and why not, and telling it again. */
import type Router from '@koa/router';
import { eventTypes } from '../../../domain/events/event-types.ts';
import { ask, mayAsk } from '../ask.ts';
import { mountDeed } from '../deed.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, type ListSpec, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';

/** As `webhooks.get` answers. */
export interface Webhook {
  id: string;
  name: string;
  url: string;
  types: string[];
  state: 'enabled' | 'paused' | 'disabled';
  disabled_why: 'failing' | 'gone' | null;
  failing_since: string | null;
  waiting: number;
  failed: number;
  secret_since: string;
  secret_before_until: string | null;
  created_at: string;
}

/** How it does, in one word. */
export type WebhookState = 'works' | 'failing' | 'paused' | 'disabled';

/** As `webhooks.deliveries.list` answers. */
interface Delivery {
  id: string;
  event_id: string;
  type: string;
  subject: string;
  occurred_at: string;
  state: 'waiting' | 'delivered' | 'failed';
  attempts: number;
  status: number | null;
  reason: string | null;
  attempted_at: string | null;
  next_at: string | null;
  body: Record<string, unknown>;
}

type ShownDelivery = Delivery & { key: string };

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/webhooks/webhook': {
      frame: ConsoleFrame;
      webhook: Webhook;
      state: WebhookState;
      /** `key`: the words of its type. */
      list: ListModel<ShownDelivery & { href: string }>;
      listHref: string;
      editHref: string;
      rotateHref: string;
      deleteHref: string;
      /** Absent where it is told nothing. */
      pingHref?: string;
      replayHref?: string;
      pauseHref?: string;
      disableHref?: string;
      /** Absent where it is told everything. */
      enableHref?: string;
    };
    'console/webhooks/delivery': {
      frame: ConsoleFrame;
      webhook: { name: string; href: string };
      listHref: string;
      delivery: ShownDelivery;
      /** The body as it is sent, indented. */
      text: string;
      /** Absent where it waits, or the webhook is told nothing. */
      replayHref?: string;
    };
  }
}

export const base = '/webhooks';
export const words = 'console.webhooks';

export function stateOf({ state, failing_since: failing }: Webhook): WebhookState {
  if (state === 'enabled') return failing === null ? 'works' : 'failing';
  return state;
}

export const webhookParams = ({ params }: Visit) => ({ webhook_id: params.webhookId ?? '' });
export const webhookPath = ({ params }: Visit) => `${base}/${params.webhookId}`;
const deliveryParams = (visit: Visit) => ({ ...webhookParams(visit), delivery_id: visit.params.deliveryId ?? '' });
const deliveryPath = (visit: Visit) => `${webhookPath(visit)}/deliveries/${visit.params.deliveryId}`;

export async function readWebhook(visit: Visit): Promise<Webhook> {
  return (await ask<Webhook>(visit, 'webhooks.get', { params: webhookParams(visit) })).body;
}

async function showWebhook(visit: Visit): Promise<void> {
  const webhook = await readWebhook(visit);
  const path = webhookPath(visit);
  const spec: ListSpec = {
    path,
    operation: 'webhooks.deliveries.list',
    words: `${words}.deliveries`,
    params: webhookParams(visit),
    filters: [
      { name: 'state', values: ['waiting', 'delivered', 'failed'] },
      { name: 'type', values: Object.keys(eventTypes).map((type) => ({ value: type, label: type })), picked: true },
    ],
  };
  const list = await readList<Delivery>({ ...visit, at: undefined }, spec);
  if (!list) return;
  const items = list.items.map((one) => ({
    ...one,
    key: one.type,
    href: hrefTo(visit, `${path}/deliveries/${one.id}`),
  }));
  const listens = webhook.state !== 'disabled';
  const href = (verb: string, isThere = true) => (isThere ? hrefTo(visit, `${path}/${verb}`) : undefined);
  draw(visit, 'console/webhooks/webhook', {
    webhook,
    state: stateOf(webhook),
    list: { ...list, items },
    listHref: hrefTo(visit, base),
    editHref: hrefTo(visit, `${path}/edit`),
    rotateHref: hrefTo(visit, `${path}/secret`),
    deleteHref: hrefTo(visit, `${path}/delete`),
    pingHref: href('ping', listens),
    replayHref: href('replay', listens),
    pauseHref: href('pause', webhook.state === 'enabled'),
    disableHref: href('disable', listens),
    enableHref: href('enable', webhook.state !== 'enabled'),
  });
}

async function readDelivery(visit: Visit): Promise<Delivery> {
  return (await ask<Delivery>(visit, 'webhooks.deliveries.get', { params: deliveryParams(visit) })).body;
}

async function showDelivery(visit: Visit): Promise<void> {
  const { name } = await readWebhook(visit);
  const delivery = await readDelivery(visit);
  const isOver = delivery.state !== 'waiting';
  const mayReplay = isOver && (await mayAsk(visit, 'webhooks.deliveries.replay', { params: deliveryParams(visit) }));
  draw(visit, 'console/webhooks/delivery', {
    webhook: { name, href: hrefTo(visit, webhookPath(visit)) },
    listHref: hrefTo(visit, base),
    delivery: { ...delivery, key: delivery.type },
    text: JSON.stringify(delivery.body, null, 2),
    replayHref: mayReplay ? hrefTo(visit, `${deliveryPath(visit)}/replay`) : undefined,
  });
}

/** Mounts what is below one webhook and only read, and sending one event again. */
export function mountWebhook(router: Router, deps: ConsoleDependencies): void {
  mountDeed(router, deps, {
    path: `${base}/:webhookId/deliveries/:deliveryId/replay`,
    section: 'webhooks',
    operation: 'webhooks.deliveries.replay',
    words: `${words}.replay_one`,
    input: (visit) => ({ params: deliveryParams(visit) }),
    subject: async (visit) => (await readWebhook(visit)).name,
    effects: async () => [{ key: 'again' }, { key: 'same_id' }],
    back: deliveryPath,
    after: webhookPath,
    notice: 'replayed',
  });
  router.get(`${base}/:webhookId/deliveries/:deliveryId`, page(deps, 'webhooks', showDelivery));
  router.get(`${base}/:webhookId`, page(deps, 'webhooks', showWebhook));
}
