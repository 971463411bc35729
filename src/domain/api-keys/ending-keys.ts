/** API keys that end soon and that somebody still uses. */
import type { Database } from '../../platform/database.ts';
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
