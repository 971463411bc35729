/** Which role, and where in the organisation tree: both as people name them. */
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { findOrgNodeByPath } from '../organisation/node-path.ts';
import type { OrgNode } from '../organisation/org-nodes.ts';
import { findRoleByName, type Role } from './roles.ts';

export interface RoleAtNode {
  role: Role;
  node: OrgNode;
}

/**
 * @param wanted.role its name, whatever its case
 * @param wanted.place a node's id, or a path as `findOrgNodeByPath` reads it; empty: the root
 * @throws DomainError not_found NOT_FOUND (role, org_node), invalid INVALID_INPUT where two nodes have that path
 */
export async function findRoleAtNode(
  db: Database,
  tenantId: string,
  wanted: { role: string; place: string },
): Promise<RoleAtNode> {
  const role = await findRoleByName(db, tenantId, wanted.role);
  if (!role) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'role', value: wanted.role });
  const node = await findOrgNodeByPath(db, tenantId, wanted.place);
  if (!node) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'org_node', value: wanted.place });
  return { role, node };
}
