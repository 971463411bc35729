/** The identity providers of a tenant, and at the platform's those of all tenants. */
import type Router from '@koa/router';
import type { ViewModels } from '../../pages/view-models.ts';
import { mayAsk } from '../ask.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, type ListSpec, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import type { Provider } from './provider-page.ts';
import { type SignInTab, signInTabs } from './tabs.ts';
import { readNamableMethods } from './terms.ts';

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/sign-in/providers': {
      frame: ConsoleFrame;
      tabs: SignInTab[];
      list: ListModel<Provider & { href: string }>;
      addHref?: string;
      /** Of all tenants, and added elsewhere. `isOffered`: the tenant's people see it. Empty for who may not see settings. */
      shared: { key: string; name: string; isOffered: boolean; termsHref: string }[];
    };
  }
}

const spec: ListSpec = {
  path: '/sign-in/providers',
  operation: 'identity_providers.list',
  words: 'console.sign_in.providers',
};

/** At the platform's they are in the list itself. */
async function sharedOf(visit: Visit): Promise<ViewModels['console/sign-in/providers']['shared']> {
  const { tenant, holdings } = visit;
  if (tenant.isPlatform || !holdings.everywhere('tenant.manage')) return [];
  return (await readNamableMethods(visit)).flatMap(({ method: key, provider: name, is_active: isActive }) => {
    const isOffered = isActive && tenant.settings.signInMethods.includes(key);
    return name === null ? [] : [{ key, name, isOffered, termsHref: hrefTo(visit, `/sign-in/terms/${key}`) }];
  });
}

async function showList(visit: Visit): Promise<void> {
  const list = await readList<Provider>({ ...visit, at: undefined }, spec);
  if (!list) return;
  const items = list.items.map((provider) => ({ ...provider, href: hrefTo(visit, `${spec.path}/${provider.key}`) }));
  draw(visit, 'console/sign-in/providers', {
    tabs: signInTabs(visit, 'providers'),
    list: { ...list, items },
    addHref: (await mayAsk(visit, 'identity_providers.create')) ? hrefTo(visit, '/sign-in/add') : undefined,
    shared: await sharedOf(visit),
  });
}

/** Mounts the list. */
export function mountProviders(router: Router, deps: ConsoleDependencies): void {
  router.get(spec.path, page(deps, 'sign-in', showList));
}
