/**
 * The section API keys: those of places and of people, within reach. Their list, and the making of another one, which is shown
 * once. A key of a person is made by that person alone.
 */
import type Router from '@koa/router';
import { type FieldSpec, wallTime } from '../fields.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, type ListSpec, readList } from '../list.ts';
import { drawOnce } from '../once.ts';
import { draw, page } from '../page.ts';
import { scopesField } from '../services/capabilities.ts';
import { type ConsoleDependencies, hrefTo, type Visit, zoneOf } from '../visit.ts';
import { type ApiKey, mountApiKey, stateOfKey } from './api-key.ts';

type ListedKey = ApiKey & { state: ReturnType<typeof stateOfKey>; href: string };

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/api-keys/list': {
      frame: ConsoleFrame;
      list: ListModel<ListedKey>;
      /** Absent for who may make none. */
      createHref?: string;
    };
  }
}

const spec: ListSpec = {
  path: '/api-keys',
  operation: 'api_keys.list',
  words: 'console.api_keys',
  filters: [{ name: 'state', values: ['live', 'inactive', 'ended'] }],
  placeAs: 'under',
};

async function showList(visit: Visit): Promise<void> {
  const list = await readList<ApiKey>(visit, spec);
  if (!list) return;
  const items = list.items.map((key) => ({
    ...key,
    state: stateOfKey(key),
    href: hrefTo(visit, `/api-keys/${key.id}`),
  }));
  draw(visit, 'console/api-keys/list', { list: { ...list, items }, createHref: hrefTo(visit, '/api-keys/new') });
}

const day = 86_400_000;
const defaultLifeDays = 90;

async function createFields(visit: Visit): Promise<FieldSpec[]> {
  const { id } = visit.operator.actor;
  const isHome = visit.operator.actor.tenantId === visit.tenant.id && id !== null;
  const whose: FieldSpec = { name: 'whose', kind: 'select', options: [{ value: 'place' }, { value: 'own' }] };
  const scopes = await scopesField(visit, 'capabilities');
  return [
    { name: 'name', kind: 'text', maxLength: 200 },
    ...(isHome ? [whose] : []),
    { ...scopes, optional: false },
    { name: 'expires_at', kind: 'moment' },
  ];
}

/** Mounts `/api-keys` and everything below it. */
export function mountApiKeys(router: Router, deps: ConsoleDependencies): void {
  router.get('/api-keys', page(deps, 'api-keys', showList));
  mountForm(router, deps, {
    path: '/api-keys/new',
    section: 'api-keys',
    operation: 'api_keys.create',
    words: 'console.api_keys.create',
    isAtPlace: () => true,
    about: async ({ at }) => at?.name ?? '',
    fields: createFields,
    initial: (visit) => {
      const ends = new Date(Date.now() + defaultLifeDays * day).toISOString();
      return { whose: 'place', expires_at: wallTime(ends, zoneOf(visit)) };
    },
    complete: ({ whose, ...body }, visit) => ({
      ...body,
      org_node_id: visit.at?.id,
      user_id: whose === 'own' ? visit.operator.actor.id : undefined,
    }),
    back: () => '/api-keys',
    drawOnce: async (visit, { id, name, key }) => {
      const values = [{ name: 'key', value: key as string }];
      drawOnce(visit, {
        words: 'console.api_keys.made',
        subject: name as string,
        values,
        next: `/api-keys/${id}`,
      });
    },
  });
  mountApiKey(router, deps);
}
