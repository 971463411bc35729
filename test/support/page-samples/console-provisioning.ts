/** The pages of the console's section Provisioning. */
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

const frame = consoleFrame('provisioning');
const base = '/console/northwind/provisioning';
const view = 'console/provisioning/provisioning';

type Model = ViewModels[typeof view];

const group: Model['list']['items'][number] = {
  id: 'g1',
  display_name: 'SG-Teachers-Lakeside',
  role_id: 'r1',
  role: 'Teacher',
  org_node_id: 'n1',
  org_node: 'Lakeside School',
  members: 1204,
  placeHref: '/console/northwind/organisation/n1',
  removeHref: `${base}/groups/g1/remove`,
};
const asked: Model['requests'][number] = {
  actor_type: 'client',
  actor_id: 'entra',
  actor: 'Entra ID',
  method: 'PATCH',
  resource: 'Groups',
  status: 200,
  requests: 31204,
  last_at: '2025-11-20T14:12:00Z',
  last_request_id: 'r-1',
  isRefused: false,
};
const model: Model = {
  frame,
  address: 'https://id.northwind.example/scim/v2',
  credentialHref: `${base}/credential`,
  groupHref: `${base}/groups/new`,
  list: listOf('console.provisioning', base, [
    group,
    {
      ...group,
      id: 'g2',
      display_name: `member@${'NorthernRegion'.repeat(9)}`,
      role: 'member',
      members: 0,
      placeHref: undefined,
      removeHref: undefined,
    },
  ]),
  requests: [
    asked,
    { ...asked, method: 'POST', resource: 'Users', status: 409, reason: 'uniqueness', isRefused: true, requests: 3 },
  ],
};

const form = { errors: [], hidden: [], timeZone: 'Europe/Stockholm', backHref: base, subject: '' };
const scopes = [
  { value: 'users.manage', label: 'users.manage: Manage people', under: 'Gatehouse' },
  { value: 'grades.read', label: 'grades.read', under: '' },
];

export const samples: PageSample[] = [
  { name: 'console-provisioning', view, page: {}, model },
  {
    name: 'console-provisioning-none',
    view,
    page: {},
    model: { ...model, list: { ...model.list, items: [] }, requests: [], credentialHref: undefined },
  },
  {
    name: 'console-provisioning-credential',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        ...form,
        words: 'console.provisioning.credential',
        action: `${base}/credential`,
        fields: [
          { name: 'name', kind: 'text', value: '' },
          { name: 'capabilities', kind: 'checks', options: scopes, value: 'users.manage' },
        ],
        errors: [{ code: 'FIELD_REQUIRED', params: {}, field: 'name' }],
      },
    },
  },
  {
    name: 'console-provisioning-made',
    view: 'console/once',
    page: {},
    model: {
      frame,
      once: {
        words: 'console.provisioning.made',
        subject: 'Entra ID',
        values: [
          { name: 'address', value: model.address },
          { name: 'token', value: 'q2hJx7RkLm4.ghs_ThisIsNoSecretOfAnybodyButAnExampleToLookAt00' },
        ],
        nextHref: base,
      },
    },
  },
  {
    name: 'console-provisioning-group',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        ...form,
        words: 'console.provisioning.group',
        action: `${base}/groups/new`,
        subject: 'Lakeside School',
        fields: [
          { name: 'display_name', kind: 'text', value: 'SG-Teachers-Lakeside' },
          { name: 'role_id', kind: 'select', options: [{ value: 'r1', label: 'Teacher' }], value: 'r1' },
        ],
      },
    },
  },
  {
    name: 'console-provisioning-remove',
    view: 'console/deed',
    page: {},
    model: {
      frame,
      deed: {
        words: 'console.provisioning.remove',
        action: `${base}/groups/g1/remove`,
        backHref: base,
        subject: group.display_name,
        effects: [{ key: 'members', params: { count: 1204 } }, { key: 'directory' }],
        isDangerous: true,
        typed: false,
        isRefused: false,
      },
    },
  },
];
