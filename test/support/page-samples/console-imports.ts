/** Imports of people at the console. */

import { importFields, initialValues } from '../../../src/web/console/people/imports/imported-file.ts';
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

type Shown = ViewModels['console/people/brought/brought'];

const frame = consoleFrame('people');
const base = '/console/northwind/people/imports';
const none = { created: 0, updated: 0, unchanged: 0, refused: 0 };
const some = { created: 1204, updated: 1, unchanged: 12, refused: 3 };

const ready: Shown['brought'] = {
  id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3901',
  file_name: 'people-of-the-district.csv',
  title: 'people-of-the-district.csv',
  format: 'csv',
  state: 'ready',
  stopped_why: null,
  row_count: 1220,
  foreseen: some,
  outcomes: none,
  done: 1220,
  created_at: '2025-11-20T14:00:00Z',
  begun_at: null,
  ended_at: null,
};
const running: Shown['brought'] = {
  ...ready,
  state: 'running',
  begun_at: '2025-11-20T14:05:00Z',
  outcomes: { ...none, created: 500 },
  done: 500,
};
const done: Shown['brought'] = {
  ...running,
  state: 'done',
  outcomes: some,
  done: 1220,
  ended_at: '2025-11-20T14:06:00Z',
};

type Row = NonNullable<Shown['list']>['items'][number];
const row: Row = {
  line: 2,
  name: 'Anna Larsson',
  address: 'anna@school.example',
  error: null,
  is: 'created',
  kept: [],
};
const rows: Row[] = [
  {
    ...row,
    line: 7,
    name: null,
    address: 'per.school.example',
    is: 'refused',
    error: { code: 'EMAIL_INVALID', params: {} },
  },
  {
    ...row,
    line: 9,
    name: 'x'.repeat(90),
    is: 'refused',
    error: {
      code: 'VALIDATION_FAILED',
      params: { field: 'shoes' },
      fields: [{ field: 'shoes', message: 'is not known here' }],
    },
  },
  row,
  { ...row, line: 3, name: 'محمد العلي', address: '+41791234567', is: 'updated', href: '/console/northwind/people/p3' },
  { ...row, line: 4, is: 'unchanged', kept: [{ key: 'full_name' }, { key: 'password_hash' }] },
  ...(['role', 'org_node', 'other'] as const).map((key, index) => ({
    ...row,
    line: 10 + index,
    is: 'refused' as const,
    error: { code: 'NOT_FOUND', params: {} },
    missing: { key, text: 'Techer' },
  })),
  { ...row, line: 5, name: null, address: null, is: 'waits' },
];
const words = 'console.imports';

const shown = (one: Shown['brought'], more: Partial<Shown> = {}): Shown => ({
  frame,
  brought: one,
  isWorking: false,
  counts: one.begun_at === null ? one.foreseen : one.outcomes,
  list: listOf(`${words}.rows`, `${base}/i1`, rows),
  peopleHref: '/console/northwind/people',
  listHref: base,
  hereHref: `${base}/i1`,
  ...more,
});
const working = { isWorking: true, list: undefined, stopHref: `${base}/i1/stop` };
const view = 'console/people/brought/brought';
const page = {};

const form: ViewModels['console/people/brought/new']['form'] = {
  words: `${words}.new`,
  action: `${base}/new`,
  backHref: base,
  subject: '',
  fields: importFields.map((field) => ({ ...field, value: initialValues[field.name] ?? '' })),
  errors: [],
  hidden: [],
  timeZone: 'Europe/Stockholm',
};

export const samples: PageSample[] = [
  {
    name: 'console-imports',
    view: 'console/people/brought/list',
    page,
    model: {
      frame,
      list: listOf(words, base, [
        { ...running, href: `${base}/i1` },
        { ...ready, title: 'keycloak', file_name: '', href: `${base}/i2` },
        { ...done, title: `${'long'.repeat(30)}.csv`, href: `${base}/i3` },
        { ...done, state: 'stopped', stopped_why: 'cancelled', href: `${base}/i4` },
      ]),
      peopleHref: '/console/northwind/people',
      createHref: `${base}/new`,
    },
  },
  {
    name: 'console-imports-none',
    view: 'console/people/brought/list',
    page,
    model: { frame, list: listOf(words, base, []), peopleHref: '/console/northwind/people', createHref: `${base}/new` },
  },
  { name: 'console-import-new', view: 'console/people/brought/new', page, model: { frame, form } },
  {
    name: 'console-import-new-refused',
    view: 'console/people/brought/new',
    page,
    model: {
      frame,
      form: {
        ...form,
        errors: [
          { code: 'FIELD_REQUIRED', params: {}, field: 'file' },
          { code: 'FIELD_REQUIRED', params: {}, field: 'hash_key' },
        ],
      },
    },
  },
  ...(['receiving', 'checking'] as const).map((state) => ({
    name: `console-import-${state}`,
    view: 'console/people/brought/brought' as const,
    page,
    model: shown({ ...ready, state, done: 500 }, { ...working, ...(state === 'receiving' && { stopHref: undefined }) }),
  })),
  { name: 'console-import-running', view, page, model: shown(running, working) },
  {
    name: 'console-import-ready',
    view,
    page,
    model: shown(ready, {
      beginHref: `${base}/i1/begin`,
      stopHref: `${base}/i1/stop`,
      reportHref: `${base}/i1/report`,
    }),
  },
  { name: 'console-import-done', view, page, model: shown(done, { reportHref: `${base}/i1/report` }) },
  {
    name: 'console-import-nothing',
    view,
    page,
    model: shown(done, { list: listOf(`${words}.rows`, `${base}/i1`, []) }),
  },
  ...['cancelled', 'not_allowed', 'unreadable', 'failed'].map((why) => ({
    name: `console-import-${why}`,
    view: 'console/people/brought/brought' as const,
    page,
    model: shown(
      { ...running, state: 'stopped' as const, stopped_why: why },
      { list: listOf(`${words}.rows`, base, rows.slice(2)) },
    ),
  })),
];
