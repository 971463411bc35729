/** The pages of the console's section Sign-in. */
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

const frame = consoleFrame('sign-in');
const base = '/console/northwind/sign-in';

const tabs = (current: 'ways' | 'providers'): ViewModels['console/sign-in/ways']['tabs'] => [
  { tab: 'ways', href: base, current: current === 'ways' },
  { tab: 'providers', href: `${base}/providers`, current: current === 'providers' },
];

type Groups = ViewModels['console/sign-in/ways']['groups'];
const group = (name: string, fields: Groups[number]['fields']): Groups[number] => ({
  group: name,
  words: `console.sign_in.${name}`,
  editHref: `${base}/${name}`,
  fields,
});
const groups: Groups = [
  group('methods', [
    { name: 'sign_in_methods', texts: ['Password', 'One-time codes', 'Google (disabled on this server)'] },
    { name: 'usernames', texts: ['Off'] },
    { name: 'passkey_offer', texts: ['On'] },
  ]),
  group('codes', [
    { name: 'code_channels', texts: ['Email', 'SMS', 'WhatsApp (this server cannot send by it)'] },
    { name: 'country_list', texts: ['France', 'Switzerland'] },
    { name: 'daily_phone_messages', texts: [] },
  ]),
  group('sign_up', [
    { name: 'self_sign_up', texts: ['Off'] },
    { name: 'sign_up_email_domains', texts: [] },
  ]),
  group('factors', [
    { name: 'second_factor_for', texts: ['Administrators'] },
    { name: 'second_factor_grace_days', texts: ['14 days'] },
    { name: 'second_factor_channels', texts: [] },
    { name: 'remembered_device_days', texts: ['30 days'] },
    { name: 'factor_reset_hours', texts: ['0 hours'] },
  ]),
];

const { href: listedHref, ...contoso }: ViewModels['console/sign-in/providers']['list']['items'][number] = {
  key: 'northwind-entra',
  tenant_id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3601',
  name: 'Northwind at work',
  state: 'active',
  issuer: 'https://login.microsoftonline.com/0b7e5d2c-6f5e-4d41-9b1e-2f6b8e0a3601/v2.0',
  client_id: '5d2f6b8e-0a34-4c1e-9f2c-77d37a419c1e',
  scopes: ['openid', 'email', 'profile'],
  response_mode: 'query',
  claim_mapping: {},
  cross_app: null,
  created_at: '2024-02-12T08:30:00Z',
  href: `${base}/providers/northwind-entra`,
};
const listed = { ...contoso, href: listedHref };
const head = { provider: contoso, listHref: `${base}/providers` };
const callback = 'https://id.example/callback/northwind-entra';

type Form = ViewModels['console/form']['form'];
const form = (words: string, fields: Form['fields'], overrides: Partial<Form> = {}): Form => ({
  words: `console.sign_in.${words}`,
  action: `${base}/${words}`,
  backHref: `${base}/providers`,
  subject: 'Northwind at work',
  fields,
  errors: [],
  hidden: [],
  timeZone: 'Europe/Stockholm',
  ...overrides,
});

const added = (issuer: string, overrides: Partial<Form> = {}) =>
  form(
    'add',
    [
      { name: 'name', kind: 'text', maxLength: 200, value: 'Microsoft' },
      { name: 'issuer', kind: 'text', maxLength: 500, value: issuer },
      { name: 'client_id', kind: 'text', maxLength: 255, value: '' },
      { name: 'client_secret', kind: 'password', value: '' },
      { name: 'key', kind: 'text', maxLength: 32, value: 'northwind-entra' },
      { name: 'all_tenants', kind: 'check', value: '' },
    ],
    { subject: '', ...overrides },
  );

type Checks = ViewModels['console/sign-in/check']['checks'];
const passing: Checks = ['discovery', 'issuer', 'endpoints', 'signing', 'keys', 'scopes', 'credentials'].map(
  (check) => ({
    check,
    passes: true,
    reason: null,
  }),
);
const failing: Checks = [
  { check: 'discovery', passes: false, reason: 'not_found' },
  { check: 'discovery', passes: false, reason: 'refused_address' },
  { check: 'issuer', passes: false, reason: 'another_issuer' },
  { check: 'endpoints', passes: false, reason: 'endpoint_missing' },
  { check: 'signing', passes: false, reason: 'symmetric_only' },
  { check: 'keys', passes: false, reason: 'no_keys' },
  { check: 'keys', passes: false, reason: 'timeout' },
  { check: 'scopes', passes: false, reason: 'scope_unknown' },
  { check: 'credentials', passes: false, reason: 'client_refused' },
  { check: 'credentials', passes: false, reason: 'secret_unreadable' },
];
const deed = (name: string, keys: string[], isDangerous: boolean): PageSample => ({
  name: `console-sign-in-${name}`,
  view: 'console/deed',
  page: {},
  model: {
    frame,
    deed: {
      words: `console.sign_in.${name}`,
      action: `${base}/providers/northwind-entra/${name}`,
      backHref: `${base}/providers/northwind-entra`,
      subject: 'Northwind at work',
      effects: keys.map((key) => ({ key, ...(key === 'people' && { params: { count: 214 } }) })),
      isDangerous,
      typed: name === 'delete',
      isRefused: false,
    },
  },
});

export const samples: PageSample[] = [
  {
    name: 'console-sign-in',
    view: 'console/sign-in/ways',
    page: {},
    model: {
      frame,
      tabs: tabs('ways'),
      groups,
      channels: [
        { channel: 'email', sent: 12_480, not_sent: 3, last_sent_at: '2025-11-20T14:02:00Z', last_failed_at: null },
        {
          channel: 'sms',
          sent: 0,
          not_sent: 41,
          last_sent_at: null,
          last_failed_at: '2025-11-20T11:02:00Z',
        },
      ],
      messagesHref: '/console/northwind/messages',
    },
  },
  {
    name: 'console-sign-in-no-messages',
    view: 'console/sign-in/ways',
    page: {},
    model: { frame, tabs: tabs('ways').slice(0, 1), groups, channels: [] },
  },
  {
    name: 'console-sign-in-providers',
    view: 'console/sign-in/providers',
    page: {},
    model: {
      frame,
      tabs: tabs('providers'),
      list: listOf('console.sign_in.providers', `${base}/providers`, [
        listed,
        { ...listed, key: 'google', name: 'Google', tenant_id: null, issuer: 'https://accounts.google.com' },
        { ...listed, key: 'old', name: 'Contoso', state: 'disabled', issuer: 'https://login.contoso.example' },
      ]),
      addHref: `${base}/add`,
      shared: [],
    },
  },
  {
    name: 'console-sign-in-providers-none',
    view: 'console/sign-in/providers',
    page: {},
    model: {
      frame,
      tabs: tabs('providers'),
      list: listOf('console.sign_in.providers', `${base}/providers`, []),
      addHref: `${base}/add`,
      shared: [
        { key: 'google', name: 'Google', isOffered: true, termsHref: `${base}/terms/google` },
        { key: 'apple', name: 'Apple', isOffered: false, termsHref: `${base}/terms/apple` },
      ],
    },
  },
  {
    name: 'console-sign-in-provider',
    view: 'console/sign-in/provider',
    page: {},
    model: {
      frame,
      head,
      callback,
      claims: [
        { claim: 'email', theirs: 'email' },
        { claim: 'email_verified', theirs: 'xms_edov' },
        { claim: 'email_verified_values', theirs: 'true, "true", 1, "1"' },
        { claim: 'hosted_domain', theirs: 'tid' },
      ],
      terms: { required_hosted_domain: null, trusted_email_domains: ['northwind.example', 'school.example'] },
      trust: {
        terms: {
          client_ids: ['northwind-portal', 'northwind-planner'],
          scopes: ['ledger.read', 'ledger.write'],
          their_tenant: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3601',
        },
        setHref: `${base}/providers/northwind-entra/cross-app`,
        removeHref: `${base}/providers/northwind-entra/cross-app/remove`,
      },
      actions: {
        editHref: `${base}/providers/northwind-entra/edit`,
        claimsHref: `${base}/providers/northwind-entra/claims`,
        secretHref: `${base}/providers/northwind-entra/secret`,
        termsHref: `${base}/terms/northwind-entra`,
        checkHref: `${base}/providers/northwind-entra/check`,
        disableHref: `${base}/providers/northwind-entra/disable`,
        deleteHref: `${base}/providers/northwind-entra/delete`,
      },
    },
  },
  {
    name: 'console-sign-in-provider-disabled',
    view: 'console/sign-in/provider',
    page: {},
    model: {
      frame,
      head: { ...head, provider: { ...contoso, state: 'disabled', tenant_id: null, response_mode: 'form_post' } },
      callback,
      claims: [],
      actions: { enableHref: `${base}/providers/northwind-entra/enable` },
    },
  },
  {
    name: 'console-sign-in-provider-trusts-none',
    view: 'console/sign-in/provider',
    page: {},
    model: {
      frame,
      head,
      callback,
      claims: [],
      trust: { setHref: `${base}/providers/northwind-entra/cross-app` },
      actions: {},
    },
  },
  {
    name: 'console-sign-in-cross-app',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        words: 'console.sign_in.cross_app.set',
        action: `${base}/providers/northwind-entra/cross-app`,
        backHref: `${base}/providers/northwind-entra`,
        subject: 'Northwind at work',
        fields: [
          {
            name: 'client_ids',
            kind: 'checks',
            options: [{ value: 'northwind-portal', label: 'Northwind Portal (northwind-portal)' }],
            optional: true,
            value: 'northwind-portal',
          },
          {
            name: 'scopes',
            kind: 'checks',
            options: [
              { value: 'ledger.read', label: 'ledger.read: Read the ledger', under: 'Ledger' },
              { value: 'other', label: 'other', under: '' },
            ],
            optional: true,
            value: 'ledger.read',
          },
          { name: 'their_tenant', kind: 'text', optional: true, value: '' },
        ],
        errors: [{ code: 'INVALID_INPUT', params: { field: 'their_tenant' }, field: 'their_tenant' }],
        hidden: [],
        timeZone: 'Europe/Zurich',
      },
    },
  },
  {
    name: 'console-sign-in-cross-app-remove',
    view: 'console/deed',
    page: {},
    model: {
      frame,
      deed: {
        words: 'console.sign_in.cross_app.remove',
        action: `${base}/providers/northwind-entra/cross-app/remove`,
        backHref: `${base}/providers/northwind-entra`,
        subject: 'Northwind at work',
        effects: [{ key: 'refused' }, { key: 'tokens' }, { key: 'links' }],
        isDangerous: true,
        typed: false,
        isRefused: false,
      },
    },
  },
  {
    name: 'console-sign-in-check',
    view: 'console/sign-in/check',
    page: {},
    model: { frame, head, works: true, checks: passing, callback, providerHref: `${base}/providers/northwind-entra` },
  },
  {
    name: 'console-sign-in-check-fails',
    view: 'console/sign-in/check',
    page: {},
    model: { frame, head, works: false, checks: failing, callback, providerHref: `${base}/providers/northwind-entra` },
  },
  {
    name: 'console-sign-in-add',
    view: 'console/sign-in/add',
    page: {},
    model: {
      frame,
      backHref: `${base}/providers`,
      kinds: (['google', 'entra', 'okta', 'apple', 'openid'] as const).map((kind) => ({
        kind,
        href: `${base}/add/${kind}`,
      })),
    },
  },
  ...(['google', 'entra', 'okta', 'apple', 'openid'] as const).map(
    (kind): PageSample => ({
      name: `console-sign-in-add-${kind}`,
      view: 'console/sign-in/add-one',
      page: {},
      model: {
        frame,
        kind,
        callback,
        form:
          kind === 'entra'
            ? added('my directory', { errors: [{ code: 'INVALID_INPUT', params: {}, field: 'issuer' }] })
            : added(''),
      },
    }),
  ),
  {
    name: 'console-sign-in-claims',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: form('claims', [
        { name: 'claim_mapping.email', kind: 'text', optional: true, value: 'email' },
        { name: 'claim_mapping.email_verified_values', kind: 'lines', optional: true, value: 'true\n"true"' },
      ]),
    },
  },
  {
    name: 'console-sign-in-factors',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: form('factors', [
        {
          name: 'second_factor_for',
          kind: 'select',
          options: ['nobody', 'administrators', 'everyone'].map((value) => ({ value })),
          value: 'administrators',
        },
        { name: 'second_factor_grace_days', kind: 'number', value: '14' },
        {
          name: 'second_factor_channels',
          kind: 'checks',
          optional: true,
          options: [{ value: 'email', label: 'Email' }],
          value: '',
        },
        { name: 'remembered_device_days', kind: 'number', value: '30' },
        { name: 'factor_reset_hours', kind: 'number', value: '0' },
      ]),
    },
  },
  {
    name: 'console-sign-in-terms',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: form('terms', [
        { name: 'required_hosted_domain', kind: 'text', optional: true, value: 'northwind.example' },
        { name: 'trusted_email_domains', kind: 'lines', optional: true, value: '' },
      ]),
    },
  },
  deed('disable', ['people', 'on_the_way', 'sessions', 'undo'], true),
  deed('enable', ['people', 'at_once'], false),
  deed('delete', ['people', 'others', 'sessions', 'for_good'], true),
];
