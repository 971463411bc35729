/** The section APIs: what takes access tokens. Their list, and the registration of another one. */
import type Router from '@koa/router';
import { acr } from '../../../domain/factors/requirement.ts';
import { mayAsk } from '../ask.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, type ListSpec, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { mountApi } from './api.ts';
import { mountScopes } from './scopes.ts';

/** As `resource_servers.list` answers. */
export interface ListedApi {
  id: string;
  identifier: string;
  name: string;
  token_format: 'jwt' | 'opaque';
  signing_alg: 'ES256' | 'RS256';
  /** Seconds. */
  access_token_ttl: number;
  capabilities: string[];
  /** null: of all tenants. */
  tenant: string | null;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/apis/list': {
      frame: ConsoleFrame;
      list: ListModel<ListedApi & { href: string }>;
      /** Absent for who may make none. */
      createHref?: string;
    };
  }
}

const spec: ListSpec = { path: '/apis', operation: 'resource_servers.list', words: 'console.apis' };

async function showList(visit: Visit): Promise<void> {
  const list = await readList<ListedApi>({ ...visit, at: undefined }, spec);
  if (!list) return;
  const items = list.items.map((api) => ({ ...api, href: hrefTo(visit, `/apis/${api.id}`) }));
  const createHref = (await mayAsk(visit, 'resource_servers.create')) ? hrefTo(visit, '/apis/new') : undefined;
  draw(visit, 'console/apis/list', { list: { ...list, items }, createHref });
}

/** How its tokens are. */
export const tokenFields: FieldSpec[] = [
  { name: 'token_format', kind: 'select', options: [{ value: 'jwt' }, { value: 'opaque' }], group: 'tokens' },
  { name: 'signing_alg', kind: 'select', options: [{ value: 'ES256' }, { value: 'RS256' }] },
  { name: 'access_token_ttl', kind: 'number' },
  { name: 'token_exchange', kind: 'check' },
  {
    name: 'sign_in',
    kind: 'select',
    options: [{ value: 'none' }, { value: 'one' }, { value: 'two' }],
    group: 'people',
  },
  { name: 'skip_consent', kind: 'check' },
];

const contexts = { none: null, one: acr.aal1, two: acr.aal2 };

/** How people have to have signed in, as the form names it. */
export function signInOf({ required_acr: required }: { required_acr: string | null }): string {
  return Object.entries(contexts).find(([, context]) => context === required)?.[0] ?? 'none';
}

/** By the names of the operation. */
export function asBody({ sign_in: chosen, ...body }: Record<string, unknown>): Record<string, unknown> {
  if (chosen === undefined) return body;
  return { ...body, required_acr: contexts[chosen as keyof typeof contexts] ?? null };
}

async function createFields(visit: Visit): Promise<FieldSpec[]> {
  const mayShare = await mayAsk(visit, 'resource_servers.create', { body: { all_tenants: true } });
  return [
    { name: 'name', kind: 'text', maxLength: 200 },
    { name: 'identifier', kind: 'url', maxLength: 500 },
    ...(mayShare ? [{ name: 'all_tenants', kind: 'check' } as const] : []),
    ...tokenFields,
  ];
}

/** Mounts `/apis` and everything below it. */
export function mountApis(router: Router, deps: ConsoleDependencies): void {
  router.get('/apis', page(deps, 'apis', showList));
  mountForm(router, deps, {
    path: '/apis/new',
    section: 'apis',
    operation: 'resource_servers.create',
    words: 'console.apis.create',
    fields: createFields,
    initial: () => ({
      token_format: 'jwt',
      signing_alg: 'ES256',
      access_token_ttl: '600',
      sign_in: 'none',
      skip_consent: 'yes',
    }),
    complete: asBody,
    back: () => '/apis',
    after: (visit, { id }) => hrefTo(visit, `/apis/${id}/scopes`),
    notice: 'created',
  });
  mountScopes(router, deps);
  mountApi(router, deps);
}
