/**
 * Finding a node as people name it: by the names from below the root down to it. Refuses a path that two nodes have.
 */
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { everyItem } from '../../platform/paging.ts';
import { findOrgNode, findRootNode, listOrgNodes, type OrgNode } from './org-nodes.ts';

/**
 * The node of an id or of a path: `Region/School` (names from below the root, whatever their case; `\/` for a slash in a
 * name); the root for an empty one. Undefined where there is none.
 * @throws DomainError invalid INVALID_INPUT where two nodes have that path, with their ids
 */
export async function findOrgNodeByPath(db: Database, tenantId: string, path: string): Promise<OrgNode | undefined> {
  const names = path.split(/(?<!\\)\//).map((name) => folded(name.replaceAll('\\/', '/')));
  if (isId(path)) return findOrgNode(db, { tenantId, orgNodeId: path });
  let node = await findRootNode(db, tenantId);
  for (const name of path === '' ? [] : names) {
    if (!node) return undefined;
    const found: OrgNode[] = [];
    const parentId = node.id;
    for await (const child of everyItem((page) => listOrgNodes(db, { tenantId, parentId, ...page })))
      if (folded(child.name) === name) found.push(child);
    if (found.length > 1) {
      const reason = `several nodes are called so; name one by its id: ${found.map(({ id }) => id).join(', ')}`;
      throw new DomainError('invalid', 'INVALID_INPUT', { field: 'path', value: path, reason });
    }
    node = found[0];
  }
  return node;
}

function folded(name: string): string {
  return name.normalize('NFC').trim().toLowerCase();
}
