/** Who made a change, for the columns that name a user. */
import { isId } from '../../platform/ids.ts';
import type { Caller } from '../audit/audit-events.ts';

/** The id of the person who acts; null for clients and the system. */
export function actingUserId(caller: Caller): string | null {
  return caller.type === 'user' && isId(caller.id) ? caller.id : null;
}

/**
 * SQL for such a column, with the bindings `tenantId` and `actorId`: an operator from another tenant is named by the
 * audit event alone, because no row points into another tenant.
 */
export const actorInTenant = '(select id from users where tenant_id = :tenantId and id = :actorId)';
