/** The pages of the console's section People. */
import type { ListModel } from '../../../src/web/console/list.ts';
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf, over, thenOf, unknown } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

type ListedPerson = ViewModels['console/people/list']['list']['items'][number];

const frame = consoleFrame('people');
const base = '/console/northwind/people';

const anna: ListedPerson = {
  id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3401',
  full_name: 'Anna Larsson',
  email: 'anna.larsson@northwind.example',
  phone: '+46701234567',
  username: null,
  state: 'active',
  last_login_at: '2025-11-20T11:05:00Z',
  created_at: '2024-02-12T08:30:00Z',
  href: `${base}/p1`,
};

const people: ListedPerson[] = [
  anna,
  { ...anna, id: 'p2', full_name: 'Nora Lind', email: 'nora.lind@northwind.example', href: `${base}/p2` },
  {
    ...anna,
    id: 'p3',
    full_name: 'محمد العلي',
    email: null,
    phone: '+41791234567',
    state: 'inactive',
    last_login_at: null,
    href: `${base}/p3`,
  },
  {
    ...anna,
    id: 'p4',
    full_name: 'Maximiliana Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh of the Northern Harbours',
    email: 'a.very.long.address.that.somebody.really.has@subdomain.of.a.subdomain.northwind.example',
    href: `${base}/p4`,
  },
];

const list: ListModel<ListedPerson> = {
  ...listOf('console.people', base, people),
  q: '',
  filters: [
    {
      name: 'state',
      value: '',
      picked: false,
      options: [
        { value: '', href: base, current: true },
        { value: 'active', href: `${base}?state=active`, current: false },
        { value: 'inactive', href: `${base}?state=inactive`, current: false },
      ],
    },
    {
      name: 'role_id',
      value: 'r2',
      picked: true,
      options: [
        { value: '', href: base, current: false },
        { value: 'r1', label: 'Teacher', href: `${base}?role_id=r1`, current: false },
        { value: 'r2', label: 'Regional lead', href: `${base}?role_id=r2`, current: true },
      ],
    },
  ],
  sorts: Object.fromEntries(
    ['created_at', 'name', 'email', 'last_login_at'].map((name, index) => [
      name,
      { href: `${base}?sort=${name}`, current: index === 0 },
    ]),
  ),
  nextHref: `${base}?after=x`,
};

const head: ViewModels['console/people/person']['head'] = {
  name: 'Anna Larsson',
  address: 'anna.larsson@northwind.example',
  state: 'active',
  tabs: (['details', 'access', 'sign_in', 'sessions', 'token', 'history'] as const).map((tab) => ({
    tab,
    href: `${base}/p1/${tab}`,
    current: tab === 'details',
  })),
  listHref: base,
};

const person: ViewModels['console/people/person']['person'] = {
  ...anna,
  given_name: 'Anna',
  family_name: 'Larsson',
  email_verified: true,
  phone_verified: false,
  external_id: 'HR-20811',
  picture_url: null,
  mfa_required: false,
  mfa_enabled: true,
  password_changed_at: '2025-06-02T09:00:00Z',
  updated_at: '2025-11-20T11:05:00Z',
};

const actions = {
  editHref: `${base}/p1/edit`,
  addressesHref: `${base}/p1/addresses`,
  deactivateHref: `${base}/p1/deactivate`,
  exportHref: `${base}/p1/export`,
  deleteHref: `${base}/p1/delete`,
  eraseHref: `${base}/p1/erase`,
};

const at = (tab: string) => ({ ...head, tabs: head.tabs.map((one) => ({ ...one, current: one.tab === tab })) });
const check = (refusal: string, passes: boolean) => ({ refusal, passes, seconds: null });
const held = { created_at: '2025-03-01T10:00:00Z', last_used_at: '2025-11-19T07:10:00Z' };

const ofAccess = { frame, head: at('access'), action: `${base}/p1/access`, holdings: [] };

export const samples: PageSample[] = [
  { name: 'console-people', view: 'console/people/list', page: {}, model: { frame, list, createHref: `${base}/new` } },
  {
    name: 'console-people-at',
    view: 'console/people/list',
    page: {},
    model: {
      frame: consoleFrame('people', {
        place: { name: 'North Region', clearHref: base },
        notice: 'console.people.notices.deleted',
      }),
      list: { ...list, isNarrowed: true, firstHref: base },
    },
  },
  {
    name: 'console-people-none',
    view: 'console/people/list',
    page: {},
    model: { frame, list: { ...list, items: [], nextHref: undefined }, createHref: `${base}/new` },
  },
  {
    name: 'console-people-nothing-fits',
    view: 'console/people/list',
    page: {},
    model: { frame, list: { ...list, items: [], q: 'zzz', isNarrowed: true, nextHref: undefined } },
  },
  {
    name: 'console-people-nobody',
    view: 'console/people/list',
    page: {},
    model: {
      frame,
      list: { ...list, items: [], q: 'anna@contoso.example', isNarrowed: true, nextHref: undefined },
      nobody: {
        address: 'anna@contoso.example',
        tenants: [{ name: 'Contoso', href: '/console/contoso/people?q=anna%40contoso.example' }],
        createHref: `${base}/new?email=anna%40contoso.example`,
      },
    },
  },
  { name: 'console-person', view: 'console/people/person', page: {}, model: { frame, head, person, actions } },
  {
    name: 'console-person-stopped',
    view: 'console/people/person',
    page: {},
    model: {
      frame,
      head: { ...head, state: 'inactive' },
      person: { ...person, state: 'inactive', last_login_at: null, email: null },
      actions: { activateHref: `${base}/p1/activate` },
    },
  },
  {
    name: 'console-person-access',
    view: 'console/people/access',
    page: {},
    model: {
      frame,
      head: at('access'),
      action: `${base}/p1/access`,
      moment: thenOf(`${base}/p1/access`),
      holdings: [
        {
          role: 'Regional lead',
          place: 'North Region',
          placeHref: `${base}?at=n1`,
          when: 'live',
          startsAt: '2025-09-01T00:00:00Z',
          endsAt: null,
          span: { x: 520, width: 480, now: 640, isOpen: true },
          endHref: `${base}/p1/access/roles/a1/end`,
          changeHref: `${base}/p1/access/roles/a1/dates`,
        },
        {
          sees: 'analyze',
          place: 'Islands',
          placeHref: `${base}?at=n5`,
          when: 'coming',
          startsAt: '2026-01-01T00:00:00Z',
          endsAt: '2026-03-01T00:00:00Z',
          span: { x: 700, width: 90, now: 640, isOpen: false },
          endHref: `${base}/p1/access/sight/v1/end`,
        },
        {
          role: 'Teacher',
          place: 'Kiruna School',
          placeHref: `${base}?at=n7`,
          when: 'ended',
          startsAt: '2023-08-15T00:00:00Z',
          endsAt: '2025-06-20T00:00:00Z',
          span: { x: 0, width: 420, now: 640, isOpen: false },
        },
      ],
      giveHref: `${base}/p1/access/give`,
      showHref: `${base}/p1/access/show`,
    },
  },
  {
    name: 'console-person-access-none',
    view: 'console/people/access',
    page: {},
    model: { ...ofAccess, moment: thenOf(`${base}/p1/access`) },
  },
  {
    name: 'console-person-access-then',
    view: 'console/people/access',
    page: {},
    model: {
      ...ofAccess,
      at: 'n1',
      moment: thenOf(`${base}/p1/access`, over),
      held: {
        mayAct: true,
        capabilities: ['grades.write', 'pupils.read'],
        places: [
          {
            role: 'Teacher',
            place: 'Kiruna School, before it was renamed',
            type: 'school',
            startsAt: '2024-08-15T00:00:00Z',
            endsAt: '2026-06-30T22:00:00Z',
          },
          { sees: 'read', place: 'Islands', type: 'region', startsAt: '2025-01-01T00:00:00Z', endsAt: null },
        ],
        more: true,
      },
    },
  },
  {
    name: 'console-person-access-then-none',
    view: 'console/people/access',
    page: {},
    model: {
      ...ofAccess,
      moment: thenOf(`${base}/p1/access`, { ...over, isOver: false }),
      held: { mayAct: true, capabilities: [], places: [], more: false },
    },
  },
  {
    name: 'console-person-access-then-stopped',
    view: 'console/people/access',
    page: {},
    model: {
      ...ofAccess,
      moment: thenOf(`${base}/p1/access`, over),
      held: { mayAct: false, capabilities: [], places: [], more: false },
    },
  },
  {
    name: 'console-person-access-then-unknown',
    view: 'console/people/access',
    page: {},
    model: { ...ofAccess, moment: thenOf(`${base}/p1/access`, unknown) },
  },
  {
    name: 'console-person-sign-in',
    view: 'console/people/sign-in',
    page: {},
    model: {
      frame,
      head: at('sign_in'),
      canSignIn: false,
      checks: [check('second_factor_locked', true)],
      ways: [
        {
          method: 'password',
          by: 'password',
          open: false,
          checks: [
            check('tenant_suspended', true),
            check('user_inactive', true),
            { refusal: 'account_locked', passes: false, seconds: null, mendHref: `${base}/p1/sign-in/unlock` },
            { refusal: 'account_slowed', passes: false, seconds: 240, mendHref: `${base}/p1/sign-in/unlock` },
          ],
        },
        { method: 'federation', by: 'contoso', open: true, checks: [check('not_linked', true)] },
      ],
      password: {
        changedAt: '2025-06-02T09:00:00Z',
        setHref: `${base}/p1/sign-in/password`,
        recoveryHref: `${base}/p1/sign-in/recovery`,
      },
      passkeys: [{ id: 'k1', name: 'MacBook', ...held, removeHref: `${base}/p1/sign-in/passkeys/k1/remove` }],
      identities: [{ id: 'i1', name: 'contoso', email: 'anna@contoso.example', ...held, last_used_at: null }],
      factors: [{ id: 'f1', name: 'totp', ends_at: '2025-11-22T09:00:00Z', ...held }],
      factorsHref: `${base}/p1/sign-in/factors`,
      linkHref: `${base}/p1/sign-in/providers/add`,
      unlockHref: `${base}/p1/sign-in/unlock`,
    },
  },
  {
    name: 'console-person-sign-in-nothing',
    view: 'console/people/sign-in',
    page: {},
    model: {
      frame,
      head: at('sign_in'),
      canSignIn: true,
      checks: [],
      ways: [],
      password: { changedAt: null },
      passkeys: [],
      identities: [],
      factors: [],
    },
  },
  {
    name: 'console-person-sessions',
    view: 'console/people/sessions',
    page: {},
    model: {
      frame,
      head: at('sessions'),
      sessions: [
        {
          id: 's1',
          browser: 'Firefox',
          os: 'Windows',
          ip: '192.0.2.7',
          amr: ['pwd'],
          login_at: '2025-11-20T06:00:00Z',
          last_seen_at: '2025-11-20T14:20:00Z',
          clients: ['northwind-portal'],
          endHref: `${base}/p1/sessions/s1/end`,
        },
      ],
      endAllHref: `${base}/p1/sessions/end-all`,
      grants: [
        {
          id: 'g1',
          client_id: 'c1',
          client_name: 'Partner Exchange',
          first_party: false,
          scopes: ['openid', 'profile'],
          resources: [{ resource: 'https://api.northwind.example/', scopes: ['grades.read'] }],
          ...held,
          withdrawHref: `${base}/p1/sessions/grants/g1/withdraw`,
        },
      ],
    },
  },
  {
    name: 'console-person-sessions-none',
    view: 'console/people/sessions',
    page: {},
    model: { frame, head: at('sessions'), sessions: [], grants: [] },
  },
  {
    name: 'console-person-token',
    view: 'console/people/token',
    page: {},
    model: {
      frame,
      head: at('token'),
      action: `${base}/p1/token`,
      asked: { client_id: 'c1', scope: 'openid roles', resource: '' },
      moment: thenOf(`${base}/p1/token`),
      clients: [{ value: 'c1', label: 'Northwind Portal' }],
      apis: [],
      tokens: [
        { kind: 'id_token', bytes: 1122, claims: '{\n  "sub": "0199a3c2",\n  "roles": ["Regional lead"]\n}' },
        { kind: 'access_token', bytes: 2400, claims: '{\n  "sub": "0199a3c2"\n}' },
      ],
      scopes: ['openid', 'roles'],
      why: [
        {
          assignment_id: 'a1',
          role: { id: 'r1', name: 'Regional lead' },
          org_node: { id: 'n1', name: 'North Region', type: 'region' },
          starts_at: '2025-09-01T00:00:00Z',
          ends_at: null,
          given_at: '2025-08-28T09:00:00Z',
          given_by: { type: 'user', id: 'p9' },
          capabilities: ['users.read', 'org.read'],
          giver: 'Ingrid Falk',
          givenHref: `${base}/p9`,
          mendHref: `${base}/p1/access`,
        },
      ],
    },
  },
  {
    name: 'console-person-token-refused',
    view: 'console/people/token',
    page: {},
    model: {
      frame,
      head: at('token'),
      action: `${base}/p1/token`,
      asked: { client_id: 'c1', scope: 'openid', resource: 'https://api.northwind.example/' },
      moment: thenOf(`${base}/p1/token`, over),
      at: 'n1',
      clients: [],
      apis: [{ value: 'https://api.northwind.example/', label: 'Northwind API' }],
      tokens: [],
      scopes: [],
      refused: { error: 'invalid_target', detail: 'the resource is unknown' },
      why: [],
    },
  },
  {
    name: 'console-person-token-unknown',
    view: 'console/people/token',
    page: {},
    model: {
      ...{
        frame,
        head: at('token'),
        action: `${base}/p1/token`,
        clients: [],
        apis: [],
        tokens: [],
        scopes: [],
        why: [],
      },
      asked: { client_id: 'c1', scope: 'openid', resource: '' },
      moment: thenOf(`${base}/p1/token`, unknown),
    },
  },
  {
    name: 'console-person-history',
    view: 'console/people/history',
    page: {},
    model: {
      frame,
      head: at('history'),
      list: listOf('console.people.history', `${base}/p1/history`, [
        {
          id: 'e1',
          actor_type: 'user',
          actor_id: 'p1',
          action: 'login.succeeded',
          ip: '192.0.2.7',
          occurred_at: '2025-11-20T11:05:00Z',
          actor: 'Anna Larsson',
          isSelf: true,
        },
        {
          id: 'e2',
          actor_type: 'user',
          actor_id: 'p9',
          action: 'user.updated',
          ip: null,
          occurred_at: '2025-11-18T08:00:00Z',
          actor: 'Ingrid Falk',
          isSelf: false,
          actorHref: `${base}/p9`,
        },
      ]),
    },
  },
  {
    name: 'console-person-history-none',
    view: 'console/people/history',
    page: {},
    model: { frame, head: at('history'), list: listOf('console.people.history', `${base}/p1/history`, []) },
  },
  {
    name: 'console-person-export',
    view: 'console/people/export',
    page: {},
    model: { frame, head, action: `${base}/p1/export`, backHref: `${base}/p1` },
  },
];
