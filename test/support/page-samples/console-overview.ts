/** The console's section Overview. */
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

type Model = ViewModels['console/overview/overview'];

const frame = consoleFrame('overview');
const base = '/console/northwind';
const soon = '2025-11-24T10:00:00Z';

const days = Array.from({ length: 30 }, (_, index) =>
  new Date(Date.UTC(2025, 9, 22 + index)).toISOString().slice(0, 10),
);
const chart = (metric: NonNullable<Model['charts']>[number]['metric'], figure: (index: number) => number) => {
  const values = days.map((day, index) => ({ day, value: figure(index) }));
  return { metric, total: values.reduce((sum, { value }) => sum + value, 0), days: values };
};
const charts = [
  chart('sign_ins', (index) => (index % 7 > 4 ? 90 : 1_400 + ((index * 37) % 300))),
  chart('refusals', (index) => (index * 13) % 29),
  chart('new_people', (index) => (index === 11 ? 180 : index % 3)),
  chart('messages_sent', (index) => 200 + ((index * 53) % 70)),
  chart('messages_not_sent', () => 0),
];

const looks: Model['looks'] = [
  {
    kind: 'identity_provider_failing',
    count: 1,
    isPast: true,
    href: `${base}/sign-in`,
    items: [{ id: 'google', name: 'Google', detail: 'FEDERATION_FAILED', at: '2025-11-20T13:00:00Z' }],
  },
  {
    kind: 'webhook_failing',
    count: 1,
    isPast: true,
    href: `${base}/webhooks`,
    items: [
      { id: 'w1', name: 'Ticketing', detail: 'failing', at: '2025-11-19T13:00:00Z', href: `${base}/webhooks/w1` },
    ],
  },
  {
    kind: 'account_locked',
    count: 7,
    isPast: true,
    href: `${base}/people`,
    items: ['Anna Larsson', 'محمد العلي', `Maximiliana${'of-everywhere'.repeat(9)}`].map((name) => ({
      id: name,
      name,
      detail: null,
      at: '2025-11-20T11:05:00Z',
      href: `${base}/people/p1/sign-in`,
    })),
  },
  ...(
    [
      'messages_not_sent',
      'client_secret_ending',
      'service_secret_ending',
      'api_key_ending',
      'signing_key_rotating',
      'role_ending',
      'second_factor_missing',
      'invitation_expiring',
    ] as const
  ).map((kind, index) => ({
    kind,
    count: index + 1,
    isPast: false,
    items: [{ id: kind, name: 'Northwind Portal', detail: 'teacher', at: soon }],
  })),
];

export const samples: PageSample[] = [
  {
    name: 'console-overview',
    view: 'console/overview/overview',
    page: {},
    model: {
      frame,
      looks,
      charts,
      reasons: [
        { reason: 'PASSWORD_WRONG', count: 1_204 },
        { reason: 'invalid_client', count: 31 },
      ],
    },
  },
  {
    name: 'console-overview-quiet',
    view: 'console/overview/overview',
    page: {},
    model: { frame, looks: [], charts: charts.map(({ metric }) => chart(metric, () => 0)), reasons: [] },
  },
  {
    name: 'console-overview-delegate',
    view: 'console/overview/overview',
    page: {},
    model: { frame, looks: looks.slice(1, 2), reasons: [] },
  },
];
