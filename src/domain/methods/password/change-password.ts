/**
 * A person's own new password, set or changed by themselves. Owns that every other sign-in of theirs ends and that they are
 * told. Refuses where the tenant has no passwords. That they proved themselves lately is for the caller.
 */
import { type Database, inTransaction } from '../../../platform/database.ts';
import { DomainError } from '../../../platform/errors.ts';
import type { Secrets } from '../../../platform/secrets.ts';
import type { Caller } from '../../audit/audit-events.ts';
import { enqueueMessage } from '../../messages/outgoing-message.ts';
import { holdUser } from '../../users/user-state.ts';
import type { AccountProfile } from '../../users/users.ts';
import type { PasswordHasher } from './password-hash.ts';
import { allowsPasswords } from './password-method.ts';
import { storeNewPassword } from './set-password.ts';

/**
 * Give the pool as `db`: the password is hashed before the transaction opens.
 * @param person as they are signed in
 * @param wanted.keptUidHash of the session in which they do it
 * @param wanted.hasProvedTwo else what the password was recovered through stays known: it could be what proved them now
 * @throws DomainError invalid PASSWORD_*, not_found NOT_FOUND (no passwords here, or the person is gone), unavailable
 *   SERVICE_BUSY
 */
export async function changeOwnPassword(
  db: Database,
  person: AccountProfile,
  wanted: { password: string; keptUidHash: Buffer; locale: string; hasProvedTwo: boolean },
  {
    passwords,
    secrets,
    issuer,
    caller,
  }: { passwords: Pick<PasswordHasher, 'hashNew'>; secrets: Secrets; issuer: string; caller: Caller },
): Promise<void> {
  const { tenantId, userId, tenant } = person;
  if (!allowsPasswords(tenant.settings)) throw new DomainError('not_found', 'NOT_FOUND');
  const words = { ...person, tenantName: tenant.name, tenantSlug: tenant.slug };
  const passwordHash = await passwords.hashNew(wanted.password, words);
  await inTransaction(db, async (trx) => {
    const { state, email, phone } = await holdUser(trx, { tenantId, userId });
    if (state !== 'active') throw new DomainError('not_found', 'NOT_FOUND');
    const user = { id: userId, tenantId, email, phone };
    const recoveredBy = wanted.hasProvedTwo ? null : undefined;
    await storeNewPassword(
      trx,
      { user, passwordHash, recoveredBy, keptUidHash: wanted.keptUidHash },
      { secrets, caller },
    );
    const to = email ?? phone;
    if (to === null) return;
    const message = { channel: email === null ? 'sms' : 'email', to, tenantId } as const;
    const model = { tenantName: tenant.name, href: `${issuer}/account`, at: new Date() };
    const reader = { locale: person.locale ?? wanted.locale, timeZone: person.zoneinfo ?? undefined };
    await enqueueMessage(trx, { ...message, ...reader, template: 'password-changed', model }, { secrets });
  });
}
