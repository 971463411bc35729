/** API keys that work: which of them end soon and are used still, and how many there are. */
import { type Database, firstRow } from '../../platform/database.ts';
import { type Glimpse, glimpse } from '../../platform/glimpse.ts';

/** Those that end within two weeks and were used within the month before. */
export async function findEndingKeys(
  db: Database,
  { tenantId, within }: { tenantId: string; within?: readonly string[] },
): Promise<Glimpse> {
  return glimpse(
    db,
    `select k.id, k.name, k.prefix as detail, k.expires_at as at
       from api_keys k
      where k.tenant_id = :tenantId and k.active and k.revoked_at is null
        and k.expires_at between now() and now() + interval '14 days'
        and k.last_used_at > now() - interval '30 days'
        ${within ? 'and exists (select from org_node_paths p where p.descendant_id = k.org_node_id and p.ancestor_id = any(:within::uuid[]))' : ''}`,
    { tenantId, within },
  );
}

/** Keys of a person, or of a whole tenant, that work until something ends them. */
export async function countLiveKeys(db: Database, whose: { tenantId: string; userId?: string }): Promise<number> {
  const found = await firstRow<{ count: number }>(
    db,
    `select count(*) from api_keys
      where tenant_id = :tenantId ${whose.userId === undefined ? '' : 'and user_id = :userId'}
        and revoked_at is null and expires_at > now()`,
    { ...whose },
  );
  return found?.count ?? 0;
}
