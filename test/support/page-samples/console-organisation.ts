/** The pages of the console's section Organisation. */
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

const frame = consoleFrame('organisation');
const base = '/console/northwind/organisation';
const words = 'console.organisation';

type Tree = ViewModels['console/organisation/tree'];
type Branch = Tree['list']['items'][number];

const node: Branch['node'] = {
  id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3601',
  parent_id: 'root',
  type: 'school',
  name: 'Lakeside School',
  external_id: 'SCH-0042',
  active: true,
  created_at: '2024-02-12T08:30:00Z',
  updated_at: '2025-03-01T10:00:00Z',
};
const branch = (name: string, counts: Branch['node']['counts'], more: Partial<Branch['node']> = {}): Branch => ({
  node: { ...node, id: name, name, counts, ...more },
  href: `${base}/${encodeURIComponent(name)}`,
});
const branches: Branch[] = [
  branch('North Region', { children: 12, people: 480, live_roles: 501 }, { type: 'region' }),
  branch('South Region', { children: 1, people: 1, live_roles: 1 }, { type: 'region', active: false }),
  branch('المدرسة الشمالية', { children: 0, people: 0, live_roles: 0 }),
  branch(`Kindergarten of the ${'very'.repeat(20)} long name`, { children: 0, people: null, live_roles: null }),
];
const top = branch('Northwind Logistics', undefined, { parent_id: null, type: 'tenant' });
const search = { ...listOf<Branch>(words, base, []), q: '' };
const path = [
  { id: 'root', name: 'Northwind Logistics' },
  { id: 'north', name: 'North Region' },
];
const found = branches.map((one) => ({ ...one, node: { ...one.node, path } }));

type Head = ViewModels['console/organisation/node']['head'];
const head = (current: Head['tabs'][number]['tab'], overrides: Partial<Branch['node']> = {}): Head => ({
  node: { ...node, ...overrides },
  crumbs: [
    { href: base, text: 'Northwind Logistics' },
    { href: `${base}/north`, text: 'North Region' },
  ],
  tabs: (['below', 'holders', 'members'] as const).map((tab) => ({
    tab,
    href: `${base}/n1/${tab}`,
    current: tab === current,
  })),
});
const actions: ViewModels['console/organisation/node']['actions'] = {
  addHref: `${base}/n1/new`,
  companyHref: `${base}/n1/new-company`,
  editHref: `${base}/n1/edit`,
  moveHref: `${base}/n1/move`,
  deactivateHref: `${base}/n1/deactivate`,
  deleteHref: `${base}/n1/delete`,
};

type Holder = ViewModels['console/organisation/holders']['list']['items'][number];
const holder: Holder = {
  id: 'a1',
  user_id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3401',
  user_name: 'Anna Larsson',
  role_id: 'r1',
  role: 'teacher',
  org_node_id: 'n1',
  org_node: 'Lakeside School',
  org_node_type: 'school',
  starts_at: '2024-02-12T08:30:00Z',
  ends_at: null,
  personHref: '/console/northwind/people/p1',
  roleHref: '/console/northwind/roles/r1',
  nodeHref: `${base}/n1`,
};
const ended: Holder = { ...holder, id: 'a2', user_name: null, role: null, ends_at: '2026-12-31T23:00:00Z' };

type Member = ViewModels['console/organisation/members']['list']['items'][number];
const member: Member = {
  user_id: 'p1',
  full_name: 'Anna Larsson',
  joined_at: '2024-02-12T08:30:00Z',
  left_at: null,
  active: true,
  personHref: '/console/northwind/people/p1',
  leaveHref: `${base}/n1/members/p1/leave`,
};
type Chosen = ViewModels['console/organisation/choose-person']['list']['items'][number];
const chosen: Chosen = {
  id: 'p1',
  full_name: 'Anna Larsson',
  email: 'anna.larsson@northwind.example',
  phone: null,
  username: null,
  href: `${base}/n1/members/join/p1`,
};
const people = { ...listOf(`${words}.choose_member`, base, [chosen, { ...chosen, id: 'p2', full_name: null }]), q: '' };

const deed = (
  name: string,
  effects: ViewModels['console/deed']['deed']['effects'],
  overrides: Partial<ViewModels['console/deed']['deed']> = {},
): ViewModels['console/deed'] => ({
  frame,
  deed: {
    words: `${words}.${name}`,
    action: `${base}/n1/${name}`,
    backHref: `${base}/n1`,
    subject: 'Lakeside School',
    effects,
    isDangerous: true,
    typed: false,
    isRefused: false,
    ...overrides,
  },
});
const losing = { key: 'losing', params: { count: 3, roles: 5 } };
const gaining = { key: 'gaining_at_least', params: { count: 1, roles: 200 } };
const names = { names: 'Anna Larsson, Nora Lind' };

export const samples: PageSample[] = [
  {
    name: 'console-organisation',
    view: 'console/organisation/tree',
    page: {},
    model: { frame, list: search, tops: [{ top, below: branches, moreHref: `${base}/root` }] },
  },
  {
    name: 'console-organisation-small',
    view: 'console/organisation/tree',
    page: {},
    model: { frame, list: search, tops: [{ top, below: [] }] },
  },
  {
    name: 'console-organisation-found',
    view: 'console/organisation/tree',
    page: {},
    model: { frame, list: { ...listOf(words, base, found), q: 'region', isNarrowed: true }, tops: [] },
  },
  {
    name: 'console-organisation-none',
    view: 'console/organisation/tree',
    page: {},
    model: { frame, list: { ...search, q: 'zzz', isNarrowed: true }, tops: [] },
  },
  {
    name: 'console-organisation-node',
    view: 'console/organisation/node',
    page: {},
    model: {
      frame,
      head: head('below'),
      list: { ...listOf(`${words}.below`, base, branches), nextHref: `${base}/n1?after=x`, firstHref: `${base}/n1` },
      actions,
      peopleHref: '/console/northwind/people?at=n1',
    },
  },
  {
    name: 'console-organisation-node-off',
    view: 'console/organisation/node',
    page: {},
    model: {
      frame,
      head: { ...head('below', { active: false, external_id: null }), tabs: [] },
      list: listOf(`${words}.below`, base, []),
      actions: { activateHref: `${base}/n1/activate` },
    },
  },
  {
    name: 'console-organisation-holders',
    view: 'console/organisation/holders',
    page: {},
    model: {
      frame,
      head: head('holders'),
      list: listOf(`${words}.holders`, base, [holder, ended]),
      inherited: [holder, ended],
      giveHref: `${base}/n1/give`,
      whoCanHref: '/console/northwind/roles/who-can?at=n1',
    },
  },
  {
    name: 'console-organisation-holders-none',
    view: 'console/organisation/holders',
    page: {},
    model: {
      frame,
      head: head('holders'),
      list: listOf(`${words}.holders`, base, []),
      inherited: [],
      whoCanHref: '/console/northwind/roles/who-can?at=n1',
    },
  },
  {
    name: 'console-organisation-members',
    view: 'console/organisation/members',
    page: {},
    model: {
      frame,
      head: head('members', { type: 'company', name: 'Northwind Foods' }),
      list: listOf(`${words}.members`, base, [
        member,
        { ...member, user_id: 'p2', full_name: null, left_at: '2025-01-31T12:00:00Z', leaveHref: undefined },
      ]),
      joinHref: `${base}/n1/members/join`,
    },
  },
  {
    name: 'console-organisation-members-none',
    view: 'console/organisation/members',
    page: {},
    model: { frame, head: head('members'), list: listOf(`${words}.members`, base, []) },
  },
  {
    name: 'console-organisation-choose-member',
    view: 'console/organisation/choose-person',
    page: {},
    model: { frame, head: head('holders'), list: people, backHref: `${base}/n1` },
  },
  {
    name: 'console-organisation-choose-holder',
    view: 'console/organisation/choose-person',
    page: {},
    model: {
      frame,
      head: head('holders'),
      list: { ...people, words: `${words}.choose_holder`, items: [] },
      backHref: base,
    },
  },
  {
    name: 'console-organisation-move',
    view: 'console/organisation/move',
    page: {},
    model: { frame, head: head('below'), list: { ...listOf(`${words}.parents`, base, found), q: '' }, backHref: base },
  },
  {
    name: 'console-organisation-move-none',
    view: 'console/organisation/move',
    page: {},
    model: { frame, head: head('below'), list: { ...listOf(`${words}.parents`, base, []), q: '' }, backHref: base },
  },
  {
    name: 'console-organisation-move-to',
    view: 'console/deed',
    page: {},
    model: deed('move', [
      { key: 'below', params: { parent: 'South Region' } },
      losing,
      gaining,
      { key: 'among', params: names },
    ]),
  },
  {
    name: 'console-organisation-deactivate',
    view: 'console/deed',
    page: {},
    model: deed('deactivate', [
      { key: 'losing_at_least', params: { count: 50, roles: 200 } },
      { key: 'these', params: names },
      { key: 'undo' },
    ]),
  },
  {
    name: 'console-organisation-activate',
    view: 'console/deed',
    page: {},
    model: deed('activate', [{ key: 'gaining', params: { count: 3, roles: 3 } }, { key: 'nobody' }], {
      isDangerous: false,
    }),
  },
  {
    name: 'console-organisation-delete',
    view: 'console/deed',
    page: {},
    model: deed('delete', [losing, { key: 'for_good' }], {
      typed: true,
      isRefused: true,
      error: { code: 'ORG_HAS_CHILDREN', params: {} },
    }),
  },
  {
    name: 'console-organisation-join',
    view: 'console/deed',
    page: {},
    model: deed('join', [{ key: 'member' }], { isDangerous: false }),
  },
  {
    name: 'console-organisation-leave',
    view: 'console/deed',
    page: {},
    model: deed('leave', [{ key: 'roles' }, { key: 'record' }]),
  },
  ...(['create', 'create_company', 'edit'] as const).map((name): PageSample => {
    const all = ['name', 'type', 'external_id'].map((field) => ({ name: field, kind: 'text' as const, value: field }));
    return {
      name: `console-organisation-${name}`,
      view: 'console/form',
      page: {},
      model: {
        frame,
        form: {
          words: `${words}.${name}`,
          action: `${base}/n1/${name}`,
          backHref: `${base}/n1`,
          subject: 'Lakeside School',
          fields: name === 'create_company' ? all.slice(0, 1) : all,
          errors: [],
          hidden: [],
          timeZone: 'Europe/Stockholm',
        },
      },
    };
  }),
];
