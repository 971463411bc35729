/** Operations on webhooks: who is told what happens, what they were told, and telling it again. */
import { z } from 'zod';
import { choosableTypes, type EventTypeName, eventTypes } from '../domain/events/event-types.ts';
import { deliveryOf, listDeliveries, replayDelivery, replaySince } from '../domain/webhooks/deliveries.ts';
import {
  changeWebhook,
  createWebhook,
  defaultOverlapSeconds,
  deleteWebhook,
  findWebhook,
  listWebhooks,
  longestOverlapSeconds,
  mostWebhooks,
  pingWebhook,
  rotateWebhookSecret,
  setWebhookState,
  webhookOf,
} from '../domain/webhooks/webhooks.ts';
import { DomainError } from '../platform/errors.ts';
import { type Lookup, operation } from './operation.ts';
import { findRemoved, unlessGone } from './removed.ts';
import { id, name, pageQuery, text, time, timeIn } from './shapes.ts';

const typeNames = choosableTypes as [EventTypeName, ...EventTypeName[]];
const types = z
  .array(z.enum(typeNames))
  .max(typeNames.length)
  .meta({ description: 'The types of events that it is told; none: all, those of later versions too' });
const url = text(2000).meta({ description: 'Where events are posted to; https', example: 'https://example.com/hooks' });

const members = {
  id,
  name: z.string(),
  url: z.string(),
  types: z.array(z.string()).meta({ description: 'None: all' }),
  state: z
    .enum(['enabled', 'paused', 'disabled'])
    .meta({ description: 'paused: what happens waits; disabled: it is told nothing of what happens' }),
  disabled_why: z
    .enum(['failing', 'gone'])
    .nullable()
    .meta({ description: '`failing` for three days, or `gone` by its own word (410); null: somebody did, or nobody' }),
  failing_since: time.nullable().meta({ description: 'Since when every attempt fails' }),
  waiting: z.int().meta({ description: 'How many deliveries wait; 1000: or more' }),
  failed: z.int().meta({ description: 'How many were given up within a day; 1000: or more' }),
  secret_since: time,
  secret_before_until: time.nullable().meta({ description: 'Until then the secret before signs, too' }),
  created_at: time,
  created_by: id.nullable(),
  updated_at: time,
};
const Webhook = z.object(members).meta({ id: 'Webhook' });
const NewWebhook = z
  .object({ ...members, secret: z.string().meta({ description: 'What signs: `whsec_…`; told now and never again' }) })
  .meta({ id: 'NewWebhook' });
const Delivery = z
  .object({
    id,
    event_id: id.meta({ description: 'What `webhook-id` says, however often it is sent' }),
    type: z.enum(Object.keys(eventTypes) as [EventTypeName, ...EventTypeName[]]),
    subject: z.string().meta({ description: 'What it is about, `user:<id>`: of one subject, one after another' }),
    occurred_at: time,
    state: z.enum(['waiting', 'delivered', 'failed']),
    attempts: z.int(),
    status: z.int().nullable().meta({ description: 'Of the last answer' }),
    reason: z.string().nullable().meta({
      description:
        'Why the last attempt failed: `status`, `redirect`, `timeout`, `unreachable`, `address_refused`, `answer_too_large`, `secret_lost`; `disabled`: it was given up with the webhook',
    }),
    attempted_at: time.nullable(),
    next_at: time.nullable().meta({ description: 'When it is tried next, if it was tried before' }),
    created_at: time,
    body: z.record(z.string(), z.unknown()).meta({ description: 'As it is sent' }),
  })
  .meta({ id: 'WebhookDelivery' });
const Replayed = z.object({ count: z.int().meta({ description: 'How many will be sent again' }) });

const params = z.strictObject({ webhook_id: id });
const deliveryParams = z.strictObject({ webhook_id: id, delivery_id: id });
const needs = { capability: 'webhooks.manage', at: 'root' } as const;

interface Named {
  params: { webhook_id: string };
}
const reference = ({ tenantId, params }: Named & { tenantId: string }) => ({ tenantId, webhookId: params.webhook_id });
const removed = ({ params }: Named, lookup: Lookup) =>
  findRemoved(lookup, { action: 'webhook.deleted', entityType: 'webhook', by: { entityId: params.webhook_id } });

function state(verb: string, to: 'enabled' | 'paused' | 'disabled', summary: string, description?: string) {
  return operation({
    id: `webhooks.${verb}`,
    method: 'POST',
    path: `/webhooks/{webhook_id}/${verb}`,
    summary,
    ...(description !== undefined && { description }),
    needs,
    params,
    answer: Webhook,
    status: 200,
    run: (run) => setWebhookState(run.db, { ...reference(run), state: to }, run.actor.caller),
  });
}

export const webhooks = [
  operation({
    id: 'webhooks.list',
    method: 'GET',
    path: '/webhooks',
    summary: 'List webhooks, with how they do',
    needs,
    query: pageQuery,
    list: true,
    answer: Webhook,
    run: ({ db, tenantId, query }) => listWebhooks(db, { tenantId, ...query }),
  }),
  operation({
    id: 'webhooks.create',
    method: 'POST',
    path: '/webhooks',
    summary: 'Have an address be told what happens, from now on',
    description: `The answer alone holds the secret that signs. A tenant has ${mostWebhooks} at the most.`,
    needs,
    body: z.strictObject({ name, url, types: types.default([]) }),
    answer: NewWebhook,
    errors: ['INVALID_INPUT', 'TOO_MANY_WEBHOOKS'],
    idempotent: true,
    fresh: true,
    run: ({ db, tenantId, body, actor, deps: { secrets, allowHttp } }) =>
      createWebhook(db, { tenantId, ...body }, { secrets, allowHttp, caller: actor.caller }),
  }),
  operation({
    id: 'webhooks.get',
    method: 'GET',
    path: '/webhooks/{webhook_id}',
    summary: 'Show a webhook; its secret is told by nobody',
    needs,
    params,
    answer: Webhook,
    run: (run) => webhookOf(run.db, reference(run)),
  }),
  operation({
    id: 'webhooks.update',
    method: 'PATCH',
    path: '/webhooks/{webhook_id}',
    summary: 'Change the name of a webhook, its address, and what it is told',
    needs,
    params,
    body: z.strictObject({ name, url, types }).partial(),
    answer: Webhook,
    errors: ['INVALID_INPUT'],
    fresh: true,
    run: (run) => {
      const { db, body, actor, deps } = run;
      return changeWebhook(db, { ...reference(run), ...body }, { allowHttp: deps.allowHttp, caller: actor.caller });
    },
  }),
  operation({
    id: 'webhooks.delete',
    method: 'DELETE',
    path: '/webhooks/{webhook_id}',
    summary: 'Remove a webhook, with the list of what it was told',
    needs,
    params,
    run: async ({ db, tenantId, params, actor }) => {
      const known = await findWebhook(db, reference({ tenantId, params }));
      if (known) return unlessGone(deleteWebhook(db, reference({ tenantId, params }), actor.caller));
      if (await removed({ params }, { db, tenantId, actor })) return undefined;
      throw new DomainError('not_found', 'NOT_FOUND');
    },
  }),
  state('enable', 'enabled', 'Go on telling a webhook; one that was disabled is told from now on'),
  state('pause', 'paused', 'Tell a webhook nothing for a while: what happens waits'),
  state('disable', 'disabled', 'Tell a webhook nothing of what happens; what waits is given up'),
  operation({
    id: 'webhooks.rotate',
    method: 'POST',
    path: '/webhooks/{webhook_id}/secret',
    summary: 'Give a webhook a new secret',
    description:
      'The answer alone holds it. For the overlap each message has two signatures, one of the secret before.',
    needs,
    params,
    body: z.strictObject({
      overlap_seconds: z.int().min(0).max(longestOverlapSeconds).default(defaultOverlapSeconds),
    }),
    answer: NewWebhook,
    idempotent: true,
    fresh: true,
    run: (run) => {
      const { db, body, actor, deps } = run;
      const wanted = { ...reference(run), overlapSeconds: body.overlap_seconds };
      return rotateWebhookSecret(db, wanted, { secrets: deps.secrets, caller: actor.caller });
    },
  }),
  operation({
    id: 'webhooks.ping',
    method: 'POST',
    path: '/webhooks/{webhook_id}/ping',
    summary: 'Send a webhook an event about nothing, to see what it answers',
    needs,
    params,
    errors: ['WEBHOOK_DISABLED'],
    run: async (run) => {
      await pingWebhook(run.db, reference(run), run.actor.caller);
      return undefined;
    },
  }),
  operation({
    id: 'webhooks.replay',
    method: 'POST',
    path: '/webhooks/{webhook_id}/replay',
    summary: 'Send a webhook once more, in order, what has happened since a moment',
    description: 'What happened in the last 30 days, while somebody in the tenant listened.',
    needs,
    params,
    body: z.strictObject({ since: timeIn }),
    answer: Replayed,
    status: 200,
    errors: ['WEBHOOK_DISABLED'],
    run: async (run) => ({
      count: await replaySince(run.db, { ...reference(run), since: run.body.since }, run.actor.caller),
    }),
  }),
  operation({
    id: 'webhooks.deliveries.list',
    method: 'GET',
    path: '/webhooks/{webhook_id}/deliveries',
    summary: 'List what a webhook was told and is still to be told, the newest first',
    description: 'Of the last 30 days.',
    needs,
    params,
    query: pageQuery.extend({
      state: z.enum(['waiting', 'delivered', 'failed']).optional(),
      type: z.enum(Object.keys(eventTypes) as [EventTypeName, ...EventTypeName[]]).optional(),
    }),
    list: true,
    answer: Delivery,
    run: (run) => listDeliveries(run.db, { ...reference(run), ...run.query }),
  }),
  operation({
    id: 'webhooks.deliveries.get',
    method: 'GET',
    path: '/webhooks/{webhook_id}/deliveries/{delivery_id}',
    summary: 'Show one of them',
    needs,
    params: deliveryParams,
    answer: Delivery,
    run: (run) => deliveryOf(run.db, { ...reference(run), deliveryId: run.params.delivery_id }),
  }),
  operation({
    id: 'webhooks.deliveries.replay',
    method: 'POST',
    path: '/webhooks/{webhook_id}/deliveries/{delivery_id}/replay',
    summary: 'Send a webhook one event once more, under the same `webhook-id`',
    description: 'Behind what waits. Nothing where it waits itself.',
    needs,
    params: deliveryParams,
    answer: Replayed,
    status: 200,
    errors: ['WEBHOOK_DISABLED'],
    run: async (run) => ({
      count: await replayDelivery(run.db, { ...reference(run), deliveryId: run.params.delivery_id }, run.actor.caller),
    }),
  }),
];
