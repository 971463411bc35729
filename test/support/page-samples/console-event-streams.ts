/** The console's section Event streams. */
import { securityEventUris } from '../../../src/domain/event-streams/security-events.ts';
import { choosableTypes } from '../../../src/domain/events/event-types.ts';
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

type Shown = ViewModels['console/event-streams/stream'];

const frame = consoleFrame('event-streams');
const base = '/console/northwind/event-streams';
const one = `${base}/s1`;
const words = 'console.event_streams';

const push: Shown['stream'] = {
  id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3611',
  title: 'Timetable',
  is: 'works',
  client_id: 'timetable',
  audience: 'https://timetable.northwind.example',
  method: 'push',
  endpoint_url: 'https://timetable.northwind.example/events',
  has_authorization: true,
  events_delivered: [...securityEventUris],
  events: securityEventUris.map((uri) => ({ key: uri.split('/').at(-1) ?? '' })),
  description: 'Timetable',
  state: 'enabled',
  disabled_why: null,
  failing_since: null,
  waiting: 0,
  failed: 0,
  verified_at: '2025-11-12T08:31:00Z',
  created_at: '2025-11-12T08:30:00Z',
};
const poll: Shown['stream'] = {
  ...push,
  title: `${'payroll'.repeat(20)}`,
  client_id: null,
  method: 'poll',
  endpoint_url: null,
  has_authorization: false,
  waiting: 12,
};
const failing: Shown['stream'] = { ...push, is: 'failing', failing_since: '2025-11-20T08:30:00Z', waiting: 1000 };
const off = { ...push, is: 'disabled', state: 'disabled' } as const;

const delivery: Shown['list']['items'][number] = {
  id: 'd1',
  event_id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3777',
  key: 'role.ended',
  type: 'role.ended',
  subject: 'user:0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3888',
  occurred_at: '2025-11-20T14:00:00Z',
  state: 'delivered',
  attempts: 1,
  status: 202,
  reason: null,
};
const deliveries = ['verification', 'stream.updated', ...choosableTypes].map((key, index) => ({
  ...delivery,
  id: `d${index}`,
  key,
  type: key,
  state: (['delivered', 'waiting', 'failed'] as const)[index % 3] ?? 'waiting',
  reason: index % 3 === 0 ? null : (['unreachable', 'status', 'We know of no such subject'][index % 3] ?? null),
  status: index % 2 === 0 ? null : 503,
}));

const links = { frame, listHref: base, editHref: `${one}/edit`, deleteHref: `${one}/delete` };
const listening = { verifyHref: `${one}/verify`, pauseHref: `${one}/pause`, disableHref: `${one}/disable` };
const shown = (name: string, model: Omit<Shown, keyof typeof links | 'list'> & Partial<Shown>): PageSample => ({
  name: `console-event-stream-${name}`,
  view: 'console/event-streams/stream',
  page: {},
  model: { ...links, list: listOf(`${words}.deliveries`, one, deliveries), ...model },
});

export const samples: PageSample[] = [
  {
    name: 'console-event-streams',
    view: 'console/event-streams/list',
    page: {},
    model: {
      frame,
      createHref: `${base}/new`,
      list: listOf(words, base, [
        { ...push, href: one },
        { ...poll, href: `${base}/s2` },
        { ...failing, href: `${base}/s3` },
        { ...off, href: `${base}/s4` },
      ]),
    },
  },
  {
    name: 'console-event-streams-none',
    view: 'console/event-streams/list',
    page: {},
    model: { frame, createHref: `${base}/new`, list: listOf(words, base, []) },
  },
  shown('push', { stream: push, serviceHref: '/console/northwind/services/timetable', ...listening }),
  shown('poll', { stream: poll, list: listOf(`${words}.deliveries`, one, []), ...listening }),
  shown('failing', { stream: failing, ...listening }),
  shown('paused', { stream: { ...push, is: 'paused', state: 'paused' }, enableHref: `${one}/enable` }),
  shown('disabled', { stream: off, enableHref: `${one}/enable` }),
  shown('disabled-failing', { stream: { ...off, disabled_why: 'failing' }, enableHref: `${one}/enable` }),
  shown('disabled-gone', { stream: { ...off, disabled_why: 'gone' }, enableHref: `${one}/enable` }),
];
