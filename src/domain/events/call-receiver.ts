/**
 * Calling a receiver over HTTP, and what its answer means, whatever kind it is of: 2xx alone is delivered, and 410 says that it wants
 * nothing any more. Keeps of an answer its status, and for how long it wants to be left alone, and nothing else. The call goes by the outbound rules: no private address, no
 * redirect, ten seconds.
 */
import { OutboundError, type OutboundFetch } from '../../platform/network/outbound.ts';
import { tracedAlone } from '../../platform/tracing.ts';
import type { Outcome } from './receiver-kind.ts';

/** How long a receiver has for its answer, how much of it is read, and for how long its connection waits for the next call. */
export const receiverCall = { timeoutMs: 10_000, maxBytes: 64 * 1024, keepConnectionsMs: 1_000 };

/** A receiver may ask for that much peace at the most. */
const longestRetryAfterSeconds = 3_600;

/** `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date. Undefined where it says neither, or a time that is over. */
export function retryAfterSeconds(value: string | null, now = Date.now()): number | undefined {
  if (value === null || value.length > 64) return undefined;
  const seconds = /^\d+$/.test(value.trim()) ? Number(value) : (Date.parse(value) - now) / 1000;
  return seconds > 0 ? Math.min(seconds, longestRetryAfterSeconds) : undefined;
}

const reasons: Record<OutboundError['code'], string> = {
  OUTBOUND_REFUSED: 'address_refused',
  OUTBOUND_TIMEOUT: 'timeout',
  OUTBOUND_TOO_LARGE: 'answer_too_large',
  OUTBOUND_FAILED: 'unreachable',
};

/** Posts a text. Never throws for what the receiver does. */
export async function callReceiver(
  fetch: OutboundFetch,
  url: string,
  message: { headers: Record<string, string>; body: string; signal: AbortSignal },
): Promise<Outcome> {
  try {
    const { status, headers } = await tracedAlone('delivery', {}, () => fetch(url, { method: 'POST', ...message }));
    if (status >= 200 && status < 300) return { result: 'delivered', status };
    if (status === 410) return { result: 'gone', status, reason: 'status' };
    const reason = status >= 300 && status < 400 ? 'redirect' : 'status';
    return { result: 'failed', status, reason, retryAfterSeconds: retryAfterSeconds(headers.get('retry-after')) };
  } catch (error) {
    return { result: 'failed', reason: error instanceof OutboundError ? reasons[error.code] : 'unreachable' };
  }
}
