/**
 * One-time codes as a way to sign in. Owns that a way counts where a code gets through: the tenant has codes and the
 * channel, the server has a provider for it, and the number is one that messages may go to.
 */
import type { Database } from '../../../platform/database.ts';
import { DomainError } from '../../../platform/errors.ts';
import { findFailureWait } from '../../codes/code-attempts.ts';
import { findSendLimits } from '../../codes/send-limits.ts';
import { availableChannels } from '../../messages/available-channels.ts';
import { type Channel, kindOf } from '../../messages/outgoing-message.ts';
import { checkPhone, isBudgetUsedUp } from '../../messages/phone-policy.ts';
import { codeRules, type Person } from '../../sign-in/candidates.ts';
import type { ExplainedWay, Explaining, SignInMethod, SignInServer } from '../../sign-in/method.ts';
import { type Check, checksOf, waitCheck } from '../../sign-in/rules.ts';
import { findHeldUp } from '../../sign-in/sign-in-failures.ts';
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

/** What would be asked of a code by one channel: the sending, the typing, and the account. */
async function checksOfChannel(
  db: Database,
  person: Person,
  { settings, server, secrets, budgets, channel }: Explaining & { channel: Channel },
): Promise<Check[]> {
  const { tenantId, userId, email, phone } = person;
  const destination = kindOf(channel) === 'email' ? email : phone;
  const serves = { refusal: 'channel_unavailable', passes: server.channels.includes(channel), seconds: null };
  if (destination === null) return [{ refusal: 'unknown_account', passes: false, seconds: null }, serves];
  const asked = { destination, channel, createdAt: new Date(), reached: null };
  const sent = { person, settings, ...asked, serverCountries: server.phoneCountries };
  const held = await findHeldUp(db, secrets, 'code', { tenantId, userId, addresses: [destination] });
  const limits = await findSendLimits(db, { tenantId, destination, channel, purpose: 'login' });
  const usedUp = await isBudgetUsedUp(db, kindOf(channel), { id: tenantId, settings }, budgets);
  return [
    { refusal: 'unknown_account', passes: true, seconds: null },
    serves,
    ...checksOf(codeRules, sent),
    { refusal: 'messages_exhausted', passes: !usedUp, seconds: null },
    { refusal: 'range_stopped', passes: !limits.rangeStopped, seconds: null },
    waitCheck('too_many_codes', limits.seconds),
    waitCheck('too_many_failures', await findFailureWait(db, person, destination)),
    { refusal: 'account_locked', passes: !held.locked, seconds: null },
    waitCheck('account_slowed', held.seconds),
  ];
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
  async explain(db, person, at) {
    const ways: ExplainedWay[] = [];
    for (const channel of ['email', 'sms', 'whatsapp'] as const)
      ways.push({ method: name, by: channel, checks: await checksOfChannel(db, person, { ...at, channel }) });
    return ways;
  },
  credentialsOf: async () => [],
  takeAway: async () => [],
};
