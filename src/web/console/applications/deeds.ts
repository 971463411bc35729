/** What is done to an application as a whole: stopped, let act again, deleted. */
import type Router from '@koa/router';
import { ask } from '../ask.ts';
import { type Deed, type Effect, mountDeed } from '../deed.ts';
import type { ConsoleDependencies, Visit } from '../visit.ts';
import type { ClientEffects } from './application.ts';
import { clientParams, clientPath, hasSecret, nameOfApplication, readApplication } from './application-page.ts';

async function ends(visit: Visit): Promise<Effect[]> {
  const { body } = await ask<ClientEffects>(visit, 'clients.effects', { params: clientParams(visit) });
  return [
    { key: 'people', params: { count: body.people } },
    { key: 'grants', params: { count: body.grants } },
    { key: 'signs_in' },
  ];
}

const shared = {
  section: 'applications',
  input: (visit: Visit) => ({ params: clientParams(visit) }),
  subject: nameOfApplication,
  back: clientPath,
} as const;

const deeds: Deed[] = [
  {
    ...shared,
    path: '/applications/:clientId/disable',
    operation: 'clients.disable',
    words: 'console.applications.disable',
    effects: async (visit) => [...(await ends(visit)), { key: 'undo' }],
    isDangerous: true,
    notice: 'disabled',
  },
  {
    ...shared,
    path: '/applications/:clientId/enable',
    operation: 'clients.enable',
    words: 'console.applications.enable',
    effects: async (visit) => {
      const { application } = await readApplication(visit);
      return [{ key: 'signs_in' }, ...(hasSecret(application) ? [{ key: 'secrets' }] : []), { key: 'anew' }];
    },
    notice: 'enabled',
  },
  {
    ...shared,
    path: '/applications/:clientId/delete',
    operation: 'clients.delete',
    words: 'console.applications.delete',
    effects: async (visit) => [...(await ends(visit)), { key: 'for_good' }],
    isDangerous: true,
    typed: true,
    after: () => '/applications',
    notice: 'deleted',
  },
];

/** Mounts a page for each. */
export function mountApplicationDeeds(router: Router, deps: ConsoleDependencies): void {
  for (const deed of deeds) mountDeed(router, deps, deed);
}
