/** The console's section Messages. */
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

type Model = ViewModels['console/messages/list'];

const frame = consoleFrame('messages');
const base = '/console/northwind/messages';

const chart = (metric: Model['charts'][number]['metric'], figure: (index: number) => number) => {
  const days = Array.from({ length: 30 }, (_, index) => ({
    day: new Date(Date.UTC(2025, 9, 22 + index)).toISOString().slice(0, 10),
    value: figure(index),
  }));
  return { metric, total: days.reduce((sum, { value }) => sum + value, 0), days };
};

const untouched = {
  sent: 0,
  not_sent: 0,
  last_sent_at: null,
  last_failed_at: null,
  last_failure: null,
  took_last: null,
};
const channel = (name: Model['channels'][number]['channel'], differs: Partial<Model['channels'][number]>) =>
  ({
    channel: name,
    provider: name === 'email' ? 'smtp' : 'twilio',
    is_allowed: true,
    daily_budget: 5_000,
    used_today: 312,
    ...untouched,
    state: 'works',
    key: undefined,
    ...differs,
  }) as const;

const channels: Model['channels'] = [
  channel('email', { sent: 6_204, not_sent: 17, last_sent_at: '2025-11-20T13:58:00Z', took_last: true }),
  channel('sms', {
    state: 'troubled',
    daily_budget: 200,
    used_today: 41,
    sent: 380,
    not_sent: 9,
    last_sent_at: '2025-11-19T10:00:00Z',
    last_failed_at: '2025-11-20T13:00:00Z',
    last_failure: '21610',
    took_last: false,
    key: 'unsubscribed',
  }),
  channel('whatsapp', { state: 'exhausted', daily_budget: 0, used_today: 0 }),
];
const states: Model['channels'] = [
  channel('email', { state: 'quiet', provider: 'files' }),
  channel('sms', { state: 'not_used' }),
  channel('whatsapp', { state: 'absent', provider: null }),
];

const at = '2025-11-20T13:00:00Z';
const why = [
  ['email', '550', 'refused'],
  ['email', '421', 'put_off'],
  ['email', 'EAUTH', 'eauth'],
  ['email', 'EENVELOPE', 'eenvelope'],
  ['email', 'SMTPUTF8', 'smtputf8'],
  ['email', 'ETIMEDOUT', 'unreachable'],
  ['sms', 'budget_used_up', 'budget_used_up'],
  ['sms', 'channel_unavailable', 'channel_unavailable'],
  ['sms', 'number_not_supported', 'number_not_supported'],
  ['sms', 'tenant_suspended', 'tenant_suspended'],
  ['sms', 'tenant_unknown', 'tenant_unknown'],
  ['sms', '20003', 'credentials'],
  ['sms', '20429', 'too_many'],
  ['sms', '21211', 'number_invalid'],
  ['sms', '21408', 'country_off'],
  ['sms', '21608', 'trial'],
  ['sms', '21610', 'unsubscribed'],
  ['whatsapp', '63003', 'number_unreachable'],
  ['whatsapp', '63016', 'template_needed'],
  ['whatsapp', '99999', 'provider_refused'],
] as const;
const templates = ['code', 'invitation', 'recovery', 'new-device', 'address-changed'];
const items: Model['list']['items'] = why.map(([name, reason, key], index) => ({
  id: `m${index}`,
  channel: name,
  template: templates[index % templates.length] ?? null,
  reason,
  key,
  occurred_at: at,
  href: `/console/northwind/audit?entity_id=m${index}`,
}));
const unknown = { id: 'x', channel: null, template: null, reason: 'unknown', key: 'provider_refused', occurred_at: at };

const option = (value: string, label?: string) => ({ value, label, href: base, current: value === '' });
const filters: Model['list']['filters'] = [
  { name: 'channel', value: '', picked: false, options: ['', 'email', 'sms', 'whatsapp'].map((one) => option(one)) },
  {
    name: 'reason',
    value: '',
    picked: true,
    options: [option(''), option('550', 'The mail server refused it (550) · 9')],
  },
];

export const samples: PageSample[] = [
  {
    name: 'console-messages',
    view: 'console/messages/list',
    page: {},
    model: {
      frame,
      channels,
      charts: [
        chart('messages_sent', (index) => 200 + ((index * 53) % 70)),
        chart('messages_not_sent', (index) => (index > 26 ? index - 24 : 0)),
      ],
      list: { ...listOf('console.messages', base, [...items, unknown]), filters },
      settingsHref: '/console/northwind/sign-in/codes',
    },
  },
  {
    name: 'console-messages-quiet',
    view: 'console/messages/list',
    page: {},
    model: {
      frame,
      channels: states,
      charts: [chart('messages_sent', () => 0), chart('messages_not_sent', () => 0)],
      list: listOf('console.messages', base, []),
    },
  },
];
