/** What API keys hold on a person: told, and erased. Of a key it is told that there is one, and never what it is. */
import { type Database, rows } from '../../platform/database.ts';

interface ApiKeyOfPerson {
  id: string;
  name: string;
  prefix: string;
  orgNodeId: string;
  expiresAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
  createdAt: Date;
}

export async function exportApiKeysOf(
  db: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<ApiKeyOfPerson[]> {
  return rows<ApiKeyOfPerson>(
    db,
    `select id, name, prefix, org_node_id, expires_at, last_used_at, revoked_at, created_at
       from api_keys
      where tenant_id = :tenantId and user_id = :userId
      order by created_at, id`,
    { tenantId, userId },
  );
}

/** The person named them: their rows go. A place's keys stay, whoever made them. */
export async function eraseApiKeysOf(
  trx: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<void> {
  await rows(trx, 'delete from api_keys where tenant_id = :tenantId and user_id = :userId', { tenantId, userId });
}
