/**
 * Making an account by an account elsewhere, where the tenant takes people in or an invitation waits for the address that
 * the provider has verified. Name, picture and language come from the provider, this once. Refuses addresses that the
 * provider has not verified, and everybody where neither is the case, in the words of every other refusal.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { recordEvent } from '../audit/audit-events.ts';
import { acceptInvitationsOf, isInvited } from '../invitations/invitations-of-address.ts';
import {
  isOfHostedDomain,
  type LinkDependencies,
  linkIdentity,
  refusedAccount,
} from '../methods/federation/identities.ts';
import { isOffered } from '../methods/federation/identity-providers.ts';
import { type FederatedAttempt, recordFederationFailure } from '../methods/federation/linking.ts';
import { recordReferral } from '../referrals/referrals.ts';
import type { ProvedAccount } from '../sign-in/proved-account.ts';
import { isDomainAllowed } from '../tenants/tenant-settings.ts';
import { findTenantById } from '../tenants/tenants.ts';
import { createUser, type NewPasswords } from '../users/users.ts';

export interface FederatedSignUp extends Omit<FederatedAttempt, 'tenant'> {
  tenantId: string;
  /** BCP 47, as the person reads the pages; for whose language the provider does not tell. */
  locale: string;
  /** As it was linked; one that counts for nothing is passed over. */
  referralCode?: string;
}

/**
 * Makes the user of an identity, with what waits for them, in one transaction.
 * @throws DomainError forbidden PROVIDER_ACCOUNT_REFUSED; conflict DUPLICATE_EMAIL where somebody has the address by now
 */
export async function signUpWithIdentity(
  db: Database,
  wanted: FederatedSignUp,
  { passwords, ...deps }: LinkDependencies & { passwords: NewPasswords },
): Promise<ProvedAccount> {
  const { provider, tenantId } = wanted;
  try {
    return await inTransaction(db, (trx) => signUp(trx, wanted, { passwords, ...deps }));
  } catch (error) {
    if (error instanceof DomainError && error.code === 'PROVIDER_ACCOUNT_REFUSED')
      await recordFederationFailure(db, { provider, tenantId, reason: 'sign_up_closed' }, deps.caller);
    throw error;
  }
}

async function signUp(
  trx: Database,
  { provider, person, tenantId, locale, referralCode }: FederatedSignUp,
  { passwords, ...deps }: LinkDependencies & { passwords: NewPasswords },
): Promise<ProvedAccount> {
  const tenant = await findTenantById(trx, tenantId);
  const { email, emailVerified, fullName, givenName, familyName, pictureUrl } = person;
  if (tenant?.state !== 'active' || email === null || !emailVerified) throw refusedAccount(provider);
  const { settings } = tenant;
  if (!isOffered(provider, tenant) || !isOfHostedDomain(provider, person, settings)) throw refusedAccount(provider);
  const isOpen = settings.selfSignUp && isDomainAllowed(settings, email);
  if (!isOpen && !(await isInvited(trx, { tenantId, email }))) throw refusedAccount(provider);

  const profile = { fullName, givenName, familyName, pictureUrl, locale: person.locale ?? locale };
  const user = await createUser(
    trx,
    { tenantId, email, emailVerified: true, ...profile },
    { passwords, caller: deps.caller },
  );
  const userId = user.id;
  const caller = { ...deps.caller, type: 'user' as const, id: userId };
  await linkIdentity(trx, { tenantId, userId, provider, person, replace: false, notify: false }, { ...deps, caller });
  const invitations = await acceptInvitationsOf(trx, { tenantId, userId, email }, caller);
  // An invitation that leads nowhere any more lets nobody in either: nothing of this has happened.
  if (!isOpen && invitations === 0) throw refusedAccount(provider);
  const referral =
    isOpen && referralCode ? await recordReferral(trx, { tenantId, userId, code: referralCode }, caller) : undefined;
  const payload = { method: 'fed', provider: provider.key, invitations, referralId: referral?.id };
  const about = { tenantId, entityType: 'user', entityId: userId };
  await recordEvent(trx, { ...about, action: 'user.signed_up', payload }, caller);
  return { userId, tenantId, tenantName: tenant.name, tenantSlug: tenant.slug, name: user.fullName, email };
}
