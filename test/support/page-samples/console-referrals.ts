/** The console's section Referrals. */
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

const frame = consoleFrame('referrals');
const base = '/console/northwind/referrals';
const code = {
  id: 'c1',
  user_id: 'u1',
  user_name: 'Anna Larsson',
  code: 'K7QX2MBD9T',
  is_active: true,
  state: 'working',
  expires_at: null,
  pending: 3,
  completed_signup: 12,
  subscription_activated: 4,
  created_at: '2025-10-12T10:00:00Z',
} as const;
const none = { pending: 0, completed_signup: 0, subscription_activated: 0 };
const expires_at = '2025-11-01T00:00:00Z';
const listed = [
  { ...code, href: `${base}/u1` },
  { ...code, ...none, user_name: 'omar@northwind.example', state: 'expired', expires_at, href: `${base}/u2` },
  { ...code, user_name: 'Sofia Holm', is_active: false, state: 'stopped', href: `${base}/u3` },
  { ...code, user_name: 'Lars Berg', state: 'owner_inactive', href: `${base}/u4` },
  { ...code, user_name: null, is_active: false, state: 'owner_deleted', href: `${base}/u5` },
] as const;
const referral = {
  id: 'r1',
  referrer_user_id: 'u1',
  referred_user_id: 'u9',
  referred_name: 'Elin Ekström',
  status: 'completed_signup',
  converted_at: '2025-11-19T10:00:00Z',
  created_at: '2025-11-18T10:00:00Z',
  personHref: '/console/northwind/people/u9',
  settleHref: `${base}/u1/settle/r1`,
} as const;
const came = [
  referral,
  { ...referral, referred_name: 'Magnus Öberg', status: 'pending', converted_at: null, settleHref: undefined },
  { ...referral, referred_name: 'Maja Dahl', status: 'subscription_activated', settleHref: undefined },
  { ...referral, referred_name: null, personHref: undefined, settleHref: undefined },
] as const;
const person = { id: 'u1', full_name: 'Anna Larsson', email: 'anna@northwind.example', phone: null, username: null };
const model = { frame, code, listHref: base, personHref: '/console/northwind/people/u1' };
const cameList = (items: (typeof came)[number][]) => listOf('console.referrals.came', `${base}/u1`, items);

export const samples: PageSample[] = [
  {
    name: 'console-referrals',
    view: 'console/referrals/list',
    page: {},
    model: { frame, list: listOf('console.referrals', base, [...listed]), createHref: `${base}/new` },
  },
  {
    name: 'console-referrals-empty',
    view: 'console/referrals/list',
    page: {},
    model: { frame, list: listOf('console.referrals', base, []), createHref: `${base}/new` },
  },
  {
    name: 'console-referrals-choose',
    view: 'console/referrals/choose-person',
    page: {},
    model: {
      frame,
      list: listOf('console.referrals.choose', `${base}/new`, [{ ...person, href: `${base}/u1/make` }]),
      backHref: base,
    },
  },
  {
    name: 'console-referrals-choose-nobody',
    view: 'console/referrals/choose-person',
    page: {},
    model: { frame, list: listOf('console.referrals.choose', `${base}/new`, []), backHref: base },
  },
  {
    name: 'console-referrals-code',
    view: 'console/referrals/code',
    page: {},
    model: { ...model, list: cameList([...came]), untilHref: `${base}/u1/until`, stopHref: `${base}/u1/stop` },
  },
  {
    name: 'console-referrals-code-stopped',
    view: 'console/referrals/code',
    page: {},
    model: {
      ...model,
      code: { ...code, ...none, is_active: false, state: 'stopped', expires_at },
      list: cameList([]),
      untilHref: `${base}/u1/until`,
      startHref: `${base}/u1/start`,
    },
  },
  {
    name: 'console-referrals-code-gone',
    view: 'console/referrals/code',
    page: {},
    model: {
      ...model,
      code: { ...code, user_name: null, is_active: false, state: 'owner_deleted' },
      list: cameList([came[2]]),
      personHref: undefined,
    },
  },
];
