/** The pages of the console's section Roles. */
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf, over, thenOf, unknown } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

const frame = consoleFrame('roles');
const base = '/console/northwind/roles';

type ListedRole = ViewModels['console/roles/list']['list']['items'][number];

const teacher: ListedRole = {
  id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3501',
  name: 'teacher',
  description: 'Teaches at a school: sees its pupils, and keeps the marks of their own classes.',
  is_system: false,
  capabilities: ['grades.write', 'pupils.read'],
  created_at: '2024-02-12T08:30:00Z',
  href: `${base}/r1`,
};
const roles: ListedRole[] = [
  {
    ...teacher,
    id: 'r0',
    name: 'owner',
    description: null,
    is_system: true,
    capabilities: ['grades.write', 'org.manage', 'pupils.read', 'roles.manage', 'users.manage'],
    href: `${base}/r0`,
  },
  teacher,
  { ...teacher, id: 'r2', name: 'head of school', capabilities: ['pupils.read', 'users.manage'], href: `${base}/r2` },
  { ...teacher, id: 'r3', name: 'مراقب', description: null, capabilities: [], href: `${base}/r3` },
  {
    ...teacher,
    id: 'r4',
    name: `Auditor${'ofeverything'.repeat(8)}`,
    capabilities: ['users.manage'],
    href: `${base}/r4`,
  },
];

const tabs = (current: 'list' | 'matrix' | 'who-can'): ViewModels['console/roles/list']['tabs'] =>
  (['list', 'matrix', 'who-can'] as const).map((tab) => ({
    tab,
    href: tab === 'list' ? base : `${base}/${tab}`,
    current: tab === current,
  }));

const groups: ViewModels['console/roles/matrix']['groups'] = [
  {
    module: 'School',
    isSystem: false,
    capabilities: [
      { key: 'grades.write', description: 'Keep the marks of pupils', module: 'School', is_system: false },
      { key: 'pupils.read', description: null, module: 'School', is_system: false },
    ],
  },
  {
    module: null,
    isSystem: true,
    capabilities: [
      { key: 'org.manage', description: 'Change the organisation', module: null, is_system: true },
      { key: 'roles.manage', description: 'Make roles and fill them', module: null, is_system: true },
      { key: 'users.manage', description: 'Manage people', module: null, is_system: true },
    ],
  },
];

const { href: _, capabilities: __, ...stored } = teacher;
const role = { ...stored, updated_at: '2025-03-01T10:00:00Z' };

const head = (
  current: 'details' | 'holders',
  overrides: Partial<ViewModels['console/roles/role']['head']['role']> = {},
): ViewModels['console/roles/role']['head'] => ({
  role: { ...role, ...overrides },
  listHref: base,
  tabs: [
    { tab: 'details', href: `${base}/r1`, current: current === 'details' },
    { tab: 'holders', href: `${base}/r1/holders`, current: current === 'holders' },
  ],
  editHref: `${base}/r1/edit`,
});

const holder: ViewModels['console/roles/holders']['list']['items'][number] = {
  id: 'a1',
  user_id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3401',
  user_name: 'Anna Larsson',
  role_id: role.id,
  role: role.name,
  org_node_id: 'n1',
  org_node: 'Lakeside School',
  org_node_type: 'school',
  starts_at: '2024-02-12T08:30:00Z',
  ends_at: null,
  personHref: '/console/northwind/people/p1',
  nodeHref: '/console/northwind/organisation/n1',
};
const chain: NonNullable<ViewModels['console/roles/who-can']['list']>['items'][number] = {
  assignment_id: 'a1',
  user: { id: 'p1', full_name: 'Anna Larsson', email: 'anna.larsson@northwind.example' },
  role: { id: role.id, name: role.name },
  org_node: { id: 'n1', name: 'Lakeside School', type: 'school' },
  ends_at: '2027-06-30T22:00:00Z',
  given_at: '2024-02-12T08:30:00Z',
  personHref: '/console/northwind/people/p1',
  roleHref: `${base}/r1`,
  nodeHref: '/console/northwind/organisation/n1',
};
const question: Omit<ViewModels['console/roles/who-can'], 'list'> = {
  frame,
  tabs: tabs('who-can'),
  action: `${base}/who-can`,
  place: { id: 'n1', name: 'Lakeside School' },
  placeHref: '/console/northwind/place?back=x',
  capability: 'grades.write',
  moment: thenOf(`${base}/who-can`),
  options: [
    { value: 'grades.write', text: 'grades.write: Keep the marks of pupils' },
    { value: 'pupils.read', text: 'pupils.read' },
  ],
};

const whoHolds = listOf('console.roles.holders', `${base}/r1/holders`, [
  holder,
  { ...holder, id: 'a2', user_name: null, ends_at: '2026-12-31T23:00:00Z', org_node: null },
]);
const states: ViewModels['console/roles/holders']['list']['filters'] = [
  {
    name: 'state',
    value: 'live',
    picked: false,
    options: ['', 'live', 'coming', 'ended'].map((value) => ({
      value,
      href: `${base}/r1/holders?state=${value}`,
      current: value === 'live',
    })),
  },
];

export const samples: PageSample[] = [
  {
    name: 'console-roles',
    view: 'console/roles/list',
    page: {},
    model: { frame, list: listOf('console.roles', base, roles), tabs: tabs('list'), createHref: `${base}/new` },
  },
  {
    name: 'console-roles-none',
    view: 'console/roles/list',
    page: {},
    model: { frame, list: listOf('console.roles', base, []), tabs: tabs('list'), createHref: `${base}/new` },
  },
  {
    name: 'console-roles-matrix',
    view: 'console/roles/matrix',
    page: {},
    model: { frame, tabs: tabs('matrix'), roles, groups, isCut: true, createHref: `${base}/new` },
  },
  {
    name: 'console-roles-role',
    view: 'console/roles/role',
    page: {},
    model: {
      frame,
      head: head('details'),
      groups,
      changeHref: `${base}/r1/capabilities`,
      deleteHref: `${base}/r1/delete`,
    },
  },
  {
    name: 'console-roles-role-built-in',
    view: 'console/roles/role',
    page: {},
    model: {
      frame,
      head: { ...head('details', { name: 'owner', is_system: true, description: null }), editHref: undefined },
      groups: [],
    },
  },
  {
    name: 'console-roles-holders',
    view: 'console/roles/holders',
    page: {},
    model: { frame, head: head('holders'), list: { ...whoHolds, filters: states } },
  },
  {
    name: 'console-roles-holders-none',
    view: 'console/roles/holders',
    page: {},
    model: { frame, head: head('holders'), list: listOf('console.roles.holders', base, []) },
  },
  {
    name: 'console-roles-who-can',
    view: 'console/roles/who-can',
    page: {},
    model: {
      ...question,
      list: listOf('console.roles.who_can', `${base}/who-can`, [chain, { ...chain, ends_at: null }]),
    },
  },
  {
    name: 'console-roles-who-can-nobody',
    view: 'console/roles/who-can',
    page: {},
    model: { ...question, list: listOf('console.roles.who_can', `${base}/who-can`, []) },
  },
  {
    name: 'console-roles-who-could',
    view: 'console/roles/who-can',
    page: {},
    model: {
      ...question,
      moment: thenOf(`${base}/who-can`, over),
      list: listOf('console.roles.who_can', `${base}/who-can`, [
        { ...chain, roleHref: undefined, nodeHref: undefined },
        { ...chain, personHref: undefined, roleHref: undefined, nodeHref: undefined, ends_at: null },
      ]),
    },
  },
  {
    name: 'console-roles-nobody-could',
    view: 'console/roles/who-can',
    page: {},
    model: {
      ...question,
      moment: thenOf(`${base}/who-can`, over),
      list: listOf('console.roles.who_can', `${base}/who-can`, []),
    },
  },
  {
    name: 'console-roles-who-could-unknown',
    view: 'console/roles/who-can',
    page: {},
    model: { ...question, moment: thenOf(`${base}/who-can`, unknown) },
  },
  {
    name: 'console-roles-who-can-unasked',
    view: 'console/roles/who-can',
    page: {},
    model: { ...question, capability: '' },
  },
  {
    name: 'console-roles-capabilities',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        words: 'console.roles.capabilities',
        action: `${base}/r1/capabilities`,
        backHref: `${base}/r1`,
        subject: 'teacher',
        fields: [
          {
            name: 'items',
            kind: 'checks',
            optional: true,
            options: question.options.map(({ value, text }) => ({ value, label: text })),
            value: 'pupils.read',
          },
        ],
        errors: [],
        hidden: [],
        timeZone: 'Europe/Stockholm',
      },
    },
  },
  {
    name: 'console-roles-create',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        words: 'console.roles.create',
        action: `${base}/new`,
        backHref: base,
        subject: '',
        fields: [
          { name: 'name', kind: 'text', maxLength: 200, value: 'teacher' },
          { name: 'description', kind: 'textarea', optional: true, maxLength: 500, value: '' },
        ],
        errors: [{ code: 'DUPLICATE', params: { field: 'name' }, field: 'name' }],
        hidden: [],
        timeZone: 'Europe/Stockholm',
      },
    },
  },
  {
    name: 'console-roles-delete',
    view: 'console/deed',
    page: {},
    model: {
      frame,
      deed: {
        words: 'console.roles.delete',
        action: `${base}/r1/delete`,
        backHref: `${base}/r1`,
        subject: 'teacher',
        effects: [
          { key: 'holders', params: { count: 3 } },
          { key: 'many_holders', params: { count: 180 } },
          { key: 'for_good' },
        ],
        isDangerous: true,
        typed: true,
        isRefused: false,
      },
    },
  },
];
