/**
 * The scopes of an API: capabilities that are defined for it. They are the same in every tenant, so that who runs the server
 * alone defines, changes, moves and deletes them; a move says first whom it breaks.
 */
import type Router from '@koa/router';
import { ask, askList, mayAsk } from '../ask.ts';
import { type Effect, mountDeed } from '../deed.ts';
import type { FieldSpec } from '../fields.ts';
import { type FormPage, mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { readScopes } from '../services/capabilities.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { type ApiHead, apiPath, headOf, readApi } from './api-page.ts';
import type { ListedApi } from './apis.ts';

interface Scope {
  key: string;
  description: string | null;
  module: string | null;
  /** Links to what may be done about it, by who looks. */
  editHref?: string;
  moveHref?: string;
  deleteHref?: string;
  whoHref?: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/apis/scopes': { frame: ConsoleFrame; head: ApiHead; scopes: Scope[]; defineHref?: string };
    'console/apis/move': {
      frame: ConsoleFrame;
      scope: string;
      backHref: string;
      apis: { name: string; identifier: string; href: string }[];
    };
  }
}

const tab = (visit: Visit) => `${apiPath(visit)}/scopes`;
const scopePath = (visit: Visit, key: string) => `${tab(visit)}/${encodeURIComponent(key)}`;
const scopeParams = ({ params }: Visit) => ({ capability: params.capability ?? '' });
const scopeKey = async ({ params }: Visit) => params.capability ?? '';

async function show(visit: Visit): Promise<void> {
  const { api } = await readApi(visit);
  const known = (await readScopes(visit)) ?? [];
  const capability = api.capabilities[0] ?? '';
  const may = async (operation: string) =>
    !api.is_system && (await mayAsk(visit, operation, { params: { capability }, body: {} }));
  const [mayDefine, mayMove, mayDelete] = await Promise.all([
    may('capabilities.define'),
    may('capabilities.move'),
    may('capabilities.delete'),
  ]);
  const seesPeople = visit.holdings.nodesOf('users.read').length > 0 && visit.holdings.nodesOf('roles.read').length > 0;
  const scopes = api.capabilities.map((key) => {
    const found = known.find((one) => one.key === key);
    const href = (isShown: boolean, path: string) =>
      isShown ? hrefTo(visit, `${scopePath(visit, key)}/${path}`) : undefined;
    return {
      key,
      description: found?.description ?? null,
      module: found?.module ?? null,
      editHref: href(mayDefine, 'edit'),
      moveHref: href(mayMove, 'move'),
      deleteHref: href(mayDelete, 'delete'),
      whoHref: seesPeople ? hrefTo(visit, '/roles/who-can', { capability: key }) : undefined,
    };
  });
  const defineHref = mayDefine ? hrefTo(visit, `${tab(visit)}/new`) : undefined;
  draw(visit, 'console/apis/scopes', { head: headOf(visit, api, 'scopes'), scopes, defineHref });
}

const described: FieldSpec[] = [
  { name: 'description', kind: 'text', optional: true, empty: 'null', maxLength: 200 },
  { name: 'module', kind: 'text', optional: true, empty: 'null', maxLength: 200 },
  { name: 'action', kind: 'text', optional: true, empty: 'null', maxLength: 100 },
];

const shared = { section: 'apis', operation: 'capabilities.define', back: tab } as const;

const forms: FormPage[] = [
  {
    ...shared,
    path: '/apis/:apiId/scopes/new',
    words: 'console.apis.define',
    fields: () => [{ name: 'capability', kind: 'text', maxLength: 100 }, ...described],
    params: (_, { capability = '' }) => ({ capability: capability.trim() }),
    about: async (visit) => (await readApi(visit)).api.name,
    complete: ({ capability: _, ...body }, visit) => ({ ...body, resource_server_id: visit.params.apiId }),
    notice: 'defined',
  },
  {
    ...shared,
    path: '/apis/:apiId/scopes/:capability/edit',
    words: 'console.apis.edit_scope',
    fields: () => described,
    params: scopeParams,
    read: async (visit) => {
      const { body, etag } = await ask<object>(visit, 'capabilities.get', { params: scopeParams(visit) });
      return { stored: body, etag, subject: await scopeKey(visit) };
    },
    notice: 'defined',
  },
];

/** Moving begins with the API whose scope it is to be. */
async function chooseApi(visit: Visit): Promise<void> {
  const { api } = await readApi(visit);
  const { items } = await askList<ListedApi & { is_system?: boolean }>(visit, 'resource_servers.list', {
    query: { limit: 200 },
  });
  const key = await scopeKey(visit);
  draw(visit, 'console/apis/move', {
    scope: key,
    backHref: hrefTo(visit, tab(visit)),
    apis: items
      .filter(({ id }) => id !== api.id)
      .map(({ id, name, identifier }) => ({
        name,
        identifier,
        href: hrefTo(visit, `${scopePath(visit, key)}/move/${id}`),
      })),
  });
}

/** As `capabilities.move` answers. */
interface Moved {
  services: string[];
  services_without_default: string[];
  applications: string[];
  roles: number;
}

const moveInput = (visit: Visit) => ({
  params: scopeParams(visit),
  body: { resource_server_id: visit.params.toId ?? '' },
});

async function moveBreaks(visit: Visit): Promise<Effect[]> {
  const { body } = await ask<Moved>(visit, 'capabilities.move', { ...moveInput(visit), dryRun: true });
  const named = (key: string, names: string[]): Effect[] =>
    names.length === 0 ? [] : [{ key, params: { count: names.length, names: names.join(', ') } }];
  return [
    ...named('services', body.services),
    ...named('without_default', body.services_without_default),
    ...named('applications', body.applications),
    { key: 'roles', params: { count: body.roles } },
    { key: 'live' },
  ];
}

/** Mounts the tab, and what is done there. */
export function mountScopes(router: Router, deps: ConsoleDependencies): void {
  router.get('/apis/:apiId/scopes', page(deps, 'apis', show));
  for (const form of forms) mountForm(router, deps, form);
  router.get('/apis/:apiId/scopes/:capability/move', page(deps, 'apis', chooseApi));
  mountDeed(router, deps, {
    path: '/apis/:apiId/scopes/:capability/move/:toId',
    section: 'apis',
    operation: 'capabilities.move',
    words: 'console.apis.move',
    input: moveInput,
    subject: scopeKey,
    effects: moveBreaks,
    isDangerous: true,
    back: tab,
    notice: 'moved',
  });
  mountDeed(router, deps, {
    path: '/apis/:apiId/scopes/:capability/delete',
    section: 'apis',
    operation: 'capabilities.delete',
    words: 'console.apis.delete_scope',
    input: (visit) => ({ params: scopeParams(visit) }),
    subject: scopeKey,
    effects: async () => [{ key: 'roles' }, { key: 'services' }, { key: 'for_good' }],
    isDangerous: true,
    typed: true,
    back: tab,
    notice: 'scope_deleted',
  });
}
