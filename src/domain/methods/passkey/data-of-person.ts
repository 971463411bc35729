/** The passkeys of a person: told, without their keys, and erased. */
import { type Database, rows } from '../../../platform/database.ts';
import type { UserOfTenant } from '../../users/users.ts';
import { deletePasskeysOf } from './passkey-store.ts';

export async function exportPasskeysOf(db: Database, { tenantId, userId }: UserOfTenant) {
  return rows(
    db,
    `select id, name, backup_eligible, backed_up, transports, created_at, last_used_at
       from passkeys where tenant_id = :tenantId and user_id = :userId order by id`,
    { tenantId, userId },
  );
}

export async function erasePasskeysOf(trx: Database, user: UserOfTenant): Promise<void> {
  await deletePasskeysOf(trx, user);
}
