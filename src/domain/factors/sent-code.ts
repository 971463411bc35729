/**
 * A one-time code that is sent, as a second factor: where the tenant counts them, for people who have nothing stronger. Owns that it goes
 * to an address which was proved before, and never to the one that proved the first factor: a mailbox is no second factor beside
 * itself, nor beside a password that was recovered through it. Limits and attempts are domain/codes', with a limit of sends of
 * its own; an attempt is counted before it is compared.
 */
import type { Database } from '../../platform/database.ts';
import { consume, defineLimits } from '../../platform/rate-limits.ts';
import type { RequestDependencies } from '../codes/check-destination.ts';
import { type CodeAttempt, countCodeAttempt, findCode, isRightCode, parseCode } from '../codes/code-attempts.ts';
import { type RequestedCode, requestCode } from '../codes/one-time-codes.ts';
import { useUpCode } from '../codes/sent-codes.ts';
import { type Channel, kindOf } from '../messages/outgoing-message.ts';
import { whoKnowsDevice } from '../sessions/known-devices.ts';
import { type AccountProfile, findAccount } from '../users/users.ts';
import type { AddressKind } from '../users/verified-address.ts';
import type { SecondFactor } from './second-factor.ts';

export const sentCodeLimits = defineLimits({
  /** Codes for the second factor of one person, apart from those at their own browsers. */
  factorCodesPerPerson: { hits: 10, windowSeconds: 3_600 },
});

/** The address that a code would go to; null where there is none that was proved. */
function provedAddress(account: AccountProfile, kind: AddressKind): string | null {
  if (kind === 'email') return account.emailVerified ? account.email : null;
  return account.phoneVerified ? account.phone : null;
}

/**
 * The ways by which a code counts as this person's second factor now, the first at once.
 * @param spent kinds of addresses that the first factor was proved by, or could have been
 * @param available what can go to the tenant's people (`availableChannels`)
 */
export function factorChannels(
  account: AccountProfile,
  { spent, available }: { spent: readonly AddressKind[]; available: readonly Channel[] },
): Channel[] {
  const { secondFactorChannels } = account.tenant.settings;
  return available.filter((channel) => {
    const kind = kindOf(channel);
    return secondFactorChannels.includes(channel) && !spent.includes(kind) && provedAddress(account, kind) !== null;
  });
}

/** Has a code sent. @throws DomainError as `requestCode`; rate_limited TOO_MANY_ATTEMPTS `{ seconds }` */
export async function requestFactorCode(
  db: Database,
  { account, ...wanted }: { account: AccountProfile; channel: Channel; challenge: string; locale: string },
  deps: RequestDependencies,
): Promise<RequestedCode> {
  const { tenantId, userId } = account;
  const { device } = deps.caller;
  const isKnown = device !== undefined && (await whoKnowsDevice(db, [{ tenantId, userId }], device)).has(userId);
  const counted = isKnown ? `${userId}:${device.toString('hex')}` : userId;
  await consume(db, sentCodeLimits.factorCodesPerPerson, counted);
  const address = provedAddress(account, kindOf(wanted.channel)) ?? '';
  return requestCode(db, { ...wanted, tenantId, userId, purpose: 'second_factor', address }, deps);
}

export interface SentFactorCode {
  challenge: string;
  destination: string;
  channel: Channel;
}

/** What a code that was sent proves. */
export function sentCodeFactor({
  challenge,
  destination,
  channel,
}: SentFactorCode): Pick<SecondFactor, 'kind' | 'prove'> {
  return {
    kind: kindOf(channel) === 'email' ? 'email_code' : 'phone_code',
    async prove(db, { tenantId, userId }, answer, { secrets }) {
      const code = parseCode(answer);
      if (code === undefined) return undefined;
      const attempt: CodeAttempt = { challenge, destination, tenantId, userId, code, purpose: 'second_factor' };
      const found = await findCode(db, attempt);
      if ('refused' in found) throw found.refused.error;
      const counted = await countCodeAttempt(db, found.row);
      if ('refused' in counted) throw counted.refused.error;
      if (!isRightCode(secrets, found.row, { ...counted, code })) return undefined;
      return async (trx) => {
        const account = await findAccount(trx, userId);
        // The tenant may count it no longer, and the address may be another's by now.
        const counts =
          account?.tenant.settings.secondFactorChannels.includes(channel) &&
          provedAddress(account, kindOf(channel)) === destination;
        if (!counts || !(await useUpCode(trx, found.row.id))) return undefined;
        return channel === 'sms' ? ['otp', 'sms'] : ['otp'];
      };
    },
  };
}
