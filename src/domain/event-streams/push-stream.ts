/**
 * Pushes one security event token to one receiver (RFC 8935). Owns what is sent and what counts as an answer: 202, as the RFC
 * has it, or another 2xx. The call goes by the outbound rules: no private address, no redirect, ten seconds.
 */
import type { Database } from '../../platform/database.ts';
import { OutboundError, type OutboundFetch } from '../../platform/network/outbound.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { systemCaller } from '../audit/audit-events.ts';
import type { HeldDelivery, Outcome, ReceiverKind } from '../events/sender.ts';
import { claimsOf } from './security-events.ts';
import { selectStreamTarget } from './stream-store.ts';
import { storeStreamState, streamAuthorization } from './streams.ts';

/** Signs the claims of a security event token, as `secevent+jwt`. */
export type SignEvent = (claims: Record<string, unknown>) => Promise<string>;

const reasons: Record<OutboundError['code'], string> = {
  OUTBOUND_REFUSED: 'address_refused',
  OUTBOUND_TIMEOUT: 'timeout',
  OUTBOUND_TOO_LARGE: 'answer_too_large',
  OUTBOUND_FAILED: 'unreachable',
};

function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 300) return { result: 'delivered', status };
  if (status === 410) return { result: 'gone', status, reason: 'status' };
  return { result: 'failed', status, reason: status >= 300 && status < 400 ? 'redirect' : 'status' };
}

interface Surroundings {
  db: Database;
  secrets: Secrets;
  fetch: OutboundFetch;
  issuer: string;
  sign: SignEvent;
}

/** Streams that are pushed, as the sender needs them. */
export function pushedStreams({ db, secrets, fetch, issuer, sign }: Surroundings): ReceiverKind {
  async function deliver(delivery: HeldDelivery, signal: AbortSignal): Promise<Outcome> {
    const { receiverId: streamId } = delivery;
    const target = await selectStreamTarget(db, streamId);
    if (!target?.endpointUrl) return { result: 'failed', reason: 'deleted' };
    // Whose tokens are refused is told nothing either.
    if (!target.isActive) return { result: 'gone', reason: 'client_disabled' };
    const { audience, endpointUrl, sealedAuthorization } = target;
    const authorization = sealedAuthorization && secrets.open(streamAuthorization, sealedAuthorization, streamId);
    if (authorization === undefined) return { result: 'failed', reason: 'secret_lost' };
    const claims = claimsOf(delivery, { issuer, streamId, audience });
    // Asked for no longer, while it waited.
    if (!claims) return { result: 'delivered', status: 204 };
    const headers = {
      'content-type': 'application/secevent+jwt',
      accept: 'application/json',
      ...(authorization && { authorization }),
    };
    try {
      const answer = await fetch(endpointUrl, { method: 'POST', headers, body: await sign(claims), signal });
      return outcomeOf(answer.status);
    } catch (error) {
      return { result: 'failed', reason: error instanceof OutboundError ? reasons[error.code] : 'unreachable' };
    }
  }

  return {
    deliver,
    giveUp: (trx, { id, tenantId }, why) =>
      storeStreamState(trx, { id, tenantId, state: 'disabled', why }, systemCaller),
  };
}
