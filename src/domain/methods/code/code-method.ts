/**
 * One-time codes as a way to sign in. Owns that a way counts where a code gets through: the tenant has codes and the
 * channel, the server has a provider for it, and the number is one that messages may go to.
 */
import { DomainError } from '../../../platform/errors.ts';
import { availableChannels } from '../../messages/available-channels.ts';
import { kindOf } from '../../messages/outgoing-message.ts';
import { checkPhone } from '../../messages/phone-policy.ts';
import type { SignInMethod, SignInServer } from '../../sign-in/method.ts';
import type { TenantSettings } from '../../tenants/tenant-settings.ts';

const name = 'otp';

function isReachable(phone: string, tenant: TenantSettings, { phoneCountries }: SignInServer): boolean {
  try {
    checkPhone(phone, { serverCountries: phoneCountries, tenant });
    return true;
  } catch (error) {
    if (error instanceof DomainError) return false;
    throw error;
  }
}

/** Its credential is the address itself, so there is nothing to hold and nothing to take away. */
export const codeMethod: SignInMethod = {
  id: name,
  settingNames: [name],
  offers(settings, { channels, phoneCountries }) {
    if (settings !== null && !settings.signInMethods.includes(name)) return [];
    return availableChannels(channels, settings, phoneCountries).map((channel) => ({ method: name, by: channel }));
  },
  waysIn(settings, server, { addresses }) {
    if (!settings.signInMethods.includes(name)) return [];
    const reached = addresses
      .filter(
        ({ kind, address }) => kind === 'email' || address === undefined || isReachable(address, settings, server),
      )
      .map(({ kind }) => kind);
    return availableChannels(server.channels, settings, server.phoneCountries)
      .filter((channel) => reached.includes(kindOf(channel)))
      .map((channel) => ({ method: name, by: channel }));
  },
  credentialsOf: async () => [],
  takeAway: async () => [],
};
