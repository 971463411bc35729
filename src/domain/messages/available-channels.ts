/**
 * The ways that codes and links can go to the people of a tenant: what has a provider on this server, what the tenant
 * allows, and for phones a country that messages may go to. The same for every address.
 */
import type { TenantSettings, TenantSettingsInput } from '../tenants/tenant-settings.ts';
import { type Channel, kindOf } from './outgoing-message.ts';
import { allowedCountries } from './phone-policy.ts';

/** What is configured of those who carry messages. */
export interface CarrierConfig {
  readonly mail: { readonly smtpUrl: string | undefined; readonly toFiles: boolean };
  readonly phone: {
    readonly twilio: { readonly smsFrom: string | undefined; readonly whatsappFrom: string | undefined } | undefined;
  };
}

/** The channels that have a provider on this server. */
export function configuredChannels({ mail, phone }: CarrierConfig): Channel[] {
  const { smsFrom, whatsappFrom } = phone.twilio ?? {};
  return [
    ...(mail.smtpUrl !== undefined || mail.toFiles ? (['email'] as const) : []),
    ...(smsFrom !== undefined ? (['sms'] as const) : []),
    ...(whatsappFrom !== undefined ? (['whatsapp'] as const) : []),
  ];
}

/**
 * @param configured the channels that have a provider (`configuredChannels`)
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

/** What a tenant chose and counts for nothing on this server: countries beyond the server's, channels without a provider. */
export function idleChoices(
  { countryList = [], codeChannels = [] }: Pick<TenantSettingsInput, 'countryList' | 'codeChannels'>,
  server: { channels: readonly Channel[]; countries: readonly string[] },
): { countries: string[]; channels: Channel[] } {
  const { channels, countries } = server;
  return {
    countries: countries.length === 0 ? [] : countryList.filter((country) => !countries.includes(country)),
    channels: codeChannels.filter((channel) => !channels.includes(channel)),
  };
}
