/**
 * By which ways messages can go to the people of a tenant, for each thing that they are sent for, and which methods it
 * offers. The same for everybody who comes: it does not depend on who they turn out to be.
 */
import { availableChannels } from '../../domain/messages/available-channels.ts';
import { type Channel, kindOf } from '../../domain/messages/outgoing-message.ts';
import { allowedCountries } from '../../domain/messages/phone-policy.ts';
import { codeMethod } from '../../domain/methods/code/code-method.ts';
import type { Way } from '../../domain/sign-in/method.ts';
import { offeredWays } from '../../domain/sign-in/ways-in.ts';
import { canSignUpBy } from '../../domain/sign-up/sign-up.ts';
import type { TenantSettings } from '../../domain/tenants/tenant-settings.ts';
import type { ChannelLink } from '../pages/sign-in-view-models.ts';
import type { WebDependencies } from './context.ts';

type Tenant = { settings: TenantSettings } | null;

/** Whether the tenant has a way to sign in. Without a tenant every way is offered, and the account's tenant decides. */
export function allowsMethod(tenant: Tenant, method: string): boolean {
  return tenant === null || tenant.settings.signInMethods.includes(method);
}

/** The ways that messages can go to the people of a tenant. */
export function messageChannels(web: WebDependencies, tenant: Tenant): Channel[] {
  return availableChannels(web.channels, tenant?.settings ?? null, web.phoneCountries);
}

/** The countries whose national numbers are understood. */
export function phoneCountriesOf(web: WebDependencies, tenant: Tenant): readonly string[] {
  return allowedCountries(tenant?.settings ?? null, web.phoneCountries);
}

/** The ways a code for signing in can go. */
export function codeChannels(web: WebDependencies, tenant: Tenant): Channel[] {
  const ways = offeredWays(tenant?.settings ?? null, web);
  return channelsOf(ways.filter(({ method }) => method === codeMethod.id));
}

/** The channels of ways by code. */
export function channelsOf(ways: readonly Way[]): Channel[] {
  return ways.map(({ by }) => by as Channel);
}

/**
 * The ways a recovery link can go: none where there is no password to recover. By WhatsApp only where there is no SMS:
 * its approved templates are for codes, and it takes plain text only from those who have written lately.
 */
export function recoveryChannels(web: WebDependencies, tenant: Tenant): Channel[] {
  const channels = allowsMethod(tenant, 'password') ? messageChannels(web, tenant) : [];
  return channels.includes('sms') ? channels.filter((channel) => channel !== 'whatsapp') : channels;
}

/**
 * The ways the code of a self sign-up can go: none where there is no tenant to join, it lets nobody in, or nothing would
 * let them in again. Where it takes email addresses of some domains alone, phones are none of them.
 */
export function signUpChannels(web: WebDependencies, tenant: Tenant): Channel[] {
  if (!tenant) return [];
  const channels = messageChannels(web, tenant).filter((channel) => canSignUpBy(tenant.settings, channel, web));
  return tenant.settings.signUpEmailDomains.length === 0
    ? channels
    : channels.filter((channel) => kindOf(channel) === 'email');
}

/** The page that a link to one channel leads to. */
export function channelLinks(href: string, channels: readonly Channel[]): ChannelLink[] {
  return channels.map((channel) => ({ channel, href: `${href}?channel=${channel}` }));
}
