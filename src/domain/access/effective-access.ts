/**
 * Effective access: what a user may do now, and where. Owns the question alone, never an answer kept for later: each is
 * decided by one statement on the database's clock. A deleted role, a node that is inactive or below an inactive one, a
 * user who is not active and a suspended tenant count for nothing. docs/access-model.md explains it with a picture.
 */
import type { Database } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import type { Moment } from './access-history.ts';
import { selectEffectiveAccess } from './effective-access-store.ts';

export interface LiveAssignment {
  id: string;
  /** The role's name. */
  role: string;
  orgNodeId: string;
  /** The node's name. */
  orgNode: string;
  orgNodeType: string;
  startsAt: Date;
  endsAt: Date | null;
}

export interface LiveVisibilityGrant {
  id: string;
  orgNodeId: string;
  /** The node's name. */
  orgNode: string;
  accessScope: 'read' | 'analyze';
  startsAt: Date;
  endsAt: Date | null;
}

export interface EffectiveAccess {
  /** Names of the roles held anywhere, sorted, each once. */
  roles: string[];
  /** Keys of the capabilities held anywhere, sorted, each once. */
  capabilities: string[];
  assignments: LiveAssignment[];
  visibilityGrants: LiveVisibilityGrant[];
  /** When the first of these assignments and grants ends; a token must not outlive it. Null: none has an end. */
  earliestEnd: Date | null;
}

/** A node as a list of nodes shows it. */
export interface ReachedNode {
  id: string;
  parentId: string | null;
  type: string;
  name: string;
  externalId: string | null;
}

/** A person as a list of holders shows them. */
export interface Holder {
  id: string;
  fullName: string | null;
  email: string | null;
  externalId: string | null;
}

/**
 * Everything a user holds now. Nothing at all for one who is unknown or may not act.
 * @param query.at another moment than now, by what is known now
 * @param query.past a moment that is over, by what held then (access-history.ts)
 * @param query.orgNodeId what counts at this node alone: held there or above
 */
export async function findEffectiveAccess(
  db: Database,
  { tenantId, userId, orgNodeId, ...moment }: Moment & { tenantId: string; userId: string; orgNodeId?: string },
): Promise<EffectiveAccess> {
  if (!isId(tenantId) || !isId(userId) || (orgNodeId !== undefined && !isId(orgNodeId)))
    return { roles: [], capabilities: [], assignments: [], visibilityGrants: [], earliestEnd: null };
  const { at = null, past = null } = moment;
  const found = await selectEffectiveAccess(db, { tenantId, userId, at, past, orgNodeId: orgNodeId ?? null });
  const assignments = found.assignments.map((row) => ({
    id: row.id,
    role: row.role,
    orgNodeId: row.org_node_id,
    orgNode: row.org_node,
    orgNodeType: row.org_node_type,
    ...periodOf(row),
  }));
  const visibilityGrants = found.visibilityGrants.map((row) => ({
    id: row.id,
    orgNodeId: row.org_node_id,
    orgNode: row.org_node,
    accessScope: row.access_scope,
    ...periodOf(row),
  }));
  const ends = [...assignments, ...visibilityGrants].flatMap(({ endsAt }) => (endsAt ? [endsAt.getTime()] : []));
  return {
    roles: [...new Set(assignments.map(({ role }) => role))].sort(),
    capabilities: [...found.capabilities].sort(),
    assignments,
    visibilityGrants,
    earliestEnd: ends.length > 0 ? new Date(ends.reduce((first, end) => Math.min(first, end))) : null,
  };
}

function periodOf(row: { starts_at: string; ends_at: string | null }): { startsAt: Date; endsAt: Date | null } {
  return { startsAt: new Date(row.starts_at), endsAt: row.ends_at === null ? null : new Date(row.ends_at) };
}
