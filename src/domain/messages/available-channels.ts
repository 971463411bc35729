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

/** `files`: mail is written into a folder, where somebody develops. */
export const messageProviders = ['smtp', 'files', 'twilio'] as const;
export type MessageProvider = (typeof messageProviders)[number];

/** Who carries the messages of each channel on this server; one without a provider is not there. */
export function providersOf({ mail, phone }: CarrierConfig): ReadonlyMap<Channel, MessageProvider> {
  const { smsFrom, whatsappFrom } = phone.twilio ?? {};
  const providers = new Map<Channel, MessageProvider>();
  if (mail.smtpUrl !== undefined) providers.set('email', 'smtp');
  else if (mail.toFiles) providers.set('email', 'files');
  if (smsFrom !== undefined) providers.set('sms', 'twilio');
  if (whatsappFrom !== undefined) providers.set('whatsapp', 'twilio');
  return providers;
}

/** The channels that have a provider on this server. */
export function configuredChannels(carriers: CarrierConfig): Channel[] {
  return [...providersOf(carriers).keys()];
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
