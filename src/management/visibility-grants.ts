/** Operations on who may see which part of the tree, without holding a role there. */
import { z } from 'zod';
import { withNames } from '../domain/organisation/names.ts';
import {
  endVisibilityGrant,
  findVisibilityGrant,
  grantVisibility,
  listVisibilityGrants,
} from '../domain/organisation/visibility-grants.ts';
import { DomainError } from '../platform/errors.ts';
import { type Lookup, operation } from './operation.ts';
import { within } from './reach.ts';
import { id, listedNames, pageQuery, period, time, timeIn } from './shapes.ts';

const accessScope = z.enum(['read', 'analyze']);
const VisibilityGrant = z
  .object({
    id,
    user_id: id,
    org_node_id: id,
    access_scope: accessScope,
    starts_at: time,
    ends_at: time.nullable(),
    granted_by: id.nullable(),
    created_at: time,
  })
  .meta({ id: 'VisibilityGrant' });
const ListedVisibilityGrant = VisibilityGrant.extend(listedNames).meta({ id: 'ListedVisibilityGrant' });
const params = z.strictObject({ visibility_grant_id: id });

type Named = { params: { visibility_grant_id: string } };

const itsNode = async ({ params }: Named, { db, tenantId }: Lookup) =>
  (await findVisibilityGrant(db, { tenantId, grantId: params.visibility_grant_id }))?.orgNodeId;

export const visibilityGrants = [
  operation({
    id: 'visibility_grants.list',
    method: 'GET',
    path: '/visibility-grants',
    summary: 'List who may see what',
    needs: { capability: 'users.read', at: 'anywhere' },
    query: pageQuery.extend({
      user_id: id.optional(),
      org_node_id: id.optional(),
      state: z.enum(['live', 'coming', 'ended']).optional(),
    }),
    list: true,
    answer: ListedVisibilityGrant,
    run: async ({ db, tenantId, query, reach }) => {
      const { user_id: userId, org_node_id: orgNodeId, ...rest } = query;
      const page = await listVisibilityGrants(db, { tenantId, userId, orgNodeId, ...rest, ...within(reach) });
      return { ...page, items: await withNames(db, tenantId, page.items) };
    },
  }),
  operation({
    id: 'visibility_grants.create',
    method: 'POST',
    path: '/visibility-grants',
    summary: 'Let a person see a place, and everything below it, for a time',
    needs: {
      capability: 'visibility.grant',
      at: ({ body }) => body.org_node_id,
      whom: ({ body }) => body.user_id,
      lends: ({ body }) => ({ orgNodeId: body.org_node_id, endsAt: body.ends_at ?? null }),
    },
    body: z.strictObject({ user_id: id, org_node_id: id, access_scope: accessScope, ...period }),
    answer: VisibilityGrant,
    errors: ['PERIOD_INVALID', 'PERIOD_OVERLAP', 'PRIVILEGE_EXCEEDED'],
    idempotent: true,
    run: ({ db, tenantId, body, actor }) => {
      const {
        user_id: userId,
        org_node_id: orgNodeId,
        access_scope: scope,
        starts_at: startsAt,
        ends_at: endsAt,
      } = body;
      const wanted = { tenantId, userId, orgNodeId, accessScope: scope, startsAt, endsAt };
      return grantVisibility(db, wanted, actor.caller);
    },
  }),
  operation({
    id: 'visibility_grants.get',
    method: 'GET',
    path: '/visibility-grants/{visibility_grant_id}',
    summary: 'Show a grant',
    needs: { capability: 'users.read', at: itsNode },
    params,
    answer: VisibilityGrant,
    run: async ({ db, tenantId, params }) => {
      const grant = await findVisibilityGrant(db, { tenantId, grantId: params.visibility_grant_id });
      if (!grant) throw new DomainError('not_found', 'NOT_FOUND');
      return grant;
    },
  }),
  operation({
    id: 'visibility_grants.end',
    method: 'POST',
    path: '/visibility-grants/{visibility_grant_id}/end',
    summary: 'End a grant now, or at a later moment',
    needs: { capability: 'visibility.grant', at: itsNode },
    params,
    body: z.strictObject({ ends_at: timeIn.optional() }),
    errors: ['PERIOD_INVALID'],
    run: async ({ db, tenantId, params, body, actor }) => {
      const wanted = { tenantId, grantId: params.visibility_grant_id, endsAt: body.ends_at };
      await endVisibilityGrant(db, wanted, actor.caller);
      return undefined;
    },
  }),
];
