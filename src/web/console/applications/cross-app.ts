/** For which other servers an application gets assertions about its people: shown on its page, added and taken away one by one. */
import type Router from '@koa/router';
import { ask, mayAsk } from '../ask.ts';
import { mountDeed } from '../deed.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { type Application, clientParams, clientPath, nameOfApplication } from './application-page.ts';

/** As `clients.cross_app.list` answers. */
interface CrossAppAudience {
  id: string;
  audience: string;
  audience_client_id: string;
  scopes: string[];
}

export interface CrossAppModel {
  items: (CrossAppAudience & { removeHref?: string })[];
  /** Absent for who may not. */
  addHref?: string;
}

export const crossAppFields: readonly FieldSpec[] = [
  { name: 'audience', kind: 'url', maxLength: 500 },
  { name: 'audience_client_id', kind: 'text', maxLength: 255 },
  { name: 'scopes', kind: 'lines' },
];

async function readAudiences(visit: Visit): Promise<CrossAppAudience[]> {
  const { body } = await ask<{ items: CrossAppAudience[] }>(visit, 'clients.cross_app.list', {
    params: clientParams(visit),
  });
  return body.items;
}

/** Undefined for an application that cannot prove itself, and so gets none. */
export async function crossAppOf(visit: Visit, { metadata, origin }: Application): Promise<CrossAppModel | undefined> {
  if (metadata.token_endpoint_auth_method === 'none' || origin === 'document') return undefined;
  const params = clientParams(visit);
  const href = async (operation: string, path: string) =>
    (await mayAsk(visit, operation, { params })) ? hrefTo(visit, `${clientPath(visit)}/cross-app/${path}`) : undefined;
  const items = (await readAudiences(visit)).map(async (one) => ({
    ...one,
    removeHref: await href('clients.cross_app.remove', `${one.id}/remove`),
  }));
  return { items: await Promise.all(items), addHref: await href('clients.cross_app.add', 'new') };
}

/** Mounts the form and the deed. */
export function mountCrossApp(router: Router, deps: ConsoleDependencies): void {
  const shared = { section: 'applications', back: clientPath } as const;
  mountForm(router, deps, {
    ...shared,
    path: '/applications/:clientId/cross-app/new',
    operation: 'clients.cross_app.add',
    words: 'console.applications.cross_app.add',
    fields: () => [...crossAppFields],
    about: nameOfApplication,
    params: clientParams,
    fresh: true,
    notice: 'cross_app_added',
  });
  mountDeed(router, deps, {
    ...shared,
    path: '/applications/:clientId/cross-app/:audienceId/remove',
    operation: 'clients.cross_app.remove',
    words: 'console.applications.cross_app.remove',
    input: (visit) => ({
      params: { ...clientParams(visit), cross_app_audience_id: visit.params.audienceId ?? '' },
    }),
    subject: async (visit) =>
      (await readAudiences(visit)).find(({ id }) => id === visit.params.audienceId)?.audience ?? '',
    effects: async () => [{ key: 'refused' }, { key: 'tokens' }],
    isDangerous: true,
    notice: 'cross_app_removed',
  });
}
