/**
 * The inviter. Owns that an invitation counts for nothing once its inviter may no longer give what it gives: a delegate
 * who has lost their office, or a service that was stopped, lets nobody in any more.
 */
import type { Database } from '../../platform/database.ts';
import { mayGiveRole } from '../access/authorise.ts';
import { findStandingOfRecord } from '../access/standing-of-actor.ts';
import type { Caller } from '../audit/audit-events.ts';

/** As the row of an invitation has it. */
export interface Inviter {
  inviterType: Caller['type'];
  inviterId: string | null;
  inviterTenantId: string | null;
}

export function inviterOf({ type, id, actorTenantId }: Caller): Inviter {
  const known = type !== 'system' && id !== undefined;
  return {
    inviterType: known ? type : 'system',
    inviterId: known ? id : null,
    inviterTenantId: known ? (actorTenantId ?? null) : null,
  };
}

/** Whether the inviter may give the role at the node, without an end, at this moment. */
export async function mayInviterGive(
  db: Database,
  { tenantId, roleId, orgNodeId, ...inviter }: Inviter & { tenantId: string; roleId: string; orgNodeId: string },
): Promise<boolean> {
  const { inviterType: type, inviterId: id, inviterTenantId: homeId } = inviter;
  const standing = await findStandingOfRecord(db, tenantId, { type, id, homeId });
  return standing !== undefined && mayGiveRole(db, standing, { roleId, orgNodeId, endsAt: null });
}
