/** The section Services: programs that get tokens for themselves. Their list, and the registration of another one. */
import type Router from '@koa/router';
import { askList, mayAsk } from '../ask.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, type ListSpec, readList } from '../list.ts';
import { drawOnce } from '../once.ts';
import { draw, leadOn, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { scopesField } from './capabilities.ts';
import { mountConnect } from './connect.ts';
import { mountExchange } from './exchange.ts';
import { newProofFields, withProof } from './proof.ts';
import { mountRefusals } from './refusals.ts';
import { mountSecrets } from './secrets.ts';
import { mountService } from './service.ts';
import { mountTokens } from './tokens.ts';
import { mountWorkloads } from './workloads.ts';

/** As `services.list` answers. */
export interface ListedService {
  client_id: string;
  name: string;
  state: 'active' | 'disabled';
  /** null: of all tenants. */
  tenant: string | null;
  secrets: number;
  created_at: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/services/list': {
      frame: ConsoleFrame;
      list: ListModel<ListedService & { href: string }>;
      /** Absent for who may make none. */
      createHref?: string;
    };
  }
}

const spec: ListSpec = {
  path: '/services',
  operation: 'services.list',
  words: 'console.services',
  search: true,
  filters: [{ name: 'state', values: ['active', 'disabled'] }],
  sorts: ['name', 'created_at'],
};

async function showList(visit: Visit): Promise<void> {
  const list = await readList<ListedService>({ ...visit, at: undefined }, spec);
  if (!list) return;
  const items = list.items.map((service) => ({
    ...service,
    href: hrefTo(visit, `/services/${encodeURIComponent(service.client_id)}`),
  }));
  const mayCreate = await mayAsk(visit, 'services.create', { body: { capabilities: [] } });
  draw(visit, 'console/services/list', {
    list: { ...list, items },
    createHref: mayCreate ? hrefTo(visit, '/services/new') : undefined,
  });
}

/** The APIs to choose from, none of them first; nothing for who may not read them. */
export async function apiField(
  visit: Visit,
  name: string,
  by: 'id' | 'identifier',
  rest: Partial<FieldSpec> = {},
): Promise<FieldSpec[]> {
  if (!(await mayAsk(visit, 'resource_servers.list'))) return [];
  const { items } = await askList<{ id: string; identifier: string; name: string }>(visit, 'resource_servers.list', {
    query: { limit: 200 },
  });
  const options = items.map((api) => ({ value: api[by], label: `${api.name} (${api.identifier})` }));
  return [{ name, kind: 'select', optional: true, options: [{ value: '' }, ...options], ...rest }];
}

async function createFields(visit: Visit): Promise<FieldSpec[]> {
  const mayShare = await mayAsk(visit, 'services.create', { body: { all_tenants: true, capabilities: [] } });
  return [
    { name: 'name', kind: 'text', maxLength: 200 },
    await scopesField(visit, 'capabilities'),
    ...newProofFields(),
    ...(await apiField(visit, 'resource_server_id', 'id', { group: 'more' })),
    { name: 'client_id', kind: 'text', optional: true, maxLength: 100 },
    ...(mayShare ? [{ name: 'all_tenants', kind: 'check' } as const] : []),
  ];
}

/** Mounts `/services` and everything below it. */
export function mountServices(router: Router, deps: ConsoleDependencies): void {
  router.get('/services', page(deps, 'services', showList));
  mountForm(router, deps, {
    path: '/services/new',
    section: 'services',
    operation: 'services.create',
    words: 'console.services.create',
    fields: createFields,
    initial: () => ({ 'workload_identity.single_use': 'yes' }),
    // Nothing is said of certificates where there are none.
    complete: ({ certificate_bound_tokens: isBound, ...body }) =>
      withProof({ ...body, ...(isBound === true && { certificate_bound_tokens: true }) }),
    // Its secret stands for it: whoever finds a browser open makes none.
    fresh: true,
    back: () => '/services',
    drawOnce: async (visit, { client_id: clientId, name, client_secret: secret }) => {
      const path = `/services/${encodeURIComponent(clientId as string)}`;
      if (typeof secret !== 'string') return leadOn(visit, hrefTo(visit, path), 'created');
      drawOnce(visit, {
        words: 'console.services.made',
        subject: name as string,
        values: [
          { name: 'client_id', value: clientId as string },
          { name: 'client_secret', value: secret },
        ],
        next: `${path}/connect`,
      });
    },
  });
  mountSecrets(router, deps);
  mountConnect(router, deps);
  mountTokens(router, deps);
  mountRefusals(router, deps);
  mountExchange(router, deps);
  mountWorkloads(router, deps);
  mountService(router, deps);
}
