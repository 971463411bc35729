/** The pages of the console's section Applications. */
import { crossAppFields } from '../../../src/web/console/applications/cross-app.ts';
import { type BuiltKind, filledSnippets } from '../../../src/web/console/applications/snippets.ts';
import type { FieldSpec } from '../../../src/web/console/fields.ts';
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

const frame = consoleFrame('applications');
const base = '/console/northwind/applications';

type Listed = ViewModels['console/applications/list']['list']['items'][number];

const portal: Listed = {
  client_id: 'a8Kd02mfQxZ1',
  name: 'Northwind Portal',
  kind: 'web',
  state: 'active',
  first_party: true,
  origin: 'managed',
  agent: false,
  tenant: 'northwind',
  redirect_uris: ['https://portal.northwind.example/auth/callback/gatehouse', 'http://localhost:3000/cb'],
  secrets: 2,
  created_at: '2024-02-12T08:30:00Z',
  href: `${base}/a8Kd02mfQxZ1`,
};
const listed: Listed[] = [
  portal,
  { ...portal, client_id: 'b2', name: 'Gradebook', kind: 'spa', tenant: null, secrets: 0, href: `${base}/b2` },
  {
    ...portal,
    client_id: 'c3',
    name: `Exchange${'ofpartners'.repeat(8)}`,
    kind: 'native',
    state: 'disabled',
    first_party: false,
    redirect_uris: [],
    href: `${base}/c3`,
  },
  { ...portal, client_id: 'd4', name: 'Partner portal', first_party: false, origin: 'dynamic', href: `${base}/d4` },
  {
    ...portal,
    client_id: 'https://app.example/oauth/client.json',
    name: 'Notes',
    kind: 'native',
    first_party: false,
    origin: 'document',
    agent: true,
    tenant: null,
    href: `${base}/https%3A%2F%2Fapp.example%2Foauth%2Fclient.json`,
  },
];

const listOfApplications = (items: Listed[]) => ({
  ...listOf('console.applications', base, items),
  sorts: {
    created_at: { href: base, current: true },
    name: { href: `${base}?sort=name`, current: false },
  },
});

const head = (
  current: 'details' | 'connect' | 'secrets' | 'refusals',
  overrides: Partial<ViewModels['console/applications/application']['head']> = {},
): ViewModels['console/applications/application']['head'] => ({
  name: 'Northwind Portal',
  clientId: portal.client_id,
  kind: 'web',
  state: 'active',
  origin: 'managed',
  isAgent: false,
  tabs: (['details', 'connect', 'secrets', 'refusals'] as const).map((tab) => ({
    tab,
    href: tab === 'details' ? portal.href : `${portal.href}/${tab}`,
    current: tab === current,
  })),
  listHref: base,
  ...overrides,
});

const application: ViewModels['console/applications/application']['application'] = {
  client_id: portal.client_id,
  tenant_id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3301',
  name: portal.name,
  kind: 'web',
  state: 'active',
  first_party: true,
  origin: 'managed',
  security_profile: 'none',
  metadata: {
    redirect_uris: portal.redirect_uris,
    post_logout_redirect_uris: ['https://portal.northwind.example/'],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'client_secret_basic',
    backchannel_logout_uri: 'https://portal.northwind.example/backchannel-logout',
  },
  created_at: '2024-02-12T08:30:00Z',
  updated_at: '2025-11-01T10:00:00Z',
};

const secret: ViewModels['console/applications/secrets']['secrets'][number] = {
  id: 's1',
  hint: 'x9Qe',
  created_at: '2025-11-20T14:00:00Z',
  expires_at: null,
  last_used_at: null,
  revoked_at: null,
  state: 'live',
  revokeHref: `${portal.href}/secrets/s1/revoke`,
};
const ending = {
  ...secret,
  id: 's2',
  hint: 'Zt01',
  created_at: '2024-02-12T08:30:00Z',
  expires_at: '2025-11-20T15:00:00Z',
  last_used_at: '2025-11-20T14:28:00Z',
  state: 'ending',
} as const;

const issuer = 'https://id.northwind.example';
const values = {
  provider_name: 'Northwind Logistics',
  issuer,
  client_id: portal.client_id,
  redirect_uri: 'https://portal.northwind.example/auth/callback/gatehouse',
  resource: 'https://mcp.northwind.example/mcp',
  capability: 'stock.read',
};
/** With no word in them that tells of a broken page: `undefined` is one of JavaScript. */
const snippets = (kind: BuiltKind, secretText?: string) =>
  filledSnippets(kind, { ...values, client_secret: secretText }).map(({ library, blocks }) => ({
    library,
    blocks: blocks.map(({ file, code }) => ({ file, code: code.replaceAll('undefined', 'void 0') })),
  }));

const kinds: BuiltKind[] = ['web', 'spa', 'native', 'device', 'mcp'];

const form = (words: string, fields: (FieldSpec & { value: string })[], subject = 'Northwind Portal'): PageSample => ({
  name: words.replace('console.applications.', 'console-applications-').replaceAll('_', '-'),
  view: 'console/form',
  page: {},
  model: {
    frame,
    form: {
      words,
      action: `${portal.href}/form`,
      backHref: portal.href,
      subject,
      fields,
      errors: [],
      hidden: [],
      timeZone: 'Europe/Stockholm',
    },
  },
});
const deed = (words: string, effects: { key: string; params?: Record<string, number>; at?: string }[]): PageSample => ({
  name: words.replace('console.applications.', 'console-applications-'),
  view: 'console/deed',
  page: {},
  model: {
    frame,
    deed: {
      words,
      action: `${portal.href}/deed`,
      backHref: portal.href,
      subject: words.endsWith('revoke') ? '…Zt01' : 'Northwind Portal',
      effects,
      isDangerous: !words.endsWith('enable'),
      typed: words.endsWith('delete'),
      isRefused: false,
    },
  },
});

const apis = [{ value: 'none' }, { value: 'https://api.northwind.example/', label: 'Northwind API' }];
const authMethods = [{ value: 'client_secret_basic' }, { value: 'client_secret_post' }];
const name = { name: 'name', kind: 'text', maxLength: 200, value: 'Northwind Portal' } as const;
const addresses = [
  { name: 'redirect_uris', kind: 'lines', value: portal.redirect_uris.join('\n') },
  { name: 'post_logout_redirect_uris', kind: 'lines', optional: true, value: '' },
] as const;
const resource = { name: 'default_resource', kind: 'select', options: apis, value: 'none' } as const;
const isOurs = { name: 'first_party', kind: 'check', value: '' } as const;
const method = {
  name: 'token_endpoint_auth_method',
  kind: 'select',
  options: authMethods,
  value: 'client_secret_basic',
} as const;

const forms: PageSample[] = [
  form('console.applications.new_web', [name, ...addresses, method, resource, isOurs], ''),
  form('console.applications.new_spa', [name, ...addresses, resource, isOurs], ''),
  form('console.applications.new_native', [name, ...addresses, resource, isOurs], ''),
  form('console.applications.new_device', [name, resource, isOurs], ''),
  form(
    'console.applications.new_mcp',
    [
      name,
      { name: 'identifier', kind: 'url', value: 'https://mcp.northwind.example/mcp' },
      { name: 'capability', kind: 'text', value: 'stock.read' },
    ],
    '',
  ),
  form('console.applications.edit', [name, { ...isOurs, value: 'yes' }]),
  form('console.applications.addresses', [
    addresses[0],
    { ...addresses[1], group: 'sign_out' },
    { name: 'backchannel_logout_uri', kind: 'url', optional: true, value: '' },
  ]),
  form('console.applications.sign_in', [
    { name: 'two_factors', kind: 'check', group: 'people', value: 'yes' },
    { name: 'max_age_minutes', kind: 'number', optional: true, value: '15' },
    {
      name: 'id_token_claims',
      kind: 'select',
      options: [{ value: 'all' }, { value: 'lean' }],
      group: 'tokens',
      value: 'all',
    },
    resource,
    { name: 'allowed_scopes', kind: 'lines', optional: true, value: 'openid\nprofile' },
    { ...method, group: 'protocol' },
    { name: 'place_access', kind: 'check', value: '' },
    { name: 'require_pkce', kind: 'check', value: 'yes' },
  ]),
  form('console.applications.rotate', [
    {
      name: 'overlap_seconds',
      kind: 'select',
      options: ['3600', '14400', '86400', '0'].map((value) => ({ value })),
      value: '3600',
    },
  ]),
];

const deeds: PageSample[] = [
  deed('console.applications.disable', [
    { key: 'people', params: { count: 12 } },
    { key: 'grants', params: { count: 14 } },
    { key: 'signs_in' },
    { key: 'undo' },
  ]),
  deed('console.applications.enable', [{ key: 'signs_in' }, { key: 'secrets' }, { key: 'anew' }]),
  deed('console.applications.delete', [
    { key: 'people', params: { count: 0 } },
    { key: 'grants', params: { count: 1 } },
    { key: 'signs_in' },
    { key: 'for_good' },
  ]),
  deed('console.applications.revoke', [
    { key: 'at_once' },
    { key: 'used', at: '2025-11-20T14:28:00Z' },
    { key: 'unused' },
    { key: 'others', params: { count: 1 } },
    { key: 'tokens' },
  ]),
];

const registered: PageSample[] = kinds.map((kind) => {
  const keeps = kind === 'web';
  return {
    name: `console-applications-registered-${kind}`,
    view: 'console/applications/registered',
    page: {},
    model: {
      frame,
      kind,
      name: 'Northwind Portal',
      listHref: base,
      clientId: kind === 'mcp' ? values.resource : portal.client_id,
      secret: keeps ? 'sample-of-a-secret-that-opens-nothing' : undefined,
      snippets: snippets(kind, keeps ? 'sample-of-a-secret-that-opens-nothing' : undefined),
      pageHref: portal.href,
      tryHref: kind === 'mcp' ? undefined : `${portal.href}/try`,
      fault: kind === 'mcp' ? 'CAPABILITY_OF_ANOTHER_API' : undefined,
    },
  };
});

const obstacles = ['disabled', 'no_redirect', 'of_another_tenant', 'signed_requests'] as const;
const tries: PageSample[] = [undefined, ...obstacles].map((obstacle) => ({
  name: `console-applications-try${obstacle ? `-${obstacle.replaceAll('_', '-')}` : ''}`,
  view: 'console/applications/try',
  page: {},
  model: {
    frame,
    head: head('connect'),
    action: `${portal.href}/try`,
    backHref: `${portal.href}/connect`,
    scope: 'openid profile email roles',
    obstacle,
  },
}));

const tried = { frame, head: head('connect'), againHref: `${portal.href}/try`, tokens: [], hasEnded: false };
const claims = JSON.stringify({ sub: '0199a3c2', name: 'Ingrid Falk', roles: ['owner'] }, null, 2);

const triedOut: PageSample[] = [
  {
    name: 'console-applications-tried',
    view: 'console/applications/tried',
    page: {},
    model: {
      ...tried,
      tokens: [
        { kind: 'id_token', bytes: 912, claims },
        { kind: 'userinfo', bytes: 2812, claims },
        { kind: 'access_token', bytes: 912, claims },
      ],
    },
  },
  {
    name: 'console-applications-tried-refused',
    view: 'console/applications/tried',
    page: {},
    model: { ...tried, refused: { error: 'access_denied', detail: 'End-User aborted interaction' } },
  },
  {
    name: 'console-applications-tried-ended',
    view: 'console/applications/tried',
    page: {},
    model: { ...tried, hasEnded: true },
  },
];

const mistake = { times: 3, last_at: '2025-11-20T14:00:00Z' };
const refusals: ViewModels['console/applications/refusals'] = {
  frame,
  head: head('refusals'),
  mistakes: [
    {
      ...mistake,
      sent: { before: 'http://localhost:3000/cb', differs: '/', after: '' },
      registered: { before: 'http://localhost:3000/cb', differs: '', after: '' },
      reasons: [{ key: 'trailing_slash' }],
      addHref: `${portal.href}/addresses?add=x`,
    },
    {
      ...mistake,
      sent: { before: 'https://', differs: 'evil', after: '.example/callback' },
      registered: { before: 'https://', differs: 'portal.northwind', after: '.example/callback' },
      reasons: [{ key: 'host' }, { key: 'port' }],
    },
    { ...mistake, sent: { before: 'https://app.example/', differs: '', after: '' }, reasons: [] },
    { ...mistake, times: 1, reasons: [] },
  ],
  refusals: [
    { ...mistake, action: 'token.refused', error: 'invalid_client', detail: null },
    { ...mistake, action: 'authorization.refused', error: 'invalid_request', detail: 'code_challenge is missing' },
    { ...mistake, action: 'other.refused', error: 'not_known_to_us', detail: null },
  ],
  addressesHref: `${portal.href}/addresses`,
};

const actions = Object.fromEntries(
  ['edit', 'addresses', 'signIn', 'disable', 'delete'].map((action) => [`${action}Href`, `${portal.href}/${action}`]),
);

const pages: PageSample[] = [
  {
    name: 'console-applications',
    view: 'console/applications/list',
    page: {},
    model: { frame, list: listOfApplications(listed), createHref: `${base}/_new`, initialAccessHref: base },
  },
  {
    name: 'console-applications-none',
    view: 'console/applications/list',
    page: {},
    model: { frame, list: listOfApplications([]), createHref: `${base}/_new` },
  },
  {
    name: 'console-applications-application',
    view: 'console/applications/application',
    page: {},
    model: {
      frame,
      head: head('details'),
      application,
      api: 'Northwind API',
      asksForTwoFactors: true,
      maxAge: 900,
      consentDays: null,
      connected: { people: 12, sessions: 3, grants: 14 },
      crossApp: {
        items: [
          {
            id: 'a1',
            audience: 'https://id.contoso.example',
            audience_client_id: 'northwind-portal-there',
            scopes: ['ledger.read', 'ledger.write'],
            removeHref: `${portal.href}/cross-app/a1/remove`,
          },
          { id: 'a2', audience: 'https://login.school.example', audience_client_id: 'portal', scopes: ['files.read'] },
        ],
        addHref: `${portal.href}/cross-app/new`,
      },
      actions,
    },
  },
  {
    name: 'console-applications-application-stopped',
    view: 'console/applications/application',
    page: {},
    model: {
      frame,
      head: head('details', { state: 'disabled', kind: 'native', origin: 'document', isAgent: true }),
      application: {
        ...application,
        state: 'disabled',
        first_party: false,
        origin: 'document',
        metadata: {
          agent: true,
          redirect_uris: [],
          post_logout_redirect_uris: [],
          grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
          token_endpoint_auth_method: 'none',
          allowed_scopes: ['openid', 'profile'],
          id_token_claims: 'lean',
          require_pkce: false,
        },
      },
      api: null,
      asksForTwoFactors: false,
      maxAge: null,
      consentDays: 90,
      connected: { people: 0, sessions: 0, grants: 0 },
      actions: { enableHref: `${portal.href}/enable` },
    },
  },
  {
    name: 'console-applications-cross-app-add',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        words: 'console.applications.cross_app.add',
        action: `${portal.href}/cross-app/new`,
        backHref: portal.href,
        subject: portal.name,
        fields: crossAppFields.map((field) => ({ ...field, value: '' })),
        errors: [],
        hidden: [],
        timeZone: 'Europe/Zurich',
      },
    },
  },
  {
    name: 'console-applications-cross-app-remove',
    view: 'console/deed',
    page: {},
    model: {
      frame,
      deed: {
        words: 'console.applications.cross_app.remove',
        action: `${portal.href}/cross-app/a1/remove`,
        backHref: portal.href,
        subject: 'https://id.contoso.example',
        effects: [{ key: 'refused' }, { key: 'tokens' }],
        isDangerous: true,
        typed: false,
        isRefused: false,
      },
    },
  },
  {
    name: 'console-applications-secrets',
    view: 'console/applications/secrets',
    page: {},
    model: {
      frame,
      head: head('secrets'),
      secrets: [
        secret,
        ending,
        { ...ending, id: 's3', state: 'expired', revokeHref: undefined },
        { ...secret, id: 's4', revoked_at: '2025-11-19T14:00:00Z', state: 'revoked', revokeHref: undefined },
      ],
      rotateHref: `${portal.href}/secrets/rotate`,
    },
  },
  {
    name: 'console-applications-secrets-none',
    view: 'console/applications/secrets',
    page: {},
    model: { frame, head: head('secrets'), secrets: [] },
  },
  {
    name: 'console-applications-rotated',
    view: 'console/applications/rotated',
    page: {},
    model: {
      frame,
      head: head('secrets'),
      secret: 'sample-of-a-secret-that-opens-nothing',
      others: [ending, { ...secret, id: 's5' }],
      backHref: `${portal.href}/secrets`,
    },
  },
  {
    name: 'console-applications-rotated-at-once',
    view: 'console/applications/rotated',
    page: {},
    model: {
      frame,
      head: head('secrets'),
      secret: 'sample-of-a-secret-that-opens-nothing',
      others: [],
      backHref: `${portal.href}/secrets`,
    },
  },
  { name: 'console-applications-refusals', view: 'console/applications/refusals', page: {}, model: refusals },
  {
    name: 'console-applications-refusals-none',
    view: 'console/applications/refusals',
    page: {},
    model: { frame, head: head('refusals'), mistakes: [], refusals: [] },
  },
  {
    name: 'console-applications-connect',
    view: 'console/applications/connect',
    page: {},
    model: {
      frame,
      head: head('connect'),
      kind: 'web',
      issuer,
      discoveryUrl: `${issuer}/.well-known/openid-configuration`,
      snippets: snippets('web'),
      hasSecret: true,
      tryHref: `${portal.href}/try`,
    },
  },
  {
    name: 'console-applications-kinds',
    view: 'console/applications/kinds',
    page: {},
    model: {
      frame,
      listHref: base,
      kinds: [...kinds, 'service' as const].map((kind) => ({ kind, href: `${base}/_new/${kind}` })),
    },
  },
  {
    name: 'console-applications-kinds-none',
    view: 'console/applications/kinds',
    page: {},
    model: { frame, listHref: base, kinds: [] },
  },
];

export const samples: PageSample[] = [...pages, ...forms, ...deeds, ...registered, ...tries, ...triedOut];
