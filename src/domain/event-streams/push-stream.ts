/**
 * Pushes one security event token to one receiver (RFC 8935). Owns what is sent, and that a service which may be told nothing any more is
 * told nothing; how it is called, and that 202 and any other 2xx take it, is in events/call-receiver.ts.
 */
import type { Database } from '../../platform/database.ts';
import type { OutboundFetch } from '../../platform/network/outbound.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { systemCaller } from '../audit/audit-events.ts';
import { callReceiver } from '../events/call-receiver.ts';
import type { HeldDelivery, Outcome, ReceiverKind } from '../events/receiver-kind.ts';
import { claimsOf } from './security-events.ts';
import { selectStreamTarget } from './stream-store.ts';
import { storeStreamState, streamAuthorization } from './streams.ts';

/** Signs the claims of a security event token, as `secevent+jwt`. */
export type SignEvent = (claims: Record<string, unknown>) => Promise<string>;

interface Surroundings {
  db: Database;
  secrets: Secrets;
  fetch: OutboundFetch;
  issuer: string;
  sign: SignEvent;
  /** Whether a service still has the capability to be told, by its `client_id`. */
  mayReceive(clientId: string): Promise<boolean>;
}

/** Streams that are pushed, as the sender needs them. */
export function pushedStreams({ db, secrets, fetch, issuer, sign, mayReceive }: Surroundings): ReceiverKind {
  async function deliver(delivery: HeldDelivery, signal: AbortSignal): Promise<Outcome> {
    const { receiverId: streamId } = delivery;
    const target = await selectStreamTarget(db, streamId);
    if (!target?.endpointUrl) return { result: 'failed', reason: 'deleted' };
    // Who could make no stream any more is told by none either.
    if (!target.isActive) return { result: 'gone', reason: 'client_disabled' };
    if (target.clientId !== null && !(await mayReceive(target.clientId)))
      return { result: 'gone', reason: 'capability_withdrawn' };
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
    return callReceiver(fetch, endpointUrl, { headers, body: await sign(claims), signal });
  }

  return {
    deliver,
    giveUp: (trx, { id, tenantId }, why) =>
      storeStreamState(trx, { id, tenantId, state: 'disabled', why }, systemCaller),
  };
}
