/** The section People: its list, and all that there is of people. */
import type Router from '@koa/router';
import type { ConsoleFrame } from '../frame.ts';
import { type FilterSpec, type ListModel, type ListSpec, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { type NobodyModel, nobodyOf } from './elsewhere.ts';
import { mountHistory } from './history.ts';
import { mountImports } from './imports/imports.ts';
import { importPageLimitAt } from './imports/new-import.ts';
import { mayMakePeople, mountNewPerson, rolesOf } from './new-person.ts';
import { mountOnboarding } from './onboarding/onboarding.ts';
import { onboardingBytes } from './onboarding/pasted-rows.ts';
import { mountPerson } from './person.ts';
import { mountPersonDeeds } from './person-deeds.ts';
import { mountPlaces } from './places.ts';
import { mountSignedInPlaces } from './signed-in-places.ts';
import { mountToken } from './token.ts';
import { mountWaysIn } from './ways-in.ts';

/** One of `users.list`, as far as the list shows it. */
interface ListedPerson {
  id: string;
  full_name: string | null;
  email: string | null;
  phone: string | null;
  username: string | null;
  state: 'active' | 'inactive';
  last_login_at: string | null;
  created_at: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/people/list': {
      frame: ConsoleFrame;
      list: ListModel<ListedPerson & { href: string }>;
      /** Absent for who may make nobody. */
      createHref?: string;
      /** Where many are made at once. */
      onboardHref?: string;
      bringHref?: string;
      /** An address was looked for that nobody has. */
      nobody?: NobodyModel;
    };
  }
}

const spec = {
  path: '/people',
  operation: 'users.list',
  words: 'console.people',
  search: true,
  placeAs: 'org_node_id',
  sorts: ['created_at', 'name', 'email', 'last_login_at'],
} satisfies ListSpec;

/** By role only for who may see the roles. */
async function filtersOf(visit: Visit): Promise<FilterSpec[]> {
  const byRole = (await rolesOf(visit)).map(({ id, name }) => ({ value: id, label: name }));
  return [
    { name: 'state', values: ['active', 'inactive'] },
    ...(byRole.length > 0 ? [{ name: 'role_id', values: byRole, picked: true }] : []),
    { name: 'last_login', values: ['within_7_days', 'within_30_days', 'before_90_days', 'never'], picked: true },
  ];
}

async function showList(visit: Visit): Promise<void> {
  const list = await readList<ListedPerson>(visit, { ...spec, filters: await filtersOf(visit) });
  if (!list) return;
  const items = list.items.map((person) => ({ ...person, href: hrefTo(visit, `/people/${person.id}`) }));
  const nobody = items.length === 0 && list.q ? await nobodyOf(visit, list.q) : undefined;
  const mayMake = await mayMakePeople(visit);
  const href = (path: string) => (mayMake ? hrefTo(visit, path) : undefined);
  const [createHref, onboardHref, bringHref] = ['/people/new', '/people/onboard', '/people/imports'].map(href);
  draw(visit, 'console/people/list', { list: { ...list, items }, createHref, onboardHref, bringHref, nobody });
}

/** Mounts `/people` and everything below it. */
export function mountPeople(router: Router, deps: ConsoleDependencies): void {
  router.get('/people', page(deps, 'people', showList));
  for (const mount of [
    mountNewPerson,
    mountOnboarding,
    mountImports,
    mountPerson,
    mountPersonDeeds,
    mountWaysIn,
    mountPlaces,
    mountSignedInPlaces,
    mountToken,
    mountHistory,
  ])
    mount(router, deps);
}

/** How long a body may be at an address of people's pages. */
export function consoleBodyLimitAt(path: string): number {
  return /^\/console\/[^/]+\/people\/onboard$/.test(path) ? onboardingBytes : importPageLimitAt(path);
}
