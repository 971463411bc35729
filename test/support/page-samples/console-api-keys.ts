/** The pages of the console's section API keys. */
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

const frame = consoleFrame('api-keys');
const base = '/console/northwind/api-keys';
const one = `${base}/k1`;

type ListedKey = ViewModels['console/api-keys/list']['list']['items'][number];

const listed: ListedKey = {
  id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3501',
  name: 'Nightly export',
  prefix: '7Kq0ZxT2',
  org_node_id: 'n1',
  user_id: null,
  org_node: 'Lakeside School',
  user_name: null,
  capabilities: ['org.read', 'users.read'],
  active: true,
  expires_at: '2026-02-12T08:30:00Z',
  last_used_at: '2025-11-20T14:12:00Z',
  revoked_at: null,
  created_at: '2025-11-12T08:30:00Z',
  state: 'live',
  href: one,
};
const keys: ListedKey[] = [
  listed,
  { ...listed, id: 'k2', name: 'Rota', user_id: 'p1', user_name: 'Anna Larsson', state: 'inactive', active: false },
  { ...listed, id: 'k3', name: `Import${'ofeverything'.repeat(8)}`, last_used_at: null, org_node: null },
  { ...listed, id: 'k4', name: 'Old', state: 'ended', revoked_at: '2025-10-12T08:30:00Z', user_id: 'p2' },
];
const list: ViewModels['console/api-keys/list']['list'] = {
  ...listOf('console.api_keys', base, keys),
  filters: [
    {
      name: 'state',
      value: '',
      picked: false,
      options: ['', 'live', 'inactive', 'ended'].map((value) => ({ value, href: base, current: value === '' })),
    },
  ],
};
const { state: _, href: __, ...key } = listed;

const form = { errors: [], hidden: [], timeZone: 'Europe/Stockholm', backHref: one, subject: listed.name };
const scopes = [
  { value: 'org.read', label: 'org.read: See the organisation', under: 'Gatehouse' },
  { value: 'grades.read', label: 'grades.read', under: '' },
];
const chosen = { name: 'capabilities', kind: 'checks' as const, options: scopes, value: 'org.read' };
const ends = { name: 'expires_at', kind: 'moment' as const, value: '2026-02-12T09:30' };
const name = { name: 'name', kind: 'text' as const, value: listed.name };

export const samples: PageSample[] = [
  { name: 'console-api-keys', view: 'console/api-keys/list', page: {}, model: { frame, list, createHref: base } },
  {
    name: 'console-api-keys-none',
    view: 'console/api-keys/list',
    page: {},
    model: { frame, list: { ...list, items: [] }, createHref: `${base}/new` },
  },
  {
    name: 'console-api-keys-key',
    view: 'console/api-keys/api-key',
    page: {},
    model: {
      frame,
      key,
      state: 'live',
      listHref: base,
      placeHref: '/console/northwind/organisation/n1',
      editHref: `${one}/edit`,
      pauseHref: `${one}/pause`,
      revokeHref: `${one}/revoke`,
    },
  },
  {
    name: 'console-api-keys-key-paused',
    view: 'console/api-keys/api-key',
    page: {},
    model: {
      frame,
      key: { ...key, user_id: 'p1', user_name: 'Anna Larsson', active: false, last_used_at: null },
      state: 'inactive',
      listHref: base,
      personHref: '/console/northwind/people/p1',
      resumeHref: `${one}/resume`,
      revokeHref: `${one}/revoke`,
    },
  },
  {
    name: 'console-api-keys-key-ended',
    view: 'console/api-keys/api-key',
    page: {},
    model: { frame, key: { ...key, revoked_at: '2025-10-12T08:30:00Z' }, state: 'ended', listHref: base },
  },
  {
    name: 'console-api-keys-create',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        ...form,
        words: 'console.api_keys.create',
        action: `${base}/new`,
        backHref: base,
        subject: 'Lakeside School',
        fields: [
          { ...name, value: '' },
          { name: 'whose', kind: 'select', options: [{ value: 'place' }, { value: 'own' }], value: 'place' },
          { ...chosen, value: '' },
          ends,
        ],
        errors: [
          { code: 'FIELD_REQUIRED', params: {}, field: 'name' },
          { code: 'FIELD_REQUIRED', params: {}, field: 'capabilities' },
        ],
      },
    },
  },
  {
    name: 'console-api-keys-made',
    view: 'console/once',
    page: {},
    model: {
      frame,
      once: {
        words: 'console.api_keys.made',
        subject: listed.name,
        values: [{ name: 'key', value: 'gk_EXAMPLE0_ThisIsNoKeyOfAnybodyButAnExampleForScanners2gQ35W' }],
        nextHref: one,
      },
    },
  },
  {
    name: 'console-api-keys-edit',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: { ...form, words: 'console.api_keys.edit', action: `${one}/edit`, fields: [name, chosen, ends] },
    },
  },
  ...(['pause', 'resume', 'revoke'] as const).map((deed): PageSample => {
    const effects = {
      pause: [{ key: 'at_once' }, { key: 'undo' }],
      resume: [{ key: 'counts' }],
      revoke: [{ key: 'at_once' }, { key: 'for_good' }],
    }[deed];
    return {
      name: `console-api-keys-${deed}`,
      view: 'console/deed',
      page: {},
      model: {
        frame,
        deed: {
          words: `console.api_keys.${deed}`,
          action: `${one}/${deed}`,
          backHref: one,
          subject: listed.name,
          effects,
          isDangerous: deed !== 'resume',
          typed: false,
          isRefused: false,
        },
      },
    };
  }),
];
