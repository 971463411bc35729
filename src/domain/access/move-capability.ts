/**
 * Moving a capability from one API to another. Owns telling whom it breaks: who asks the old API for it is refused from then
 * on. Refuses the program's own.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { actingUserId } from '../organisation/acting-user.ts';
import { noResourceServer, withResourceServer } from './capabilities.ts';
import {
  type CapabilityHolders,
  lockCapability,
  noHolders,
  selectHolders,
  updateCapability,
} from './capability-store.ts';

/**
 * And whom it concerns: services have to ask the other API for it, those without a default are refused (`invalid_target`) until
 * they name an API or get another default; applications with that default, and people, find it in tokens for the other API alone.
 */
export interface MovedCapability extends CapabilityHolders {
  key: string;
  /** Null: it was a scope of no API. */
  fromResourceServerId: string | null;
  /** Null: it is a scope of no API now. */
  resourceServerId: string | null;
}

/**
 * Makes a capability a scope of another API, or of none. Tokens that are out keep it until they end. Where it is already:
 * nothing is recorded.
 * @throws DomainError not_found NOT_FOUND (capability, resource_server), conflict SYSTEM_CAPABILITY_FIXED
 */
export async function moveCapability(
  db: Database,
  { key, resourceServerId }: { key: string; resourceServerId: string | null },
  caller: Caller,
): Promise<MovedCapability> {
  if (resourceServerId !== null && !isId(resourceServerId)) throw noResourceServer();
  return inTransaction(db, async (trx) => {
    const before = await lockCapability(trx, key);
    if (!before) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'capability', value: key });
    if (before.isSystem) throw new DomainError('conflict', 'SYSTEM_CAPABILITY_FIXED');
    const { id, isSystem: _, ...values } = before;
    const { resourceServerId: fromResourceServerId } = values;
    const wanted = { ...values, resourceServerId, actorId: actingUserId(caller) };
    const holders = await selectHolders(trx, { id, resourceServerId: fromResourceServerId });
    const moved = await withResourceServer(updateCapability(trx, wanted));
    if (!moved) return { key, fromResourceServerId, resourceServerId: fromResourceServerId, ...noHolders };
    const to = { resourceServerId: moved.resourceServerId };
    const payload = { capability: key, from: { resourceServerId: fromResourceServerId }, to };
    await recordEvent(trx, { action: 'capability.moved', entityType: 'capability', entityId: id, payload }, caller);
    return { key, fromResourceServerId, ...to, ...holders };
  });
}
