/** The pages of the console's section Tenants. */
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

const frame = consoleFrame('tenants');
const base = '/console/northwind/tenants';

type ListedTenant = ViewModels['console/tenants/list']['list']['items'][number];

const fjord: ListedTenant = {
  id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3701',
  slug: 'fjord-schools',
  name: 'Fjord Schools',
  state: 'active',
  is_platform: false,
  created_at: '2024-02-12T08:30:00Z',
  updated_at: '2025-03-01T10:00:00Z',
  users: 12_480,
  href: `${base}/t1`,
};
const { href: _, users: __, ...stored } = fjord;
const one: Omit<ViewModels['console/tenants/tenant'], 'frame'> = {
  tenant: stored,
  listHref: base,
  consoleHref: '/console/fjord-schools',
  owners: { names: ['Nora Lind', 'Åke Öberg'], more: true },
  invited: ['head@fjord.example'],
  inviteHref: `${base}/t1/owner`,
  suspendHref: `${base}/t1/suspend`,
};

export const samples: PageSample[] = [
  {
    name: 'console-tenants',
    view: 'console/tenants/list',
    page: {},
    model: {
      frame,
      list: listOf('console.tenants', base, [
        { ...fjord, id: 't0', slug: 'northwind', name: 'Northwind Logistics', is_platform: true, users: 204 },
        fjord,
        { ...fjord, id: 't2', slug: 'harbour-trust', name: 'Harbour Trust', state: 'suspended', users: 0 },
      ]),
      createHref: `${base}/new`,
    },
  },
  {
    name: 'console-tenants-none',
    view: 'console/tenants/list',
    page: {},
    model: { frame, list: listOf('console.tenants', base, []) },
  },
  { name: 'console-tenants-tenant', view: 'console/tenants/tenant', page: {}, model: { frame, ...one } },
  {
    name: 'console-tenants-tenant-stopped',
    view: 'console/tenants/tenant',
    page: {},
    model: {
      frame,
      ...one,
      tenant: { ...stored, state: 'suspended' },
      consoleHref: undefined,
      owners: { names: [], more: false },
      invited: [],
      inviteHref: undefined,
      suspendHref: undefined,
      resumeHref: `${base}/t1/resume`,
    },
  },
  {
    name: 'console-tenants-tenant-platform',
    view: 'console/tenants/tenant',
    page: {},
    model: { frame, ...one, tenant: { ...stored, is_platform: true }, owners: null, suspendHref: undefined },
  },
  {
    name: 'console-tenants-owner',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        words: 'console.tenants.owner',
        action: `${base}/t1/owner`,
        backHref: `${base}/t1`,
        subject: 'Fjord Schools',
        fields: [
          { name: 'email', kind: 'email', maxLength: 320, value: 'head@fjord' },
          { name: 'locale', kind: 'select', options: [{ value: 'en' }, { value: 'fr' }], value: 'fr' },
        ],
        errors: [{ code: 'EMAIL_INVALID', params: {}, field: 'email' }],
        hidden: [],
        timeZone: 'Europe/Stockholm',
      },
    },
  },
  {
    name: 'console-tenants-suspend',
    view: 'console/deed',
    page: {},
    model: {
      frame,
      deed: {
        words: 'console.tenants.suspend',
        action: `${base}/t1/suspend`,
        backHref: `${base}/t1`,
        subject: 'Fjord Schools',
        effects: [
          ...['people', 'sessions', 'applications', 'tokens', 'keys', 'invitations'].map((key, index) => ({
            key,
            params: { count: index + 1 },
          })),
          { key: 'kept' },
          { key: 'undo' },
        ],
        isDangerous: true,
        typed: true,
        isRefused: false,
      },
    },
  },
];
