/** The pages of the console's section People. */
import type { ListModel } from '../../../src/web/console/list.ts';
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf } from '../console-samples.ts';
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
  tabs: [{ tab: 'details', href: `${base}/p1`, current: true }],
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
  updated_at: '2025-11-20T11:05:00Z',
};

const actions = {
  editHref: `${base}/p1/edit`,
  addressesHref: `${base}/p1/addresses`,
  deactivateHref: `${base}/p1/deactivate`,
  deleteHref: `${base}/p1/delete`,
};

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
  { name: 'console-person', view: 'console/people/person', page: {}, model: { frame, head, person, actions } },
];
