/** `--role name@node`: which role, and where in the organisation tree. */
import { findRoleByName, type Role } from '../domain/access/roles.ts';
import { findOrgNode, findRootNode, listOrgNodes, type OrgNode } from '../domain/organisation/org-nodes.ts';
import type { Database } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { UsageError } from './frame/failures.ts';

export interface RoleAtNode {
  role: Role;
  node: OrgNode;
  /** The names from below the root down to the node; '' for the root. */
  path: string;
}

/**
 * Reads `name` (at the root), `name@Region/School` (names from below the root, whatever their case; `\/` for a slash in
 * a name) or `name@<node id>`.
 * @throws UsageError, DomainError not_found NOT_FOUND (role, organisation node), invalid INVALID_INPUT where two nodes
 *   have that path
 */
export async function findRoleAtNode(db: Database, tenantId: string, named: string): Promise<RoleAtNode> {
  const at = named.indexOf('@');
  const roleName = (at < 0 ? named : named.slice(0, at)).trim();
  const place = at < 0 ? '' : named.slice(at + 1).trim();
  if (roleName === '' || (at >= 0 && place === ''))
    throw new UsageError(`--role ${named}: give a role's name, or name@path of a node`);
  const role = await findRoleByName(db, tenantId, roleName);
  if (!role) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'role', value: roleName });
  const node = isId(place)
    ? await findOrgNode(db, { tenantId, orgNodeId: place })
    : await nodeAtPath(db, tenantId, place);
  if (!node) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'org_node', value: place });
  return { role, node, path: place };
}

async function nodeAtPath(db: Database, tenantId: string, path: string): Promise<OrgNode | undefined> {
  const names = path.split(/(?<!\\)\//).map((name) => folded(name.replaceAll('\\/', '/')));
  let node = await findRootNode(db, tenantId);
  for (const name of path === '' ? [] : names) {
    if (!node) return undefined;
    const children: OrgNode[] = (await childrenOf(db, tenantId, node.id)).filter(
      (child) => folded(child.name) === name,
    );
    if (children.length > 1) {
      const reason = `several nodes are called so; name one by its id: ${children.map(({ id }) => id).join(', ')}`;
      throw new DomainError('invalid', 'INVALID_INPUT', { field: 'role', value: path, reason });
    }
    node = children[0];
  }
  return node;
}

function folded(name: string): string {
  return name.normalize('NFC').trim().toLowerCase();
}

async function childrenOf(db: Database, tenantId: string, parentId: string): Promise<OrgNode[]> {
  const limit = 200;
  const children: OrgNode[] = [];
  for (;;) {
    const page = await listOrgNodes(db, { tenantId, parentId, limit, after: children.at(-1)?.id });
    children.push(...page);
    if (page.length < limit) return children;
  }
}
