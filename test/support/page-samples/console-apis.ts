/** The pages of the console's section APIs. */
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

const frame = consoleFrame('apis');
const base = '/console/northwind/apis';
const one = `${base}/a1`;

const api: ViewModels['console/apis/api']['api'] = {
  id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3501',
  tenant_id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3401',
  identifier: 'https://api.northwind.example/',
  name: 'Northwind API',
  token_format: 'jwt',
  signing_alg: 'ES256',
  access_token_ttl: 600,
  capabilities: ['inventory.read', 'inventory.write'],
  token_exchange: true,
  required_acr: 'urn:gatehouse:acr:aal2',
  skip_consent: false,
  is_system: false,
  created_at: '2025-02-12T08:30:00Z',
  updated_at: '2025-11-01T10:00:00Z',
};
const { tenant_id: _, is_system: __, created_at: ___, updated_at: ____, ...rest } = api;
const listed: ViewModels['console/apis/list']['list']['items'][number] = { ...rest, tenant: 'northwind', href: one };
const apis = [
  { ...listed, id: 'a0', name: 'Gatehouse', identifier: 'https://id.example.org/api/v1', tenant: null },
  listed,
  { ...listed, id: 'a2', name: 'Grades', token_format: 'opaque' as const, access_token_ttl: 1, capabilities: [] },
  { ...listed, id: 'a3', name: `Archive${'ofeverything'.repeat(8)}`, identifier: `urn:${'archive:'.repeat(12)}x` },
];

type Head = ViewModels['console/apis/api']['head'];
const head = (current: Head['tabs'][number]['tab'], overrides: Partial<Head> = {}): Head => ({
  name: api.name,
  identifier: api.identifier,
  isShared: false,
  isSystem: false,
  tabs: (['details', 'scopes', 'callers'] as const).map((tab) => ({
    tab,
    href: tab === 'details' ? one : `${one}/${tab}`,
    current: tab === current,
  })),
  listHref: base,
  ...overrides,
});

const scope: ViewModels['console/apis/scopes']['scopes'][number] = {
  key: 'inventory.read',
  description: 'See what is in stock',
  module: 'Stock',
  editHref: `${one}/scopes/inventory.read/edit`,
  moveHref: `${one}/scopes/inventory.read/move`,
  deleteHref: `${one}/scopes/inventory.read/delete`,
  whoHref: '/console/northwind/roles/who-can?capability=inventory.read',
};

const caller: ViewModels['console/apis/callers']['list']['items'][number] = {
  client_id: 'nightly-sync',
  name: 'Nightly stock sync',
  state: 'active',
  created_at: '2025-02-12T08:30:00Z',
  href: '/console/northwind/services/nightly-sync',
};

const detail: Omit<ViewModels['console/apis/api'], 'head'> = {
  frame,
  api,
  signIn: 'two',
  issuer: 'https://id.example.org',
  keysHref: 'https://id.example.org/jwks',
  introspectionEndpoint: 'https://id.example.org/introspect',
};

const form = { errors: [], hidden: [], timeZone: 'Europe/Stockholm', backHref: one, subject: api.name };
const tokens: ViewModels['console/form']['form']['fields'] = [
  {
    name: 'token_format',
    kind: 'select',
    options: [{ value: 'jwt' }, { value: 'opaque' }],
    group: 'tokens',
    value: 'jwt',
  },
  { name: 'signing_alg', kind: 'select', options: [{ value: 'ES256' }, { value: 'RS256' }], value: 'ES256' },
  { name: 'access_token_ttl', kind: 'number', value: '600' },
];
const described: ViewModels['console/form']['form']['fields'] = ['description', 'module', 'action'].map((name) => ({
  name,
  kind: 'text',
  optional: true,
  value: '',
}));
const deed = { backHref: one, isDangerous: true, typed: true, isRefused: false };

export const samples: PageSample[] = [
  {
    name: 'console-apis',
    view: 'console/apis/list',
    page: {},
    model: { frame, list: listOf('console.apis', base, apis), createHref: `${base}/new` },
  },
  {
    name: 'console-apis-none',
    view: 'console/apis/list',
    page: {},
    model: { frame, list: listOf('console.apis', base, []), createHref: `${base}/new` },
  },
  {
    name: 'console-apis-api',
    view: 'console/apis/api',
    page: {},
    model: { ...detail, head: head('details'), editHref: `${one}/edit`, deleteHref: `${one}/delete` },
  },
  {
    name: 'console-apis-api-opaque',
    view: 'console/apis/api',
    page: {},
    model: {
      ...detail,
      api: { ...api, token_format: 'opaque', capabilities: ['grades.read'] },
      head: head('details', { isShared: true }),
    },
  },
  {
    name: 'console-apis-scopes',
    view: 'console/apis/scopes',
    page: {},
    model: {
      frame,
      head: head('scopes'),
      scopes: [scope, { ...scope, key: 'inventory.write', description: null, module: null }],
      defineHref: `${one}/scopes/new`,
    },
  },
  {
    name: 'console-apis-scopes-none',
    view: 'console/apis/scopes',
    page: {},
    model: { frame, head: head('scopes'), scopes: [] },
  },
  {
    name: 'console-apis-scopes-built-in',
    view: 'console/apis/scopes',
    page: {},
    model: {
      frame,
      head: head('scopes', { isSystem: true, isShared: true }),
      scopes: [{ key: 'users.read', description: 'See people', module: null }],
    },
  },
  {
    name: 'console-apis-callers',
    view: 'console/apis/callers',
    page: {},
    model: {
      frame,
      head: head('callers'),
      list: listOf('console.apis.callers', `${one}/callers`, [caller, { ...caller, state: 'disabled' as const }]),
      own: [{ name: 'Inventory API', href: '/console/northwind/services/inventory-api' }],
    },
  },
  {
    name: 'console-apis-callers-none',
    view: 'console/apis/callers',
    page: {},
    model: { frame, head: head('callers'), list: listOf('console.apis.callers', `${one}/callers`, []), own: [] },
  },
  {
    name: 'console-apis-choose',
    view: 'console/apis/move',
    page: {},
    model: {
      frame,
      scope: 'inventory.read',
      backHref: `${one}/scopes`,
      apis: [{ name: 'Grades', identifier: 'https://grades.northwind.example/', href: `${one}/scopes/x/move/a2` }],
    },
  },
  {
    name: 'console-apis-choose-none',
    view: 'console/apis/move',
    page: {},
    model: { frame, scope: 'inventory.read', backHref: `${one}/scopes`, apis: [] },
  },
  {
    name: 'console-apis-create',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        ...form,
        words: 'console.apis.create',
        action: `${base}/new`,
        backHref: base,
        subject: '',
        fields: [
          { name: 'name', kind: 'text', value: 'Grades' },
          { name: 'identifier', kind: 'url', value: 'grades' },
          { name: 'all_tenants', kind: 'check', value: '' },
          ...tokens,
        ],
        errors: [{ code: 'INVALID_INPUT', params: {}, field: 'identifier' }],
      },
    },
  },
  {
    name: 'console-apis-edit',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        ...form,
        words: 'console.apis.edit',
        action: `${one}/edit`,
        fields: [{ name: 'name', kind: 'text', value: api.name }, ...tokens],
      },
    },
  },
  {
    name: 'console-apis-define',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        ...form,
        words: 'console.apis.define',
        action: `${one}/scopes/new`,
        fields: [{ name: 'capability', kind: 'text', value: 'Inventory' }, ...described],
        errors: [{ code: 'INVALID_INPUT', params: {}, field: 'capability' }],
      },
    },
  },
  {
    name: 'console-apis-edit-scope',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: { ...form, words: 'console.apis.edit_scope', action: `${one}/scopes/x/edit`, fields: described },
    },
  },
  {
    name: 'console-apis-move',
    view: 'console/deed',
    page: {},
    model: {
      frame,
      deed: {
        ...deed,
        typed: false,
        words: 'console.apis.move',
        action: `${one}/scopes/x/move/a2`,
        subject: 'inventory.read',
        effects: [
          { key: 'services', params: { count: 2, names: 'nightly-sync, billing' } },
          { key: 'without_default', params: { count: 1, names: 'billing' } },
          { key: 'applications', params: { count: 1, names: 'portal' } },
          { key: 'roles', params: { count: 3 } },
          { key: 'live' },
        ],
      },
    },
  },
  {
    name: 'console-apis-delete-scope',
    view: 'console/deed',
    page: {},
    model: {
      frame,
      deed: {
        ...deed,
        words: 'console.apis.delete_scope',
        action: `${one}/scopes/x/delete`,
        subject: 'inventory.read',
        effects: [{ key: 'roles' }, { key: 'services' }, { key: 'for_good' }],
      },
    },
  },
  {
    name: 'console-apis-delete',
    view: 'console/deed',
    page: {},
    model: {
      frame,
      deed: {
        ...deed,
        words: 'console.apis.delete',
        action: `${one}/delete`,
        subject: api.name,
        effects: [{ key: 'asked' }, { key: 'live' }, { key: 'for_good' }],
      },
    },
  },
];
