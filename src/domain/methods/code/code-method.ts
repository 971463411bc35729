/**
 * One-time codes as a way to sign in. Owns that a way counts where a code gets through: the tenant has codes and the
 * channel, the server has a provider for it, and the number is one that messages may go to.
 */
import { DomainError } from '../../../platform/errors.ts';
import { availableChannels } from '../../messages/available-channels.ts';
import { type Channel, kindOf } from '../../messages/outgoing-message.ts';
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
  opens({ by }, { addresses }, { settings, server }) {
    return addresses.some(
      ({ kind, address }) =>
        kind === kindOf(by as Channel) &&
        (kind === 'email' || address === undefined || isReachable(address, settings, server)),
    );
  },
  credentialsOf: async () => [],
  takeAway: async () => [],
};
