/** Invitations that nobody has answered: which soon lead nowhere, and how many there are. */
import { type Database, firstRow } from '../../platform/database.ts';
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

/** How many are open: of a tenant, to a role, or from a person and to their addresses. */
export async function countOpenInvitations(
  db: Database,
  wanted: {
    tenantId: string;
    roleId?: string;
    person?: { userId: string; email: string | null; phone: string | null };
  },
): Promise<number> {
  const { tenantId, roleId, person } = wanted;
  const found = await firstRow<{ count: number }>(
    db,
    `select count(*)
       from invitations i
      where i.tenant_id = :tenantId and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()
        ${roleId === undefined ? '' : 'and i.role_id = :roleId'}
        ${person ? 'and (i.invited_by = :userId or lower(i.email) = lower(:email::text) or i.phone = :phone)' : ''}`,
    { tenantId, roleId, ...person },
  );
  return found?.count ?? 0;
}
