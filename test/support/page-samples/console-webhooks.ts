/** The console's section Webhooks. */
import { choosableTypes } from '../../../src/domain/events/event-types.ts';
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

type Shown = ViewModels['console/webhooks/webhook'];
type Webhook = Shown['webhook'];

const frame = consoleFrame('webhooks');
const base = '/console/northwind/webhooks';
const one = `${base}/w1`;

const webhook: Webhook = {
  id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3601',
  name: 'Timetable',
  url: 'https://timetable.northwind.example/hooks/gatehouse',
  types: [],
  state: 'enabled',
  disabled_why: null,
  failing_since: null,
  waiting: 0,
  failed: 0,
  secret_since: '2025-11-12T08:30:00Z',
  secret_before_until: null,
  created_at: '2025-11-12T08:30:00Z',
};
const failing: Webhook = {
  ...webhook,
  name: `Payroll${'ofthewholedistrict'.repeat(5)}`,
  types: ['role.assigned', 'role.ended'],
  failing_since: '2025-11-20T08:30:00Z',
  waiting: 12,
  failed: 3,
  secret_before_until: '2025-11-21T08:30:00Z',
};
const disabled: Webhook = { ...webhook, name: 'Old', state: 'disabled', waiting: 0, failed: 1000 };

const delivery: Shown['list']['items'][number] = {
  id: 'd1',
  event_id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3777',
  type: 'role.ended',
  subject: 'user:0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3888',
  occurred_at: '2025-11-20T14:00:00Z',
  state: 'delivered',
  attempts: 1,
  status: 204,
  reason: null,
  attempted_at: '2025-11-20T14:00:01Z',
  next_at: null,
  body: {
    type: 'role.ended',
    timestamp: '2025-11-20T14:00:00.000Z',
    data: { tenant_id: 't', user_id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3888', reason: 'expired' },
  },
  key: 'role.ended',
  href: `${one}/deliveries/d1`,
};
const reasons = [
  'status',
  'redirect',
  'timeout',
  'unreachable',
  'address_refused',
  'answer_too_large',
  'secret_lost',
  'deleted',
  'disabled',
];
const every = ['ping', ...choosableTypes];
const deliveries = [
  delivery,
  ...every.map((type, index) => ({
    ...delivery,
    id: `e${index}`,
    type,
    key: type,
    state: index % 2 === 0 ? ('waiting' as const) : ('failed' as const),
    attempts: index,
    status: index % 3 === 0 ? 503 : null,
    reason: reasons[index % reasons.length] ?? null,
    next_at: index % 2 === 0 ? '2025-11-20T14:40:00Z' : null,
  })),
];
const list: Shown['list'] = {
  ...listOf('console.webhooks.deliveries', one, deliveries),
  filters: [
    {
      name: 'state',
      value: '',
      picked: false,
      options: ['', 'waiting', 'delivered', 'failed'].map((value) => ({
        value,
        label: undefined,
        href: one,
        current: value === '',
      })),
    },
    {
      name: 'type',
      value: '',
      picked: true,
      options: ['', ...every].map((value) => ({ value, label: value || undefined, href: one, current: value === '' })),
    },
  ],
};
const links = {
  frame,
  listHref: base,
  editHref: `${one}/edit`,
  rotateHref: `${one}/secret`,
  deleteHref: `${one}/delete`,
};
const listening = { pingHref: `${one}/ping`, replayHref: `${one}/replay`, disableHref: `${one}/disable` };

const shown = (name: string, model: Omit<Shown, keyof typeof links>): PageSample => ({
  name: `console-webhook-${name}`,
  view: 'console/webhooks/webhook',
  page: {},
  model: { ...links, ...model },
});
const none = listOf<Shown['list']['items'][number]>('console.webhooks.deliveries', one, []);

function deed(verb: string, keys: { key: string; params?: Record<string, number> }[], isDangerous = false): PageSample {
  return {
    name: `console-webhook-${verb}-deed`,
    view: 'console/deed',
    page: {},
    model: {
      frame,
      deed: {
        words: `console.webhooks.${verb}`,
        action: `${one}/${verb}`,
        backHref: one,
        subject: webhook.name,
        effects: keys,
        isDangerous,
        typed: verb === 'delete',
        isRefused: false,
      },
    },
  };
}
const untold = (count: number) => [{ key: 'waiting', params: { count } }, { key: 'untold' }];

function form(verb: string, fields: ViewModels['console/form']['form']['fields'], subject = webhook.name): PageSample {
  return {
    name: `console-webhook-${verb}-form`,
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        words: `console.webhooks.${verb}`,
        action: `${one}/${verb}`,
        backHref: one,
        subject,
        hidden: [],
        timeZone: 'Europe/Stockholm',
        fields,
        errors: verb === 'create' ? [{ code: 'INVALID_INPUT', params: {}, field: 'url' }] : [],
      },
    },
  };
}
const fields: ViewModels['console/form']['form']['fields'] = [
  { name: 'name', kind: 'text', value: webhook.name },
  { name: 'url', kind: 'url', value: webhook.url },
  {
    name: 'types',
    kind: 'checks',
    value: 'role.ended',
    options: choosableTypes.map((value) => ({ value, label: value, under: 'Sessions' })),
  },
];

export const samples: PageSample[] = [
  {
    name: 'console-webhooks',
    view: 'console/webhooks/list',
    page: {},
    model: {
      frame,
      list: listOf('console.webhooks', base, [
        { ...webhook, is: 'works', host: 'timetable.northwind.example', href: one },
        { ...failing, is: 'failing', host: 'payroll.northwind.example', href: one },
        {
          ...webhook,
          name: 'Doors',
          is: 'paused',
          state: 'paused',
          waiting: 1000,
          host: 'doors.example',
          href: one,
        },
        { ...disabled, is: 'disabled', host: 'old.example', href: one },
      ]),
      createHref: `${base}/new`,
    },
  },
  {
    name: 'console-webhooks-none',
    view: 'console/webhooks/list',
    page: {},
    model: { frame, list: listOf('console.webhooks', base, []), createHref: `${base}/new` },
  },
  shown('works', { webhook, state: 'works', list, ...listening, pauseHref: `${one}/pause` }),
  shown('failing', { webhook: failing, state: 'failing', list: none, ...listening, pauseHref: `${one}/pause` }),
  shown('paused', {
    webhook: { ...webhook, state: 'paused', waiting: 1000 },
    state: 'paused',
    list: none,
    ...listening,
    enableHref: `${one}/enable`,
  }),
  ...(['failing', 'gone', null] as const).map((why) =>
    shown(`disabled-${why}`, {
      webhook: { ...disabled, disabled_why: why },
      state: 'disabled',
      list: none,
      enableHref: `${one}/enable`,
    }),
  ),
  ...deliveries.slice(0, 3).map(
    (shownOne): PageSample => ({
      name: `console-webhook-delivery-${shownOne.state}`,
      view: 'console/webhooks/delivery',
      page: {},
      model: {
        frame,
        webhook: { name: webhook.name, href: one },
        listHref: base,
        delivery: shownOne,
        text: JSON.stringify(shownOne.body, null, 2),
        replayHref: shownOne.state === 'waiting' ? undefined : `${shownOne.href}/replay`,
      },
    }),
  ),
  form('create', fields, ''),
  form('edit', fields),
  form('rotate', [
    {
      name: 'overlap_seconds',
      kind: 'select',
      value: '86400',
      options: ['0', '3600', '86400', '604800'].map((value) => ({ value })),
    },
  ]),
  form('replay', [{ name: 'since', kind: 'moment', value: '2025-11-19T09:30' }]),
  {
    name: 'console-webhook-made',
    view: 'console/once',
    page: {},
    model: {
      frame,
      once: {
        words: 'console.webhooks.made',
        subject: webhook.name,
        values: [{ name: 'secret', value: 'whsec_VGhpcyBpcyBubyBzZWNyZXQgb2YgYW55Ym9keSE=' }],
        nextHref: one,
      },
    },
  },
  deed('ping', [{ key: 'told' }]),
  deed('pause', [{ key: 'waits' }]),
  deed('enable', [{ key: 'told' }]),
  deed('disable', untold(12), true),
  deed('delete', untold(1), true),
  deed('replay_one', [{ key: 'again' }, { key: 'same_id' }]),
];
