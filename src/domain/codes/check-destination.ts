/**
 * What is asked of a destination before anything is sent to it, a code or a link. Decided by the address itself, the
 * tenant and the day's budget, never by who lives there: nobody is looked up. Refuses channels that the server or the
 * tenant does not have, countries on no list, premium numbers, and what is no address, nor a username where the tenant takes
 * those.
 */
import type { AddressLimits } from '../../platform/address-limits.ts';
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Secrets } from '../../platform/secrets.ts';
import type { Caller } from '../audit/audit-events.ts';
import { availableChannels } from '../messages/available-channels.ts';
import { checkMailAddress, type MailReach } from '../messages/mail-policy.ts';
import { type Channel, kindOf, type MessageKind } from '../messages/outgoing-message.ts';
import { allowedCountries, checkPhone, isBudgetUsedUp, type MessageBudgets } from '../messages/phone-policy.ts';
import { findTenantById, type Tenant } from '../tenants/tenants.ts';
import { canonicalEmail, canonicalPhone, parseEmail, parsePhone } from '../users/canonical-address.ts';
import { parseUsername, usernameDestination, usernameOf } from '../users/username.ts';

/** What asking for a code or a link needs. */
export interface RequestDependencies extends MailReach {
  secrets: Secrets;
  caller: Caller;
  /** Of strangers; undefined where who asks has proved themselves and asks for others. */
  limits: AddressLimits | undefined;
  /** `configuredChannels` */
  channels: readonly Channel[];
  /** `config.phone.countries` */
  phoneCountries: readonly string[];
  /** Messages a day for each tenant, as configured. */
  budgets: MessageBudgets;
}

async function activeTenant(db: Database, tenantId: string): Promise<Tenant> {
  const tenant = await findTenantById(db, tenantId);
  if (!tenant) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'tenant' });
  if (tenant.state !== 'active') throw new DomainError('forbidden', 'TENANT_SUSPENDED');
  return tenant;
}

/**
 * What was typed, in canonical form: an address of the kind, or a username where it may be one (`usernameDestination`). A form may
 * hold a field twice: that is neither.
 * @throws DomainError invalid EMAIL_INVALID or PHONE_INVALID
 */
function canonicalDestination(
  typed: unknown,
  { kind, countries, usernames }: { kind: MessageKind; countries: readonly string[]; usernames: boolean },
): string {
  const text = typeof typed === 'string' ? typed : '';
  const address = kind === 'email' ? parseEmail(text) : parsePhone(text, countries);
  if (address !== undefined) return address;
  const username = usernames ? parseUsername(text) : undefined;
  if (username !== undefined) return usernameDestination(username);
  return kind === 'email' ? canonicalEmail(text) : canonicalPhone(text, countries);
}

/**
 * The canonical form of an address that may be sent something, and its tenant.
 * @param wanted.tenantId null at the server's own sign-in
 * @param wanted.address as typed; a phone number may be in the national form of an allowed country
 * @param wanted.takesUsernames a username of the tenant will do: where it leads is found when it is sent
 * @param allow what else the tenant has to be asked, before the address is looked at
 * @throws DomainError invalid EMAIL_INVALID, EMAIL_NOT_SUPPORTED, PHONE_INVALID, PHONE_NOT_SUPPORTED or
 *   CHANNEL_UNAVAILABLE; forbidden TENANT_SUSPENDED; not_found for an unknown tenant; unavailable MESSAGES_EXHAUSTED
 */
export async function checkDestination(
  db: Database,
  wanted: { tenantId: string | null; address: string; channel: Channel; takesUsernames?: boolean },
  { channels, phoneCountries, budgets, takesUnicodeMail }: Omit<RequestDependencies, 'secrets' | 'caller' | 'limits'>,
  allow?: (tenant: Tenant | null) => void,
): Promise<{ destination: string; tenant: Tenant | null }> {
  const { tenantId, address, channel, takesUsernames = false } = wanted;
  const tenant = tenantId === null ? null : await activeTenant(db, tenantId);
  const settings = tenant?.settings ?? null;
  allow?.(tenant);
  if (!availableChannels(channels, settings, phoneCountries).includes(channel))
    throw new DomainError('invalid', 'CHANNEL_UNAVAILABLE', { field: 'channel' });
  const kind = kindOf(channel);
  const countries = allowedCountries(settings, phoneCountries);
  const usernames = takesUsernames && settings?.usernames === true;
  const destination = canonicalDestination(address, { kind, countries, usernames });
  // Where a username leads, the same is asked when it is sent.
  if (usernameOf(destination) === undefined) {
    if (kind === 'email') await checkMailAddress(destination, { takesUnicodeMail });
    else checkPhone(destination, { serverCountries: phoneCountries, tenant: settings });
  }
  if (await isBudgetUsedUp(db, kind, tenant, budgets)) throw new DomainError('unavailable', 'MESSAGES_EXHAUSTED');
  return { destination, tenant };
}
