/** How many roles are held, now or later: by a person, or one role by anybody. */
import { type Database, firstRow } from '../../platform/database.ts';

/** `people`: who holds them. */
export async function countHeld(
  db: Database,
  whose: { tenantId: string } & ({ userId: string } | { roleId: string }),
): Promise<{ roles: number; people: number }> {
  const found = await firstRow<{ roles: number; people: number }>(
    db,
    `select count(*) as roles, count(distinct a.user_id) as people
       from org_assignments a
       join roles r on r.id = a.role_id and r.deleted_at is null
       join users u on u.id = a.user_id and u.deleted_at is null
      where a.tenant_id = :tenantId and ${'userId' in whose ? 'a.user_id = :userId' : 'a.role_id = :roleId'}
        and (a.ends_at is null or a.ends_at > now())`,
    { ...whose },
  );
  return found ?? { roles: 0, people: 0 };
}
