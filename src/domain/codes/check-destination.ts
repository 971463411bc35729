/**
 * What is asked of a destination before anything is sent to it, a code or a link. Decided by the address itself, the
 * tenant and the day's budget, never by who lives there: nobody is looked up. Refuses channels that the server or the
 * tenant does not have, countries on no list, premium numbers, and what is no address.
 */
import type { AddressLimits } from '../../platform/address-limits.ts';
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Secrets } from '../../platform/secrets.ts';
import type { Caller } from '../audit/audit-events.ts';
import { availableChannels } from '../messages/available-channels.ts';
import { checkMailAddress, type MailReach } from '../messages/mail-policy.ts';
import { type Channel, kindOf } from '../messages/outgoing-message.ts';
import { allowedCountries, checkPhone, isBudgetUsedUp, type MessageBudgets } from '../messages/phone-policy.ts';
import { findTenantById, type Tenant } from '../tenants/tenants.ts';
import { canonicalEmail, canonicalPhone } from '../users/canonical-address.ts';

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
 * The canonical form of an address that may be sent something, and its tenant.
 * @param wanted.tenantId null at the server's own sign-in
 * @param wanted.address as typed; a phone number may be in the national form of an allowed country
 * @param allow what else the tenant has to be asked, before the address is looked at
 * @throws DomainError invalid EMAIL_INVALID, EMAIL_NOT_SUPPORTED, PHONE_INVALID, PHONE_NOT_SUPPORTED or
 *   CHANNEL_UNAVAILABLE; forbidden TENANT_SUSPENDED; not_found for an unknown tenant; unavailable MESSAGES_EXHAUSTED
 */
export async function checkDestination(
  db: Database,
  { tenantId, address, channel }: { tenantId: string | null; address: string; channel: Channel },
  { channels, phoneCountries, budgets, takesUnicodeMail }: Omit<RequestDependencies, 'secrets' | 'caller' | 'limits'>,
  allow?: (tenant: Tenant | null) => void,
): Promise<{ destination: string; tenant: Tenant | null }> {
  const tenant = tenantId === null ? null : await activeTenant(db, tenantId);
  const settings = tenant?.settings ?? null;
  allow?.(tenant);
  if (!availableChannels(channels, settings, phoneCountries).includes(channel))
    throw new DomainError('invalid', 'CHANNEL_UNAVAILABLE', { field: 'channel' });
  const kind = kindOf(channel);
  // A form may hold a field twice.
  const text = typeof (address as unknown) === 'string' ? address : '';
  const destination =
    kind === 'email' ? canonicalEmail(text) : canonicalPhone(text, allowedCountries(settings, phoneCountries));
  if (kind === 'email') await checkMailAddress(destination, { takesUnicodeMail });
  else checkPhone(destination, { serverCountries: phoneCountries, tenant: settings });
  if (await isBudgetUsedUp(db, kind, tenant, budgets)) throw new DomainError('unavailable', 'MESSAGES_EXHAUSTED');
  return { destination, tenant };
}
