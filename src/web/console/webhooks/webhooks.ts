/** The section Webhooks: addresses that are told what happens. Their list, the making and changing of one, its secret, its end. */
import type Router from '@koa/router';
import { choosableTypes } from '../../../domain/events/event-types.ts';
import { defaultOverlapSeconds } from '../../../domain/webhooks/webhooks.ts';
import { type Deed, type Effect, mountDeed } from '../deed.ts';
import { type FieldSpec, wallTime } from '../fields.ts';
import { type FormPage, mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, readList } from '../list.ts';
import { drawOnce } from '../once.ts';
import { draw, page } from '../page.ts';
import { translatorOf } from '../settings/groups.ts';
import { type ConsoleDependencies, hrefTo, type Visit, zoneOf } from '../visit.ts';
import {
  base,
  mountWebhook,
  readWebhook,
  stateOf,
  type Webhook,
  type WebhookState,
  webhookParams,
  webhookPath,
  words,
} from './webhook.ts';

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/webhooks/list': {
      frame: ConsoleFrame;
      list: ListModel<Webhook & { is: WebhookState; host: string; href: string }>;
      createHref: string;
    };
  }
}

const section = 'webhooks';

async function showList(visit: Visit): Promise<void> {
  const spec = { path: base, operation: 'webhooks.list', words };
  const list = await readList<Webhook>({ ...visit, at: undefined }, spec);
  if (!list) return;
  const items = list.items.map((webhook) => ({
    ...webhook,
    is: stateOf(webhook),
    host: URL.parse(webhook.url)?.host ?? webhook.url,
    href: hrefTo(visit, `${base}/${webhook.id}`),
  }));
  draw(visit, 'console/webhooks/list', { list: { ...list, items }, createHref: hrefTo(visit, `${base}/new`) });
}

/** The types in their groups, by how they begin. */
const groups: [group: string, beginnings: readonly string[]][] = [
  ['sessions', ['session', 'sessions']],
  ['people', ['user', 'credential', 'invitation', 'consent']],
  ['access', ['role', 'visibility']],
  ['rest', []],
];

function fields(visit: Visit): FieldSpec[] {
  const t = translatorOf(visit);
  const groupOf = (type: string) => groups.find(([, beginnings]) => beginnings.includes(type.split('.')[0] ?? ''))?.[0];
  const options = groups.flatMap(([group]) =>
    choosableTypes
      .filter((type) => (groupOf(type) ?? 'rest') === group)
      .map((value) => ({ value, label: t(`${words}.types.${value}`), under: t(`${words}.groups.${group}`) })),
  );
  return [
    { name: 'name', kind: 'text', maxLength: 200 },
    { name: 'url', kind: 'url', maxLength: 2000 },
    { name: 'types', kind: 'checks', options },
  ];
}

/** What is shown once: the secret. */
const showSecret: FormPage['drawOnce'] = async (visit, { id, name, secret }) =>
  drawOnce(visit, {
    words: `${words}.made`,
    subject: name as string,
    values: [{ name: 'secret', value: secret as string }],
    next: `${base}/${id}`,
  });

function mountForms(router: Router, deps: ConsoleDependencies): void {
  mountForm(router, deps, {
    path: `${base}/new`,
    section,
    operation: 'webhooks.create',
    words: `${words}.create`,
    fields,
    back: () => base,
    drawOnce: showSecret,
  });
  mountForm(router, deps, {
    path: `${base}/:webhookId/edit`,
    section,
    operation: 'webhooks.update',
    words: `${words}.edit`,
    fields,
    params: webhookParams,
    read: async (visit) => {
      // Without its version, which counts what waits as well.
      const stored = await readWebhook(visit);
      return { stored, subject: stored.name };
    },
    back: webhookPath,
    notice: 'saved',
  });
  mountForm(router, deps, {
    path: `${base}/:webhookId/secret`,
    section,
    operation: 'webhooks.rotate',
    words: `${words}.rotate`,
    fields: () => [
      {
        name: 'overlap_seconds',
        kind: 'select',
        options: [0, 3600, defaultOverlapSeconds, 7 * 86_400].map((seconds) => ({ value: String(seconds) })),
      },
    ],
    params: webhookParams,
    about: async (visit) => (await readWebhook(visit)).name,
    initial: () => ({ overlap_seconds: String(defaultOverlapSeconds) }),
    complete: (body) => ({ overlap_seconds: Number(body.overlap_seconds) }),
    back: webhookPath,
    drawOnce: showSecret,
  });
  mountForm(router, deps, {
    path: `${base}/:webhookId/replay`,
    section,
    operation: 'webhooks.replay',
    words: `${words}.replay`,
    fields: () => [{ name: 'since', kind: 'moment' }],
    params: webhookParams,
    about: async (visit) => (await readWebhook(visit)).name,
    initial: (visit) => ({ since: wallTime(new Date(Date.now() - 86_400_000).toISOString(), zoneOf(visit)) }),
    back: webhookPath,
    notice: 'replayed',
  });
}

async function waitingEffect(visit: Visit): Promise<Effect[]> {
  const { waiting } = await readWebhook(visit);
  return [{ key: 'waiting', params: { count: waiting } }, { key: 'untold' }];
}

function deed(verb: string, more: Pick<Deed, 'effects' | 'isDangerous' | 'typed' | 'after' | 'notice'>): Deed {
  return {
    path: `${base}/:webhookId/${verb}`,
    section,
    operation: `webhooks.${verb}`,
    words: `${words}.${verb}`,
    input: (visit) => ({ params: webhookParams(visit) }),
    subject: async (visit) => (await readWebhook(visit)).name,
    back: webhookPath,
    ...more,
  };
}

/** Mounts `/webhooks` and everything below it. */
export function mountWebhooks(router: Router, deps: ConsoleDependencies): void {
  router.get(base, page(deps, section, showList));
  mountForms(router, deps);
  const told = async () => [{ key: 'told' }];
  mountDeed(router, deps, deed('ping', { effects: told, notice: 'pinged' }));
  mountDeed(router, deps, deed('pause', { effects: async () => [{ key: 'waits' }], notice: 'paused' }));
  mountDeed(router, deps, deed('enable', { effects: told, notice: 'enabled' }));
  mountDeed(router, deps, deed('disable', { effects: waitingEffect, isDangerous: true, notice: 'disabled' }));
  const gone = { effects: waitingEffect, isDangerous: true, typed: true, after: () => base, notice: 'deleted' };
  mountDeed(router, deps, deed('delete', gone));
  mountWebhook(router, deps);
}
