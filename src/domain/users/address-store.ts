/** The SQL of proving an address: its mark, and what could sign in to the account before it was proved. */
import { type Database, firstRow, rows } from '../../platform/database.ts';

export type AddressKind = 'email' | 'phone';

/** An address in canonical form, of a user who may act now; locked to the end of the transaction. */
export async function lockAddress(
  trx: Database,
  wanted: { tenantId: string; userId: string; kind: AddressKind; address: string },
): Promise<{ emailVerified: boolean; phoneVerified: boolean } | undefined> {
  return firstRow(
    trx,
    `select u.email_verified_at is not null as email_verified, u.phone_verified_at is not null as phone_verified
       from users u
       join tenants t on t.id = u.tenant_id and t.state = 'active'
      where u.tenant_id = :tenantId and u.id = :userId and u.state = 'active' and u.deleted_at is null
        and ${wanted.kind === 'email' ? 'lower(u.email) = lower(:address)' : 'u.phone = :address'}
        for no key update of u`,
    { tenantId: wanted.tenantId, userId: wanted.userId, address: wanted.address },
  );
}

export async function markVerified(
  trx: Database,
  { tenantId, userId, kind }: { tenantId: string; userId: string; kind: AddressKind },
): Promise<void> {
  await rows(trx, `update users set ${kind}_verified_at = now() where tenant_id = ? and id = ?`, [tenantId, userId]);
}

/** Removes the password and every identity at a provider. Answers the providers, `password` among them, in order. */
export async function deleteIdentities(
  trx: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<string[]> {
  const removed = await rows<{ provider: string }>(
    trx,
    `with removed as (
       delete from user_identities where tenant_id = :tenantId and user_id = :userId returning provider
     ), without_password as (
       update users set password_changed_at = null
        where tenant_id = :tenantId and id = :userId and exists (select from removed where provider = 'password')
     )
     select provider from removed order by provider`,
    { tenantId, userId },
  );
  return removed.map(({ provider }) => provider);
}
