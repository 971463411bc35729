/** A stream as the Shared Signals Framework has it (SSF 1.0 section 8.1.1), and what a receiver may say of it. */
import { securityEventUris } from '../../domain/event-streams/security-events.ts';
import { verificationSeconds } from '../../domain/event-streams/streams.ts';
import { DomainError } from '../../platform/errors.ts';

export type Json = Record<string, unknown>;

/** As the operations answer. */
export interface StreamBody {
  id: string;
  audience: string;
  method: 'push' | 'poll';
  endpoint_url: string | null;
  events_requested: string[];
  events_delivered: string[];
  description: string;
  state: 'enabled' | 'paused' | 'disabled';
  disabled_why: string | null;
}

export const deliveryMethods = { push: 'urn:ietf:rfc:8935', poll: 'urn:ietf:rfc:8936' } as const;

/** @param at.pollPath where a stream that is polled is asked, without its id */
export function configurationOf(stream: StreamBody, at: { issuer: string; pollPath: string }): Json {
  const endpoint = stream.endpoint_url ?? `${at.issuer}${at.pollPath}/${stream.id}`;
  return {
    stream_id: stream.id,
    iss: at.issuer,
    aud: stream.audience,
    delivery: { method: deliveryMethods[stream.method], endpoint_url: endpoint },
    events_supported: securityEventUris,
    events_requested: stream.events_requested,
    events_delivered: stream.events_delivered,
    description: stream.description,
    min_verification_interval: verificationSeconds,
  };
}

const invalid = (field: string) => new DomainError('invalid', 'INVALID_INPUT', { field });

/** @throws DomainError invalid INVALID_INPUT (delivery) */
function deliveryIn(body: Json): Json | undefined {
  const { delivery } = body;
  if (delivery === undefined) return undefined;
  if (typeof delivery !== 'object' || delivery === null || Array.isArray(delivery)) throw invalid('delivery');
  const { method } = delivery as Json;
  if (method !== deliveryMethods.push && method !== deliveryMethods.poll) throw invalid('delivery.method');
  return delivery as Json;
}

const given = (body: Json, ...names: string[]): Json =>
  Object.fromEntries(names.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]));

function address({ method, endpoint_url: url, authorization_header: header }: Json): Json {
  // Of a stream that is polled the address is ours.
  if (method === deliveryMethods.poll) return { endpoint_url: null };
  if (typeof url !== 'string') throw invalid('delivery.endpoint_url');
  return { endpoint_url: url, ...(header !== undefined && { authorization_header: header }) };
}

/** A new stream; without `delivery` it is polled. @throws DomainError invalid INVALID_INPUT */
export function wishFrom(body: Json): Json {
  const delivery = deliveryIn(body);
  return { ...(delivery && address(delivery)), ...given(body, 'events_requested', 'description') };
}

/**
 * A change. What the transmitter decides is not looked at.
 * @param options.isWhole what is left out goes (PUT)
 * @throws DomainError invalid INVALID_INPUT, also for another method than the stream has
 */
export function changeFrom(body: Json, before: StreamBody, { isWhole }: { isWhole: boolean }): Json {
  const delivery = deliveryIn(body);
  if (delivery && delivery.method !== deliveryMethods[before.method]) throw invalid('delivery.method');
  if (isWhole && !delivery && before.method === 'push') throw invalid('delivery');
  const reset = isWhole ? { events_requested: [], description: '' } : {};
  const cleared = isWhole && before.method === 'push' ? { authorization_header: null } : {};
  return {
    ...reset,
    ...(delivery && before.method === 'push' && { ...cleared, ...address(delivery) }),
    ...given(body, 'events_requested', 'description'),
  };
}
