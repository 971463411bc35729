/** Links to take something back, of a person: told, and erased. */
import { type Database, rows } from '../../platform/database.ts';
import type { UserOfTenant } from '../users/users.ts';

interface SafetyLinkOfPerson {
  kind: string;
  createdAt: Date;
  expiresAt: Date;
  consumedAt: Date | null;
}

export async function exportSafetyLinksOf(
  db: Database,
  { tenantId, userId }: UserOfTenant,
): Promise<SafetyLinkOfPerson[]> {
  return rows<SafetyLinkOfPerson>(
    db,
    `select kind, created_at, expires_at, consumed_at
       from safety_links
      where tenant_id = :tenantId and user_id = :userId
      order by created_at, id`,
    { tenantId, userId },
  );
}

export async function eraseSafetyLinksOf(trx: Database, { tenantId, userId }: UserOfTenant): Promise<void> {
  await rows(trx, 'delete from safety_links where tenant_id = :tenantId and user_id = :userId', { tenantId, userId });
}
