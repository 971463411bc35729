/** The passkeys of a person: told, without their keys, and erased. */
import { type Database, rows } from '../../../platform/database.ts';
import type { UserOfTenant } from '../../users/users.ts';
import { deletePasskeysOf } from './passkey-store.ts';

/** When the person was offered one. */
export async function exportPasskeyOffersOf(db: Database, { tenantId, userId }: UserOfTenant) {
  return rows<{ offeredAt: Date }>(
    db,
    'select offered_at from passkey_offers where tenant_id = :tenantId and user_id = :userId',
    { tenantId, userId },
  );
}

export async function exportPasskeysOf(db: Database, { tenantId, userId }: UserOfTenant) {
  return rows(
    db,
    `select id, name, backup_eligible, backed_up, transports, created_at, last_used_at
       from passkeys where tenant_id = :tenantId and user_id = :userId order by id`,
    { tenantId, userId },
  );
}

export async function erasePasskeysOf(trx: Database, user: UserOfTenant): Promise<void> {
  const { tenantId, userId } = user;
  await deletePasskeysOf(trx, user);
  await rows(trx, 'delete from passkey_offers where tenant_id = :tenantId and user_id = :userId', { tenantId, userId });
}
