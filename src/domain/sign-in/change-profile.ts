/**
 * A profile as it is changed by who administers people. Owns that an address which was proved learns when somebody else takes
 * its account away: whoever reads its mail may otherwise never know. Tells neither the new address nor who it was.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import type { Secrets } from '../../platform/secrets.ts';
import type { Caller } from '../audit/audit-events.ts';
import { enqueueMessage } from '../messages/outgoing-message.ts';
import { findTenantById } from '../tenants/tenants.ts';
import { findProfile, findSettings, type Profile, type ProfileChange, updateProfile } from '../users/profiles.ts';
import { holdUserUnlessDeleted } from '../users/user-state.ts';
import type { UserOfTenant } from '../users/users.ts';

/** Changes a profile, and tells the verified email address that it had, unless it is the person's own change. @throws as updateProfile */
export async function changeProfile(
  db: Database,
  change: UserOfTenant & ProfileChange,
  { secrets, issuer, caller }: { secrets: Secrets; issuer: string; caller: Caller },
): Promise<Profile> {
  const user = { tenantId: change.tenantId, userId: change.userId };
  return inTransaction(db, async (trx) => {
    // Held, so that of two changes at once each tells the address that it took.
    await holdUserUnlessDeleted(trx, user);
    const before = await findProfile(trx, user);
    const after = await updateProfile(trx, change, caller);
    const isOwn = caller.type === 'user' && caller.id === user.userId;
    if (isOwn || !before?.email || !before.emailVerified || after.email === before.email) return after;
    const tenant = await findTenantById(trx, user.tenantId);
    const { locale } = await findSettings(trx, user);
    const model = { tenantName: tenant?.name ?? '', href: `${issuer}/account` };
    const to = { channel: 'email', to: before.email, locale: locale ?? 'en', tenantId: user.tenantId } as const;
    await enqueueMessage(trx, { ...to, template: 'email-changed', model }, { secrets });
    return after;
  });
}
