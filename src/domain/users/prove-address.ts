/**
 * What follows from a person's having proved that an email address or phone number is theirs: by a code, a recovery link
 * or an invitation that was sent to it. Owns that an account belongs to the person who proved an address of it first. Whatever
 * could sign in to it before that, a password or an identity at a provider, may have been set up by somebody who never
 * had the address and waited for its owner to come (account pre-hijacking); it goes, with every session.
 *
 * Refuses an address that the account has no longer, users who may not act, and an unproved address as a way into an
 * account of which another address was proved: it may be a slip of the pen and somebody else's. It is verified from
 * inside, by the person who is signed in.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { revokeAllSessions } from '../sessions/sessions.ts';
import { type AddressKind, deleteIdentities, lockAddress, markVerified } from './address-store.ts';

export type { AddressKind };

/**
 * Whether the holder of an address may come into the account by it: where it was proved before, or where nothing of the
 * account was. Codes and links that lead into an account are sent to no other.
 */
export function opensAccount(user: { emailVerified: boolean; phoneVerified: boolean }, kind: AddressKind): boolean {
  const [own, other] =
    kind === 'email' ? [user.emailVerified, user.phoneVerified] : [user.phoneVerified, user.emailVerified];
  return own || !other;
}

export interface ProvedAddress {
  tenantId: string;
  userId: string;
  kind: AddressKind;
  /** In canonical form. */
  address: string;
  /**
   * True for a person who is signed in already and verifies one more address. False for a person who comes in by it: upon the
   * first proof the password, the identities at providers and every session are taken away.
   */
  keepCredentials: boolean;
}

/**
 * Marks an address as verified; where it was already, nothing changes. Give the transaction in which the proof was used
 * up. Tells nobody: where `removed` is not empty the caller sends the notice `credentials-removed`.
 * @returns `first`: the address had not been proved before; `removed`: what was taken away, such as `google` and `password`
 * @throws DomainError not_found where the user has not that address (any longer), may not act, is of another tenant, or
 *   where `opensAccount` says no and `keepCredentials` is false
 */
export async function proveAddress(
  db: Database,
  { keepCredentials, ...proved }: ProvedAddress,
  caller: Caller,
): Promise<{ first: boolean; removed: string[] }> {
  const { tenantId, userId, kind } = proved;
  if (!isId(tenantId) || !isId(userId)) throw new DomainError('not_found', 'NOT_FOUND');
  return inTransaction(db, async (trx) => {
    const user = await lockAddress(trx, proved);
    if (!user || (!keepCredentials && !opensAccount(user, kind))) throw new DomainError('not_found', 'NOT_FOUND');
    if (kind === 'email' ? user.emailVerified : user.phoneVerified) return { first: false, removed: [] };

    const about = { tenantId, entityType: 'user', entityId: userId };
    await markVerified(trx, proved);
    await recordEvent(trx, { ...about, action: 'address.verified', payload: { kind } }, caller);
    if (keepCredentials) return { first: true, removed: [] };

    const removed = await deleteIdentities(trx, proved);
    if (removed.length > 0)
      await recordEvent(trx, { ...about, action: 'credentials.removed', payload: { kind, methods: removed } }, caller);
    await revokeAllSessions(trx, { tenantId, userId }, caller);
    return { first: true, removed };
  });
}
