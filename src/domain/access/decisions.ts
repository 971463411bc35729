/**
 * Decisions for APIs: may this user do this at this node, where may they, who may here, what may they here. Owns what an
 * API may ask about: capabilities of its own and of no API, and, where it belongs to a tenant, that tenant alone. What it
 * may not ask about looks exactly like what is not permitted.
 */
import type { Database } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import { emptyPage, type Page, type PageRequest, preparedPage } from '../../platform/paging.ts';
import { capabilityIsOfAsker, selectDecision, selectPermittedActions, selectTenantOf } from './decision-store.ts';
import { type Holder, nodesWithCapability, type ReachedNode, usersWithCapabilityAtNode } from './effective-access.ts';

/** The API that asks. */
export interface Asker {
  /** null: an API that serves every tenant. */
  tenantId: string | null;
  resourceServerId: string;
}

/** True if the user has the capability at the node now. */
export async function isPermitted(
  db: Database,
  asker: Asker,
  { userId, capability, orgNodeId }: { userId: string; capability: string; orgNodeId: string },
): Promise<boolean> {
  if (!isId(userId) || !isId(orgNodeId)) return false;
  return selectDecision(db, { ...asker, userId, orgNodeId, capability, at: null });
}

/** The keys of what the user may do at the node now, sorted. */
export async function permittedActions(
  db: Database,
  asker: Asker,
  { userId, orgNodeId, ...page }: { userId: string; orgNodeId: string } & PageRequest,
): Promise<Page<string>> {
  if (!isId(userId) || !isId(orgNodeId)) return emptyPage();
  return preparedPage(page, { type: 'text', of: (key) => key }, ({ limit, after }) =>
    selectPermittedActions(db, { ...asker, userId, orgNodeId, at: null, after, limit }),
  );
}

/** The nodes where the user has the capability now, by id. */
export async function permittedNodes(
  db: Database,
  asker: Asker,
  { userId, capability, ...page }: { userId: string; capability: string } & PageRequest,
): Promise<Page<ReachedNode>> {
  if (!isId(userId) || !(await capabilityIsOfAsker(db, capability, asker.resourceServerId))) return emptyPage();
  const tenantId = await selectTenantOf(db, 'users', userId, asker.tenantId);
  return tenantId === undefined ? emptyPage() : nodesWithCapability(db, { tenantId, userId, capability, ...page });
}

/** The active users who have the capability at the node now, by id. */
export async function permittedUsers(
  db: Database,
  asker: Asker,
  { orgNodeId, capability, ...page }: { orgNodeId: string; capability: string } & PageRequest,
): Promise<Page<Holder>> {
  if (!isId(orgNodeId) || !(await capabilityIsOfAsker(db, capability, asker.resourceServerId))) return emptyPage();
  const tenantId = await selectTenantOf(db, 'org_nodes', orgNodeId, asker.tenantId);
  return tenantId === undefined
    ? emptyPage()
    : usersWithCapabilityAtNode(db, { tenantId, orgNodeId, capability, ...page });
}
