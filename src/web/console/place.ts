/** Choosing the place that one looks at: it stands in the address of every page as `at`, and narrows lists. */
import type Router from '@koa/router';
import type { ConsoleFrame } from './frame.ts';
import { type ListModel, readList } from './list.ts';
import { isConsolePage } from './operator.ts';
import { draw, page } from './page.ts';
import { type ConsoleDependencies, queryValue, type Visit } from './visit.ts';

interface Node {
  id: string;
  name: string;
  type: string;
}

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'console/place': { frame: ConsoleFrame; list: ListModel<Node & { href: string }>; backHref: string };
  }
}

/** The page at hand before, at a place. Anybody can write the address: it leads to a page of this tenant or to its first. */
function backTo(visit: Visit): string {
  const back = queryValue(visit, 'back') ?? '';
  const home = `/console/${visit.tenant.slug}`;
  return isConsolePage(back) && (back === home || back.startsWith(`${home}/`) || back.startsWith(`${home}?`))
    ? back
    : home;
}

function at(address: string, id: string): string {
  const [path, query] = address.split('?', 2);
  const named = new URLSearchParams(query);
  named.set('at', id);
  return `${path}?${named}`;
}

async function show(visit: Visit): Promise<void> {
  const back = backTo(visit);
  const spec = { path: '/place', operation: 'org_nodes.list', words: 'console.frame.places', search: true };
  const list = await readList<Node>(visit, spec);
  if (!list) return;
  const items = list.items.map((node) => ({ ...node, href: at(back, node.id) }));
  const hidden = [...list.hidden, { name: 'back', value: back }];
  const withBack = (href: string | undefined) =>
    href && `${href}${href.includes('?') ? '&' : '?'}${new URLSearchParams({ back })}`;
  const carried = {
    nextHref: withBack(list.nextHref),
    firstHref: withBack(list.firstHref),
    clearHref: withBack(list.clearHref) as string,
  };
  draw(visit, 'console/place', { list: { ...list, ...carried, items, hidden }, backHref: back });
}

/** Mounts `/place`. */
export function mountPlace(router: Router, deps: ConsoleDependencies): void {
  router.get('/place', page(deps, undefined, show));
}
