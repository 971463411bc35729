/**
 * Invitations that wait for an address, for a person who has proved it in another way than by the link: by an identity provider
 * that has verified it. Owns that tenant, role and node come from the row alone here too, and that what cannot be used now
 * (a node switched off, a role deleted, a tenant suspended, an inviter who may give it no more) is left waiting.
 */
import { type Database, firstRow, inTransaction, rows } from '../../platform/database.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { assignRole } from '../organisation/org-assignments.ts';
import { holdTenant } from '../tenants/tenants.ts';
import { selectPeriodsNotHeld, selectPlace } from './invitation-store.ts';
import { type Inviter, mayInviterGive } from './inviter.ts';

interface WaitingRow extends Inviter {
  id: string;
  roleId: string;
  orgNodeId: string;
  invitedBy: string | null;
}

const waiting = `tenant_id = :tenantId and lower(email) = lower(:email)
  and accepted_at is null and revoked_at is null and expires_at > statement_timestamp()`;

/** Whether an invitation waits for an email address of a tenant, usable or not. */
export async function isInvited(db: Database, wanted: { tenantId: string; email: string }): Promise<boolean> {
  const found = await firstRow<{ invited: boolean }>(
    db,
    `select exists (select from invitations where ${waiting}) as invited`,
    wanted,
  );
  return found?.invited === true;
}

/**
 * Gives a user what their email address was invited to: every invitation that can be used now is used up. That the
 * address is proved is the caller's to know.
 * @returns how many were accepted
 */
export async function acceptInvitationsOf(
  db: Database,
  { tenantId, userId, email }: { tenantId: string; userId: string; email: string },
  caller: Caller,
): Promise<number> {
  return inTransaction(db, async (trx) => {
    // First, as what stops a tenant takes it: two that came the other way round would lock up.
    await holdTenant(trx, tenantId);
    const found = await rows<WaitingRow>(
      trx,
      `select id, role_id, org_node_id, invited_by, inviter_type, inviter_id, inviter_tenant_id
         from invitations where ${waiting} order by id for no key update`,
      { tenantId, email },
    );
    let accepted = 0;
    for (const invitation of found)
      if (await acceptOne(trx, { ...invitation, tenantId, userId }, caller)) accepted += 1;
    return accepted;
  });
}

async function acceptOne(
  trx: Database,
  { userId, ...invitation }: WaitingRow & { tenantId: string; userId: string },
  caller: Caller,
): Promise<boolean> {
  const { id, tenantId, roleId, orgNodeId, invitedBy } = invitation;
  const place = await selectPlace(trx, { tenantId, roleId, orgNodeId, lock: true });
  if (place?.tenantState !== 'active' || !place.nodeActive || place.roleName === null) return false;
  if (!(await mayInviterGive(trx, invitation))) return false;
  await rows(trx, `update invitations set accepted_at = now(), accepted_by = ? where id = ?`, [userId, id]);
  const self: Caller = { ...caller, type: 'user', id: userId };
  for (const period of await selectPeriodsNotHeld(trx, { tenantId, userId, roleId, orgNodeId }))
    await assignRole(trx, { tenantId, userId, roleId, orgNodeId, ...period, assignedBy: invitedBy }, self);
  const payload = { userId, roleId, orgNodeId, created: true };
  const about = { tenantId, entityType: 'invitation', entityId: id };
  await recordEvent(trx, { ...about, action: 'invitation.accepted', payload }, self);
  return true;
}
