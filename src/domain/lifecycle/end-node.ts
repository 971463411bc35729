/** Deleting a place. Owns that the keys which stand there end in the transaction that deletes it. */
import { type Database, inTransaction } from '../../platform/database.ts';
import { endApiKeysOfNode } from '../api-keys/api-keys.ts';
import type { Caller } from '../audit/audit-events.ts';
import { deleteOrgNode } from '../organisation/org-nodes.ts';

/**
 * Deletes a node without children, and ends its API keys. Once more does no harm.
 * @throws DomainError not_found NOT_FOUND, conflict ORG_HAS_CHILDREN or ORG_ROOT_FIXED
 */
export async function deleteNode(
  db: Database,
  node: { tenantId: string; orgNodeId: string },
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    await deleteOrgNode(trx, node, caller);
    await endApiKeysOfNode(trx, node);
  });
}
