/**
 * The ways that codes and links can go to the people of a tenant: what has a provider on this server, what the tenant
 * allows, and for phones a country that messages may go to. The same for every address.
 */
import type { TenantSettings } from '../tenants/tenant-settings.ts';
import { type Channel, kindOf } from './outgoing-message.ts';
import { allowedCountries } from './phone-policy.ts';

/**
 * @param configured the channels that have a provider (`Messenger.channels`)
 * @param tenant null where it is not known yet: what a tenant does not allow is left out when it is
 * @returns in the order of `configured`
 */
export function availableChannels(
  configured: readonly Channel[],
  tenant: TenantSettings | null,
  serverCountries: readonly string[],
): Channel[] {
  const phones = allowedCountries(tenant, serverCountries).length > 0;
  return configured.filter(
    (channel) => (kindOf(channel) === 'email' || phones) && (tenant === null || tenant.codeChannels.includes(channel)),
  );
}
