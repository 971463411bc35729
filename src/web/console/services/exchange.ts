/** What a service may get for people by token exchange (RFC 8693): shown on its page, added and taken away one by one. */
import type Router from '@koa/router';
import { ask, mayAsk } from '../ask.ts';
import { mountDeed } from '../deed.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { readScopes } from './capabilities.ts';
import { readService, type Service, serviceParams, servicePath } from './service-page.ts';

export interface ExchangeModel {
  items: { capability: string; resource: string; removeHref?: string }[];
  /** Absent for who may not. */
  addHref?: string;
}

/** Undefined for a service that is no API, and so gets nobody's tokens, and has nothing of it. */
export async function exchangeOf(
  visit: Visit,
  { resource_server_id: api }: Service,
): Promise<ExchangeModel | undefined> {
  const params = serviceParams(visit);
  const { body } = await ask<ExchangeModel>(visit, 'services.exchange_capabilities.list', { params });
  if (api === null && body.items.length === 0) return undefined;
  const mayChange = await mayAsk(visit, 'services.exchange_capabilities.remove', { params });
  const href = (path: string) => (mayChange ? hrefTo(visit, `${servicePath(visit)}/exchange/${path}`) : undefined);
  const items = body.items.map((item) => ({
    ...item,
    removeHref: href(`${encodeURIComponent(item.capability)}/remove`),
  }));
  return { items, addHref: href('new') };
}

/** Those of APIs other than the server's own, that who looks holds; who may not read them names one. */
async function capabilityField(visit: Visit): Promise<FieldSpec> {
  const scopes = await readScopes(visit);
  if (!scopes) return { name: 'capability', kind: 'text', maxLength: 100 };
  const usable = scopes.filter(
    ({ key, resource_server: api, is_system: isSystem }) =>
      api !== null && !isSystem && visit.holdings.nodesOf(key).length > 0,
  );
  return {
    name: 'capability',
    kind: 'select',
    options: usable.map(({ key, resource_server: api, description }) => ({
      value: key,
      label: `${api}: ${description === null ? key : `${key} (${description})`}`,
    })),
  };
}

const subject = async (visit: Visit) => (await readService(visit)).service.name;

/** Mounts the form and the deed. */
export function mountExchange(router: Router, deps: ConsoleDependencies): void {
  const shared = { section: 'services', back: servicePath } as const;
  mountForm(router, deps, {
    ...shared,
    path: '/services/:clientId/exchange/new',
    operation: 'services.exchange_capabilities.add',
    words: 'console.services.exchange.add',
    fields: async (visit) => [await capabilityField(visit)],
    about: subject,
    // Before one is chosen the page is for whoever may give any: what everybody here holds stands for it. It is of no API.
    params: (visit, { capability }) => ({ ...serviceParams(visit), capability: capability || 'services.manage' }),
    complete: () => undefined,
    fresh: true,
    notice: 'exchange_added',
  });
  mountDeed(router, deps, {
    ...shared,
    path: '/services/:clientId/exchange/:capability/remove',
    operation: 'services.exchange_capabilities.remove',
    words: 'console.services.exchange.remove',
    input: (visit) => ({ params: { ...serviceParams(visit), capability: visit.params.capability ?? '' } }),
    subject: async ({ params }) => params.capability ?? '',
    effects: async () => [{ key: 'refused' }, { key: 'tokens' }],
    isDangerous: true,
    notice: 'exchange_removed',
  });
}
