/** One API: how its tokens are and how it checks them, who may call it; how that is changed, and its end. */
import type Router from '@koa/router';
import { askList, mayAsk } from '../ask.ts';
import { mountDeed } from '../deed.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { type Api, type ApiHead, apiParams, apiPath, headOf, readApi } from './api-page.ts';
import { asBody, signInOf, tokenFields } from './apis.ts';

/** One of `services.list`. */
interface Caller {
  client_id: string;
  name: string;
  state: 'active' | 'disabled';
  created_at: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/apis/api': {
      frame: ConsoleFrame;
      head: ApiHead;
      api: Api;
      /** How people have to have signed in: `none`, `one` or `two` factors. */
      signIn: string;
      /** What the API checks tokens with. */
      issuer: string;
      keysHref: string;
      introspectionEndpoint: string;
      editHref?: string;
      deleteHref?: string;
    };
    'console/apis/callers': {
      frame: ConsoleFrame;
      head: ApiHead;
      list: ListModel<Caller & { href: string }>;
      /** The services that are this API. */
      own: { name: string; href: string }[];
    };
  }
}

async function show(visit: Visit): Promise<void> {
  const { api } = await readApi(visit);
  const { issuer } = visit.web;
  const params = apiParams(visit);
  const href = async (operation: string, path: string) =>
    !api.is_system && (await mayAsk(visit, operation, { params }))
      ? hrefTo(visit, `${apiPath(visit)}/${path}`)
      : undefined;
  draw(visit, 'console/apis/api', {
    head: headOf(visit, api, 'details'),
    api,
    signIn: signInOf(api),
    issuer,
    keysHref: `${issuer}/jwks`,
    introspectionEndpoint: `${issuer}/introspect`,
    editHref: await href('resource_servers.update', 'edit'),
    deleteHref: await href('resource_servers.delete', 'delete'),
  });
}

async function showCallers(visit: Visit): Promise<void> {
  const { api } = await readApi(visit);
  const list = await readList<Caller>(
    { ...visit, at: undefined },
    {
      path: `${apiPath(visit)}/callers`,
      operation: 'services.list',
      words: 'console.apis.callers',
      fixed: { may_call: api.id },
    },
  );
  if (!list) return;
  const href = ({ client_id: clientId }: Caller) => hrefTo(visit, `/services/${encodeURIComponent(clientId)}`);
  const own = await askList<Caller>(visit, 'services.list', { query: { resource_server_id: api.id } });
  draw(visit, 'console/apis/callers', {
    head: headOf(visit, api, 'callers'),
    list: { ...list, items: list.items.map((caller) => ({ ...caller, href: href(caller) })) },
    own: own.items.map((service) => ({ name: service.name, href: href(service) })),
  });
}

/** Mounts `/apis/<id>`, who may call it, and what is done to it. */
export function mountApi(router: Router, deps: ConsoleDependencies): void {
  mountForm(router, deps, {
    path: '/apis/:apiId/edit',
    section: 'apis',
    operation: 'resource_servers.update',
    words: 'console.apis.edit',
    fields: () => [{ name: 'name', kind: 'text', maxLength: 200 }, ...tokenFields],
    params: apiParams,
    complete: asBody,
    read: async (visit) => {
      const { api, etag } = await readApi(visit);
      return { stored: { ...api, sign_in: signInOf(api) }, etag, subject: api.name };
    },
    back: apiPath,
    notice: 'saved',
  });
  mountDeed(router, deps, {
    path: '/apis/:apiId/delete',
    section: 'apis',
    operation: 'resource_servers.delete',
    words: 'console.apis.delete',
    input: (visit) => ({ params: apiParams(visit) }),
    subject: async (visit) => (await readApi(visit)).api.name,
    effects: async () => [{ key: 'asked' }, { key: 'live' }, { key: 'for_good' }],
    isDangerous: true,
    typed: true,
    back: apiPath,
    after: () => '/apis',
    notice: 'deleted',
  });
  router.get('/apis/:apiId', page(deps, 'apis', show));
  router.get('/apis/:apiId/callers', page(deps, 'apis', showCallers));
}
