/** The section Organisation: the tree, branch by branch or by a name, and the pages of one node. */
import type Router from '@koa/router';
import { ask, askList } from '../ask.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, type ListSpec, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, queryValue, type Visit } from '../visit.ts';
import { mountMembers } from './members.ts';
import { type Branch, branchOf, type OrgNode } from './node.ts';
import { mountNodeDeeds } from './node-deeds.ts';
import { mountNodePages } from './node-pages.ts';

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/organisation/tree': {
      frame: ConsoleFrame;
      list: ListModel<Branch>;
      /** Where one's reach begins, each with what is directly below. Empty while a name is looked for. */
      tops: { top: Branch; below: Branch[]; moreHref?: string }[];
    };
  }
}

const spec: ListSpec = {
  path: '/organisation',
  operation: 'org_nodes.list',
  words: 'console.organisation',
  search: true,
  fixed: { counts: 'true', path: 'true' },
};

/** Who reaches more places than these finds them by name. */
const mostTops = 20;

async function readTops(visit: Visit): Promise<ReturnType<typeof branchesOf>[]> {
  const ids = visit.at ? [visit.at.id] : visit.holdings.nodesOf('org.read').slice(0, mostTops);
  const tops = await Promise.all(
    ids.map(async (id) => {
      const { body: node } = await ask<OrgNode>(visit, 'org_nodes.get', { params: { org_node_id: id } });
      const query = { parent_id: id, counts: 'true', limit: 100 };
      return branchesOf(visit, node, await askList<OrgNode>(visit, 'org_nodes.list', { query }));
    }),
  );
  return tops;
}

function branchesOf(visit: Visit, node: OrgNode, { items, next }: { items: OrgNode[]; next: string | null }) {
  const top = branchOf(visit, node);
  return {
    top,
    below: items.map((item) => branchOf(visit, item)),
    moreHref: next === null ? undefined : top.href,
  };
}

async function show(visit: Visit): Promise<void> {
  const isSearch = queryValue(visit, 'q') !== undefined;
  const list = await readList<OrgNode>({ ...visit, at: undefined }, { ...spec, limit: isSearch ? 50 : 1 });
  if (!list) return;
  const items = isSearch ? list.items.map((node) => branchOf(visit, node)) : [];
  draw(visit, 'console/organisation/tree', { list: { ...list, items }, tops: isSearch ? [] : await readTops(visit) });
}

/** Mounts `/organisation` and everything below it. */
export function mountOrganisation(router: Router, deps: ConsoleDependencies): void {
  router.get('/organisation', page(deps, 'organisation', show));
  mountNodePages(router, deps);
  mountNodeDeeds(router, deps);
  mountMembers(router, deps);
}
