/**
 * Streams of security events (OpenID Shared Signals Framework 1.0): services that are pushed what happens in a tenant as signed
 * tokens, or fetch it. Owns what a stream may be, whose it is, and what it was asked for; what is told and in which order is in
 * domain/events. A service sees its own streams alone. Refuses http where that is not allowed, and to show what it sends as
 * Authorization.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { emptyPage, type Page, type PageRequest } from '../../platform/paging.ts';
import { defineSecretPurpose, type Secrets } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { differences } from '../audit/differences.ts';
import { countDeliveries } from '../events/deliveries.ts';
import { tell } from '../events/outbox.ts';
import { type Acknowledged, selectWaiting, takeOut, type WaitingEvent } from '../events/polling.ts';
import {
  addReceiver,
  changeReceiverTypes,
  type ReceiverState,
  removeReceiver,
  setReceiverState,
} from '../events/receivers.ts';
import { actingUserId } from '../organisation/acting-user.ts';
import { deliveredEvents, typesOf } from './security-events.ts';
import {
  countStreamsAlone,
  type DeliveryMethod,
  insertStream,
  noteVerification,
  type StreamOwner,
  type StreamRow,
  selectStream,
  selectStreams,
  updateStream,
} from './stream-store.ts';

export const streamAuthorization = defineSecretPurpose('event-stream-authorization');

export const eventStreamCodes = defineCodes({
  TOO_MANY_STREAMS: { kind: 'conflict', params: ['limit'], means: 'a tenant has no more event streams than that' },
  STREAM_NOT_LISTENING: { kind: 'conflict', means: 'the event stream is told nothing until it is enabled' },
  STREAM_IS_PUSHED: { kind: 'conflict', means: 'what this event stream is told is pushed, and not fetched' },
  VERIFIED_A_MOMENT_AGO: { kind: 'rate_limited', params: ['seconds'], means: 'the stream was asked for that just now' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof eventStreamCodes> {}
}

/** Each event is written down once for each. */
export const mostStreams = 20;
/** `min_verification_interval`: so often may a receiver ask to be sent a verification event. */
export const verificationSeconds = 10;
/** Security event tokens in one answer. */
export const mostPolled = 100;

export interface Stream extends StreamRow {
  eventsDelivered: string[];
  /** 1,000 at the most each. */
  waiting: number;
  failed: number;
}

export interface StreamReference extends StreamOwner {
  streamId: string;
}

export interface StreamWish {
  method: DeliveryMethod;
  /** Of one that is pushed. */
  endpointUrl: string | null;
  /** What is sent as Authorization; null: nothing. Undefined: as it was. */
  authorization?: string | null;
  eventsRequested: readonly string[];
  description: string;
}

interface Doing {
  secrets: Secrets;
  allowHttp: boolean;
  caller: Caller;
}

const invalid = (field: string) => new DomainError('invalid', 'INVALID_INPUT', { field });

/** @throws DomainError invalid INVALID_INPUT (endpoint_url, authorization_header) */
export function checkStream(
  wish: Pick<StreamWish, 'method' | 'endpointUrl' | 'authorization'>,
  allowHttp: boolean,
): void {
  const { method, endpointUrl, authorization } = wish;
  if (method === 'poll') {
    if (endpointUrl !== null) throw invalid('endpoint_url');
    if (authorization) throw invalid('authorization_header');
    return;
  }
  const url = endpointUrl === null ? null : URL.parse(endpointUrl);
  const isAllowed = url?.protocol === 'https:' || (allowHttp && url?.protocol === 'http:');
  if (!url || !isAllowed || url.username || url.password || url.hash || url.href.length > 2000)
    throw invalid('endpoint_url');
  // It becomes a header: nothing else may follow it.
  if (authorization && !/^[\x20-\x7e]{1,2000}$/.test(authorization)) throw invalid('authorization_header');
}

const sealed = ({ secrets }: Pick<Doing, 'secrets'>, id: string, authorization: string | null | undefined) =>
  authorization ? secrets.seal(streamAuthorization, authorization, id) : null;

const about = ({ tenantId, id }: { tenantId: string; id: string }) => ({
  tenantId,
  entityType: 'event_stream',
  entityId: id,
});

const hostOf = (url: string | null) => (url === null ? '' : (URL.parse(url)?.host ?? ''));

async function whole(db: Database, rows: readonly StreamRow[]): Promise<Stream[]> {
  const counts = await countDeliveries(
    db,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({
    waiting: 0,
    failed: 0,
    ...row,
    eventsDelivered: deliveredEvents(row.eventsRequested),
    ...counts.get(row.id),
  }));
}

/** Undefined also for one of another tenant or another service. */
export async function findStream(
  db: Database,
  { streamId: id, ...owner }: StreamReference,
): Promise<Stream | undefined> {
  const row = isId(id) ? await selectStream(db, { ...owner, id }) : undefined;
  return row && (await whole(db, [row]))[0];
}

/** @throws DomainError not_found NOT_FOUND */
export async function streamOf(db: Database, reference: StreamReference): Promise<Stream> {
  const found = await findStream(db, reference);
  if (!found) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'event_stream' });
  return found;
}

/** @throws DomainError invalid CURSOR_INVALID */
export async function listStreams(
  db: Database,
  { tenantId, clientId, ...page }: PageRequest & StreamOwner,
): Promise<Page<Stream>> {
  if (!isId(tenantId)) return emptyPage();
  const found = await selectStreams(db, { tenantId, clientId }, page);
  return { ...found, items: await whole(db, found.items) };
}

/**
 * Makes one, told from now on. The tokens are for the service that makes it, or for the stream where a person does.
 * @throws DomainError invalid INVALID_INPUT (endpoint_url, authorization_header), conflict TOO_MANY_STREAMS
 */
export async function createStream(
  db: Database,
  { tenantId, clientId, ...wish }: StreamWish & StreamOwner,
  doing: Doing,
): Promise<Stream> {
  checkStream(wish, doing.allowHttp);
  const id = newId();
  return inTransaction(db, async (trx) => {
    if ((await countStreamsAlone(trx, tenantId)) >= mostStreams)
      throw new DomainError('conflict', 'TOO_MANY_STREAMS', { limit: mostStreams });
    const eventsRequested = [...new Set(wish.eventsRequested)];
    const types = typesOf(deliveredEvents(eventsRequested));
    await addReceiver(trx, { id, tenantId, kind: `stream_${wish.method}`, types });
    await insertStream(trx, {
      ...{ id, tenantId, clientId, eventsRequested },
      audience: clientId ?? id,
      method: wish.method,
      endpointUrl: wish.endpointUrl,
      description: wish.description,
      sealedAuthorization: sealed(doing, id, wish.authorization),
      actorId: actingUserId(doing.caller),
    });
    const payload = { method: wish.method, host: hostOf(wish.endpointUrl), clientId };
    await recordEvent(trx, { ...about({ tenantId, id }), action: 'event_stream.created', payload }, doing.caller);
    return streamOf(trx, { tenantId, clientId, streamId: id });
  });
}

/**
 * Changes what is given. How it is told stays: another method is another stream.
 * @throws DomainError not_found NOT_FOUND, invalid INVALID_INPUT (method, endpoint_url, authorization_header)
 */
export async function changeStream(
  db: Database,
  reference: StreamReference,
  wanted: Partial<StreamWish>,
  doing: Doing,
): Promise<Stream> {
  return inTransaction(db, async (trx) => {
    const before = await streamOf(trx, reference);
    const { method, endpointUrl, eventsRequested, description } = before;
    const wish = { method, endpointUrl, eventsRequested, description, ...wanted };
    if (wish.method !== before.method) throw invalid('method');
    checkStream(wish, doing.allowHttp);
    const events = [...new Set(wish.eventsRequested)];
    await changeReceiverTypes(trx, { id: before.id, types: typesOf(deliveredEvents(events)) });
    await updateStream(trx, {
      id: before.id,
      endpointUrl: wish.endpointUrl,
      eventsRequested: events,
      description: wish.description,
      ...(wanted.authorization !== undefined && {
        sealedAuthorization: sealed(doing, before.id, wanted.authorization),
      }),
    });
    const after = await streamOf(trx, reference);
    const shown = (stream: Stream) => ({
      host: hostOf(stream.endpointUrl),
      events: stream.eventsDelivered.join(' '),
      description: stream.description,
    });
    const { from, to } = differences(shown(before), shown(after));
    if (Object.keys(to).length > 0 || wanted.authorization !== undefined || wish.endpointUrl !== before.endpointUrl)
      await recordEvent(trx, { ...about(before), action: 'event_stream.changed', payload: { from, to } }, doing.caller);
    return after;
  });
}

/**
 * Enables, pauses or disables one. While it is paused, what happens waits; what happens while it is disabled is not told to it.
 * @throws DomainError not_found NOT_FOUND
 */
export async function setStreamState(
  db: Database,
  reference: StreamReference,
  state: ReceiverState,
  caller: Caller,
): Promise<Stream> {
  return inTransaction(db, async (trx) => {
    const { id, tenantId } = await streamOf(trx, reference);
    const isOwn = reference.clientId !== null;
    await storeStreamState(trx, { id, tenantId, state, isOwn }, caller);
    return streamOf(trx, reference);
  });
}

const stateActions = {
  enabled: 'event_stream.enabled',
  paused: 'event_stream.paused',
  disabled: 'event_stream.disabled',
} as const;

/**
 * Stores the state, with its event where it changed. Its receiver is told (SSF 1.0 section 8.1.5), unless it asked for that itself or
 * wants nothing any more.
 * @param change.isOwn the receiver asked for it
 */
export async function storeStreamState(
  trx: Database,
  change: { id: string; tenantId: string; state: ReceiverState; why?: string; isOwn?: boolean },
  caller: Caller,
): Promise<void> {
  const { id, tenantId, state, why, isOwn = false } = change;
  if (!(await setReceiverState(trx, { id, state, why }))) return;
  const data = { status: state, ...(why !== undefined && { reason: why }) };
  if (!isOwn && why !== 'gone')
    await tell(trx, { tenantId, type: 'stream.updated', subjectId: id, data, receiverId: id });
  const payload = { ...(why !== undefined && { reason: why }) };
  await recordEvent(trx, { ...about({ tenantId, id }), action: stateActions[state], payload }, caller);
}

/** Removes one with the list of what it was told. @throws DomainError not_found NOT_FOUND */
export async function deleteStream(db: Database, reference: StreamReference, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    const { id, tenantId, description } = await streamOf(trx, reference);
    await removeReceiver(trx, id);
    const payload = { description };
    await recordEvent(trx, { ...about({ tenantId, id }), action: 'event_stream.deleted', payload }, caller);
  });
}

/**
 * Sends one a verification event (SSF 1.0 section 8.1.4), which shows that what is told arrives.
 * @param state what the receiver will know it by; absent: nothing
 * @throws DomainError not_found NOT_FOUND, conflict STREAM_NOT_LISTENING, rate_limited VERIFIED_A_MOMENT_AGO
 */
export async function verifyStream(db: Database, reference: StreamReference, state: string | undefined): Promise<void> {
  await inTransaction(db, async (trx) => {
    const { id, tenantId, state: standing } = await streamOf(trx, reference);
    if (standing !== 'enabled') throw new DomainError('conflict', 'STREAM_NOT_LISTENING');
    if (!(await noteVerification(trx, id, verificationSeconds)))
      throw new DomainError('rate_limited', 'VERIFIED_A_MOMENT_AGO', { seconds: verificationSeconds });
    const data = { ...(state !== undefined && { state }) };
    await tell(trx, { tenantId, type: 'verification', subjectId: id, data, receiverId: id });
  });
}

/**
 * Takes out what a receiver says that it has, and answers what waits for it (RFC 8936).
 * @param wanted.most none where it is 0: it acknowledges alone
 * @throws DomainError not_found NOT_FOUND, conflict STREAM_IS_PUSHED, STREAM_NOT_LISTENING
 */
export async function pollStream(
  db: Database,
  reference: StreamReference,
  { acknowledged, most }: { acknowledged: readonly Acknowledged[]; most: number },
): Promise<{ stream: Stream; events: WaitingEvent[]; more: boolean }> {
  return inTransaction(db, async (trx) => {
    const stream = await streamOf(trx, reference);
    if (stream.method !== 'poll') throw new DomainError('conflict', 'STREAM_IS_PUSHED');
    await takeOut(
      trx,
      stream.id,
      acknowledged.filter(({ eventId }) => isId(eventId)),
    );
    // One that is told nothing else is told that much.
    const type = stream.state === 'enabled' ? null : 'stream.updated';
    const found = await selectWaiting(trx, stream.id, { most: most + 1, type });
    if (stream.state === 'disabled' && found.length === 0 && acknowledged.length === 0)
      throw new DomainError('conflict', 'STREAM_NOT_LISTENING');
    return { stream, events: found.slice(0, most), more: found.length > most };
  });
}
