/** What the bar's search finds: people and places, as far as one reaches them, and applications. */
import type Router from '@koa/router';
import { askList } from './ask.ts';
import type { ConsoleFrame } from './frame.ts';
import { draw, page } from './page.ts';
import { type ConsoleDependencies, hrefTo, queryValue, type Visit } from './visit.ts';

interface Hit {
  name: string;
  detail: string;
  href: string;
}

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'console/search': {
      frame: ConsoleFrame;
      action: string;
      q: string;
      /** `moreHref`: the list that has the others. */
      groups: { kind: string; hits: Hit[]; moreHref?: string }[];
    };
  }
}

const most = 6;

interface Kind {
  kind: string;
  path: string;
  capability: string;
  operation: string;
  /** Those who hold the capability at some place alone are refused. */
  isOfTenant?: boolean;
  hit(item: Record<string, string | null>): { id: string; name: string; detail: string };
}

const kinds: readonly Kind[] = [
  {
    kind: 'people',
    path: '/people',
    capability: 'users.read',
    operation: 'users.list',
    hit: ({ id, full_name, email, phone, username }) => {
      const address = email ?? phone ?? username ?? '';
      return { id: id ?? '', name: full_name ?? address, detail: full_name === null ? '' : address };
    },
  },
  {
    kind: 'places',
    path: '/organisation',
    capability: 'org.read',
    operation: 'org_nodes.list',
    hit: ({ id, name, type }) => ({ id: id ?? '', name: name ?? '', detail: type ?? '' }),
  },
  {
    kind: 'applications',
    path: '/applications',
    capability: 'clients.manage',
    operation: 'clients.list',
    isOfTenant: true,
    hit: ({ client_id, name }) => ({ id: client_id ?? '', name: name ?? '', detail: client_id ?? '' }),
  },
];

async function find(visit: Visit, { kind, path, operation, hit }: Kind, q: string) {
  const { items, next } = await askList<Record<string, string | null>>(visit, operation, { query: { q, limit: most } });
  const hits = items.map(hit).map(({ id, ...rest }) => ({ ...rest, href: hrefTo(visit, `${path}/${id}`) }));
  return { kind, hits, moreHref: next === null ? undefined : hrefTo(visit, path, { q }) };
}

async function show(visit: Visit): Promise<void> {
  const q = queryValue(visit, 'q')?.trim().slice(0, 200) ?? '';
  const { holdings } = visit;
  const isSeen = ({ capability, isOfTenant }: Kind) =>
    isOfTenant ? holdings.everywhere(capability) : holdings.nodesOf(capability).length > 0;
  const asked = kinds.filter((kind) => q !== '' && isSeen(kind));
  const found = await Promise.all(asked.map((kind) => find(visit, kind, q)));
  const groups = found.filter(({ hits }) => hits.length > 0);
  draw(visit, 'console/search', { action: hrefTo(visit, '/search'), q, groups });
}

/** Mounts `/search`. */
export function mountSearch(router: Router, deps: ConsoleDependencies): void {
  router.get('/search', page(deps, undefined, show));
}
