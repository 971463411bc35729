/** The page at the console by which many people are added. */
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

type Model = ViewModels['console/people/onboarding'];

const text = `name,address,role,place,from,until
Anna Larsson,anna@school.example,Teacher,Kiruna School,2027-08-15,2028-06-30
Nora Lind,nora@school.example,Teacher,Kiruna School,,
Per,per.school.example,Teacher,Kiruna School,,`;

const row = {
  line: 2,
  name: 'Anna Larsson',
  address: 'anna@school.example',
  role: 'Teacher',
  place: 'Kiruna School',
  startsAt: { at: '2027-08-14T22:00:00Z', style: 'date_time' },
  endsAt: { at: '2028-06-30T21:59:59Z', style: 'date' },
} as const;

const begin: Model = {
  frame: consoleFrame('people'),
  step: 'begin',
  action: '/console/northwind/people/onboard',
  backHref: '/console/northwind/people',
  text: '',
  mostRows: 500,
  mostBytes: 116_394,
  timeZone: 'Europe/Stockholm',
  unread: [],
  rows: [],
  counts: { made: 0, given: 0, known: 0, held: 0, refused: 0 },
};

const plain = { ...row, startsAt: undefined, endsAt: undefined };
const rows: Model['rows'] = [
  { ...row, is: 'made' },
  {
    ...plain,
    line: 3,
    name: 'Nora Lind',
    address: 'nora@school.example',
    is: 'given',
    href: '/console/northwind/people/p2',
  },
  { ...plain, line: 4, name: 'محمد العلي', address: '+41791234567', is: 'held', href: '/console/northwind/people/p3' },
  { ...plain, line: 5, name: '', address: 'ola@school.example', role: '', place: '', is: 'known' },
  {
    ...plain,
    line: 6,
    name: 'Per',
    address: 'per.school.example',
    is: 'refused',
    fault: { key: 'address', params: { text: 'per.school.example' } },
  },
  {
    ...plain,
    line: 7,
    name: 'Eva',
    address: 'eva@school',
    is: 'refused',
    fault: { code: 'EMAIL_INVALID', params: {} },
  },
  {
    ...plain,
    line: 8,
    name: 'x'.repeat(90),
    address: 'x@school.example',
    is: 'refused',
    fault: { key: 'wrong', params: { column: 'name' } },
  },
  ...['no_address', 'no_role', 'no_place', 'too_long', 'out_of_reach', 'needs_role'].map((key, index) => ({
    ...plain,
    line: 9 + index,
    is: 'refused' as const,
    fault: { key, params: {} },
  })),
  ...['date', 'role_unknown', 'role_ambiguous', 'place_unknown', 'place_ambiguous'].map((key, index) => ({
    ...plain,
    line: 20 + index,
    is: 'refused' as const,
    fault: { key, params: { text: 'School' } },
  })),
  { ...plain, line: 30, is: 'refused', fault: { key: 'other_name', params: { line: 2, name: 'Anna Larsson' } } },
  { ...plain, line: 31, is: 'refused', fault: { key: 'twice', params: { line: 2 } } },
];
const counts = { made: 1, given: 1, known: 1, held: 1, refused: rows.length - 4 };
const checked = { text, once: 'mmUWBnCrhnhpkMzuRpCBrA' };

export const samples: PageSample[] = [
  { name: 'console-onboarding', view: 'console/people/onboarding', page: {}, model: begin },
  {
    name: 'console-onboarding-empty',
    view: 'console/people/onboarding',
    page: {},
    model: { ...begin, fault: 'empty', unread: ['Shoe size'] },
  },
  {
    name: 'console-onboarding-too-many',
    view: 'console/people/onboarding',
    page: {},
    model: { ...begin, text, fault: 'over_limit' },
  },
  {
    name: 'console-onboarding-refused',
    view: 'console/people/onboarding',
    page: {},
    model: { ...begin, text, error: { code: 'TOO_MANY_ATTEMPTS', params: { seconds: 12 } } },
  },
  {
    name: 'console-onboarding-checked',
    view: 'console/people/onboarding',
    page: {},
    model: { ...begin, step: 'checked', text, rows, counts, checked, unread: ['Shoe size'] },
  },
  {
    name: 'console-onboarding-done',
    view: 'console/people/onboarding',
    page: {},
    model: { ...begin, step: 'done', text: 'name,address\nPer,per.school.example', rows, counts, checked },
  },
  {
    name: 'console-onboarding-all-done',
    view: 'console/people/onboarding',
    page: {},
    model: { ...begin, step: 'done', rows: rows.slice(0, 1), counts: { ...begin.counts, made: 1 }, checked },
  },
];
