/**
 * The organisation tree of a tenant. Owns its nodes: made, renamed, moved, switched off and on, deleted (softly).
 * Refuses cycles, a parent that is deleted or another tenant's, deleting what has nodes below it, and touching the root,
 * which lives and dies with its tenant.
 */
import { type Database, inTransaction, violatedConstraint } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { emptyPage, type Page, type PageRequest } from '../../platform/paging.ts';
import { type Caller, recordEvent, recordEvents } from '../audit/audit-events.ts';
import { differences } from '../audit/differences.ts';
import { checkDisplayName } from '../tenants/display-name.ts';
import { actingUserId } from './acting-user.ts';
import { type OrgNodesQuery, selectOrgNodes } from './list-org-nodes.ts';
import {
  insertOrgNode,
  insertOrgNodes,
  lockTree,
  type NewOrgNode,
  type OrgNodeRow,
  selectAncestors,
  selectDeletedOrgNode,
  selectLiveNodeIds,
  selectOrgNode,
  selectRootNode,
  updateOrgNode as storeOrgNode,
} from './org-node-store.ts';

export const orgNodeCodes = defineCodes({
  ORG_CYCLE: { kind: 'conflict', means: 'the node would come to lie below itself' },
  ORG_HAS_CHILDREN: { kind: 'conflict', means: 'the node still has nodes below it' },
  ORG_PARENT_INVALID: {
    kind: 'invalid',
    means: 'the parent does not exist, is switched off, or belongs to another tenant',
  },
  ORG_ROOT_FIXED: { kind: 'conflict', means: 'the root of a tenant can be neither moved nor removed' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof orgNodeCodes> {}
}

export type OrgNode = OrgNodeRow;

/** Names a node; one of another tenant, or deleted, is not found. */
export interface OrgNodeReference {
  tenantId: string;
  orgNodeId: string;
}

/**
 * Adds a node below `parentId`.
 * @param wanted.type free text such as company, school or branch
 * @throws DomainError invalid FIELD_REQUIRED or INVALID_INPUT (name, type), invalid ORG_PARENT_INVALID, conflict DUPLICATE
 *   (externalId)
 */
export async function createOrgNode(
  db: Database,
  wanted: { tenantId: string; parentId: string; type: string; name: string; externalId?: string | null },
  caller: Caller,
): Promise<OrgNode> {
  const name = checkDisplayName(wanted.name);
  const type = checkDisplayName(wanted.type, 'type');
  const { tenantId, parentId, externalId = null } = wanted;
  if (!isId(tenantId) || !isId(parentId)) throw new DomainError('invalid', 'ORG_PARENT_INVALID');
  return inTransaction(db, async (trx) => {
    await lockTree(trx, tenantId);
    const actorId = actingUserId(caller);
    const node = await refusing(
      insertOrgNode(trx, { id: newId(), tenantId, parentId, type, name, externalId, actorId }),
    );
    await recordEvent(trx, { ...about(node), action: 'org_node.created', payload: { name, type, parentId } }, caller);
    return node;
  });
}

/**
 * Adds nodes, each after its parent: as `createOrgNode` for each, with its event, and all of them or none. A refusal does not say of
 * which it is; who has to know makes them one by one.
 * @param wanted.nodes with ids of their own, so that one can be another's parent
 * @throws DomainError as `createOrgNode`
 */
export async function createOrgNodes(
  db: Database,
  { tenantId, nodes }: { tenantId: string; nodes: readonly NewOrgNode[] },
  caller: Caller,
): Promise<void> {
  const checked = nodes.map((node) => ({
    ...node,
    name: checkDisplayName(node.name),
    type: checkDisplayName(node.type, 'type'),
  }));
  if (checked.some(({ parentId }) => !isId(parentId))) throw new DomainError('invalid', 'ORG_PARENT_INVALID');
  // Within a larger change, the savepoint leaves that as it was.
  await db.transaction(async (trx) => {
    await lockTree(trx, tenantId);
    await refusing(insertOrgNodes(trx, { tenantId, actorId: actingUserId(caller), nodes: checked }));
    const events = checked.map(({ id, name, type, parentId }) => ({
      ...{ tenantId, entityType: 'org_node', entityId: id, action: 'org_node.created' },
      payload: { name, type, parentId },
    }));
    await recordEvents(trx, events, caller);
  });
}

/**
 * Changes what a node is called, what it is and what another system calls it.
 * @param wanted.externalId null takes it away
 * @throws DomainError invalid FIELD_REQUIRED or INVALID_INPUT (name, type), conflict ORG_ROOT_FIXED (rename the tenant),
 *   conflict DUPLICATE (externalId), not_found NOT_FOUND
 */
export async function updateOrgNode(
  db: Database,
  { tenantId, orgNodeId, ...wanted }: OrgNodeReference & { name?: string; type?: string; externalId?: string | null },
  caller: Caller,
): Promise<OrgNode> {
  const checked = {
    name: wanted.name === undefined ? undefined : checkDisplayName(wanted.name),
    type: wanted.type === undefined ? undefined : checkDisplayName(wanted.type, 'type'),
    externalId: wanted.externalId,
  };
  return changeNode(db, { tenantId, orgNodeId }, caller, (before) => {
    const { from, to } = differences(before, checked);
    if (Object.keys(to).length === 0) return undefined;
    return { change: to, action: 'name' in to ? 'org_node.renamed' : 'org_node.changed', payload: { from, to } };
  });
}

/**
 * Hangs a node, with everything below it, below another.
 * @throws DomainError conflict ORG_CYCLE, conflict ORG_ROOT_FIXED, invalid ORG_PARENT_INVALID, not_found NOT_FOUND
 */
export async function moveOrgNode(
  db: Database,
  { tenantId, orgNodeId, parentId }: OrgNodeReference & { parentId: string },
  caller: Caller,
): Promise<OrgNode> {
  if (!isId(parentId)) throw new DomainError('invalid', 'ORG_PARENT_INVALID');
  return changeNode(db, { tenantId, orgNodeId }, caller, (before) => {
    if (before.parentId === parentId) return undefined;
    return { change: { parentId }, action: 'org_node.moved', payload: { from: before.parentId, to: parentId } };
  });
}

/**
 * Switches a node off, and with it whatever is held at it or below it.
 * @throws DomainError conflict ORG_ROOT_FIXED (suspend the tenant), not_found NOT_FOUND
 */
export async function deactivateOrgNode(db: Database, node: OrgNodeReference, caller: Caller): Promise<OrgNode> {
  return changeNode(db, node, caller, (before) =>
    before.active ? { change: { active: false }, action: 'org_node.deactivated', payload: {} } : undefined,
  );
}

/**
 * Switches a node on again. What is held there counts again if every node above it is active too.
 * @throws DomainError not_found NOT_FOUND
 */
export async function activateOrgNode(db: Database, node: OrgNodeReference, caller: Caller): Promise<OrgNode> {
  return changeNode(db, node, caller, (before) =>
    before.active ? undefined : { change: { active: true }, action: 'org_node.activated', payload: {} },
  );
}

/**
 * Deletes a node softly; what is held there counts for nothing from now on. Once more does no harm.
 * @throws DomainError conflict ORG_HAS_CHILDREN, conflict ORG_ROOT_FIXED, not_found NOT_FOUND
 */
export async function deleteOrgNode(db: Database, node: OrgNodeReference, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    if (isId(node.tenantId)) await lockTree(trx, node.tenantId);
    if (await findDeletedOrgNode(trx, node)) return;
    await changeNode(trx, node, caller, (before) => ({
      change: { deleted: true },
      action: 'org_node.deleted',
      payload: { name: before.name, parentId: before.parentId },
    }));
  });
}

/** Where a node stood that was deleted; undefined for one that is there, or never was. */
export async function findDeletedOrgNode(
  db: Database,
  { tenantId, orgNodeId }: OrgNodeReference,
): Promise<{ parentId: string } | undefined> {
  return isId(tenantId) && isId(orgNodeId) ? selectDeletedOrgNode(db, tenantId, orgNodeId) : undefined;
}

export async function findOrgNode(db: Database, node: OrgNodeReference): Promise<OrgNode | undefined> {
  if (!isId(node.tenantId) || !isId(node.orgNodeId)) return undefined;
  return selectOrgNode(db, node.tenantId, node.orgNodeId);
}

/** Of these nodes, those that are there. */
export async function findLiveNodeIds(
  db: Database,
  { tenantId, nodeIds }: { tenantId: string; nodeIds: readonly string[] },
): Promise<Set<string>> {
  const ids = [...new Set(nodeIds.filter(isId))];
  return isId(tenantId) && ids.length > 0 ? selectLiveNodeIds(db, { tenantId, nodeIds: ids }) : new Set();
}

/** The node at which a role is held in the whole tenant; undefined for an unknown tenant. */
export async function findRootNode(db: Database, tenantId: string): Promise<OrgNode | undefined> {
  return isId(tenantId) ? selectRootNode(db, tenantId) : undefined;
}

/**
 * The nodes of a tenant, inactive ones too, in the order of their ids.
 * @param query.below this node and everything below it
 * @param query.parentId the children of this node alone
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listOrgNodes(
  db: Database,
  query: PageRequest & Omit<OrgNodesQuery, 'below' | 'parentId'> & { below?: string; parentId?: string },
): Promise<Page<OrgNode>> {
  const { tenantId, below = null, parentId = null, type, externalId, search, within, ...page } = query;
  if (![tenantId, below, parentId].every((id) => id === null || isId(id))) return emptyPage();
  return selectOrgNodes(db, { tenantId, below, parentId, type, externalId, search, within }, page);
}

/** The nodes above a node, the top first, as far as they stand at or below one of `within`. */
export async function listAncestors(
  db: Database,
  { tenantId, orgNodeId, within }: OrgNodeReference & { within?: readonly string[] },
): Promise<OrgNode[]> {
  if (!isId(tenantId) || !isId(orgNodeId)) return [];
  return selectAncestors(db, { tenantId, id: orgNodeId, within: within ?? null });
}

interface NodeChange {
  change: Omit<Parameters<typeof storeOrgNode>[1], 'tenantId' | 'id' | 'actorId'>;
  action: string;
  payload: Record<string, unknown>;
}

/** `decide` answers undefined where nothing is to change: then nothing is recorded either. */
async function changeNode(
  db: Database,
  { tenantId, orgNodeId }: OrgNodeReference,
  caller: Caller,
  decide: (before: OrgNode) => NodeChange | undefined,
): Promise<OrgNode> {
  return inTransaction(db, async (trx) => {
    if (isId(tenantId)) await lockTree(trx, tenantId);
    const before = await findOrgNode(trx, { tenantId, orgNodeId });
    if (!before) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'org_node' });
    const decided = decide(before);
    if (!decided) return before;
    if (before.parentId === null) throw new DomainError('conflict', 'ORG_ROOT_FIXED');
    const actorId = actingUserId(caller);
    const after = await refusing(storeOrgNode(trx, { tenantId, id: orgNodeId, actorId, ...decided.change }));
    if (!after) throw new Error('the node went while the tree was locked');
    await recordEvent(trx, { ...about(before), action: decided.action, payload: decided.payload }, caller);
    return after;
  });
}

function about(node: OrgNode): { tenantId: string; entityType: string; entityId: string } {
  return { tenantId: node.tenantId, entityType: 'org_node', entityId: node.id };
}

/** What the database refused, as the domain says it. */
async function refusing<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    switch (violatedConstraint(error)?.constraint) {
      case 'org_nodes_no_cycle':
      case 'org_nodes_not_own_parent':
        throw new DomainError('conflict', 'ORG_CYCLE');
      case 'org_nodes_parent_is_live':
      case 'org_nodes_tenant_fk':
        throw new DomainError('invalid', 'ORG_PARENT_INVALID');
      case 'org_nodes_external_id_key':
        throw new DomainError('conflict', 'DUPLICATE', { field: 'externalId' });
      case 'org_nodes_deleted_is_childless':
        throw new DomainError('conflict', 'ORG_HAS_CHILDREN');
      default:
        throw error;
    }
  }
}
