/** What each role carries, as one table: capabilities down, roles across. */
import type Router from '@koa/router';
import { askList, mayAsk } from '../ask.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { type CapabilityGroup, grouped, readCapabilities } from './capabilities.ts';
import { type ListedRole, type RolesTab, rolesTabs } from './roles.ts';

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/roles/matrix': {
      frame: ConsoleFrame;
      tabs: RolesTab[];
      roles: (ListedRole & { href: string })[];
      groups: CapabilityGroup[];
      /** There are more roles than columns. */
      isCut: boolean;
      createHref?: string;
    };
  }
}

/** More columns than these nobody can read. */
const mostRoles = 60;

async function show(visit: Visit): Promise<void> {
  const [{ items, next }, capabilities] = await Promise.all([
    askList<ListedRole>(visit, 'roles.list', { query: { limit: mostRoles } }),
    readCapabilities(visit),
  ]);
  draw(visit, 'console/roles/matrix', {
    tabs: rolesTabs(visit, 'matrix'),
    roles: items.map((role) => ({ ...role, href: hrefTo(visit, `/roles/${role.id}`) })),
    groups: grouped(capabilities),
    isCut: next !== null,
    createHref: (await mayAsk(visit, 'roles.create')) ? hrefTo(visit, '/roles/new') : undefined,
  });
}

/** Mounts `/roles/matrix`. */
export function mountMatrix(router: Router, deps: ConsoleDependencies): void {
  router.get('/roles/matrix', page(deps, 'roles', show));
}
