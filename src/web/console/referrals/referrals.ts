/** The section Referrals: whose codes there are and what came of them, and the making of one for somebody. */
import type Router from '@koa/router';
import { ask } from '../ask.ts';
import { mountDeed } from '../deed.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, type ListSpec, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { mountReferralCode, type ReferralCode } from './referral-code.ts';

interface Chosen {
  id: string;
  full_name: string | null;
  email: string | null;
  phone: string | null;
  username: string | null;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/referrals/list': {
      frame: ConsoleFrame;
      list: ListModel<ReferralCode & { href: string }>;
      createHref?: string;
    };
    'console/referrals/choose-person': {
      frame: ConsoleFrame;
      list: ListModel<Chosen & { href: string }>;
      backHref: string;
    };
  }
}

const spec: ListSpec = {
  path: '/referrals',
  operation: 'referrals.codes',
  words: 'console.referrals',
  filters: [
    { name: 'state', values: ['working', 'stopped', 'expired', 'owner_inactive', 'owner_deleted'], picked: true },
  ],
};

/** Codes are of the whole tenant: the place that one looks at narrows nothing here. */
const ofTenant = (visit: Visit): Visit => ({ ...visit, at: undefined });

const seesPeople = (visit: Visit) => visit.holdings.nodesOf('users.read').length > 0;

async function showList(visit: Visit): Promise<void> {
  const list = await readList<ReferralCode>(ofTenant(visit), spec);
  if (!list) return;
  const items = list.items.map((one) => ({ ...one, href: hrefTo(visit, `/referrals/${one.user_id}`) }));
  const createHref = seesPeople(visit) ? hrefTo(visit, '/referrals/new') : undefined;
  draw(visit, 'console/referrals/list', { list: { ...list, items }, createHref });
}

async function choosePerson(visit: Visit): Promise<void> {
  const words = 'console.referrals.choose';
  const list = await readList<Chosen>(ofTenant(visit), {
    path: '/referrals/new',
    operation: 'users.list',
    words,
    search: true,
    fixed: { state: 'active' },
  });
  if (!list) return;
  const items = list.items.map((person) => ({ ...person, href: hrefTo(visit, `/referrals/${person.id}/make`) }));
  draw(visit, 'console/referrals/choose-person', { list: { ...list, items }, backHref: hrefTo(visit, '/referrals') });
}

const params = ({ params: { userId = '' } }: Visit) => ({ user_id: userId });

async function nameOfPerson(visit: Visit): Promise<string> {
  const { body } = await ask<Chosen>(visit, 'users.get', { params: params(visit) });
  return body.full_name ?? body.email ?? body.phone ?? body.username ?? body.id;
}

/** Mounts `/referrals` and everything below it. */
export function mountReferrals(router: Router, deps: ConsoleDependencies): void {
  router.get('/referrals', page(deps, 'referrals', showList));
  router.get('/referrals/new', page(deps, 'referrals', choosePerson));
  mountDeed(router, deps, {
    path: '/referrals/:userId/make',
    section: 'referrals',
    operation: 'referrals.ensure_code',
    words: 'console.referrals.make',
    input: (visit) => ({ params: params(visit) }),
    subject: nameOfPerson,
    effects: async () => [{ key: 'one' }, { key: 'access' }],
    back: () => '/referrals',
    after: ({ params: { userId = '' } }) => `/referrals/${userId}`,
    notice: 'made',
  });
  mountReferralCode(router, deps);
}
