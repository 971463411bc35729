/** Operations that tell the audit trail piece by piece: as a file of any length, and as it grows. */
import { Readable } from 'node:stream';
import { z } from 'zod';
import { csvHead, csvOfEvents } from '../domain/audit/audit-csv.ts';
import { recordEvent } from '../domain/audit/audit-events.ts';
import { followAuditEvents } from '../domain/audit/follow-audit-events.ts';
import { auditClock, auditEventsInOrder, type ListedAuditEvent } from '../domain/audit/list-audit-events.ts';
import type { Database } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import { consume, defineLimits } from '../platform/rate-limits.ts';
import type { Reads } from '../platform/replicas.ts';
import { actorKey } from './actor.ts';
import { AuditEvent, auditFilter, filterOf, withNames } from './audit-events.ts';
import { operation } from './operation.ts';
import { present } from './present.ts';

export const auditStreamLimits = defineLimits({
  /** Exports of the audit trail by one person or service. */
  auditExportPerActor: { hits: 30, windowSeconds: 3_600 },
});

interface Exported {
  tenantId: string;
  filter: ReturnType<typeof filterOf>;
  areShown: boolean;
  stillMay(): Promise<boolean>;
}

async function shown(
  db: Database,
  where: Pick<Exported, 'tenantId' | 'areShown'>,
  events: ListedAuditEvent[],
): Promise<object[]> {
  return (await withNames(db, where, events)).map((event) => present(AuditEvent, event) as object);
}

/** Some at a time, with their names. Breaks off where the one who asked may do so no longer. */
async function* namedEvents(reads: Reads, { tenantId, filter, areShown, stillMay }: Exported) {
  const read = <T>(work: (db: Database) => Promise<T>) => reads.current('audit_export', work);
  for await (const events of auditEventsInOrder(read, { tenantId, ...filter })) {
    if (!(await stillMay())) throw new DomainError('forbidden', 'FORBIDDEN', { capability: 'audit.read' });
    yield await read((db) => shown(db, { tenantId, areShown }, events));
  }
}

async function* textOf(batches: AsyncIterable<object[]>, format: 'ndjson' | 'csv'): AsyncGenerator<string> {
  if (format === 'csv') yield csvHead;
  for await (const events of batches)
    if (events.length > 0)
      yield format === 'csv' ? csvOfEvents(events) : events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

function fileNameOf(format: 'ndjson' | 'csv', now: Date): string {
  return `audit-${now.toISOString().slice(0, 19).replaceAll(':', '')}.${format}`;
}

/** What was said of the filter, for the trail; times as text. */
function told(filter: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

export const auditStreams = [
  operation({
    id: 'audit_events.export',
    method: 'POST',
    path: '/audit-events/export',
    summary: 'Export what was done in the tenant',
    description:
      'A stream of any length, the oldest event first: NDJSON, one `AuditEvent` a line, or CSV, whose cells no spreadsheet takes for formulas. What comes later than the request is left out. A stream that breaks off was cut: a whole one ends properly. The export is an event itself.',
    needs: { capability: 'audit.read', at: 'root' },
    body: z.strictObject({
      format: z.enum(['ndjson', 'csv']).default('ndjson'),
      ...auditFilter,
    }),
    answer: AuditEvent,
    streams: ['application/x-ndjson', 'text/csv'],
    fresh: true,
    run: async ({ db, tenantId, body: { format, ...narrowed }, actor, reaches, stillMay, deps }) => {
      await consume(db, auditStreamLimits.auditExportPerActor, actorKey(actor));
      const now = await auditClock(db);
      const until = narrowed.until && narrowed.until < now ? narrowed.until : now;
      const payload = { format, filter: told(narrowed) };
      await recordEvent(db, { tenantId, action: 'audit.exported', payload }, actor.caller);
      const filter = filterOf({ ...narrowed, until });
      const areShown = reaches('users.read').everything;
      // Not on the transaction of the request: it is over before the first line is read.
      const events = namedEvents(deps.reads, { tenantId, filter, areShown, stillMay });
      return {
        type: format === 'csv' ? 'text/csv' : 'application/x-ndjson',
        fileName: fileNameOf(format, now),
        chunks: Readable.from(textOf(events, format), { objectMode: true, highWaterMark: 1 }),
      };
    },
  }),
  operation({
    id: 'audit_events.tail',
    method: 'GET',
    path: '/audit-events/tail',
    summary: 'Follow what is done in the tenant as it happens',
    description:
      'Server-sent events: `audit` with an `AuditEvent` as data and its id; `skipped` where more happened than is told here; `end` when it is over. `Last-Event-ID` goes on after an event. Events of every process come within two seconds. It ends within a second when the token or the capability does.',
    needs: { capability: 'audit.read', at: 'root' },
    query: z.strictObject({
      ...auditFilter,
      last_event_id: z.uuid().optional().meta({ description: 'As the header of this name: go on after this event' }),
      seconds: z.coerce
        .number()
        .int()
        .min(1)
        .max(3_600)
        .default(3_600)
        .meta({ description: 'For how long at the most' }),
    }),
    answer: AuditEvent,
    streams: ['text/event-stream'],
    errors: ['TOO_MANY_LISTENERS'],
    run: async ({ tenantId, query, actor, reaches, stillMay, deps }) => {
      const { seconds, last_event_id: lastEventId, ...narrowed } = query;
      const within = { tenantId, ...filterOf(narrowed) };
      const areShown = reaches('users.read').everything;
      const show = (events: ListedAuditEvent[]) => shown(deps.db, { tenantId, areShown }, events);
      const options = { mayGoOn: stillMay, show, seconds, lastEventId };
      const messages = deps.listeners.add(actorKey(actor), () => followAuditEvents(deps.db, within, options));
      return { type: 'text/event-stream', messages };
    },
  }),
];
