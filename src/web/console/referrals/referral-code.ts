/** The referral code of one person: whether it counts, who came by it, and how it is stopped and settled. */
import type Router from '@koa/router';
import { ask, mayAsk } from '../ask.ts';
import { type Deed, mountDeed } from '../deed.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';

/** As `referrals.codes` answers. */
export interface ReferralCode {
  id: string;
  user_id: string;
  /** null: none, or the person is gone. */
  user_name: string | null;
  code: string;
  is_active: boolean;
  state: 'working' | 'stopped' | 'expired' | 'owner_inactive' | 'owner_deleted';
  expires_at: string | null;
  /** How many came by it, each counted once. */
  pending: number;
  completed_signup: number;
  subscription_activated: number;
  created_at: string;
}

interface Referral {
  id: string;
  referrer_user_id: string;
  referred_user_id: string;
  referred_name: string | null;
  status: 'pending' | 'completed_signup' | 'subscription_activated';
  converted_at: string | null;
  created_at: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/referrals/code': {
      frame: ConsoleFrame;
      code: ReferralCode;
      list: ListModel<Referral & { personHref?: string; settleHref?: string }>;
      listHref: string;
      personHref?: string;
      /** What may be done to it by who looks; absent: not by them, or not now. */
      untilHref?: string;
      stopHref?: string;
      startHref?: string;
    };
  }
}

const params = ({ params: { userId = '' } }: Visit) => ({ user_id: userId });
const pathOf = ({ params: { userId = '' } }: Visit) => `/referrals/${userId}`;
const ofReferral = ({ params: { referralId = '' } }: Visit) => ({ referral_id: referralId });

async function readCode(visit: Visit): Promise<ReferralCode> {
  return (await ask<ReferralCode>(visit, 'referrals.get_code', { params: params(visit) })).body;
}

async function subject(visit: Visit): Promise<string> {
  const { user_name: name, code } = await readCode(visit);
  return name ?? code;
}

async function show(visit: Visit): Promise<void> {
  const code = await readCode(visit);
  const list = await readList<Referral>(
    { ...visit, at: undefined },
    {
      path: pathOf(visit),
      operation: 'referrals.list',
      words: 'console.referrals.came',
      filters: [{ name: 'status', values: ['pending', 'completed_signup', 'subscription_activated'] }],
      fixed: { referrer_user_id: code.user_id },
    },
  );
  if (!list) return;
  const seesPeople = visit.holdings.nodesOf('users.read').length > 0;
  const personHref = (id: string, isThere: boolean) =>
    seesPeople && isThere ? hrefTo(visit, `/people/${id}`) : undefined;
  const maySettle = await mayAsk(visit, 'referrals.settle');
  const mayChange = code.state !== 'owner_deleted' && (await mayAsk(visit, 'referrals.change_code'));
  const href = (may: boolean, path: string) => (may ? hrefTo(visit, `${pathOf(visit)}/${path}`) : undefined);
  draw(visit, 'console/referrals/code', {
    code,
    list: {
      ...list,
      items: list.items.map((one) => ({
        ...one,
        personHref: personHref(one.referred_user_id, one.referred_name !== null),
        settleHref: href(maySettle && one.status === 'completed_signup', `settle/${one.id}`),
      })),
    },
    listHref: hrefTo(visit, '/referrals'),
    personHref: personHref(code.user_id, code.state !== 'owner_deleted'),
    untilHref: href(mayChange, 'until'),
    stopHref: href(mayChange && code.is_active, 'stop'),
    startHref: href(mayChange && !code.is_active, 'start'),
  });
}

const turned = (isActive: boolean) => (visit: Visit) => ({ params: params(visit), body: { is_active: isActive } });
const shared = { section: 'referrals', subject, back: pathOf } as const;

const deeds: Deed[] = [
  {
    ...shared,
    path: '/referrals/:userId/stop',
    operation: 'referrals.change_code',
    words: 'console.referrals.stop',
    input: turned(false),
    effects: async () => [{ key: 'at_once' }, { key: 'came' }, { key: 'undo' }],
    isDangerous: true,
    notice: 'stopped',
  },
  {
    ...shared,
    path: '/referrals/:userId/start',
    operation: 'referrals.change_code',
    words: 'console.referrals.start',
    input: turned(true),
    effects: async () => [{ key: 'counts' }],
    notice: 'started',
  },
  {
    ...shared,
    path: '/referrals/:userId/settle/:referralId',
    operation: 'referrals.settle',
    words: 'console.referrals.settle',
    input: (visit) => ({ params: ofReferral(visit) }),
    subject: async (visit) => {
      const { body } = await ask<Referral>(visit, 'referrals.get', { params: ofReferral(visit) });
      return body.referred_name ?? body.referred_user_id;
    },
    effects: async () => [{ key: 'subscribed' }, { key: 'for_good' }],
    notice: 'settled',
  },
];

/** Mounts `/referrals/<person>`, and what is done to their code. */
export function mountReferralCode(router: Router, deps: ConsoleDependencies): void {
  mountForm(router, deps, {
    path: '/referrals/:userId/until',
    section: 'referrals',
    operation: 'referrals.change_code',
    words: 'console.referrals.until',
    fields: () => [{ name: 'expires_at', kind: 'moment', optional: true, empty: 'null' }],
    params,
    read: async (visit) => {
      const code = await readCode(visit);
      return { stored: code, subject: code.user_name ?? code.code };
    },
    back: pathOf,
    notice: 'saved',
  });
  for (const deed of deeds) mountDeed(router, deps, deed);
  router.get('/referrals/:userId', page(deps, 'referrals', show));
}
