/**
 * Giving a user a new password. Owns what goes with it: everybody who is signed in as this person is signed out, and failed
 * attempts no longer hold the account up. Asks for no old password and no fresh sign-in; that is for the caller.
 */
import { type Database, inTransaction } from '../../../platform/database.ts';
import { DomainError } from '../../../platform/errors.ts';
import type { Secrets } from '../../../platform/secrets.ts';
import type { Caller } from '../../audit/audit-events.ts';
import { revokeAllSessions, revokeOtherSessions } from '../../sessions/sessions.ts';
import { forgetFailures } from '../../sign-in/sign-in-failures.ts';
import { findTenantById } from '../../tenants/tenants.ts';
import { findUser, storePasswordHash, type User } from '../../users/users.ts';
import type { AddressKind } from '../../users/verified-address.ts';
import type { PasswordHasher } from './password-hash.ts';

/**
 * What a new password leads to, in the transaction of the caller that has checked and hashed it.
 * @param user as they are now: failures are forgotten under their addresses
 * @param recoveredBy the kind of address that it was recovered through; null: it is another proof's; left out: as before
 * @param keptUidHash of the browser session that the password is changed in, which goes on
 * @throws DomainError not_found
 */
export async function storeNewPassword(
  trx: Database,
  {
    user,
    passwordHash,
    recoveredBy,
    keptUidHash,
  }: {
    user: Pick<User, 'id' | 'tenantId' | 'email' | 'phone'>;
    passwordHash: string;
    recoveredBy?: AddressKind | null;
    keptUidHash?: Buffer;
  },
  { secrets, caller }: { secrets: Secrets; caller: Caller },
): Promise<void> {
  const { tenantId, id: userId } = user;
  await storePasswordHash(trx, { tenantId, userId, passwordHash, recoveredBy }, caller);
  await forgetFailures(trx, secrets, { ...user, userId }, { secondFactor: false });
  if (keptUidHash) await revokeOtherSessions(trx, { tenantId, userId, keptUidHash }, caller);
  else await revokeAllSessions(trx, { tenantId, userId }, caller);
}

/**
 * Sets the first password of a user or replaces it, and ends all their sessions, tokens and codes. Give the pool as
 * `db`: the password is hashed before a transaction opens.
 * @throws DomainError invalid PASSWORD_*, not_found also for a user of another tenant, unavailable SERVICE_BUSY
 */
export async function setPassword(
  db: Database,
  wanted: { tenantId: string; userId: string; password: string },
  { passwords, secrets, caller }: { passwords: Pick<PasswordHasher, 'hashNew'>; secrets: Secrets; caller: Caller },
): Promise<void> {
  const user = await findUser(db, wanted);
  const tenant = user && (await findTenantById(db, user.tenantId));
  if (!user || !tenant) throw new DomainError('not_found', 'NOT_FOUND');
  const passwordHash = await passwords.hashNew(wanted.password, {
    ...user,
    tenantName: tenant.name,
    tenantSlug: tenant.slug,
  });
  await inTransaction(db, (trx) =>
    storeNewPassword(trx, { user, passwordHash, recoveredBy: null }, { secrets, caller }),
  );
}
