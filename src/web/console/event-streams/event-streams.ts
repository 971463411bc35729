/** The section Event streams: services that are told what happens as signed tokens (Shared Signals). How they do, and what is done to one. */
import type Router from '@koa/router';
import { securityEventUris } from '../../../domain/event-streams/security-events.ts';
import { ask, mayAsk } from '../ask.ts';
import { type Deed, type Effect, mountDeed } from '../deed.ts';
import type { FieldSpec } from '../fields.ts';
import { type FormPage, mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, type ListSpec, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { translatorOf } from '../settings/groups.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';

/** As `event_streams.get` answers. */
interface EventStream {
  id: string;
  client_id: string | null;
  audience: string;
  method: 'push' | 'poll';
  endpoint_url: string | null;
  has_authorization: boolean;
  events_delivered: string[];
  description: string;
  state: 'enabled' | 'paused' | 'disabled';
  disabled_why: string | null;
  failing_since: string | null;
  waiting: number;
  failed: number;
  verified_at: string | null;
  created_at: string;
}

/** How it does, in one word. */
type StreamState = 'works' | 'failing' | 'paused' | 'disabled';

/** As `event_streams.deliveries` answers. */
interface Delivery {
  id: string;
  event_id: string;
  type: string;
  subject: string;
  occurred_at: string;
  state: 'waiting' | 'delivered' | 'failed';
  attempts: number;
  status: number | null;
  reason: string | null;
}

interface ShownStream extends EventStream {
  title: string;
  is: StreamState;
  /** `key`: the last word of each event's address. */
  events: { key: string }[];
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/event-streams/list': {
      frame: ConsoleFrame;
      list: ListModel<ShownStream & { href: string }>;
      createHref: string;
    };
    'console/event-streams/stream': {
      frame: ConsoleFrame;
      stream: ShownStream;
      /** `key`: the words of its type. */
      list: ListModel<Delivery & { key: string }>;
      listHref: string;
      /** The service that made it; absent where a person did, or who looks may not see it. */
      serviceHref?: string;
      editHref: string;
      deleteHref: string;
      verifyHref?: string;
      pauseHref?: string;
      disableHref?: string;
      enableHref?: string;
    };
  }
}

const section = 'event-streams';
const base = '/event-streams';
const words = 'console.event_streams';
const pathOf = ({ params }: Visit) => `${base}/${params.streamId}`;
const paramsOf = ({ params }: Visit) => ({ stream_id: params.streamId ?? '' });
const lastWord = (uri: string) => uri.split('/').at(-1) ?? '';

function shown(stream: EventStream): ShownStream {
  const { state, failing_since: failing, description, endpoint_url: url, audience } = stream;
  return {
    ...stream,
    title: description || URL.parse(url ?? '')?.host || audience,
    is: state === 'enabled' ? (failing === null ? 'works' : 'failing') : state,
    events: stream.events_delivered.map((uri) => ({ key: lastWord(uri) })),
  };
}

async function readStream(visit: Visit): Promise<ShownStream> {
  return shown((await ask<EventStream>(visit, 'event_streams.get', { params: paramsOf(visit) })).body);
}

async function showList(visit: Visit): Promise<void> {
  const list = await readList<EventStream>(
    { ...visit, at: undefined },
    { path: base, operation: 'event_streams.list', words },
  );
  if (!list) return;
  const items = list.items.map((stream) => ({ ...shown(stream), href: hrefTo(visit, `${base}/${stream.id}`) }));
  draw(visit, 'console/event-streams/list', { list: { ...list, items }, createHref: hrefTo(visit, `${base}/new`) });
}

async function showStream(visit: Visit): Promise<void> {
  const stream = await readStream(visit);
  const path = pathOf(visit);
  const spec: ListSpec = {
    path,
    operation: 'event_streams.deliveries',
    words: `${words}.deliveries`,
    params: paramsOf(visit),
    filters: [{ name: 'state', values: ['waiting', 'delivered', 'failed'] }],
  };
  const list = await readList<Delivery>({ ...visit, at: undefined }, spec);
  if (!list) return;
  const href = (verb: string, isThere = true) => (isThere ? hrefTo(visit, `${path}/${verb}`) : undefined);
  const { client_id: clientId, state } = stream;
  const seesService = clientId !== null && (await mayAsk(visit, 'services.get', { params: { client_id: clientId } }));
  draw(visit, 'console/event-streams/stream', {
    stream,
    list: { ...list, items: list.items.map((one) => ({ ...one, key: one.type })) },
    listHref: hrefTo(visit, base),
    serviceHref: seesService ? hrefTo(visit, `/services/${clientId}`) : undefined,
    editHref: hrefTo(visit, `${path}/edit`),
    deleteHref: hrefTo(visit, `${path}/delete`),
    verifyHref: href('verify', state === 'enabled'),
    pauseHref: href('pause', state === 'enabled'),
    disableHref: href('disable', state !== 'disabled'),
    enableHref: href('enable', state !== 'enabled'),
  });
}

function fields(visit: Visit): FieldSpec[] {
  const t = translatorOf(visit);
  const options = securityEventUris.map((value) => ({ value, label: t(`${words}.events.${lastWord(value)}`) }));
  return [
    { name: 'description', kind: 'text', maxLength: 500, optional: true },
    { name: 'endpoint_url', kind: 'url', maxLength: 2000, optional: true, empty: 'null' },
    { name: 'authorization_header', kind: 'password', optional: true },
    { name: 'events_requested', kind: 'checks', options },
  ];
}

/** How a stream is told stays: one that is polled has no address. */
async function fieldsOfStream(visit: Visit): Promise<FieldSpec[]> {
  const { method } = await readStream(visit);
  const ofPush = ['endpoint_url', 'authorization_header'];
  return fields(visit)
    .filter(({ name }) => method === 'push' || !ofPush.includes(name))
    .map((field) => (field.name === 'endpoint_url' ? { ...field, optional: false } : field));
}

const forms: FormPage[] = [
  {
    path: `${base}/new`,
    section,
    operation: 'event_streams.create',
    words: `${words}.create`,
    fields,
    initial: () => ({ events_requested: securityEventUris.join('\n') }),
    back: () => base,
    after: (visit, answer) => hrefTo(visit, `${base}/${answer.id}`),
    notice: 'created',
  },
  {
    path: `${base}/:streamId/edit`,
    section,
    operation: 'event_streams.update',
    words: `${words}.edit`,
    fields: fieldsOfStream,
    params: paramsOf,
    read: async (visit) => {
      // Without its version, which counts what waits as well.
      const stored = await readStream(visit);
      return { stored: { ...stored, events_requested: stored.events_delivered }, subject: stored.title };
    },
    back: pathOf,
    notice: 'saved',
  },
];

async function waitingEffect(visit: Visit): Promise<Effect[]> {
  const { waiting } = await readStream(visit);
  return [{ key: 'waiting', params: { count: waiting } }, { key: 'untold' }];
}

function deed(verb: string, more: Pick<Deed, 'effects' | 'isDangerous' | 'typed' | 'after' | 'notice'>): Deed {
  return {
    path: `${base}/:streamId/${verb}`,
    section,
    operation: `event_streams.${verb}`,
    words: `${words}.${verb}`,
    input: (visit) => ({ params: paramsOf(visit), ...(verb === 'verify' && { body: {} }) }),
    subject: async (visit) => (await readStream(visit)).title,
    back: pathOf,
    ...more,
  };
}

/** Mounts `/event-streams` and everything below it. */
export function mountEventStreams(router: Router, deps: ConsoleDependencies): void {
  router.get(base, page(deps, section, showList));
  for (const form of forms) mountForm(router, deps, form);
  const told = async () => [{ key: 'told' }];
  mountDeed(router, deps, deed('verify', { effects: told, notice: 'verified' }));
  mountDeed(router, deps, deed('pause', { effects: async () => [{ key: 'waits' }], notice: 'paused' }));
  mountDeed(router, deps, deed('enable', { effects: told, notice: 'enabled' }));
  mountDeed(router, deps, deed('disable', { effects: waitingEffect, isDangerous: true, notice: 'disabled' }));
  const gone = { effects: waitingEffect, isDangerous: true, typed: true, after: () => base, notice: 'deleted' };
  mountDeed(router, deps, deed('delete', gone));
  router.get(`${base}/:streamId`, page(deps, section, showStream));
}
