/** What is done to a node: moved, switched off and on, deleted; each says first who gains and loses what by it. */
import type Router from '@koa/router';
import { ask } from '../ask.ts';
import { type Deed, type Effect, mountDeed } from '../deed.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { type Branch, headOf, type NodeHead, nodeParams, nodePath, type OrgNode, readNode } from './node.ts';

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/organisation/move': { frame: ConsoleFrame; head: NodeHead; list: ListModel<Branch>; backHref: string };
  }
}

/** As `org_nodes.preview` answers, as far as it is told. */
interface Preview {
  gaining: { people: number; roles: number };
  losing: { people: number; roles: number };
  is_cut: boolean;
  people: { full_name: string | null; email: string | null; user_id: string }[];
}

/** So many are named; the others are counted. */
const named = 5;

async function changes(visit: Visit, query: Record<string, string>): Promise<Effect[]> {
  const { body } = await ask<Preview>(visit, 'org_nodes.preview', { params: nodeParams(visit), query });
  const { gaining, losing, is_cut: isCut, people } = body;
  const of = (kind: string, { people: count, roles }: Preview['gaining']): Effect[] =>
    count === 0 ? [] : [{ key: isCut ? `${kind}_at_least` : kind, params: { count, roles } }];
  const all = [...of('losing', losing), ...of('gaining', gaining)];
  if (all.length === 0) return [{ key: 'nobody' }];
  const names = people.slice(0, named).map((one) => one.full_name ?? one.email ?? one.user_id);
  return [...all, { key: people.length > named ? 'among' : 'these', params: { names: names.join(', ') } }];
}

const shared = {
  section: 'organisation',
  input: (visit: Visit) => ({ params: nodeParams(visit) }),
  subject: async (visit: Visit) => (await readNode(visit)).node.name,
  back: nodePath,
} as const;

const deeds: Deed[] = [
  {
    ...shared,
    path: '/organisation/:nodeId/deactivate',
    operation: 'org_nodes.deactivate',
    words: 'console.organisation.deactivate',
    effects: async (visit) => [...(await changes(visit, { active: 'false' })), { key: 'undo' }],
    isDangerous: true,
    notice: 'deactivated',
  },
  {
    ...shared,
    path: '/organisation/:nodeId/activate',
    operation: 'org_nodes.activate',
    words: 'console.organisation.activate',
    effects: (visit) => changes(visit, { active: 'true' }),
    notice: 'activated',
  },
  {
    ...shared,
    path: '/organisation/:nodeId/move/:parentId',
    operation: 'org_nodes.move',
    words: 'console.organisation.move',
    input: (visit) => ({ params: nodeParams(visit), body: { parent_id: visit.params.parentId } }),
    effects: async (visit) => {
      const params = { org_node_id: visit.params.parentId ?? '' };
      const { body: parent } = await ask<OrgNode>(visit, 'org_nodes.get', { params });
      const moved = { key: 'below', params: { parent: parent.name } };
      return [moved, ...(await changes(visit, { parent_id: parent.id }))];
    },
    isDangerous: true,
    notice: 'moved',
  },
  {
    ...shared,
    path: '/organisation/:nodeId/delete',
    operation: 'org_nodes.delete',
    words: 'console.organisation.delete',
    effects: async (visit) => [...(await changes(visit, { active: 'false' })), { key: 'for_good' }],
    isDangerous: true,
    typed: true,
    after: () => '/organisation',
    notice: 'deleted',
  },
];

/** Moving begins with the place that it is to hang below. */
async function chooseParent(visit: Visit): Promise<void> {
  const { node } = await readNode(visit);
  const list = await readList<OrgNode>(
    { ...visit, at: undefined },
    {
      path: `${nodePath(visit)}/move`,
      operation: 'org_nodes.list',
      words: 'console.organisation.parents',
      search: true,
      fixed: { path: 'true' },
    },
  );
  if (!list) return;
  const others = list.items.filter(({ id }) => id !== node.id && id !== node.parent_id);
  const items = others.map((one) => ({ node: one, href: hrefTo(visit, `${nodePath(visit)}/move/${one.id}`) }));
  draw(visit, 'console/organisation/move', {
    head: await headOf(visit, node, 'below'),
    list: { ...list, items },
    backHref: hrefTo(visit, nodePath(visit)),
  });
}

/** Mounts a page for each. */
export function mountNodeDeeds(router: Router, deps: ConsoleDependencies): void {
  router.get('/organisation/:nodeId/move', page(deps, 'organisation', chooseParent));
  for (const deed of deeds) mountDeed(router, deps, deed);
}
