/** The console's section Audit. */
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

type Row = ViewModels['console/audit/list']['list']['items'][number];

const frame = consoleFrame('audit');
const base = '/console/northwind/audit';
const at = '2025-11-20T13:00:00.123456+00:00';
const anna = { kind: 'user', text: 'Anna Larsson', isId: false, href: '/console/northwind/people/p1' };

const row = (id: string, action: string, more: Partial<Row> = {}): Row => ({
  id,
  action,
  href: `${base}/${id}`,
  actor: anna,
  about: anna,
  isSelf: true,
  ip: '192.0.2.7',
  occurredAt: at,
  ...more,
});

const rows: Row[] = [
  row('e1', 'login.succeeded'),
  row('e2', 'role.assigned', {
    isSelf: false,
    about: { kind: 'org_assignment', text: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3401', isId: true },
  }),
  row('e3', 'signing_key.rotated', { actor: undefined, about: undefined, isSelf: false, ip: null }),
  row('e4', 'something.of_an_earlier_version', {
    isSelf: false,
    actor: { kind: 'client', text: 'محمد العلي', isId: false },
    about: { kind: 'thing_of_old', text: `thing-${'of-everywhere'.repeat(9)}`, isId: true },
  }),
];

const typedFields = [
  { name: 'action', kind: 'select', options: [{ value: '' }, { value: 'role.assigned', group: 'access' }] },
  { name: 'person', kind: 'text' },
  { name: 'client_id', kind: 'text' },
  { name: 'actor_id', kind: 'text' },
  { name: 'entity_id', kind: 'text' },
  { name: 'request_id', kind: 'text' },
  { name: 'from', kind: 'moment' },
  { name: 'until', kind: 'moment' },
] as const;

const filters = [
  {
    name: 'actor_type',
    value: 'user',
    picked: true,
    options: ['', 'user', 'client', 'api_key', 'system'].map((value) => ({
      value,
      href: base,
      current: value === 'user',
    })),
  },
  {
    name: 'within',
    value: '',
    picked: true,
    options: ['', 'hour', 'day', 'week', 'month'].map((value) => ({ value, href: base, current: value === '' })),
  },
];

const list = (items: Row[]): ViewModels['console/audit/list']['list'] => ({
  ...listOf('console.audit', base, items),
  filters,
  typed: { fields: typedFields.map((field) => ({ ...field, optional: true, value: '' })), hidden: [], chosen: [] },
});

const chosen = [
  { name: 'action', value: 'role.assigned', href: base },
  { name: 'person', value: 'anna.larsson@northwind.example', href: base },
  { name: 'from', value: '2025-11-01T08:00', href: base },
];

const event = {
  ...row('e5', 'tenant.settings_changed', { isSelf: false, about: { kind: 'tenant', text: 'Northwind', isId: false } }),
  requestId: '9f0d7c1e-55a2-4c0b-8f6e-1c2d3e4f5a6b',
  userAgent: 'Mozilla/5.0',
  browser: 'Firefox',
  os: 'Windows',
  cause: 'tenants.settings.update',
};

type Seal = ViewModels['console/audit/seals']['list']['items'][number];

const seal = (number: number): Seal => ({
  id: `s${number}`,
  tenant_id: 't1',
  number,
  starts_at: '2025-11-20T12:00:00Z',
  ends_at: '2025-11-20T13:00:00Z',
  sealed_at: '2025-11-20T13:12:00Z',
  events: 1_204 * (number % 7),
  late: 0,
  hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  kid: 'k1',
});
const sealsOf = (items: Seal[]) => listOf('console.audit.seals', `${base}/seals`, items);

const links = { liveHref: `${base}/live`, sealsHref: `${base}/seals`, exportHref: `${base}/export` };

export const samples: PageSample[] = [
  { name: 'console-audit', view: 'console/audit/list', page: {}, model: { frame, list: list(rows), ...links } },
  { name: 'console-audit-empty', view: 'console/audit/list', page: {}, model: { frame, list: list([]), ...links } },
  {
    name: 'console-audit-narrowed',
    view: 'console/audit/list',
    page: {},
    model: {
      frame,
      ...links,
      list: {
        ...list([]),
        isNarrowed: true,
        typed: {
          fields: typedFields.map((field) => ({ ...field, optional: true, value: '' })),
          hidden: [{ name: 'actor_type', value: 'user' }],
          chosen,
        },
      },
    },
  },
  {
    name: 'console-audit-several',
    view: 'console/audit/list',
    page: {},
    model: {
      frame,
      list: list([]),
      ...links,
      unclear: {
        text: 'lars',
        choices: [
          { name: 'Anna Larsson', address: 'anna.larsson@northwind.example', href: base },
          { name: 'Lars Falk', address: '+46701740605', href: base },
        ],
      },
    },
  },
  {
    name: 'console-audit-nobody',
    view: 'console/audit/list',
    page: {},
    model: { frame, list: list([]), ...links, unclear: { text: 'zzz', choices: [] } },
  },
  {
    name: 'console-audit-event',
    view: 'console/audit/event',
    page: {},
    model: {
      frame,
      event: { ...event, seal: { number: 12, isLate: false } },
      backHref: base,
      proofHref: `${base}/e1/proof`,
      requestHref: `${base}?request_id=9f0d7c1e`,
      payload: {
        changes: [
          {
            path: 'branding.accentColor',
            sign: 'changed',
            before: [{ text: '#0b7285', sign: 'removed' }],
            after: [{ text: '#2a5bd7', sign: 'added' }],
          },
          { path: 'sessionHours', sign: 'added', before: [], after: [{ text: '12', sign: 'added' }] },
          { path: 'selfSignUp', sign: 'removed', before: [{ text: 'true', sign: 'removed' }], after: [] },
          {
            path: 'metadata.redirect_uris',
            sign: 'changed',
            before: [
              { text: 'https://portal.northwind.example/callback', sign: 'same' },
              { text: 'http://localhost:3000/cb', sign: 'removed' },
            ],
            after: [
              { text: 'https://portal.northwind.example/callback', sign: 'same' },
              { text: `https://portal.northwind.example/${'signed-in/'.repeat(12)}`, sign: 'added' },
            ],
          },
          {
            path: '',
            sign: 'changed',
            before: [{ text: '2025-11-01T08:00:00.000Z', sign: 'removed' }],
            after: [{ text: '2025-12-01T08:00:00.000Z', sign: 'added' }],
          },
        ],
        same: 14,
        told: [
          { member: 'userId', lines: ['Anna Larsson'] },
          { member: 'capabilities', lines: ['users.read', 'org.read'] },
          { member: 'thingOfOld', lines: ['true'] },
        ],
      },
    },
  },
  {
    name: 'console-audit-event-plain',
    view: 'console/audit/event',
    page: {},
    model: {
      frame,
      event: {
        ...row('e3', 'signing_key.rotated', { actor: undefined, about: undefined, ip: null }),
        requestId: null,
        userAgent: null,
        browser: '',
        os: '',
        cause: '',
        seal: { number: 7, isLate: true },
      },
      backHref: base,
      payload: { changes: [], same: 0, told: [] },
    },
  },
  {
    name: 'console-audit-export',
    view: 'console/audit/export',
    page: {},
    model: { frame, action: `${base}/export`, backHref: base, chosen: [] },
  },
  {
    name: 'console-audit-export-narrowed',
    view: 'console/audit/export',
    page: {},
    model: {
      frame,
      action: `${base}/export?action=role.assigned`,
      backHref: base,
      chosen: [
        { name: 'within', value: 'month', isFilter: true },
        { name: 'action', value: 'role.assigned', isFilter: false },
        { name: 'person', value: 'anna.larsson@northwind.example', isFilter: false },
      ],
    },
  },
  {
    name: 'console-audit-live',
    view: 'console/audit/live',
    page: {},
    model: {
      frame,
      items: rows,
      streamHref: `${base}/live/events`,
      listHref: base,
      hereHref: `${base}/live`,
      sealsHref: `${base}/seals`,
    },
  },
  {
    name: 'console-audit-seals',
    view: 'console/audit/seals',
    page: {},
    model: {
      frame,
      witness:
        '{"tenant_id":"0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3401","number":412,"hash":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}',
      state: { sealed_until: '2025-11-20T13:00:00Z', is_behind: false, newest: seal(412) },
      list: sealsOf([seal(412), { ...seal(411), late: 3 }, seal(410)]),
      listHref: base,
      liveHref: `${base}/live`,
    },
  },
  {
    name: 'console-audit-seals-behind',
    view: 'console/audit/seals',
    page: {},
    model: {
      frame,
      witness: '{"number":3}',
      state: { sealed_until: '2025-11-19T08:00:00Z', is_behind: true, newest: seal(3) },
      list: sealsOf([seal(3)]),
      listHref: base,
      liveHref: `${base}/live`,
    },
  },
  {
    name: 'console-audit-seals-none',
    view: 'console/audit/seals',
    page: {},
    model: {
      frame,
      witness: '{}',
      state: { sealed_until: null, is_behind: false, newest: null },
      list: sealsOf([]),
      listHref: base,
      liveHref: `${base}/live`,
    },
  },
];
