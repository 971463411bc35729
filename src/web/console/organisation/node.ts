/** What the pages of one node have in common: the node, the way to it, and its tabs. */
import { ask } from '../ask.ts';
import { hrefTo, type Visit } from '../visit.ts';

/** As `org_nodes.get` answers; of a list with `counts` and `path`, what was asked for. */
export interface OrgNode {
  id: string;
  parent_id: string | null;
  type: string;
  name: string;
  external_id: string | null;
  active: boolean;
  created_at: string;
  updated_at: string;
  counts?: { children: number; people: number | null; live_roles: number | null };
  path?: { id: string; name: string }[];
}

/** One line of the tree. */
export interface Branch {
  node: OrgNode;
  href: string;
}

export type NodeTab = 'below' | 'holders' | 'members';

export interface NodeHead {
  node: OrgNode;
  /** From the top, as far as one reaches. */
  crumbs: { href: string; text: string }[];
  tabs: { tab: NodeTab; href: string; current: boolean }[];
}

export const nodeParams = ({ params }: Visit) => ({ org_node_id: params.nodeId ?? '' });
export const nodePath = ({ params }: Visit) => `/organisation/${params.nodeId}`;

export async function readNode(visit: Visit): Promise<{ node: OrgNode; etag?: string }> {
  const { body: node, etag } = await ask<OrgNode>(visit, 'org_nodes.get', { params: nodeParams(visit) });
  return { node, etag };
}

export function branchOf(visit: Visit, node: OrgNode): Branch {
  return { node, href: hrefTo(visit, `/organisation/${node.id}`) };
}

export async function ancestorsOf(visit: Visit): Promise<OrgNode[]> {
  return (await ask<{ items: OrgNode[] }>(visit, 'org_nodes.ancestors', { params: nodeParams(visit) })).body.items;
}

export async function headOf(visit: Visit, node: OrgNode, current: NodeTab): Promise<NodeHead> {
  const seesPeople = visit.holdings.nodesOf('users.read').length > 0;
  const tabs: NodeTab[] = ['below'];
  if (seesPeople) tabs.push('holders');
  if (seesPeople && node.type === 'company') tabs.push('members');
  const above = await ancestorsOf(visit);
  return {
    node,
    crumbs: [
      { href: hrefTo(visit, '/organisation'), text: visit.tenant.name },
      ...above
        .filter(({ parent_id }) => parent_id !== null)
        .map((one) => ({ href: branchOf(visit, one).href, text: one.name })),
    ],
    tabs: tabs.map((tab) => ({
      tab,
      href: hrefTo(visit, tab === 'below' ? nodePath(visit) : `${nodePath(visit)}/${tab}`),
      current: tab === current,
    })),
  };
}
