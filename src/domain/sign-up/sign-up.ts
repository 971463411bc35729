/**
 * Making one's own account, where a tenant allows it. The address is proved first, by a code of the purpose `sign_up`
 * (codes/one-time-codes.ts); here a name and perhaps a password are added and the user is made, with the address verified.
 * Owns that it is asked again at the end whether the tenant takes people in, and that of many completions of one proof
 * one makes a user. Refuses domains that the tenant does not list, and to go without a password where no code would lead
 * back into the account. Gives no role and no session.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { type Channel, kindOf } from '../messages/outgoing-message.ts';
import { passwordChoice } from '../methods/password/password-method.ts';
import { recordReferral } from '../referrals/referrals.ts';
import type { Provable, SignInServer } from '../sign-in/method.ts';
import { waysIn } from '../sign-in/ways-in.ts';
import { isDomainAllowed, type TenantSettings } from '../tenants/tenant-settings.ts';
import { findTenantById, type Tenant } from '../tenants/tenants.ts';
import { createUser, type NewPasswords, type User } from '../users/users.ts';

export interface SignUp {
  tenantId: string;
  /** Proved, and in canonical form. */
  destination: string;
  /** The one that proved it. */
  channel: Channel;
  fullName: string;
  /** Undefined or empty: none. */
  password?: string;
  /** BCP 47, as the person reads the pages. */
  locale: string;
  /** As it was linked; one that counts for nothing is passed over. */
  referralCode?: string;
}

/** Somebody who is about to prove an address of this kind, and has nothing else. */
function newcomerBy(channel: Channel): Provable {
  return { addresses: [{ kind: kindOf(channel) }], credentials: [] };
}

/**
 * Whether a new person chooses a password. `optional` where a code to the proved address signs them in as well, `none`
 * where the tenant has no passwords.
 */
export function passwordAtSignUp(
  settings: TenantSettings,
  channel: Channel,
  server: SignInServer,
): 'required' | 'optional' | 'none' {
  return passwordChoice(settings, server, newcomerBy(channel));
}

/** Whether a person who signs up by this channel can come back: where the tenant has passwords, or codes go there. */
export function canSignUpBy(settings: TenantSettings, channel: Channel, server: SignInServer): boolean {
  const newcomer = newcomerBy(channel);
  if (!settings.selfSignUp) return false;
  return passwordChoice(settings, server, newcomer) !== 'none' || waysIn(settings, server, newcomer).length > 0;
}

/**
 * The tenant, if an address may make an account in it now.
 * @throws DomainError forbidden SIGN_UP_CLOSED, invalid EMAIL_DOMAIN_NOT_ALLOWED or CHANNEL_UNAVAILABLE
 */
async function openTenant(
  db: Database,
  { tenantId, destination, channel }: SignUp,
  server: SignInServer,
): Promise<Tenant> {
  const tenant = await findTenantById(db, tenantId);
  if (tenant?.state !== 'active' || !canSignUpBy(tenant.settings, channel, server))
    throw new DomainError('forbidden', 'SIGN_UP_CLOSED');
  // A list of domains says who may come in; a phone number has none.
  if (kindOf(channel) === 'phone' && tenant.settings.signUpEmailDomains.length > 0)
    throw new DomainError('invalid', 'CHANNEL_UNAVAILABLE', { field: 'channel' });
  if (kindOf(channel) === 'email' && !isDomainAllowed(tenant.settings, destination))
    throw new DomainError('invalid', 'EMAIL_DOMAIN_NOT_ALLOWED', { field: 'email' });
  return tenant;
}

/**
 * Makes the user of a proved address, active at once, with the events `user.created` and `user.signed_up`. Give the pool
 * as `db`: the password is hashed before the transaction opens. That the address was proved, in this browser and for
 * this tenant, is the caller's to know.
 * @throws DomainError forbidden SIGN_UP_CLOSED; invalid EMAIL_DOMAIN_NOT_ALLOWED, CHANNEL_UNAVAILABLE, FIELD_REQUIRED (fullName, password),
 *   INVALID_INPUT, PASSWORD_*; expired CODE_EXPIRED where the address has an account by now; unavailable SERVICE_BUSY
 */
export async function completeSignUp(
  db: Database,
  wanted: SignUp,
  { passwords, caller, ...server }: { passwords: NewPasswords; caller: Caller } & SignInServer,
): Promise<User> {
  const { tenantId, destination, channel, fullName, locale } = wanted;
  const tenant = await openTenant(db, wanted, server);
  if (fullName.trim() === '') throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'fullName' });
  const password = wanted.password ?? '';
  const asked = passwordAtSignUp(tenant.settings, channel, server);
  if (asked === 'required' && password === '')
    throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'password' });
  if (asked === 'none' && password !== '') throw new DomainError('invalid', 'INVALID_INPUT', { field: 'password' });

  const address = kindOf(channel) === 'email' ? { email: destination } : { phone: destination };
  const personal = { ...address, fullName, tenantName: tenant.name, tenantSlug: tenant.slug };
  const passwordHash = password === '' ? null : await passwords.hashNew(password, personal);
  try {
    return await inTransaction(db, async (trx) => {
      // Hashing may have waited in a queue.
      await openTenant(trx, wanted, server);
      const user = await createUser(
        trx,
        { tenantId, ...address, emailVerified: true, phoneVerified: true, fullName, passwordHash, locale },
        { passwords, caller },
      );
      const self: Caller = { ...caller, type: 'user', id: user.id };
      const referral = wanted.referralCode
        ? await recordReferral(trx, { tenantId, userId: user.id, code: wanted.referralCode }, self)
        : undefined;
      await recordEvent(
        trx,
        {
          tenantId,
          action: 'user.signed_up',
          entityType: 'user',
          entityId: user.id,
          payload: { channel, referralId: referral?.id },
        },
        self,
      );
      return user;
    });
  } catch (error) {
    // The first sign-up has the address. Nobody else hears of it, and the code was worth one account.
    if (error instanceof DomainError && (error.code === 'DUPLICATE_EMAIL' || error.code === 'DUPLICATE_PHONE'))
      throw new DomainError('expired', 'CODE_EXPIRED');
    throw error;
  }
}
