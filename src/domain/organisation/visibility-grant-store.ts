/** The SQL of visibility grants: who may see which subtree, from when until when. */
import { type Database, firstRow } from '../../platform/database.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import { actorInTenant } from './acting-user.ts';
import { type HeldQuery, selectHeldAtNodes } from './held-at-nodes.ts';
import { momentOfStatement } from './period.ts';

export interface VisibilityGrantRow {
  id: string;
  tenantId: string;
  userId: string;
  orgNodeId: string;
  accessScope: 'read' | 'analyze';
  startsAt: Date;
  /** null: until further notice. */
  endsAt: Date | null;
  grantedBy: string | null;
  createdAt: Date;
}

const columns = 'id, tenant_id, user_id, org_node_id, access_scope, starts_at, ends_at, granted_by, created_at';

/** Nothing where the user or the node is not there or deleted. Locks the user, as `insertOrgAssignment` does. */
export async function insertVisibilityGrant(
  db: Database,
  grant: {
    id: string;
    tenantId: string;
    userId: string;
    orgNodeId: string;
    accessScope: string;
    startsAt: Date | null;
    endsAt: Date | null;
    actorId: string | null;
  },
): Promise<VisibilityGrantRow | undefined> {
  return firstRow<VisibilityGrantRow>(
    db,
    `insert into visibility_grants (id, tenant_id, user_id, org_node_id, access_scope, starts_at, ends_at, granted_by)
     select :id, u.tenant_id, u.id, n.id, :accessScope, coalesce(:startsAt, ${momentOfStatement}), :endsAt,
            ${actorInTenant}
       from users u
       join org_nodes n on n.tenant_id = u.tenant_id and n.id = :orgNodeId and n.deleted_at is null
      where u.tenant_id = :tenantId and u.id = :userId and u.deleted_at is null
        for no key update of u
  returning ${columns}`,
    grant,
  );
}

/** Locks the row, and says at what moment it would end: when it was asked to, but not in the past. */
export async function selectVisibilityGrantToEnd(
  db: Database,
  query: { tenantId: string; id: string; endsAt: Date | null },
): Promise<(VisibilityGrantRow & { ending: Date }) | undefined> {
  return firstRow<VisibilityGrantRow & { ending: Date }>(
    db,
    `select ${columns}, greatest(:endsAt, ${momentOfStatement}) as ending
       from visibility_grants
      where tenant_id = :tenantId and id = :id
        for no key update`,
    query,
  );
}

export async function updateVisibilityGrantEnd(
  db: Database,
  { tenantId, id, endsAt }: { tenantId: string; id: string; endsAt: Date },
): Promise<void> {
  await db('visibility_grants').where({ tenantId, id }).update({ endsAt });
}

export async function deleteVisibilityGrant(db: Database, tenantId: string, id: string): Promise<void> {
  await db('visibility_grants').where({ tenantId, id }).delete();
}

export async function selectVisibilityGrant(
  db: Database,
  query: { tenantId: string; id: string },
): Promise<VisibilityGrantRow | undefined> {
  return firstRow<VisibilityGrantRow>(
    db,
    `select ${columns} from visibility_grants where tenant_id = :tenantId and id = :id`,
    query,
  );
}

export function selectVisibilityGrants(
  db: Database,
  query: HeldQuery,
  request: PageRequest,
): Promise<Page<VisibilityGrantRow>> {
  return selectHeldAtNodes<VisibilityGrantRow>(db, { table: 'visibility_grants', columns }, query, request);
}
