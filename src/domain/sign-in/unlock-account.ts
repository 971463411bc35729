/** Freeing an account that failed attempts have slowed or locked. For administrators and for recovery. */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { findUser, type UserOfTenant } from '../users/users.ts';
import { forgetFailures } from './sign-in-failures.ts';

/** Forgets the failed attempts of a user. @throws DomainError not_found, also for a user of another tenant */
export async function unlockAccount(
  db: Database,
  { tenantId, userId }: UserOfTenant,
  { secrets, caller }: { secrets: Secrets; caller: Caller },
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const user = await findUser(trx, { tenantId, userId });
    if (!user) throw new DomainError('not_found', 'NOT_FOUND');
    await forgetFailures(trx, secrets, { ...user, userId }, { secondFactor: true });
    await recordEvent(trx, { tenantId, action: 'user.unlocked', entityType: 'user', entityId: userId }, caller);
  });
}
