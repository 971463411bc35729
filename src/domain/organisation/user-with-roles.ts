/** Making a person together with the roles that they hold: all of it or nothing. */
import { type Database, inTransaction } from '../../platform/database.ts';
import type { Caller } from '../audit/audit-events.ts';
import { createUser, type NewPasswords, type NewUser, type User } from '../users/users.ts';
import { assignRole } from './org-assignments.ts';

export interface RoleToHold {
  roleId: string;
  orgNodeId: string;
  startsAt?: Date;
  endsAt?: Date | null;
}

/**
 * @param wanted.passwordHash made before: nobody should hold a transaction while hashing
 * @param wanted.roles held from now on, until further notice, unless a period is told; a node's id for each
 * @throws DomainError as `createUser` and `assignRole`; then there is no such person either
 */
export async function createUserWithRoles(
  db: Database,
  { roles, ...wanted }: Omit<NewUser, 'password'> & { roles: readonly RoleToHold[] },
  { passwords, caller }: { passwords: NewPasswords; caller: Caller },
): Promise<User> {
  return inTransaction(db, async (trx) => {
    const user = await createUser(trx, wanted, { passwords, caller });
    const { tenantId, id: userId } = user;
    for (const role of roles) await assignRole(trx, { tenantId, userId, ...role }, caller);
    return user;
  });
}
