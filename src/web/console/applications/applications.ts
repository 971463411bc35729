/** The section Applications: its list. What signs people in stands here; programs that act for themselves are services. */
import type Router from '@koa/router';
import { mayAsk } from '../ask.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, type ListSpec, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { mountApplication } from './application.ts';
import { type ApplicationKind, type ApplicationOrigin, pathOfApplication } from './application-page.ts';
import { mountChanges } from './changes.ts';
import { mountApplicationConnect } from './connect.ts';
import { mountCrossApp } from './cross-app.ts';
import { mountApplicationDeeds } from './deeds.ts';
import { mountInitialAccess } from './initial-access.ts';
import { mountApplicationRefusals } from './refusals.ts';
import { mountRegister } from './register.ts';
import { mountApplicationSecrets } from './secrets.ts';
import { mountTry } from './try.ts';

/** One of `clients.list`. */
interface ListedApplication {
  client_id: string;
  name: string;
  kind: ApplicationKind;
  state: 'active' | 'disabled';
  first_party: boolean;
  origin: ApplicationOrigin;
  /** It acts for people while they are away. */
  agent: boolean;
  tenant: string | null;
  redirect_uris: string[];
  secrets: number;
  created_at: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/applications/list': {
      frame: ConsoleFrame;
      list: ListModel<ListedApplication & { href: string }>;
      createHref?: string;
      initialAccessHref?: string;
    };
  }
}

const spec = {
  path: '/applications',
  operation: 'clients.list',
  words: 'console.applications',
  search: true,
  sorts: ['created_at', 'name'],
  filters: [
    { name: 'state', values: ['active', 'disabled'] },
    { name: 'kind', values: ['web', 'spa', 'native'], picked: true },
    { name: 'party', values: ['first', 'third'], picked: true },
  ],
} satisfies ListSpec;

async function showList(visit: Visit): Promise<void> {
  const list = await readList<ListedApplication>(visit, spec);
  if (!list) return;
  const items = list.items.map((one) => ({ ...one, href: hrefTo(visit, pathOfApplication(one.client_id)) }));
  const createHref = (await mayAsk(visit, 'clients.create')) ? hrefTo(visit, '/applications/_new') : undefined;
  const mayLetRegister = await mayAsk(visit, 'initial_access_tokens.list');
  const initialAccessHref = mayLetRegister ? hrefTo(visit, '/applications/_initial-access') : undefined;
  draw(visit, 'console/applications/list', { list: { ...list, items }, createHref, initialAccessHref });
}

/** Mounts `/applications` and everything below it. */
export function mountApplications(router: Router, deps: ConsoleDependencies): void {
  router.get('/applications', page(deps, 'applications', showList));
  for (const mount of [
    mountRegister,
    mountInitialAccess,
    mountApplication,
    mountCrossApp,
    mountChanges,
    mountApplicationConnect,
    mountApplicationSecrets,
    mountApplicationRefusals,
    mountApplicationDeeds,
    mountTry,
  ])
    mount(router, deps);
}
