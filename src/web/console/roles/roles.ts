/** The section Roles: their list, the matrix of what they carry, and one role. */
import type Router from '@koa/router';
import { ask, mayAsk } from '../ask.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, type ListSpec, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { mountMatrix } from './matrix.ts';
import { mountRole } from './role.ts';
import { mountWhoCan } from './who-can.ts';

/** As `roles.list` answers. */
export interface ListedRole {
  id: string;
  name: string;
  description: string | null;
  is_system: boolean;
  capabilities: string[];
  created_at: string;
}

const views = ['list', 'matrix', 'who-can'] as const;
export type RolesView = (typeof views)[number];

/** The three ways to look at roles, as tabs. */
export interface RolesTab {
  tab: RolesView;
  href: string;
  current: boolean;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/roles/list': {
      frame: ConsoleFrame;
      list: ListModel<ListedRole & { href: string }>;
      tabs: RolesTab[];
      /** Absent for who may make none. */
      createHref?: string;
    };
  }
}

export function rolesTabs(visit: Visit, current: RolesView): RolesTab[] {
  const shown = views.filter((tab) => tab !== 'who-can' || visit.holdings.nodesOf('users.read').length > 0);
  return shown.map((tab) => ({
    tab,
    href: hrefTo(visit, tab === 'list' ? '/roles' : `/roles/${tab}`),
    current: tab === current,
  }));
}

const spec: ListSpec = { path: '/roles', operation: 'roles.list', words: 'console.roles' };

async function showList(visit: Visit): Promise<void> {
  const list = await readList<ListedRole>({ ...visit, at: undefined }, spec);
  if (!list) return;
  const items = list.items.map((role) => ({ ...role, href: hrefTo(visit, `/roles/${role.id}`) }));
  const createHref = (await mayAsk(visit, 'roles.create')) ? hrefTo(visit, '/roles/new') : undefined;
  draw(visit, 'console/roles/list', { list: { ...list, items }, tabs: rolesTabs(visit, 'list'), createHref });
}

const fields: FieldSpec[] = [
  { name: 'name', kind: 'text', maxLength: 200 },
  { name: 'description', kind: 'textarea', optional: true, empty: 'null', maxLength: 500 },
];

const roleParams = ({ params }: Visit) => ({ role_id: params.roleId ?? '' });

/** Mounts `/roles` and everything below it. */
export function mountRoles(router: Router, deps: ConsoleDependencies): void {
  router.get('/roles', page(deps, 'roles', showList));
  mountMatrix(router, deps);
  mountWhoCan(router, deps);
  mountForm(router, deps, {
    path: '/roles/new',
    section: 'roles',
    operation: 'roles.create',
    words: 'console.roles.create',
    fields: () => fields,
    back: () => '/roles',
    after: (visit, { id }) => hrefTo(visit, `/roles/${id}/capabilities`),
    notice: 'created',
  });
  mountForm(router, deps, {
    path: '/roles/:roleId/edit',
    section: 'roles',
    operation: 'roles.update',
    words: 'console.roles.edit',
    fields: () => fields,
    params: roleParams,
    read: async (visit) => {
      const { body, etag } = await ask<ListedRole>(visit, 'roles.get', { params: roleParams(visit) });
      return { stored: body, etag, subject: body.name };
    },
    back: ({ params }) => `/roles/${params.roleId}`,
    notice: 'saved',
  });
  mountRole(router, deps);
}
