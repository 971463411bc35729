/** One role: what it carries, who holds it and where. */
import type Router from '@koa/router';
import { ask, askList, mayAsk } from '../ask.ts';
import { type Effect, mountDeed } from '../deed.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { type CapabilityGroup, grouped, readCapabilities } from './capabilities.ts';

/** As `roles.get` answers. */
interface Role {
  id: string;
  name: string;
  description: string | null;
  is_system: boolean;
  created_at: string;
  updated_at: string;
}

/** One of `assignments.list`, as far as pages show it. */
export interface ListedAssignment {
  id: string;
  user_id: string;
  user_name: string | null;
  role_id: string;
  role: string | null;
  org_node_id: string;
  org_node: string | null;
  org_node_type: string | null;
  starts_at: string;
  ends_at: string | null;
}

/** What the head of a role's pages shows. */
interface RoleHead {
  role: Role;
  listHref: string;
  tabs: { tab: 'details' | 'holders'; href: string; current: boolean }[];
  editHref?: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/roles/role': {
      frame: ConsoleFrame;
      head: RoleHead;
      /** What it carries, by part. */
      groups: CapabilityGroup[];
      changeHref?: string;
      deleteHref?: string;
    };
    'console/roles/holders': {
      frame: ConsoleFrame;
      head: RoleHead;
      list: ListModel<ListedAssignment & { personHref: string; nodeHref: string }>;
    };
  }
}

const roleParams = ({ params }: Visit) => ({ role_id: params.roleId ?? '' });
const rolePath = ({ params }: Visit) => `/roles/${params.roleId}`;

async function readRole(visit: Visit): Promise<Role> {
  return (await ask<Role>(visit, 'roles.get', { params: roleParams(visit) })).body;
}

async function carriedBy(visit: Visit): Promise<{ body: { items: string[] }; etag?: string }> {
  return ask<{ items: string[] }>(visit, 'roles.capabilities.list', { params: roleParams(visit) });
}

async function headOf(visit: Visit, role: Role, current: 'details' | 'holders'): Promise<RoleHead> {
  const path = rolePath(visit);
  const seesPeople = visit.holdings.nodesOf('users.read').length > 0;
  const mayEdit = !role.is_system && (await mayAsk(visit, 'roles.update', { params: roleParams(visit) }));
  return {
    role,
    listHref: hrefTo(visit, '/roles'),
    tabs: (['details', 'holders'] as const)
      .filter((tab) => tab === 'details' || seesPeople)
      .map((tab) => ({
        tab,
        href: hrefTo(visit, tab === 'details' ? path : `${path}/${tab}`),
        current: tab === current,
      })),
    editHref: mayEdit ? hrefTo(visit, `${path}/edit`) : undefined,
  };
}

async function showRole(visit: Visit): Promise<void> {
  const role = await readRole(visit);
  const [{ body: carried }, all] = await Promise.all([carriedBy(visit), readCapabilities(visit)]);
  const params = roleParams(visit);
  const mayChange = await mayAsk(visit, 'roles.capabilities.replace', { params, body: { items: carried.items } });
  const mayDelete = !role.is_system && (await mayAsk(visit, 'roles.delete', { params }));
  draw(visit, 'console/roles/role', {
    head: await headOf(visit, role, 'details'),
    groups: grouped(all.filter(({ key }) => carried.items.includes(key))),
    changeHref: mayChange ? hrefTo(visit, `${rolePath(visit)}/capabilities`) : undefined,
    deleteHref: mayDelete ? hrefTo(visit, `${rolePath(visit)}/delete`) : undefined,
  });
}

async function showHolders(visit: Visit): Promise<void> {
  const role = await readRole(visit);
  const list = await readList<ListedAssignment>(visit, {
    path: `${rolePath(visit)}/holders`,
    operation: 'assignments.list',
    words: 'console.roles.holders',
    placeAs: 'org_node_id',
    filters: [{ name: 'state', values: ['live', 'coming', 'ended'] }],
    fixed: { role_id: role.id },
  });
  if (!list) return;
  const items = list.items.map((row) => ({
    ...row,
    personHref: hrefTo(visit, `/people/${row.user_id}`),
    nodeHref: hrefTo(visit, `/organisation/${row.org_node_id}`),
  }));
  draw(visit, 'console/roles/holders', { head: await headOf(visit, role, 'holders'), list: { ...list, items } });
}

/** Who holds it now, of the first 200: what it is to them to lose it. */
async function holdersLose(visit: Visit): Promise<Effect[]> {
  if (visit.holdings.nodesOf('users.read').length === 0) return [];
  const query = { role_id: visit.params.roleId, state: 'live', limit: 200 };
  const { items, next } = await askList<ListedAssignment>(visit, 'assignments.list', { query });
  const count = new Set(items.map(({ user_id }) => user_id)).size;
  return [{ key: next === null ? 'holders' : 'many_holders', params: { count } }];
}

/** Mounts `/roles/<id>`, who holds it, and what is done to it. */
export function mountRole(router: Router, deps: ConsoleDependencies): void {
  mountForm(router, deps, {
    path: '/roles/:roleId/capabilities',
    section: 'roles',
    operation: 'roles.capabilities.replace',
    words: 'console.roles.capabilities',
    fields: async (visit) => {
      const options = (await readCapabilities(visit)).map(({ key, description }) => ({
        value: key,
        label: description === null ? key : `${key}: ${description}`,
      }));
      return [{ name: 'items', kind: 'checks', options, optional: true }];
    },
    params: roleParams,
    read: async (visit) => {
      const [{ body, etag }, { name }] = await Promise.all([carriedBy(visit), readRole(visit)]);
      return { stored: body, etag, subject: name };
    },
    back: rolePath,
    notice: 'carries',
  });
  mountDeed(router, deps, {
    path: '/roles/:roleId/delete',
    section: 'roles',
    operation: 'roles.delete',
    words: 'console.roles.delete',
    input: (visit) => ({ params: roleParams(visit) }),
    subject: async (visit) => (await readRole(visit)).name,
    effects: async (visit) => [...(await holdersLose(visit)), { key: 'for_good' }],
    isDangerous: true,
    typed: true,
    back: rolePath,
    after: () => '/roles',
    notice: 'deleted',
  });
  router.get('/roles/:roleId', page(deps, 'roles', showRole));
  router.get('/roles/:roleId/holders', page(deps, 'roles', showHolders));
}
