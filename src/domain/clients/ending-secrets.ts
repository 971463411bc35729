/** Clients that will soon have no secret left, or have had none for some days: whoever rotates them has to act. */
import type { Database } from '../../platform/database.ts';
import { type Glimpse, glimpse } from '../../platform/glimpse.ts';

/**
 * Those whose last secret ends within two weeks, or ended in the week before. One that another outlives is being rotated, and
 * no reason to look. `detail`: the last characters of the secret.
 */
export async function findEndingSecrets(
  db: Database,
  { tenantId, of }: { tenantId: string; of: 'applications' | 'services' },
): Promise<Glimpse> {
  return glimpse(
    db,
    `select c.client_id as id, c.name, last.hint as detail, last.expires_at as at
       from clients c
      cross join lateral (select s.hint, s.expires_at
                            from client_secrets s
                           where s.client_id = c.id and s.revoked_at is null
                           order by s.expires_at desc nulls first
                           limit 1) last
      where c.tenant_id = :tenantId and c.deleted_at is null and c.state = 'active'
        and (c.kind = 'service') = :isService
        and last.expires_at between now() - interval '7 days' and now() + interval '14 days'`,
    { tenantId, isService: of === 'services' },
  );
}
