/**
 * How often messages with a code or a link go out. Owns the waits between two, the limits of a destination, of an IP
 * address and of a tenant, and that a range of numbers whose messages nobody answers gets no more. Counts by rows that
 * are written whether or not anybody lives at the destination, so no refusal says who exists.
 *
 * A destination is counted over all tenants: it is one mailbox or one phone for all of them. What is asked for by a username
 * is counted by that, and by the address once the job has found it: a refusal at the form that knew the address would tell
 * whose it is.
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { AddressLimits } from '../../platform/address-limits.ts';
import type { Database } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { normalizeAddress, rangeOf } from '../../platform/network/networks.ts';
import { consume, rateLimitSubjects, widestNetwork } from '../../platform/rate-limits.ts';
import type { Caller } from '../audit/audit-events.ts';
import { type Channel, kindOf } from '../messages/outgoing-message.ts';
import { whoKnowsDevice } from '../sessions/known-devices.ts';
import { findPeople } from '../sign-in/candidates.ts';
import { addressTerms } from '../tenants/address-terms.ts';
import type { Tenant } from '../tenants/tenants.ts';
import { usernameOf } from '../users/username.ts';
import { codeLimits, codeRateLimits } from './code-limits.ts';
import {
  insertSend,
  lockNames,
  type RecentSend,
  selectAddressWait,
  selectConversion,
  selectRecentSends,
} from './code-store.ts';
import type { SendPurpose } from './sent-codes.ts';

export const sendCodes = defineCodes({
  TOO_MANY_CODES: {
    kind: 'rate_limited',
    params: ['seconds'],
    means: 'the next code or link can be sent after so many seconds',
  },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof sendCodes> {}
}

export type { SendPurpose };

/** A code or link that is about to be sent. */
export interface Send {
  /** `newId()`, made by the caller that makes the code: its hash may be bound to it. */
  id: string;
  tenantId: string | null;
  /** Whose it is, where somebody who is signed in asks for it; needs a tenant. Never set from a look-up of the address. */
  userId?: string | null;
  /** Canonical: an email address, or E.164; or a username of the tenant (`usernameDestination`). */
  destination: string;
  channel: Channel;
  purpose: SendPurpose;
  /** SHA-256 of the browser's challenge; null for a link, which may be opened in any browser. */
  challengeHash: Buffer | null;
  codeHash: Buffer;
  /** The `client_id` of the application that a link leads back to. */
  clientId?: string;
}

/** Country code and the next three digits: about what one operator holds. @param phone E.164 */
export function phonePrefix(phone: string): string {
  const number = parsePhoneNumberFromString(phone);
  return number ? `+${number.countryCallingCode}${number.nationalNumber.slice(0, 3)}` : phone.slice(0, 6);
}

function waitAfter(unconsumedSends: number): number {
  const waits = codeLimits.resendWaitSeconds;
  return unconsumedSends === 0 ? 0 : (waits[Math.min(unconsumedSends, waits.length) - 1] ?? 0);
}

/** Seconds until fewer than `most` of these ages lie within the window; 0 where it is so now. */
function untilFewer(ages: readonly number[], most: number, windowSeconds: number): number {
  const within = ages.filter((age) => age < windowSeconds).sort((left, right) => left - right);
  const [deciding] = within.slice(most - 1);
  return deciding === undefined ? 0 : windowSeconds - deciding;
}

const hour = 3_600;
const day = 86_400;

/** Seconds until an hour and a day have room for one more. */
export function waitForRoom(
  sends: readonly RecentSend[],
  { channel, purpose }: Pick<Send, 'channel' | 'purpose'>,
  knownDevice: boolean,
): number {
  const kind = kindOf(channel);
  const counted = knownDevice ? sends.filter((sent) => sent.knownDevice) : sends;
  const { knownDevices, recovery } = codeLimits.keptPerDay;
  const kept = knownDevice ? 0 : knownDevices + (purpose === 'reset_password' ? 0 : recovery);
  const agesOf = (some: readonly RecentSend[]) => some.map(({ ageSeconds }) => ageSeconds);
  return Math.max(
    untilFewer(agesOf(counted), codeLimits.sendsPerHour[kind], hour),
    untilFewer(agesOf(sends), codeLimits.sendsPerDay[kind] - kept, day),
  );
}

/**
 * Seconds to wait for the next send; 0 where it may go now. Somebody at a browser of their own waits for what was asked for
 * there alone, and some of the day's messages are kept for them, and for recovery: strangers cannot use up all of them.
 * @param sends those of the last day, in any order
 */
function sendWait(
  sends: readonly RecentSend[],
  send: Pick<Send, 'channel' | 'purpose'>,
  knownDevice: boolean,
): { seconds: number; unconsumed: number } {
  const counted = knownDevice ? sends.filter((sent) => sent.knownDevice) : sends;
  const unconsumed = counted.filter(({ ageSeconds, consumed }) => !consumed && ageSeconds < hour);
  const newest = Math.min(...unconsumed.map(({ ageSeconds }) => ageSeconds));
  const resendWait = unconsumed.length === 0 ? 0 : waitAfter(unconsumed.length) - newest;
  const seconds = Math.max(resendWait, waitForRoom(sends, send, knownDevice), 0);
  return { seconds: Math.ceil(seconds), unconsumed: unconsumed.length };
}

/** Whether somebody of the destination has signed in with this browser. Asks the same of every destination. */
async function isKnownDevice(db: Database, send: Send, device: Buffer | undefined): Promise<boolean> {
  if (!device) return false;
  return (await whoKnowsDevice(db, await findPeople(db, send), device)).size > 0;
}

/** Whether of the messages to a prefix too few were answered. */
export async function isRangeStopped(
  db: Database,
  { tenantId, purpose }: Pick<Send, 'tenantId' | 'purpose'>,
  prefix: string,
): Promise<boolean> {
  const { sent, consumed } = await selectConversion(db, { tenantId, prefix, isSignUp: purpose === 'sign_up' });
  const { leastSends, leastShare } = codeLimits.conversion;
  return sent >= leastSends && consumed < sent * leastShare;
}

/** Who asks, and from where. */
export interface Asker extends Pick<Caller, 'ip' | 'device'> {
  /** How many codes and links that nobody used may have gone out for the address; undefined where it is not limited. */
  mostUnanswered: number | undefined;
}

export function askerOf(
  { limits, caller }: { limits: AddressLimits | undefined; caller: Caller },
  tenant: Tenant | null,
): Asker {
  const { device } = caller;
  const ip = caller.ip === undefined ? undefined : normalizeAddress(caller.ip);
  const terms = tenant ? addressTerms(tenant.settings, 'codes') : undefined;
  const mostUnanswered = ip === undefined ? undefined : limits?.mostAt(codeRateLimits.codesPerIp, ip, terms);
  return { ip, device, mostUnanswered };
}

/**
 * Many people may share an address, so only what went out and was not answered counts: what a school's people sign in with
 * is given back as it is used. The networks of an IPv6 address count each for itself, as everywhere.
 */
async function checkAddress(trx: Database, ip: string, most: number): Promise<void> {
  const networks = rateLimitSubjects(ip).map(({ name, share }) => ({ ...rangeOf(name), most: share * most }));
  const seconds = await selectAddressWait(trx, networks, codeRateLimits.codesPerIp.windowSeconds);
  if (seconds > 0) throw new DomainError('rate_limited', 'TOO_MANY_ATTEMPTS', { seconds });
}

/**
 * Counts one message under every limit and writes its row, in the caller's transaction: what is refused or rolled back
 * counts nowhere, and of many at once no more get through than may. The caller enqueues the job in the same transaction.
 * @returns when the code or link expires, by the database's clock, and how long the next send has to wait
 * @throws DomainError rate_limited TOO_MANY_ATTEMPTS `{ seconds }` (the IP address) or TOO_MANY_CODES `{ seconds }` (the
 *   destination, the tenant), invalid PHONE_NOT_SUPPORTED (the prefix)
 */
export async function recordSend(
  trx: Database,
  send: Send,
  { ip, device, mostUnanswered }: Asker,
): Promise<{ expiresAt: Date; resendInSeconds: number }> {
  if (!trx.isTransaction) throw new Error('a send is counted and enqueued in one transaction');
  // A browser that somebody there has signed in with is no stranger's.
  const knownDevice = await isKnownDevice(trx, send, device);
  const countedIp = ip === undefined || mostUnanswered === undefined || knownDevice ? null : ip;
  await lockNames(trx, [send.destination, ...(countedIp === null ? [] : [`address:${widestNetwork(countedIp)}`])]);
  if (countedIp !== null && mostUnanswered !== undefined) await checkAddress(trx, countedIp, mostUnanswered);
  const { seconds, unconsumed } = sendWait(await selectRecentSends(trx, send), send, knownDevice);
  if (seconds > 0) throw new DomainError('rate_limited', 'TOO_MANY_CODES', { seconds });

  const isPhone = kindOf(send.channel) === 'phone' && usernameOf(send.destination) === undefined;
  const prefix = isPhone ? phonePrefix(send.destination) : null;
  if (prefix !== null && (await isRangeStopped(trx, send, prefix)))
    throw new DomainError('invalid', 'PHONE_NOT_SUPPORTED', { field: 'phone' });
  const expiresAt = await insertSend(trx, {
    ...send,
    userId: send.userId ?? null,
    clientId: send.clientId ?? null,
    knownDevice,
    ip: countedIp,
    prefix,
    attemptMax: codeLimits.attempts,
    lifetimeSeconds: send.challengeHash === null ? codeLimits.linkSeconds : codeLimits.codeSeconds,
  });
  await countForTenant(trx, send.tenantId);
  return { expiresAt, resendInSeconds: waitAfter(unconsumed + 1) };
}

/**
 * The limits that a code to a destination would be held to now, for a browser that nobody knows; counts nothing.
 * @returns seconds to wait, and whether too few messages to the number's range were answered
 */
export async function findSendLimits(
  db: Database,
  send: Pick<Send, 'tenantId' | 'destination' | 'channel' | 'purpose'>,
): Promise<{ seconds: number; rangeStopped: boolean }> {
  const { seconds } = sendWait(await selectRecentSends(db, send), send, false);
  const prefix = kindOf(send.channel) === 'phone' ? phonePrefix(send.destination) : null;
  return { seconds, rangeStopped: prefix !== null && (await isRangeStopped(db, send, prefix)) };
}

/** Last, for all sends of a tenant wait for each other from here to the commit. */
async function countForTenant(trx: Database, tenantId: string | null): Promise<void> {
  try {
    await consume(trx, codeRateLimits.codesPerTenant, tenantId ?? 'server');
  } catch (error) {
    if (error instanceof DomainError && error.code === 'TOO_MANY_ATTEMPTS')
      throw new DomainError('rate_limited', 'TOO_MANY_CODES', error.params);
    throw error;
  }
}
