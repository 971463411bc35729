/**
 * Operations on event streams (OpenID Shared Signals Framework): who is pushed signed tokens of what happens, or fetches them. A
 * service acts on its own streams alone; who administers the tenant on all of them.
 */
import { z } from 'zod';
import { claimsOf, securityEventUris } from '../domain/event-streams/security-events.ts';
import {
  changeStream,
  createStream,
  deleteStream,
  findStream,
  listStreams,
  mostPolled,
  mostStreams,
  pollStream,
  setStreamState,
  streamOf,
  verificationSeconds,
  verifyStream,
} from '../domain/event-streams/streams.ts';
import { deliveriesOf } from '../domain/events/deliveries.ts';
import { type EventTypeName, eventTypes } from '../domain/events/event-types.ts';
import type { ReceiverState } from '../domain/events/receivers.ts';
import { DomainError } from '../platform/errors.ts';
import type { Actor } from './actor.ts';
import { type Lookup, operation } from './operation.ts';
import { findRemoved, unlessGone } from './removed.ts';
import { id, pageQuery, text, time } from './shapes.ts';

const Stream = z
  .object({
    id,
    client_id: z.string().nullable().meta({ description: 'The service whose stream it is; null: a person made it' }),
    audience: z.string().meta({ description: '`aud` of its tokens' }),
    method: z.enum(['push', 'poll']).meta({ description: 'RFC 8935 or RFC 8936' }),
    endpoint_url: z.string().nullable(),
    has_authorization: z.boolean().meta({ description: 'Whether something is sent as `Authorization`' }),
    events_requested: z.array(z.string()),
    events_delivered: z.array(z.string()).meta({ description: 'Those of them that there are' }),
    description: z.string(),
    state: z
      .enum(['enabled', 'paused', 'disabled'])
      .meta({ description: 'paused: what happens waits; disabled: it is told nothing of what happens' }),
    disabled_why: z.string().nullable().meta({ description: '`failing` for three days, or `gone` (410)' }),
    failing_since: time.nullable(),
    waiting: z.int().meta({ description: 'How many wait; 1000: or more' }),
    failed: z.int().meta({ description: 'How many were given up within a day; 1000: or more' }),
    verified_at: time.nullable(),
    created_at: time,
    created_by: id.nullable(),
    updated_at: time,
  })
  .meta({ id: 'EventStream' });
const Delivery = z
  .object({
    id,
    event_id: id.meta({ description: '`jti` of its token, however often it is sent' }),
    type: z.enum(Object.keys(eventTypes) as [EventTypeName, ...EventTypeName[]]),
    subject: z.string(),
    occurred_at: time,
    state: z.enum(['waiting', 'delivered', 'failed']),
    attempts: z.int(),
    status: z.int().nullable(),
    reason: z.string().nullable(),
    attempted_at: time.nullable(),
    created_at: time,
  })
  .meta({ id: 'EventStreamDelivery' });
const Polled = z
  .object({
    sets: z.record(z.string(), z.string()).meta({ description: 'Security event tokens by `jti`' }),
    more_available: z.boolean(),
  })
  .meta({ id: 'EventStreamPolled' });

const uris = z
  .array(text(200))
  .max(50)
  .meta({ description: `What is asked for; delivered are of these: ${securityEventUris.join(', ')}` });
const endpoint = text(2000).nullable().meta({ description: 'Where tokens are pushed to; https' });
const authorization = text(2000)
  .nullable()
  .meta({ description: 'What is sent as `Authorization`; shown by nobody afterwards' });
const description = z.string().max(500);

const params = z.strictObject({ stream_id: id });
const needs = { capability: 'events.receive', at: 'root' } as const;

/** A service that serves one tenant or all sees its own alone. */
const ownerOf = ({ actor, tenantId }: { actor: Actor; tenantId: string }) => ({
  tenantId,
  clientId: actor.kind === 'service' ? actor.id : null,
});
interface Named {
  actor: Actor;
  tenantId: string;
  params: { stream_id: string };
}
const reference = (run: Named) => ({ ...ownerOf(run), streamId: run.params.stream_id });

function state(verb: string, to: ReceiverState, summary: string) {
  return operation({
    id: `event_streams.${verb}`,
    method: 'POST',
    path: `/event-streams/{stream_id}/${verb}`,
    summary,
    needs,
    params,
    answer: Stream,
    status: 200,
    run: (run) => setStreamState(run.db, reference(run), to, run.actor.caller),
  });
}

const removed = ({ params }: { params: { stream_id: string } }, lookup: Lookup) =>
  findRemoved(lookup, {
    action: 'event_stream.deleted',
    entityType: 'event_stream',
    by: { entityId: params.stream_id },
  });

export const eventStreams = [
  operation({
    id: 'event_streams.list',
    method: 'GET',
    path: '/event-streams',
    summary: 'List event streams, with how they do',
    needs,
    query: pageQuery,
    list: true,
    answer: Stream,
    run: (run) => listStreams(run.db, { ...ownerOf(run), ...run.query }),
  }),
  operation({
    id: 'event_streams.create',
    method: 'POST',
    path: '/event-streams',
    summary: 'Make an event stream, told from now on',
    description: `With an \`endpoint_url\` it is pushed (RFC 8935), without one it is polled (RFC 8936). A tenant has ${mostStreams} at the most.`,
    needs,
    body: z.strictObject({
      endpoint_url: endpoint.default(null),
      authorization_header: authorization.default(null),
      events_requested: uris.default([...securityEventUris]),
      description: description.default(''),
    }),
    answer: Stream,
    errors: ['INVALID_INPUT', 'TOO_MANY_STREAMS'],
    idempotent: true,
    fresh: true,
    run: (run) => {
      const { endpoint_url: endpointUrl, authorization_header, events_requested, description } = run.body;
      return createStream(
        run.db,
        {
          ...ownerOf(run),
          method: endpointUrl === null ? 'poll' : 'push',
          endpointUrl,
          authorization: authorization_header,
          eventsRequested: events_requested,
          description,
        },
        { ...run.deps, caller: run.actor.caller },
      );
    },
  }),
  operation({
    id: 'event_streams.get',
    method: 'GET',
    path: '/event-streams/{stream_id}',
    summary: 'Show an event stream',
    needs,
    params,
    answer: Stream,
    run: (run) => streamOf(run.db, reference(run)),
  }),
  operation({
    id: 'event_streams.update',
    method: 'PATCH',
    path: '/event-streams/{stream_id}',
    summary: 'Change where a stream is pushed to, and what it is told',
    description: 'How it is told stays: another method is another stream.',
    needs,
    params,
    body: z
      .strictObject({
        endpoint_url: endpoint,
        authorization_header: authorization,
        events_requested: uris,
        description,
      })
      .partial(),
    answer: Stream,
    errors: ['INVALID_INPUT'],
    fresh: true,
    run: (run) => {
      const { endpoint_url, authorization_header, events_requested, description: words } = run.body;
      const wanted = {
        ...(endpoint_url !== undefined && { endpointUrl: endpoint_url }),
        ...(authorization_header !== undefined && { authorization: authorization_header }),
        ...(events_requested !== undefined && { eventsRequested: events_requested }),
        ...(words !== undefined && { description: words }),
      };
      return changeStream(run.db, reference(run), wanted, { ...run.deps, caller: run.actor.caller });
    },
  }),
  operation({
    id: 'event_streams.delete',
    method: 'DELETE',
    path: '/event-streams/{stream_id}',
    summary: 'Remove an event stream, with the list of what it was told',
    needs,
    params,
    run: async (run) => {
      const known = await findStream(run.db, reference(run));
      if (known) return unlessGone(deleteStream(run.db, reference(run), run.actor.caller));
      if (run.actor.kind !== 'service' && (await removed(run, run))) return undefined;
      throw new DomainError('not_found', 'NOT_FOUND');
    },
  }),
  state('enable', 'enabled', 'Go on telling a stream; one that was disabled is told from now on'),
  state('pause', 'paused', 'Tell a stream nothing for a while: what happens waits'),
  state('disable', 'disabled', 'Tell a stream nothing of what happens; what waits is given up'),
  operation({
    id: 'event_streams.verify',
    method: 'POST',
    path: '/event-streams/{stream_id}/verify',
    summary: 'Send a stream a verification event',
    description: `Every ${verificationSeconds} seconds at the most.`,
    needs,
    params,
    body: z.strictObject({ state: text(500).optional() }),
    errors: ['STREAM_NOT_LISTENING', 'VERIFIED_A_MOMENT_AGO'],
    run: async (run) => {
      await verifyStream(run.db, reference(run), run.body.state);
      return undefined;
    },
  }),
  operation({
    id: 'event_streams.poll',
    method: 'POST',
    path: '/event-streams/{stream_id}/poll',
    summary: 'Acknowledge what a stream has been given, and fetch what waits for it',
    description: 'RFC 8936, in the names of this API. What is not acknowledged is given again.',
    needs,
    params,
    body: z.strictObject({
      max_events: z.int().min(0).max(mostPolled).default(mostPolled),
      ack: z.array(text(100)).max(1000).default([]),
      errors: z
        .array(z.strictObject({ event_id: text(100), reason: text(200) }))
        .max(1000)
        .default([])
        .meta({ description: 'What it can do nothing with, and why; it is not given again' }),
    }),
    answer: Polled,
    status: 200,
    errors: ['STREAM_IS_PUSHED', 'STREAM_NOT_LISTENING'],
    run: async (run) => {
      const { max_events: most, ack, errors } = run.body;
      const acknowledged = [
        ...ack.map((eventId) => ({ eventId, reason: null })),
        ...errors.map(({ event_id: eventId, reason }) => ({ eventId, reason })),
      ];
      const { stream, events, more } = await pollStream(run.db, reference(run), { acknowledged, most });
      const { issuer, signEvent } = run.deps;
      const surroundings = { issuer, streamId: stream.id, audience: stream.audience };
      const sets: Record<string, string> = {};
      for (const event of events) {
        const claims = claimsOf(event, surroundings);
        if (claims) sets[event.eventId] = await signEvent(claims);
      }
      return { sets, moreAvailable: more };
    },
  }),
  operation({
    id: 'event_streams.deliveries',
    method: 'GET',
    path: '/event-streams/{stream_id}/deliveries',
    summary: 'List what a stream was told and is still to be told, the newest first',
    description: 'Of the last 30 days.',
    needs,
    params,
    query: pageQuery.extend({ state: z.enum(['waiting', 'delivered', 'failed']).optional() }),
    list: true,
    answer: Delivery,
    run: async (run) => {
      const { id: receiverId, tenantId } = await streamOf(run.db, reference(run));
      return deliveriesOf(run.db, { tenantId, receiverId, ...run.query });
    },
  }),
];
