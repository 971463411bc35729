/**
 * How much of codes and links there may be: how long they live, how often they are sent, how often they are typed. Owns
 * the figures; send-limits.ts and code-attempts.ts count against them.
 */
import { defineLimits } from '../../platform/rate-limits.ts';

/** Counted from the rows of `otp_codes`, over a time that slides. */
export const codeLimits = {
  /** How long a code lives, and a link. */
  codeSeconds: 300,
  linkSeconds: 1_800,
  /** How often one code may be typed. */
  attempts: 5,
  /** How long to wait for the next message to a destination: after the first, the second, ... of the last hour. */
  resendWaitSeconds: [30, 60, 120, 300],
  /** Messages to one destination. */
  sendsPerHour: { email: 10, phone: 5 },
  sendsPerDay: { email: 10, phone: 10 },
  /** How many of the day's are kept from strangers: for browsers that the person has signed in with, and for recovery. */
  keptPerDay: { knownDevices: 2, recovery: 1 },
  /** Wrong codes of one destination, and of one account, whatever was sent in between. */
  failuresPerHour: 10,
  failuresPerDay: 20,
  /** A prefix with so many messages that went out, of which less than this share was answered, gets no more. */
  conversion: { leastSends: 20, leastShare: 0.2, fromHours: 24, untilMinutes: 5 },
} as const;

export const codeRateLimits = defineLimits({
  /** Codes and links asked for from one address that nobody used; counted from the rows of `otp_codes`, as they are used. */
  codesPerIp: { hits: 300, windowSeconds: 3_600 },
  /** Codes and links asked for in one tenant, by everybody together. */
  codesPerTenant: { hits: 100, windowSeconds: 60 },
  /** Wrong codes typed from one address; right ones are given back. Guessing at one code is stopped long before, by its own count. */
  codeEntriesPerIp: { hits: 100, windowSeconds: 600 },
});
