/** The pages of the console's section Services. */
import { newProofFields, workloadFields } from '../../../src/web/console/services/proof.ts';
import { snippetsOf } from '../../../src/web/console/services/snippets.ts';
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

const frame = consoleFrame('services');
const base = '/console/northwind/services';
const one = `${base}/nightly-sync`;

const listed: ViewModels['console/services/list']['list']['items'][number] = {
  client_id: 'nightly-sync',
  name: 'Nightly stock sync',
  state: 'active',
  tenant: 'northwind',
  secrets: 1,
  created_at: '2025-02-12T08:30:00Z',
  href: one,
};
const services = [
  listed,
  { ...listed, client_id: '6f1d0a2b-7c55-4a8e-9d53-2c1b8f3e4a60', name: 'Payroll export', secrets: 2 },
  { ...listed, client_id: 'billing', name: 'Billing', secrets: 0, state: 'disabled' as const },
  { ...listed, client_id: 'gatehouse-audit', name: `Audit${'ofeverything'.repeat(8)}`, tenant: null },
];

type Head = ViewModels['console/services/service']['head'];
const list: ViewModels['console/services/list']['list'] = {
  ...listOf('console.services', base, services),
  q: '',
  filters: [
    {
      name: 'state',
      value: '',
      picked: false,
      options: ['', 'active', 'disabled'].map((value) => ({ value, href: base, current: value === '' })),
    },
  ],
  sorts: { name: { href: base, current: true }, created_at: { href: `${base}?sort=created_at`, current: false } },
};

const tabs = ['details', 'secrets', 'connect', 'tokens', 'refusals'] as const;
const head = (current: Head['tabs'][number]['tab'], overrides: Partial<Head> = {}): Head => ({
  name: listed.name,
  clientId: listed.client_id,
  isShared: false,
  state: 'active',
  tabs: tabs.map((tab) => ({ tab, href: tab === 'details' ? one : `${one}/${tab}`, current: tab === current })),
  listHref: base,
  ...overrides,
});

const service: ViewModels['console/services/service']['service'] = {
  client_id: listed.client_id,
  tenant_id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3401',
  name: listed.name,
  state: 'active',
  security_profile: 'none',
  metadata: { token_endpoint_auth_method: 'client_secret_basic', default_resource: 'https://api.northwind.example/' },
  capabilities: ['inventory.read', 'inventory.write', 'users.read'],
  resource_server_id: null,
  created_at: '2025-02-12T08:30:00Z',
  updated_at: '2025-11-01T10:00:00Z',
};

const groups: ViewModels['console/services/service']['groups'] = [
  {
    api: 'Northwind API',
    identifier: 'https://api.northwind.example/',
    scopes: [
      { key: 'inventory.read', description: 'See what is in stock' },
      { key: 'inventory.write', description: null },
    ],
  },
  { api: null, identifier: null, scopes: [{ key: 'users.read', description: 'See people' }] },
];

const actions = {
  editHref: `${one}/edit`,
  capabilitiesHref: `${one}/capabilities`,
  disableHref: `${one}/disable`,
  deleteHref: `${one}/delete`,
};

const secret: ViewModels['console/services/secrets']['list']['items'][number] = {
  id: 's1',
  hint: 'k3Qz',
  created_at: '2025-11-01T10:00:00Z',
  expires_at: null,
  last_used_at: '2025-11-20T14:12:00Z',
  revoked_at: null,
  state: 'works',
  revokeHref: `${one}/secrets/s1/revoke`,
};

const workload: NonNullable<ViewModels['console/services/service']['workloads']>['items'][number] = {
  id: 'w1',
  issuer: 'https://token.actions.githubusercontent.com',
  audience: 'https://id.example.org',
  subject: 'repo:acme/app:ref:refs/heads/main',
  jwks_uri: null,
  single_use: true,
  last_used_at: '2025-11-20T14:12:00Z',
};

const token: ViewModels['console/services/tokens']['list']['items'][number] = {
  id: 't1',
  resource: 'https://api.northwind.example/',
  scope: 'inventory.read inventory.write',
  ip: '192.0.2.17',
  created_at: '2025-11-20T14:12:00Z',
  expires_at: '2025-11-20T14:22:00Z',
};

const snippetOf = {
  issuer: 'https://id.example.org',
  clientId: listed.client_id,
  resource: 'https://api.northwind.example/',
  scope: 'inventory.read inventory.write',
};
const connect: ViewModels['console/services/connect'] = {
  frame,
  head: head('connect'),
  issuer: snippetOf.issuer,
  tokenEndpoint: `${snippetOf.issuer}/token`,
  proof: 'client_secret_basic',
  apis: [
    { name: 'Northwind API', identifier: snippetOf.resource, href: `${one}/connect?resource=a`, current: true },
    { name: 'Gatehouse', identifier: 'https://id.example.org/api/v1', href: `${one}/connect`, current: false },
  ],
  scope: snippetOf.scope,
  snippets: snippetsOf(snippetOf, 'client_secret_basic'),
  capabilitiesHref: `${one}/capabilities`,
};

const form = { errors: [], hidden: [], timeZone: 'Europe/Stockholm', backHref: one, subject: listed.name };
const scopes = [
  { value: 'inventory.read', label: 'inventory.read: See what is in stock', under: 'Northwind API' },
  { value: 'inventory.write', label: 'inventory.write', under: 'Northwind API' },
  { value: 'users.read', label: 'users.read: See people', under: 'Gatehouse' },
  { value: 'grades.read', label: 'grades.read', under: '' },
];
const deed = { backHref: one, subject: listed.name, isDangerous: true, typed: false, isRefused: false };

export const samples: PageSample[] = [
  {
    name: 'console-services-exchange-add',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        ...form,
        words: 'console.services.exchange.add',
        action: `${one}/exchange/new`,
        fields: [
          {
            name: 'capability',
            kind: 'select',
            options: [{ value: 'ledger.read', label: 'Ledger: ledger.read' }],
            value: 'ledger.read',
          },
        ],
      },
    },
  },
  {
    name: 'console-services-workload-add',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        ...form,
        words: 'console.services.workloads.add',
        action: `${one}/workloads/new`,
        fields: workloadFields.map((field) => ({ ...field, value: field.name === 'single_use' ? 'yes' : '' })),
        errors: [{ code: 'FIELD_REQUIRED', params: {}, field: 'issuer' }],
      },
    },
  },
  {
    name: 'console-services-create-proofs',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        ...form,
        words: 'console.services.create',
        action: `${base}/new`,
        subject: '',
        fields: newProofFields().map((field) => ({ ...field, value: '' })),
      },
    },
  },
  {
    name: 'console-services-edit-proof',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        ...form,
        words: 'console.services.edit',
        action: `${one}/edit`,
        fields: newProofFields()
          .slice(1, 5)
          .map(({ group: _, ...field }) => ({ ...field, value: field.kind === 'check' ? 'yes' : '' })),
      },
    },
  },
  ...(['exchange', 'workloads'] as const).map(
    (what): PageSample => ({
      name: `console-services-${what}-remove`,
      view: 'console/deed',
      page: {},
      model: {
        frame,
        deed: {
          ...deed,
          words: `console.services.${what}.remove`,
          action: `${one}/${what}/x/remove`,
          subject: what === 'exchange' ? 'ledger.read' : workload.subject,
          effects: [
            what === 'exchange' ? { key: 'refused' } : { key: 'others', params: { count: 1 } },
            { key: 'tokens' },
          ],
        },
      },
    }),
  ),
  {
    name: 'console-services',
    view: 'console/services/list',
    page: {},
    model: { frame, list, createHref: `${base}/new` },
  },
  {
    name: 'console-services-none',
    view: 'console/services/list',
    page: {},
    model: { frame, list: { ...list, items: [] }, createHref: `${base}/new` },
  },
  {
    name: 'console-services-service',
    view: 'console/services/service',
    page: {},
    model: { frame, head: head('details'), service, proof: 'client_secret_basic', groups, actions },
  },
  {
    name: 'console-services-service-by-key',
    view: 'console/services/service',
    page: {},
    model: {
      frame,
      head: head('details', { state: 'disabled', isShared: true }),
      service: {
        ...service,
        state: 'disabled',
        metadata: {
          token_endpoint_auth_method: 'private_key_jwt',
          jwks: { keys: [{ kid: 'billing-2025', kty: 'EC' }] },
          introspection_signed_response_alg: 'ES256',
        },
        capabilities: [],
        resource_server_id: 'a1',
      },
      proof: 'private_key_jwt',
      exchange: { items: [] },
      groups: [],
      api: { name: 'Northwind API', href: '/console/northwind/apis/a1' },
      actions: { enableHref: `${one}/enable` },
    },
  },
  {
    name: 'console-services-service-by-certificate',
    view: 'console/services/service',
    page: {},
    model: {
      frame,
      head: head('details', { tabs: head('details').tabs.filter(({ tab }) => tab !== 'secrets') }),
      service: {
        ...service,
        metadata: {
          token_endpoint_auth_method: 'tls_client_auth',
          tls_client_auth_san_dns: 'sync.services.example.org',
          tls_client_certificate_bound_access_tokens: true,
        },
        resource_server_id: 'a1',
      },
      proof: 'tls_client_auth',
      certificate: { kind: 'san_dns', name: 'sync.services.example.org' },
      exchange: {
        items: [
          {
            capability: 'ledger.read',
            resource: 'https://ledger.example.com/',
            removeHref: `${one}/exchange/a/remove`,
          },
          { capability: 'ledger.write', resource: 'https://ledger.example.com/' },
        ],
        addHref: `${one}/exchange/new`,
      },
      groups,
      actions,
    },
  },
  {
    name: 'console-services-service-by-platform',
    view: 'console/services/service',
    page: {},
    model: {
      frame,
      head: head('details'),
      service: { ...service, metadata: { token_endpoint_auth_method: 'private_key_jwt' } },
      proof: 'workload',
      workloads: {
        items: [
          { ...workload, removeHref: `${one}/workloads/w1/remove` },
          {
            ...workload,
            id: 'w2',
            single_use: false,
            last_used_at: null,
            jwks_uri: 'https://k8s.example/openid/v1/jwks',
          },
        ],
        addHref: `${one}/workloads/new`,
      },
      groups,
      actions,
    },
  },
  {
    name: 'console-services-service-by-keys-elsewhere',
    view: 'console/services/service',
    page: {},
    model: {
      frame,
      head: head('details'),
      service: {
        ...service,
        metadata: { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://app.example/jwks' },
      },
      proof: 'private_key_jwt',
      groups,
      actions,
    },
  },
  {
    name: 'console-services-secrets',
    view: 'console/services/secrets',
    page: {},
    model: {
      frame,
      head: head('secrets'),
      rotateHref: `${one}/secrets/new`,
      list: listOf('console.services.secrets', `${one}/secrets`, [
        secret,
        { ...secret, id: 's2', hint: 'aa-_', state: 'ends', expires_at: '2025-11-20T15:30:00Z' },
        {
          ...secret,
          id: 's3',
          hint: '0000',
          state: 'ended',
          revoked_at: '2025-10-20T15:30:00Z',
          last_used_at: null,
          revokeHref: undefined,
        },
      ]),
    },
  },
  {
    name: 'console-services-secrets-none',
    view: 'console/services/secrets',
    page: {},
    model: { frame, head: head('secrets'), list: listOf('console.services.secrets', `${one}/secrets`, []) },
  },
  { name: 'console-services-connect', view: 'console/services/connect', page: {}, model: connect },
  {
    name: 'console-services-connect-nothing',
    view: 'console/services/connect',
    page: {},
    model: { ...connect, proof: 'workload', apis: [], scope: '', snippets: [] },
  },
  {
    name: 'console-services-tokens',
    view: 'console/services/tokens',
    page: {},
    model: {
      frame,
      head: head('tokens'),
      list: listOf('console.services.tokens', `${one}/tokens`, [
        { ...token, revokeHref: `${one}/tokens/t1/revoke` },
        { ...token, id: 't2', resource: null, scope: null, ip: null },
      ]),
      revokeAllHref: `${one}/tokens/revoke`,
    },
  },
  {
    name: 'console-services-tokens-none',
    view: 'console/services/tokens',
    page: {},
    model: { frame, head: head('tokens'), list: listOf('console.services.tokens', `${one}/tokens`, []) },
  },
  {
    name: 'console-services-refusals',
    view: 'console/services/refusals',
    page: {},
    model: {
      frame,
      head: head('refusals'),
      refusals: [
        {
          action: 'token.refused',
          error: 'invalid_client',
          detail: 'client authentication failed',
          times: 1204,
          last_at: '2025-11-20T14:12:00Z',
        },
        {
          action: 'token.refused',
          error: 'slow_down',
          detail: null,
          times: 1,
          last_at: '2025-11-02T14:12:00Z',
        },
      ],
    },
  },
  {
    name: 'console-services-refusals-none',
    view: 'console/services/refusals',
    page: {},
    model: { frame, head: head('refusals'), refusals: [] },
  },
  {
    name: 'console-services-create',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        ...form,
        words: 'console.services.create',
        action: `${base}/new`,
        backHref: base,
        subject: '',
        fields: [
          { name: 'name', kind: 'text', maxLength: 200, value: '' },
          { name: 'capabilities', kind: 'checks', optional: true, options: scopes, value: 'inventory.read' },
          { name: 'jwks', kind: 'textarea', optional: true, group: 'proof', value: '{' },
          { name: 'jwks_uri', kind: 'url', optional: true, value: '' },
          {
            name: 'resource_server_id',
            kind: 'select',
            optional: true,
            group: 'more',
            options: [{ value: '' }, { value: 'a1', label: 'Northwind API (https://api.northwind.example/)' }],
            value: '',
          },
          { name: 'client_id', kind: 'text', optional: true, maxLength: 100, value: '' },
          { name: 'all_tenants', kind: 'check', value: '' },
        ],
        errors: [
          { code: 'FIELD_REQUIRED', params: {}, field: 'name' },
          { code: 'INVALID_INPUT', params: {}, field: 'jwks' },
        ],
      },
    },
  },
  {
    name: 'console-services-made',
    view: 'console/once',
    page: {},
    model: {
      frame,
      once: {
        words: 'console.services.made',
        subject: listed.name,
        values: [
          { name: 'client_id', value: listed.client_id },
          { name: 'client_secret', value: 'ghs_EXAMPLEnoSecretOfAnybodyButWideEnoughToSee0' },
        ],
        nextHref: `${one}/connect`,
      },
    },
  },
  {
    name: 'console-services-edit',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        ...form,
        words: 'console.services.edit',
        action: `${one}/edit`,
        fields: [
          { name: 'name', kind: 'text', maxLength: 200, value: listed.name },
          { name: 'default_resource', kind: 'select', optional: true, options: [{ value: '' }], value: '' },
          {
            name: 'introspection_signed_response_alg',
            kind: 'select',
            optional: true,
            options: [{ value: '' }, { value: 'RS256' }, { value: 'ES256' }],
            value: 'ES256',
          },
          { name: 'jwks', kind: 'textarea', value: '{\n  "keys": []\n}' },
        ],
      },
    },
  },
  {
    name: 'console-services-capabilities',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        ...form,
        words: 'console.services.capabilities',
        action: `${one}/capabilities`,
        fields: [{ name: 'items', kind: 'checks', optional: true, options: scopes, value: 'users.read' }],
      },
    },
  },
  {
    name: 'console-services-rotate',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        ...form,
        words: 'console.services.rotate',
        action: `${one}/secrets/new`,
        fields: [
          {
            name: 'overlap_seconds',
            kind: 'select',
            options: ['0', '900', '3600', '28800', '86400'].map((value) => ({ value })),
            value: '3600',
          },
        ],
      },
    },
  },
  {
    name: 'console-services-rotated',
    view: 'console/once',
    page: {},
    model: {
      frame,
      once: {
        words: 'console.services.rotated',
        subject: listed.name,
        values: [{ name: 'client_secret', value: 'ghs_EXAMPLEnoSecretOfAnybodyButWideEnoughToSee0' }],
        nextHref: `${one}/secrets`,
      },
    },
  },
  ...(['disable', 'enable', 'delete', 'revoke_secret', 'revoke_token', 'revoke_tokens'] as const).map(
    (name): PageSample => {
      const tokens = { key: 'tokens', params: { count: 3 } };
      const effects = {
        disable: [tokens, { key: 'refused' }, { key: 'undo' }],
        enable: [{ key: 'asks' }],
        delete: [tokens, { key: 'secrets' }, { key: 'for_good' }],
        revoke_secret: [{ key: 'at_once' }, { key: 'tokens' }],
        revoke_token: [{ key: 'at_once' }, { key: 'jwt' }, { key: 'again' }],
        revoke_tokens: [tokens, { key: 'jwt' }, { key: 'again' }],
      }[name];
      const words = `console.services.${name}`;
      return {
        name: `console-services-${name}`,
        view: 'console/deed',
        page: {},
        model: {
          frame,
          deed: {
            ...deed,
            words,
            action: `${one}/${name}`,
            effects,
            isDangerous: name !== 'enable',
            typed: name === 'delete',
          },
        },
      };
    },
  ),
];
