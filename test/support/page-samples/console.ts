/** The pages of the console's frame: forms, deeds, refusals, search and place. */
import type { ConsoleFrame } from '../../../src/web/console/frame.ts';
import type { ListModel } from '../../../src/web/console/list.ts';
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

const frame: ConsoleFrame = consoleFrame('people');
const form = {
  words: 'console.people.edit',
  action: '/console/northwind/people/p1/edit',
  backHref: '/console/northwind/people/p1',
  subject: 'Anna Larsson',
  fields: [
    { name: 'full_name', kind: 'text', optional: true, value: 'Anna Larsson' },
    { name: 'given_name', kind: 'text', optional: true, value: 'Anna' },
    { name: 'family_name', kind: 'text', optional: true, value: 'Larsson' },
    { name: 'picture_url', kind: 'url', optional: true, value: '' },
    { name: 'external_id', kind: 'text', optional: true, value: 'HR-20811' },
  ],
  errors: [],
  hidden: [{ name: 'if_match', value: '"b1946ac9"' }],
  timeZone: 'Europe/Stockholm',
} as const;
const deed = {
  words: 'console.people.deactivate',
  action: '/console/northwind/people/p1/deactivate',
  backHref: '/console/northwind/people/p1',
  subject: 'Anna Larsson',
  effects: [{ key: 'sessions', params: { count: 3 } }, { key: 'kept' }, { key: 'undo' }],
  isDangerous: true,
  typed: false,
  isRefused: false,
};
const places: ListModel<{ id: string; name: string; type: string; href: string }> = {
  ...listOf('console.frame.places', '/console/northwind/place', [
    { id: 'n1', name: 'North Region', type: 'region', href: '/console/northwind/people?at=n1' },
    { id: 'n2', name: 'Stockholm Harbour', type: 'branch', href: '/console/northwind/people?at=n2' },
  ]),
  q: '',
};

export const samples: PageSample[] = [
  {
    name: 'console-form',
    view: 'console/form',
    page: {},
    model: { frame, form: { ...form, fields: [...form.fields], errors: [], hidden: [...form.hidden] } },
  },
  {
    name: 'console-form-refused',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        ...form,
        fields: form.fields.map((field) => (field.name === 'picture_url' ? { ...field, value: 'ftp://x' } : field)),
        errors: [{ code: 'INVALID_INPUT', params: {}, field: 'picture_url' }],
        hidden: [...form.hidden],
      },
    },
  },
  {
    name: 'console-form-changed',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        ...form,
        fields: [...form.fields],
        errors: [],
        hidden: [...form.hidden],
        changed: [{ field: 'full_name', value: 'Anna Larsson Berg' }],
      },
    },
  },
  {
    name: 'console-form-stale',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: { ...form, fields: [...form.fields], errors: [], hidden: [...form.hidden], signInHref: '/authorize?x=y' },
    },
  },
  { name: 'console-deed', view: 'console/deed', page: {}, model: { frame, deed } },
  {
    name: 'console-deed-typed',
    view: 'console/deed',
    page: {},
    model: {
      frame,
      deed: {
        ...deed,
        words: 'console.people.delete',
        action: '/console/northwind/people/p1/delete',
        effects: [
          { key: 'sessions', params: { count: 0 } },
          { key: 'roles', params: { count: 2 } },
          { key: 'address' },
        ],
        typed: true,
        error: { code: 'INVALID_INPUT', params: {}, field: 'typed' },
      },
    },
  },
  {
    name: 'console-deed-refused',
    view: 'console/deed',
    page: {},
    model: { frame, deed: { ...deed, effects: [], error: { code: 'LAST_OWNER', params: {} }, isRefused: true } },
  },
  {
    name: 'console-deed-insist',
    view: 'console/deed',
    page: {},
    model: {
      frame,
      deed: {
        ...deed,
        words: 'console.people.remove_identity',
        effects: [],
        error: { code: 'IDENTITY_LAST_WAY', params: {} },
        isRefused: true,
        insistHref: '/console/northwind/people/p1/sign-in/providers/contoso/remove-last',
      },
    },
  },
  { name: 'console-nothing', view: 'console/nothing', page: {}, model: { frame: { ...frame, sections: [] } } },
  ...[403, 404, 429, 409].map(
    (status): PageSample => ({
      name: `console-refused-${status}`,
      view: 'console/refused',
      page: {},
      model: { frame, code: status === 409 ? 'DUPLICATE' : 'TOO_MANY_ATTEMPTS', params: { seconds: 30 }, status },
    }),
  ),
  {
    name: 'console-search',
    view: 'console/search',
    page: {},
    model: {
      frame: { ...frame, sections: frame.sections.map((row) => ({ ...row, current: false })) },
      action: '/console/northwind/search',
      q: 'nor',
      groups: [
        {
          kind: 'people',
          hits: [{ name: 'Nora Lind', detail: 'nora.lind@northwind.example', href: '/console/northwind/people/p2' }],
          moreHref: '/console/northwind/people?q=nor',
        },
        {
          kind: 'places',
          hits: [{ name: 'North Region', detail: 'region', href: '/console/northwind/organisation/n1' }],
        },
      ],
    },
  },
  {
    name: 'console-search-nothing',
    view: 'console/search',
    page: {},
    model: { frame, action: '/console/northwind/search', q: 'zzz', groups: [] },
  },
  {
    name: 'console-place',
    view: 'console/place',
    page: {},
    model: { frame, list: places, backHref: '/console/northwind/people' },
  },
];
