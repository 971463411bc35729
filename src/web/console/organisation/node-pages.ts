/** The pages of one node: what hangs below it, who holds what there, and the forms that make and change nodes. */
import type Router from '@koa/router';
import { askList, mayAsk } from '../ask.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import type { ListedAssignment } from '../roles/role.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import {
  ancestorsOf,
  type Branch,
  branchOf,
  headOf,
  type NodeHead,
  nodeParams,
  nodePath,
  type OrgNode,
  readNode,
} from './node.ts';

/** Who holds a role, at this node or above it. */
export interface Holder extends ListedAssignment {
  personHref: string;
  roleHref: string;
  nodeHref: string;
}

/** What may be done to the node by who looks; absent: not by them. */
interface NodeActions {
  addHref?: string;
  companyHref?: string;
  editHref?: string;
  moveHref?: string;
  deactivateHref?: string;
  activateHref?: string;
  deleteHref?: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/organisation/node': {
      frame: ConsoleFrame;
      head: NodeHead;
      list: ListModel<Branch>;
      actions: NodeActions;
      peopleHref?: string;
    };
    'console/organisation/holders': {
      frame: ConsoleFrame;
      head: NodeHead;
      list: ListModel<Holder>;
      /** By roles that are held above, and so count here. */
      inherited: Holder[];
      giveHref?: string;
      whoCanHref: string;
    };
  }
}

async function actionsOn(visit: Visit, node: OrgNode): Promise<NodeActions> {
  const params = nodeParams(visit);
  const isRoot = node.parent_id === null;
  const href = async (operation: string, path: string, input: object, applies = true) =>
    applies && (await mayAsk(visit, operation, input)) ? hrefTo(visit, `${nodePath(visit)}/${path}`) : undefined;
  const [addHref, companyHref, editHref, moveHref, deactivateHref, activateHref, deleteHref] = await Promise.all([
    href('org_nodes.create', 'new', { body: { parent_id: node.id } }),
    href('companies.create', 'new-company', { body: { parent_id: node.id } }),
    href('org_nodes.update', 'edit', { params }, !isRoot),
    href('org_nodes.deactivate', 'move', { params }, !isRoot),
    href('org_nodes.deactivate', 'deactivate', { params }, !isRoot && node.active),
    href('org_nodes.activate', 'activate', { params }, !isRoot && !node.active),
    href('org_nodes.delete', 'delete', { params }, !isRoot),
  ]);
  return { addHref, companyHref, editHref, moveHref, deactivateHref, activateHref, deleteHref };
}

async function showNode(visit: Visit): Promise<void> {
  const { node } = await readNode(visit);
  const list = await readList<OrgNode>(
    { ...visit, at: undefined },
    {
      path: nodePath(visit),
      operation: 'org_nodes.list',
      words: 'console.organisation.below',
      fixed: { parent_id: node.id, counts: 'true' },
    },
  );
  if (!list) return;
  draw(visit, 'console/organisation/node', {
    head: await headOf(visit, node, 'below'),
    list: { ...list, items: list.items.map((item) => branchOf(visit, item)) },
    actions: await actionsOn(visit, node),
    peopleHref: visit.holdings.nodesOf('users.read').length > 0 ? hrefTo(visit, '/people', { at: node.id }) : undefined,
  });
}

function holderOf(visit: Visit, row: ListedAssignment): Holder {
  return {
    ...row,
    personHref: hrefTo(visit, `/people/${row.user_id}`),
    roleHref: hrefTo(visit, `/roles/${row.role_id}`),
    nodeHref: hrefTo(visit, `/organisation/${row.org_node_id}`),
  };
}

/** Of each node above within reach, the first hundred: more are seen there. */
async function inheritedBy(visit: Visit): Promise<Holder[]> {
  const above = await ancestorsOf(visit);
  const lists = await Promise.all(
    above.map(({ id }) =>
      askList<ListedAssignment>(visit, 'assignments.list', { query: { org_node_id: id, state: 'live', limit: 100 } }),
    ),
  );
  return lists.flatMap(({ items }) => items.map((row) => holderOf(visit, row)));
}

async function showHolders(visit: Visit): Promise<void> {
  const { node } = await readNode(visit);
  const list = await readList<ListedAssignment>(
    { ...visit, at: undefined },
    {
      path: `${nodePath(visit)}/holders`,
      operation: 'assignments.list',
      words: 'console.organisation.holders',
      filters: [{ name: 'state', values: ['live', 'coming', 'ended'] }],
      fixed: { org_node_id: node.id },
    },
  );
  if (!list) return;
  const mayGive = visit.holdings.nodesOf('roles.assign').length > 0;
  draw(visit, 'console/organisation/holders', {
    head: await headOf(visit, node, 'holders'),
    list: { ...list, items: list.items.map((row) => holderOf(visit, row)) },
    inherited: list.firstHref === undefined ? await inheritedBy(visit) : [],
    giveHref: mayGive ? hrefTo(visit, `${nodePath(visit)}/give`) : undefined,
    whoCanHref: hrefTo(visit, '/roles/who-can', { at: node.id }),
  });
}

const fields: FieldSpec[] = [
  { name: 'name', kind: 'text', maxLength: 200 },
  { name: 'type', kind: 'text', maxLength: 60 },
  { name: 'external_id', kind: 'text', optional: true, empty: 'null', maxLength: 255 },
];

/** Mounts `/organisation/<id>` and what is read and written there by forms. */
export function mountNodePages(router: Router, deps: ConsoleDependencies): void {
  const made = {
    section: 'organisation',
    back: nodePath,
    complete: (body: Record<string, unknown>, { params }: Visit) => ({ ...body, parent_id: params.nodeId }),
    after: (visit: Visit, { id }: Record<string, unknown>) => hrefTo(visit, `/organisation/${id}`),
  } as const;
  mountForm(router, deps, {
    ...made,
    path: '/organisation/:nodeId/new',
    operation: 'org_nodes.create',
    words: 'console.organisation.create',
    fields: () => fields,
    notice: 'created',
  });
  mountForm(router, deps, {
    ...made,
    path: '/organisation/:nodeId/new-company',
    operation: 'companies.create',
    words: 'console.organisation.create_company',
    fields: () => fields.slice(0, 1),
    notice: 'company_created',
  });
  mountForm(router, deps, {
    path: '/organisation/:nodeId/edit',
    section: 'organisation',
    operation: 'org_nodes.update',
    words: 'console.organisation.edit',
    fields: () => fields,
    params: nodeParams,
    read: async (visit) => {
      const { node, etag } = await readNode(visit);
      return { stored: node, etag, subject: node.name };
    },
    back: nodePath,
    notice: 'saved',
  });
  router.get('/organisation/:nodeId', page(deps, 'organisation', showNode));
  router.get('/organisation/:nodeId/holders', page(deps, 'organisation', showHolders));
}
