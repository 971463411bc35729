/** The roles that every tenant has: owner, admin and member. They are made with it, and neither renamed nor deleted. */
import type { Database } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { insertSystemRole } from './role-store.ts';

export type SystemRoleName = 'owner' | 'admin' | 'member';

const systemRoles: { name: SystemRoleName; description: string }[] = [
  { name: 'owner', description: 'Answers for the organisation. One owner always remains.' },
  { name: 'admin', description: 'Manages people, roles and applications.' },
  { name: 'member', description: 'Belongs to the organisation.' },
];

export const systemRoleNames: readonly SystemRoleName[] = systemRoles.map(({ name }) => name);

/** Makes the roles of a tenant that is being made. Answers their ids. */
export async function createSystemRoles(
  trx: Database,
  tenantId: string,
  caller: Caller,
): Promise<Record<SystemRoleName, string>> {
  const ids = { owner: '', admin: '', member: '' };
  for (const role of systemRoles) {
    const id = newId();
    await insertSystemRole(trx, { id, tenantId, ...role });
    ids[role.name] = id;
    const payload = { name: role.name, isSystem: true };
    await recordEvent(trx, { tenantId, action: 'role.created', entityType: 'role', entityId: id, payload }, caller);
  }
  return ids;
}
