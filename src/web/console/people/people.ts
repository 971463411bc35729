/** The section People: its list, and the making of a person. */
import type Router from '@koa/router';
import { askList, mayAsk } from '../ask.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type FilterSpec, type ListModel, type ListSpec, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { mountHistory } from './history.ts';
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
  const seesRoles = visit.holdings.nodesOf('roles.read').length > 0;
  const roles = seesRoles
    ? await askList<{ id: string; name: string }>(visit, 'roles.list', { query: { limit: 200 } })
    : undefined;
  const byRole = (roles?.items ?? []).map(({ id, name }) => ({ value: id, label: name }));
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
  const mayCreate = await mayAsk(visit, 'users.create');
  const createHref = mayCreate ? hrefTo(visit, '/people/new') : undefined;
  draw(visit, 'console/people/list', { list: { ...list, items }, createHref });
}

const newPerson: FieldSpec[] = [
  { name: 'full_name', kind: 'text', optional: true, maxLength: 200, autocomplete: 'off' },
  { name: 'email', kind: 'email', optional: true, maxLength: 254, autocomplete: 'off' },
  { name: 'phone', kind: 'tel', optional: true, maxLength: 30, autocomplete: 'off' },
  { name: 'username', kind: 'text', optional: true, maxLength: 64, autocomplete: 'off' },
  { name: 'external_id', kind: 'text', optional: true, maxLength: 255, autocomplete: 'off' },
];

/** Mounts `/people` and everything below it. */
export function mountPeople(router: Router, deps: ConsoleDependencies): void {
  router.get('/people', page(deps, 'people', showList));
  mountForm(router, deps, {
    path: '/people/new',
    section: 'people',
    operation: 'users.create',
    words: 'console.people.create',
    fields: () => newPerson,
    back: () => '/people',
    after: (visit, { id }) => hrefTo(visit, `/people/${id}`),
    notice: 'created',
  });
  for (const mount of [
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
