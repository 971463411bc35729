/** The operation that says who would gain and lose what by a change of the tree, before it is made. */
import { z } from 'zod';
import { changesCountedAtMost, type NodeChange, previewNodeChange } from '../domain/access/node-preview.ts';
import { findOrgNode, listAncestors } from '../domain/organisation/org-nodes.ts';
import { DomainError } from '../platform/errors.ts';
import { type Lookup, operation } from './operation.ts';
import { within } from './reach.ts';
import { id } from './shapes.ts';

const changed = z.array(
  z.object({
    role_id: id,
    role: z.string(),
    org_node_id: id.meta({ description: 'Where it is held' }),
    org_node: z.string(),
  }),
);
const sums = z.object({ people: z.int(), roles: z.int() });
const NodePreview = z
  .object({
    gaining: sums,
    losing: sums,
    is_cut: z.boolean().meta({ description: `There are more than ${changesCountedAtMost} changes; these are counted` }),
    people: z
      .array(
        z.object({
          user_id: id,
          full_name: z.string().nullable(),
          email: z.string().nullable(),
          gained: changed,
          lost: changed,
        }),
      )
      .meta({ description: 'The first 50' }),
  })
  .meta({ id: 'OrgNodePreview' });

interface Asked {
  params: { org_node_id: string };
  query: { parent_id?: string; active?: 'true' | 'false' };
}

/** As the change itself asks for it: where the node hangs, and where it would. */
async function atBoth({ params, query }: Asked, { db, tenantId }: Lookup) {
  const node = await findOrgNode(db, { tenantId, orgNodeId: params.org_node_id });
  if (!node) return undefined;
  const from = node.parentId ?? node.id;
  return query.parent_id === undefined ? from : [from, query.parent_id];
}

function changeOf({ parent_id, active }: Asked['query']): NodeChange {
  if (parent_id !== undefined && active === undefined) return { parentId: parent_id };
  if (parent_id === undefined && active !== undefined) return { active: active === 'true' };
  throw new DomainError('invalid', 'INVALID_INPUT', { field: 'parent_id' });
}

export const nodePreview = [
  operation({
    id: 'org_nodes.preview',
    method: 'GET',
    path: '/org-nodes/{org_node_id}/preview',
    summary: 'Show who would gain and lose what if a node were moved, or switched off or on',
    description:
      'Name one of `parent_id` and `active`. What people hold above a node reaches it: they lose it at the node where it leaves their part, and keep it elsewhere. People are told as far as they are within reach.',
    needs: { capability: 'org.manage', at: atBoth },
    params: z.strictObject({ org_node_id: id }),
    query: z.strictObject({
      parent_id: id.optional().meta({ description: 'Below which node it would hang' }),
      active: z.enum(['true', 'false']).optional().meta({ description: 'Whether it would be active' }),
    }),
    answer: NodePreview,
    errors: ['INVALID_INPUT', 'ORG_CYCLE', 'ORG_ROOT_FIXED'],
    run: async ({ db, tenantId, params, query, reaches }) => {
      const change = changeOf(query);
      const node = await findOrgNode(db, { tenantId, orgNodeId: params.org_node_id });
      if (node?.parentId === null) throw new DomainError('conflict', 'ORG_ROOT_FIXED');
      if ('parentId' in change && (await standsBelow(db, tenantId, change.parentId, params.org_node_id)))
        throw new DomainError('conflict', 'ORG_CYCLE');
      const asked = { tenantId, orgNodeId: params.org_node_id, change, ...within(reaches('users.read')) };
      const found = await previewNodeChange(db, asked);
      if (!found) throw new DomainError('not_found', 'NOT_FOUND');
      return found;
    },
  }),
];

async function standsBelow(db: Lookup['db'], tenantId: string, orgNodeId: string, aboveId: string): Promise<boolean> {
  if (orgNodeId === aboveId) return true;
  return (await listAncestors(db, { tenantId, orgNodeId })).some((node) => node.id === aboveId);
}
