/**
 * Whether an address of an account is proved: who may come in by which, and the mark. What a first proof leads to is in
 * domain/sign-in/prove-address.ts.
 */
import { type Database, firstRow, rows } from '../../platform/database.ts';

export type AddressKind = 'email' | 'phone';

/**
 * Whether the holder of an address may come into the account by it: where it was proved before, or where nothing of the
 * account was. Codes and links that lead into an account are sent to no other.
 */
export function opensAccount(user: { emailVerified: boolean; phoneVerified: boolean }, kind: AddressKind): boolean {
  const [own, other] =
    kind === 'email' ? [user.emailVerified, user.phoneVerified] : [user.phoneVerified, user.emailVerified];
  return own || !other;
}

/** Whose an address is. */
export interface AddressHolder {
  emailVerified: boolean;
  phoneVerified: boolean;
  /** As they have set it. */
  locale: string | null;
  tenantName: string;
}

/** The user of an address in canonical form, if they have it and may act now; held to the end of the transaction. */
export async function holdAddress(
  trx: Database,
  wanted: { tenantId: string; userId: string; kind: AddressKind; address: string },
): Promise<AddressHolder | undefined> {
  return firstRow(
    trx,
    `select u.email_verified_at is not null as email_verified, u.phone_verified_at is not null as phone_verified,
            s.locale, t.name as tenant_name
       from users u
       join tenants t on t.id = u.tenant_id and t.state = 'active'
       left join user_settings s on s.user_id = u.id
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
