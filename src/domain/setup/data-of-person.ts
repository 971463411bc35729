/** Set-up links for an address of a person: told, and erased. */
import { type Database, rows } from '../../platform/database.ts';

interface SetupLinkOfPerson {
  email: string;
  expiresAt: Date;
  consumedAt: Date | null;
  revokedAt: Date | null;
  createdAt: Date;
}

/** SQL: of the tenant, or of one that was to be made. */
const ofPerson = 'lower(email) = lower(:email) and (tenant_id = :tenantId or tenant_id is null)';

export async function exportSetupLinksOf(
  db: Database,
  { tenantId, email }: { tenantId: string; email: string | null },
): Promise<SetupLinkOfPerson[]> {
  return rows<SetupLinkOfPerson>(
    db,
    `select email, expires_at, consumed_at, revoked_at, created_at from setup_links where ${ofPerson} order by created_at`,
    { tenantId, email },
  );
}

/** Takes them away, also one that would still make a tenant: the operator can send another. */
export async function eraseSetupLinksOf(
  trx: Database,
  { tenantId, email }: { tenantId: string; email: string | null },
): Promise<void> {
  await rows(
    trx,
    `with held as (
       select id from setup_links where ${ofPerson} order by id for update
     )
     delete from setup_links l using held where l.id = held.id`,
    { tenantId, email },
  );
}
