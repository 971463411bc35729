/** The section Tenants, of the platform alone: their list, and making one. */
import type Router from '@koa/router';
import { mayAsk } from '../ask.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, type ListSpec, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { mountTenant } from './tenant.ts';

/** As `tenants.list` answers. */
export interface ListedTenant {
  id: string;
  slug: string;
  name: string;
  state: 'active' | 'suspended';
  is_platform: boolean;
  created_at: string;
  updated_at: string;
  users: number;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/tenants/list': {
      frame: ConsoleFrame;
      list: ListModel<ListedTenant & { href: string }>;
      createHref?: string;
    };
  }
}

const spec: ListSpec = { path: '/tenants', operation: 'tenants.list', words: 'console.tenants' };

async function showList(visit: Visit): Promise<void> {
  const list = await readList<ListedTenant>({ ...visit, at: undefined }, spec);
  if (!list) return;
  const items = list.items.map((tenant) => ({ ...tenant, href: hrefTo(visit, `/tenants/${tenant.id}`) }));
  const createHref = (await mayAsk(visit, 'tenants.create')) ? hrefTo(visit, '/tenants/new') : undefined;
  draw(visit, 'console/tenants/list', { list: { ...list, items }, createHref });
}

const fields: FieldSpec[] = [
  { name: 'name', kind: 'text', maxLength: 200 },
  { name: 'slug', kind: 'text', maxLength: 63 },
];

/** Mounts `/tenants` and everything below it. */
export function mountTenants(router: Router, deps: ConsoleDependencies): void {
  router.get('/tenants', page(deps, 'tenants', showList));
  mountForm(router, deps, {
    path: '/tenants/new',
    section: 'tenants',
    operation: 'tenants.create',
    words: 'console.tenants.create',
    fields: () => fields,
    back: () => '/tenants',
    // Nobody can run it until somebody owns it.
    after: (visit, { id }) => hrefTo(visit, `/tenants/${id}/owner`),
    notice: 'created',
  });
  mountTenant(router, deps);
}
