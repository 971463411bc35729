/** Operations on who holds which role where, from when until when. */
import { z } from 'zod';
import { withNames } from '../domain/organisation/names.ts';
import {
  assignRole,
  endAssignment,
  findAssignment,
  listAssignments,
  rescheduleAssignment,
} from '../domain/organisation/org-assignments.ts';
import { DomainError } from '../platform/errors.ts';
import { type Lookup, operation, type RoleToGive } from './operation.ts';
import { within } from './reach.ts';
import { id, listedNames, pageQuery, period, time, timeIn } from './shapes.ts';

const Assignment = z
  .object({
    id,
    user_id: id,
    role_id: id,
    org_node_id: id,
    starts_at: time,
    ends_at: time.nullable(),
    assigned_by: id.nullable(),
    created_at: time,
  })
  .meta({ id: 'Assignment' });
const ListedAssignment = Assignment.extend({
  ...listedNames,
  role: z.string().nullable().meta({ description: 'The name of the role' }),
}).meta({ id: 'ListedAssignment' });
const params = z.strictObject({ assignment_id: id });

type Named = { params: { assignment_id: string } };

const found = ({ params }: Named, { db, tenantId }: Lookup) =>
  findAssignment(db, { tenantId, assignmentId: params.assignment_id });
const itsNode = async (input: Named, lookup: Lookup) => (await found(input, lookup))?.orgNodeId;

/** Ending or dating what somebody holds takes the same right as giving it. */
async function itself(input: Named & { body?: { ends_at?: Date | null } }, lookup: Lookup): Promise<RoleToGive[]> {
  const assignment = await found(input, lookup);
  if (!assignment) return [];
  const { roleId, orgNodeId, endsAt } = assignment;
  const wanted = input.body?.ends_at;
  return [endsAt, ...(wanted === undefined ? [] : [wanted])].map((end) => ({ roleId, orgNodeId, endsAt: end }));
}

export const assignments = [
  operation({
    id: 'assignments.list',
    method: 'GET',
    path: '/assignments',
    summary: 'List who holds which role where',
    needs: { capability: 'users.read', at: 'anywhere' },
    query: pageQuery.extend({
      user_id: id.optional(),
      org_node_id: id.optional(),
      role_id: id.optional(),
      state: z.enum(['live', 'coming', 'ended']).optional(),
    }),
    list: true,
    answer: ListedAssignment,
    run: async ({ db, tenantId, query, reach }) => {
      const { user_id: userId, org_node_id: orgNodeId, role_id: roleId, ...rest } = query;
      const page = await listAssignments(db, { tenantId, userId, orgNodeId, roleId, ...rest, ...within(reach) });
      return { ...page, items: await withNames(db, tenantId, page.items) };
    },
  }),
  operation({
    id: 'assignments.create',
    method: 'POST',
    path: '/assignments',
    summary: 'Give a person a role at a place for a time',
    description: 'It reaches the node and everything below it. A role in the whole tenant is one at the root.',
    needs: {
      capability: 'roles.assign',
      at: ({ body }) => body.org_node_id,
      whom: ({ body }) => body.user_id,
      gives: ({ body }) => ({ roleId: body.role_id, orgNodeId: body.org_node_id, endsAt: body.ends_at ?? null }),
    },
    body: z.strictObject({ user_id: id, role_id: id, org_node_id: id, ...period }),
    answer: Assignment,
    errors: ['PERIOD_INVALID', 'PERIOD_OVERLAP', 'PRIVILEGE_EXCEEDED'],
    idempotent: true,
    run: ({ db, tenantId, body, actor }) => {
      const { user_id: userId, role_id: roleId, org_node_id: orgNodeId, starts_at: startsAt, ends_at: endsAt } = body;
      return assignRole(db, { tenantId, userId, roleId, orgNodeId, startsAt, endsAt }, actor.caller);
    },
  }),
  operation({
    id: 'assignments.get',
    method: 'GET',
    path: '/assignments/{assignment_id}',
    summary: 'Show an assignment',
    needs: { capability: 'users.read', at: itsNode },
    params,
    answer: Assignment,
    run: async ({ db, tenantId, params }) => {
      const assignment = await findAssignment(db, { tenantId, assignmentId: params.assignment_id });
      if (!assignment) throw new DomainError('not_found', 'NOT_FOUND');
      return assignment;
    },
  }),
  operation({
    id: 'assignments.update',
    method: 'PATCH',
    path: '/assignments/{assignment_id}',
    summary: 'Change when an assignment ends, or when one to come begins',
    needs: { capability: 'roles.assign', at: itsNode, gives: itself },
    params,
    body: z.strictObject(period),
    answer: Assignment,
    errors: ['PERIOD_INVALID', 'PERIOD_OVERLAP', 'LAST_OWNER', 'PRIVILEGE_EXCEEDED'],
    guards: { read: 'assignments.get', ifMatch: 'honoured' },
    run: ({ db, tenantId, params, body, actor }) =>
      rescheduleAssignment(
        db,
        { tenantId, assignmentId: params.assignment_id, startsAt: body.starts_at, endsAt: body.ends_at },
        actor.caller,
      ),
  }),
  operation({
    id: 'assignments.end',
    method: 'POST',
    path: '/assignments/{assignment_id}/end',
    summary: 'End an assignment now, or at a later moment',
    description: 'One that has not begun by then is withdrawn. What was stays on record.',
    needs: {
      capability: 'roles.assign',
      at: itsNode,
      gives: (input, lookup) => itself({ params: input.params }, lookup),
    },
    params,
    body: z.strictObject({ ends_at: timeIn.optional() }),
    errors: ['PERIOD_INVALID', 'LAST_OWNER', 'PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params, body, actor }) => {
      const wanted = { tenantId, assignmentId: params.assignment_id, endsAt: body.ends_at };
      await endAssignment(db, wanted, actor.caller);
      return undefined;
    },
  }),
];
