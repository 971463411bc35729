/** Invitations that nobody has answered and that soon lead nowhere. */
import type { Database } from '../../platform/database.ts';
import { type Glimpse, glimpse } from '../../platform/glimpse.ts';

/** Those that expire within two days. `name`: to whom; `detail`: to which role. */
export async function findExpiringInvitations(
  db: Database,
  { tenantId, within }: { tenantId: string; within?: readonly string[] },
): Promise<Glimpse> {
  return glimpse(
    db,
    `select i.id, coalesce(i.email, i.phone) as name, r.name as detail, i.expires_at as at
       from invitations i
       join roles r on r.id = i.role_id
      where i.tenant_id = :tenantId and i.accepted_at is null and i.revoked_at is null
        and i.expires_at between now() and now() + interval '2 days'
        ${within ? 'and exists (select from org_node_paths p where p.descendant_id = i.org_node_id and p.ancestor_id = any(:within::uuid[]))' : ''}`,
    { tenantId, within },
  );
}
