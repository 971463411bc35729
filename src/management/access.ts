/**
 * Operations that answer what somebody may do, and why: what a person holds, the chains it hangs by, and who may do something
 * at a node. Who asks is shown what stands within their reach; what else there is, is left out without a word.
 */
import { z } from 'zod';
import { findAccessOfPerson, listAccessChains, listHolders } from '../domain/access/access-chains.ts';
import { findDeletedOrgNode, findOrgNode } from '../domain/organisation/org-nodes.ts';
import { at, momentOf } from './moment.ts';
import { operation } from './operation.ts';
import { named, personParams } from './person.ts';
import { within } from './reach.ts';
import { capabilityKey, id, pageQuery, time } from './shapes.ts';

/** Of who was deleted since, and of what was: the past is asked about with a time. */
const isDated = ({ query }: { query: { at?: Date } }) => query.at !== undefined;
const place = {
  id,
  org_node_id: id,
  org_node: z.string().meta({ description: 'The name of the node' }),
  org_node_type: z.string(),
  starts_at: time,
  ends_at: time.nullable(),
};
const Access = z
  .object({
    may_act: z.boolean().meta({ description: 'Whether the person and the tenant are active: else nothing counts' }),
    roles: z.array(z.string()),
    capabilities: z.array(capabilityKey),
    assignments: z.array(z.object({ ...place, role_id: id, role: z.string(), assigned_by: id.nullable() })),
    visibility_grants: z.array(
      z.object({ ...place, access_scope: z.enum(['read', 'analyze']), granted_by: id.nullable() }),
    ),
    more: z.boolean().meta({ description: 'Some places are left out: `users.why` lists all of them, page by page' }),
  })
  .meta({ id: 'Access' });

const giver = z
  .object({ type: z.enum(['user', 'client', 'system']), id: z.string().nullable() })
  .nullable()
  .meta({ description: 'Null: it is not on record any more' });
const AccessChain = z
  .object({
    assignment_id: id,
    user: z.object({ id, full_name: z.string().nullable(), email: z.string().nullable() }),
    role: z.object({ id, name: z.string() }),
    org_node: z.object({ id, name: z.string(), type: z.string() }),
    starts_at: time,
    ends_at: time.nullable(),
    given_at: time,
    given_by: giver,
    capabilities: z
      .array(z.object({ key: capabilityKey, put_at: time, put_by: giver }))
      .meta({ description: 'What the role carries, or the one that was asked about, and who put it there' }),
  })
  .meta({ id: 'AccessChain' });

export const access = [
  operation({
    id: 'users.access',
    method: 'GET',
    path: '/users/{user_id}/access',
    summary: 'Show what a person holds: roles, capabilities and places',
    description: 'As far as it stands within the reach of the one who asks.',
    needs: { capability: 'users.read', person: named, to: 'read', deletedToo: isDated },
    params: personParams,
    query: z.strictObject({ at }),
    errors: ['BEFORE_HISTORY'],
    answer: Access,
    run: async (run) => {
      const { db, tenantId, params, reach } = run;
      const asked = { tenantId, userId: params.user_id, ...(await momentOf(run)) };
      return findAccessOfPerson(db, { ...asked, ...within(reach) });
    },
  }),
  operation({
    id: 'users.why',
    method: 'GET',
    path: '/users/{user_id}/access/why',
    summary: 'List by which assignments a person holds what they hold, who gave it and until when',
    description: 'As far as they stand within the reach of the one who asks. Roles are not held in any other way.',
    needs: { capability: 'users.read', person: named, to: 'read', deletedToo: isDated },
    params: personParams,
    query: pageQuery.extend({
      capability: capabilityKey.optional().meta({ description: 'Only by roles that carry it' }),
      role_id: id.optional(),
      org_node_id: id.optional().meta({ description: 'Where it has to count: held there, or above' }),
      at,
    }),
    errors: ['BEFORE_HISTORY'],
    list: true,
    answer: AccessChain,
    run: async (run) => {
      const { db, tenantId, params, query, reach } = run;
      const { role_id: roleId, org_node_id: orgNodeId, at: _, ...rest } = query;
      const asked = { tenantId, userId: params.user_id, roleId, orgNodeId, ...(await momentOf(run)) };
      return listAccessChains(db, { ...asked, ...rest, ...within(reach) });
    },
  }),
  operation({
    id: 'org_nodes.holders',
    method: 'GET',
    path: '/org-nodes/{org_node_id}/holders',
    summary: 'List who may do something at a node, and by which assignments',
    description:
      'In the order of people, of a person each assignment. As far as these stand within the reach of the one who asks.',
    needs: {
      capability: 'users.read',
      at: async ({ params, query }, { db, tenantId }) => {
        const node = { tenantId, orgNodeId: params.org_node_id };
        const found = (await findOrgNode(db, node)) ?? (query.at && (await findDeletedOrgNode(db, node)));
        return found && node.orgNodeId;
      },
    },
    params: z.strictObject({ org_node_id: id }),
    query: pageQuery.extend({ capability: capabilityKey, at }),
    errors: ['BEFORE_HISTORY'],
    list: true,
    answer: AccessChain,
    run: async (run) => {
      const { db, tenantId, params, query, reach } = run;
      const { at: _, ...rest } = query;
      const asked = { tenantId, orgNodeId: params.org_node_id, ...rest, ...(await momentOf(run)) };
      return listHolders(db, { ...asked, ...within(reach) });
    },
  }),
];
