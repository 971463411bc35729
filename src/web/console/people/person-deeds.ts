/** What is done to a person as a whole: stopped, let in again, deleted, erased. */
import type Router from '@koa/router';
import { askList } from '../ask.ts';
import { type Deed, type Effect, mountDeed } from '../deed.ts';
import type { ConsoleDependencies, Visit } from '../visit.ts';
import { nameOf, personParams, personPath, readPerson } from './person-page.ts';

/** How many there are of something, of the first 200; undefined for who may not see it. */
async function count(visit: Visit, operation: string, query: Record<string, string>): Promise<number | undefined> {
  const params = operation === 'sessions.list' ? personParams(visit) : {};
  if (visit.holdings.nodesOf(operation === 'sessions.list' ? 'sessions.manage' : 'users.read').length === 0)
    return undefined;
  return (await askList(visit, operation, { params, query: { ...query, limit: 200 } })).items.length;
}

async function sessionsEnd(visit: Visit): Promise<Effect[]> {
  const sessions = await count(visit, 'sessions.list', {});
  return sessions === undefined ? [] : [{ key: 'sessions', params: { count: sessions } }];
}

async function rolesEnd(visit: Visit): Promise<Effect[]> {
  const [live, coming] = await Promise.all(
    ['live', 'coming'].map((state) => count(visit, 'assignments.list', { user_id: visit.params.userId ?? '', state })),
  );
  return [{ key: 'roles', params: { count: (live ?? 0) + (coming ?? 0) } }];
}

const shared = {
  section: 'people',
  input: (visit: Visit) => ({ params: personParams(visit) }),
  subject: async (visit: Visit) => nameOf((await readPerson(visit)).person),
  back: personPath,
} as const;

const deeds: Deed[] = [
  {
    ...shared,
    path: '/people/:userId/deactivate',
    operation: 'users.deactivate',
    words: 'console.people.deactivate',
    effects: async (visit) => [...(await sessionsEnd(visit)), { key: 'kept' }, { key: 'undo' }],
    isDangerous: true,
    notice: 'deactivated',
  },
  {
    ...shared,
    path: '/people/:userId/activate',
    operation: 'users.activate',
    words: 'console.people.activate',
    effects: async () => [{ key: 'signs_in' }],
    notice: 'activated',
  },
  {
    ...shared,
    path: '/people/:userId/delete',
    operation: 'users.delete',
    words: 'console.people.delete',
    effects: async (visit) => [...(await sessionsEnd(visit)), ...(await rolesEnd(visit)), { key: 'address' }],
    isDangerous: true,
    typed: true,
    after: () => '/people',
    notice: 'deleted',
  },
  {
    ...shared,
    path: '/people/:userId/erase',
    operation: 'users.erase',
    words: 'console.people.erase',
    effects: async (visit) => [
      ...(await sessionsEnd(visit)),
      ...(await rolesEnd(visit)),
      { key: 'gone' },
      { key: 'trail' },
    ],
    isDangerous: true,
    typed: true,
    after: () => '/people',
    notice: 'erased',
  },
];

/** Mounts a page for each. */
export function mountPersonDeeds(router: Router, deps: ConsoleDependencies): void {
  for (const deed of deeds) mountDeed(router, deps, deed);
}
