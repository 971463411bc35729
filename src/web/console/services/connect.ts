/** How a service gets a token: what its program has to be told, and the lines that do it, for one of the APIs that it may call. */
import type Router from '@koa/router';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, queryValue, type Visit } from '../visit.ts';
import { byApi, readScopes } from './capabilities.ts';
import { headOf, proofOf, readService, type ServiceHead, type ServiceProof, servicePath } from './service-page.ts';
import { type Snippet, snippetsOf } from './snippets.ts';

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/services/connect': {
      frame: ConsoleFrame;
      head: ServiceHead;
      issuer: string;
      tokenEndpoint: string;
      proof: ServiceProof;
      /** The APIs that it may call; of these, the one that the lines are for. */
      apis: { name: string; identifier: string; href: string; current: boolean }[];
      scope: string;
      snippets: Snippet[];
      capabilitiesHref: string;
    };
  }
}

async function show(visit: Visit): Promise<void> {
  const { service } = await readService(visit);
  const { issuer } = visit.web;
  const scopes = ((await readScopes(visit)) ?? []).filter(({ key }) => service.capabilities.includes(key));
  const apis = byApi(scopes).flatMap(({ api, identifier, scopes }) =>
    identifier === null ? [] : [{ name: api ?? identifier, identifier, scope: scopes.map(({ key }) => key).join(' ') }],
  );
  const asked = queryValue(visit, 'resource');
  const chosen = apis.find(({ identifier }) => identifier === asked) ?? apis[0];
  const proof = proofOf(service);
  const of = chosen && { issuer, clientId: service.client_id, resource: chosen.identifier, scope: chosen.scope };
  draw(visit, 'console/services/connect', {
    head: headOf(visit, service, 'connect'),
    issuer,
    tokenEndpoint: `${issuer}/token`,
    proof,
    apis: apis.map(({ name, identifier }) => ({
      name,
      identifier,
      href: hrefTo(visit, `${servicePath(visit)}/connect`, { resource: identifier }),
      current: identifier === chosen?.identifier,
    })),
    scope: chosen?.scope ?? '',
    snippets: of ? snippetsOf(of, proof) : [],
    capabilitiesHref: hrefTo(visit, `${servicePath(visit)}/capabilities`),
  });
}

/** Mounts the tab. */
export function mountConnect(router: Router, deps: ConsoleDependencies): void {
  router.get('/services/:clientId/connect', page(deps, 'services', show));
}
