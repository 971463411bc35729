/** Operations on the organisation tree. */
import { z } from 'zod';
import { deleteNode } from '../domain/lifecycle/end-node.ts';
import { countAtNodes, findPathsOf, rolesCountedAtMost } from '../domain/organisation/node-details.ts';
import {
  activateOrgNode,
  createOrgNode,
  deactivateOrgNode,
  findDeletedOrgNode,
  findOrgNode,
  listAncestors,
  listOrgNodes,
  moveOrgNode,
  updateOrgNode,
} from '../domain/organisation/org-nodes.ts';
import { DomainError } from '../platform/errors.ts';
import { type Lookup, operation } from './operation.ts';
import { within } from './reach.ts';
import { externalId, id, name, pageQuery, text, time } from './shapes.ts';

const OrgNode = z
  .object({
    id,
    parent_id: id.nullable().meta({ description: 'null: the root' }),
    type: z.string().meta({ description: 'What it is', example: 'school' }),
    name,
    external_id: z.string().nullable(),
    active: z.boolean().meta({ description: 'Nothing held at or below an inactive node counts' }),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'OrgNode' });
const ListedOrgNode = OrgNode.extend({
  counts: z
    .object({
      children: z.int().meta({ description: 'Directly below it' }),
      people: z
        .int()
        .nullable()
        .meta({
          description: `Who holds a role now, at it or below it; at least so many where \`live_roles\` is ${rolesCountedAtMost + 1}`,
        }),
      live_roles: z
        .int()
        .nullable()
        .meta({
          description: `Held now, at it or below it; ${rolesCountedAtMost + 1}: more than ${rolesCountedAtMost}`,
        }),
    })
    .optional()
    .meta({ description: 'With `counts=true`; of people null for who may not see them' }),
  path: z
    .array(z.object({ id, name }))
    .optional()
    .meta({ description: 'With `path=true`: the nodes above it within reach, the top first' }),
}).meta({ id: 'ListedOrgNode' });
const flag = z.enum(['true', 'false']).optional();
const params = z.strictObject({ org_node_id: id });
const type = text(60);

const atNode = ({ params }: { params: { org_node_id: string } }) => params.org_node_id;

/** A node and the place that it hangs at: what moves, ends or comes back there concerns both. */
async function atNodeAndParent({ params }: { params: { org_node_id: string } }, { db, tenantId }: Lookup) {
  const node = await findOrgNode(db, { tenantId, orgNodeId: params.org_node_id });
  return node && (node.parentId === null ? node.id : node.parentId);
}

/** Of deleting: where it stood, of one that is deleted already. Asked in this order, one that is deleted meanwhile is found. */
async function atNodeAndParentOnce(input: { params: { org_node_id: string } }, lookup: Lookup) {
  const place = await atNodeAndParent(input, lookup);
  if (place !== undefined) return place;
  const { db, tenantId } = lookup;
  return (await findDeletedOrgNode(db, { tenantId, orgNodeId: input.params.org_node_id }))?.parentId;
}

export const orgNodes = [
  operation({
    id: 'org_nodes.list',
    method: 'GET',
    path: '/org-nodes',
    summary: 'List nodes of the tree',
    needs: { capability: 'org.read', at: 'anywhere' },
    query: pageQuery.extend({
      parent_id: id.optional().meta({ description: 'The children of this node' }),
      below: id.optional().meta({ description: 'This node and everything below it' }),
      type: type.optional(),
      q: text(200)
        .optional()
        .meta({ description: 'A part of the name; of one or two characters, the beginning of a word' }),
      external_id: externalId.optional(),
      counts: flag.meta({ description: 'Whether to count what stands at and below each' }),
      path: flag.meta({ description: 'Whether to tell the nodes above each' }),
    }),
    list: true,
    answer: ListedOrgNode,
    run: async ({ db, tenantId, query, reach, reaches }) => {
      const { parent_id: parentId, external_id, q, counts, path, ...rest } = query;
      const asked = { tenantId, parentId, externalId: external_id, search: q, ...rest, ...within(reach) };
      const { items, next } = await listOrgNodes(db, asked);
      const nodes = { tenantId, nodeIds: items.map((node) => node.id) };
      const { within: peopleWithin } = within(reaches('users.read'));
      const counted = counts === 'true' ? await countAtNodes(db, { ...nodes, peopleWithin }) : undefined;
      const paths = path === 'true' ? await findPathsOf(db, { ...nodes, ...within(reach) }) : undefined;
      const shown = items.map((node) => ({
        ...node,
        counts: counted?.get(node.id),
        path: paths && (paths.get(node.id) ?? []),
      }));
      return { items: shown, next };
    },
  }),
  operation({
    id: 'org_nodes.create',
    method: 'POST',
    path: '/org-nodes',
    summary: 'Add a node below another',
    needs: { capability: 'org.manage', at: ({ body }) => body.parent_id },
    body: z.strictObject({ parent_id: id, type, name, external_id: externalId.nullish() }),
    answer: OrgNode,
    errors: ['DUPLICATE', 'ORG_PARENT_INVALID'],
    idempotent: true,
    run: ({ db, tenantId, body, actor }) => {
      const { parent_id: parentId, external_id, ...rest } = body;
      return createOrgNode(db, { tenantId, parentId, externalId: external_id, ...rest }, actor.caller);
    },
  }),
  operation({
    id: 'org_nodes.get',
    method: 'GET',
    path: '/org-nodes/{org_node_id}',
    summary: 'Show a node',
    needs: { capability: 'org.read', at: atNode },
    params,
    answer: OrgNode,
    run: async ({ db, tenantId, params }) => {
      const node = await findOrgNode(db, { tenantId, orgNodeId: params.org_node_id });
      if (!node) throw new DomainError('not_found', 'NOT_FOUND');
      return node;
    },
  }),
  operation({
    id: 'org_nodes.ancestors',
    method: 'GET',
    path: '/org-nodes/{org_node_id}/ancestors',
    summary: 'List the nodes above a node, from the top',
    description: 'As far as they are within reach.',
    needs: { capability: 'org.read', at: atNode },
    params,
    answer: z.object({ items: z.array(OrgNode) }).meta({ id: 'OrgNodeAncestors' }),
    run: async ({ db, tenantId, params, reach }) => ({
      items: await listAncestors(db, { tenantId, orgNodeId: params.org_node_id, ...within(reach) }),
    }),
  }),
  operation({
    id: 'org_nodes.update',
    method: 'PATCH',
    path: '/org-nodes/{org_node_id}',
    summary: 'Change what a node is called and what it is',
    needs: { capability: 'org.manage', at: atNode },
    params,
    body: z.strictObject({ name: name.optional(), type: type.optional(), external_id: externalId.nullish() }),
    answer: OrgNode,
    errors: ['DUPLICATE', 'ORG_ROOT_FIXED'],
    guards: { read: 'org_nodes.get', ifMatch: 'honoured' },
    run: ({ db, tenantId, params, body, actor }) => {
      const { external_id, ...rest } = body;
      const wanted = { tenantId, orgNodeId: params.org_node_id, externalId: external_id, ...rest };
      return updateOrgNode(db, wanted, actor.caller);
    },
  }),
  operation({
    id: 'org_nodes.move',
    method: 'POST',
    path: '/org-nodes/{org_node_id}/move',
    summary: 'Hang a node, with everything below it, below another',
    needs: {
      capability: 'org.manage',
      at: async (input, lookup) => {
        const from = await atNodeAndParent(input, lookup);
        return from && [from, input.body.parent_id];
      },
    },
    params,
    body: z.strictObject({ parent_id: id }),
    answer: OrgNode,
    errors: ['ORG_CYCLE', 'ORG_PARENT_INVALID', 'ORG_ROOT_FIXED'],
    run: ({ db, tenantId, params, body, actor }) =>
      moveOrgNode(db, { tenantId, orgNodeId: params.org_node_id, parentId: body.parent_id }, actor.caller),
  }),
  operation({
    id: 'org_nodes.deactivate',
    method: 'POST',
    path: '/org-nodes/{org_node_id}/deactivate',
    summary: 'Switch a node off',
    description: 'Nothing that is held at it or below it counts until it is switched on again.',
    needs: { capability: 'org.manage', at: atNodeAndParent },
    params,
    answer: OrgNode,
    errors: ['ORG_ROOT_FIXED'],
    run: ({ db, tenantId, params, actor }) =>
      deactivateOrgNode(db, { tenantId, orgNodeId: params.org_node_id }, actor.caller),
  }),
  operation({
    id: 'org_nodes.activate',
    method: 'POST',
    path: '/org-nodes/{org_node_id}/activate',
    summary: 'Switch a node on again',
    needs: { capability: 'org.manage', at: atNodeAndParent },
    params,
    answer: OrgNode,
    errors: ['ORG_ROOT_FIXED'],
    run: ({ db, tenantId, params, actor }) =>
      activateOrgNode(db, { tenantId, orgNodeId: params.org_node_id }, actor.caller),
  }),
  operation({
    id: 'org_nodes.delete',
    method: 'DELETE',
    path: '/org-nodes/{org_node_id}',
    summary: 'Delete a node that has none below it',
    needs: { capability: 'org.manage', at: atNodeAndParentOnce },
    params,
    errors: ['ORG_HAS_CHILDREN', 'ORG_ROOT_FIXED'],
    run: async ({ db, tenantId, params, actor }) => {
      await deleteNode(db, { tenantId, orgNodeId: params.org_node_id }, actor.caller);
      return undefined;
    },
  }),
];
