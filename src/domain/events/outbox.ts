/**
 * The outbox: what has happened and is to be told, written in the transaction of the change (`recordEvents` of the audit
 * trail), so that nothing is told that did not happen and nothing that happened goes untold. Written only where somebody
 * in the tenant listens at that very moment. `orderEvents` then gives what was committed its position: who reads in the order
 * of positions misses nothing, however transactions overlapped. Refuses personal data (event-types.ts).
 */
import { type Database, prepared, rows, runPrepared } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import { inBatches } from '../../platform/in-batches.ts';
import { type EventTypeName, eventTypes } from './event-types.ts';

export interface OutboxEvent {
  tenantId: string;
  type: EventTypeName;
  /** Of what it is about: a person, a role, a place. */
  subjectId: string;
  data: Record<string, unknown>;
  /** Told to this receiver alone. */
  receiverId?: string;
  /** What is noticed twice under one key is told once. */
  onceKey?: string;
}

/** An event by the names of its columns, for `insertOutboxSql`. */
export function outboxRow({ tenantId, type, subjectId, data, receiverId, onceKey }: OutboxEvent): object {
  return {
    id: newId(),
    tenant_id: tenantId,
    type,
    subject: `${eventTypes[type].subject}:${subjectId}`,
    data,
    receiver_id: receiverId ?? null,
    once_key: onceKey ?? null,
  };
}

const momentKey = (what: string, id: string, at: Date) => `${what}:${id}:${at.getTime()}`;
const momentKeySql = (what: string, id: string, at: string) =>
  `'${what}:' || ${id} || ':' || (extract(epoch from date_trunc('milliseconds', ${at})) * 1000)::bigint`;

/** The keys of what can begin and end by itself and by somebody, and SQL of the same. */
export const beginKey = (id: string, startsAt: Date) => momentKey('begin', id, startsAt);
export const endKey = (id: string, endsAt: Date) => momentKey('end', id, endsAt);
export const beginKeySql = (id: string, startsAt: string) => momentKeySql('begin', id, startsAt);
export const endKeySql = (id: string, endsAt: string) => momentKeySql('end', id, endsAt);

/**
 * SQL that writes events for those who listen now.
 * @param source a query of the columns of `outboxRow`; `since` besides: who listens only since later is told nothing of it
 */
export function insertOutboxSql(source: string, { since }: { since?: 'since' } = {}): string {
  return `insert into outbox_events (id, tenant_id, type, subject, data, receiver_id, once_key)
     select o.id, o.tenant_id, o.type, o.subject, o.data, o.receiver_id, o.once_key
       from (${source}) o
      where exists (select from event_receivers r
                     where r.tenant_id = o.tenant_id and (r.state <> 'disabled' or r.id = o.receiver_id)
                       ${since ? `and r.listens_since <= o.${since}` : ''})
     on conflict (once_key) where once_key is not null do nothing`;
}

/** SQL of events that one parameter holds as JSON. */
export function outboxRowsSql(parameter: string): string {
  return `select * from jsonb_to_recordset(${parameter}::jsonb) as o(id uuid, tenant_id uuid, type text, subject text,
            data jsonb, receiver_id uuid, once_key text)`;
}

const insert = prepared('outbox-insert', insertOutboxSql(outboxRowsSql('$1')));

/** Writes an event that stands beside no audit event. */
export async function tell(trx: Database, event: OutboxEvent): Promise<void> {
  await runPrepared(trx, insert, [JSON.stringify([outboxRow(event)])]);
}

/** How far some work on the outbox is; the row is held until the transaction ends. Undefined: another process is at it. */
export async function holdProgress(
  trx: Database,
  work: 'order' | 'ends',
): Promise<{ position: number; until: Date } | undefined> {
  const [held] = await rows<{ position: number; until: Date }>(
    trx,
    'select position, until from outbox_progress where work = :work for update skip locked',
    { work },
  );
  return held;
}

export async function saveProgress(
  trx: Database,
  work: 'order' | 'ends',
  { position = null, until = null }: { position?: number | null; until?: Date | null },
): Promise<void> {
  await rows(
    trx,
    `update outbox_progress set position = coalesce(:position, position), until = coalesce(:until, until)
      where work = :work returning 1`,
    { work, position, until },
  );
}

/**
 * Gives events that were committed since the last time their positions, in the order in which they were written. Two of one
 * subject were written one after another wherever the change locks its subject. Hands over the positions that were given;
 * undefined: there was nothing, or another process is at it.
 */
export async function orderEvents(
  trx: Database,
  { most = 2_000 }: { most?: number } = {},
): Promise<{ after: number; upTo: number; count: number } | undefined> {
  const progress = await holdProgress(trx, 'order');
  if (!progress) return undefined;
  const after = progress.position;
  // A statement of its own: it sees what the holder before has committed.
  const ordered = await rows(
    trx,
    `with fresh as (
       select id, sequence from outbox_events where position is null order by sequence limit :most
     ), numbered as (
       select id, row_number() over (order by sequence) as n from fresh
     )
     update outbox_events o set position = :after + n.n from numbered n where o.id = n.id returning 1`,
    { most, after },
  );
  if (ordered.length === 0) return undefined;
  const upTo = after + ordered.length;
  await saveProgress(trx, 'order', { position: upTo });
  return { after, upTo, count: ordered.length };
}

/** How long what was told can be told again, in days. */
export const keptDays = 30;

/** Deletes what was written longer ago, with what became of it. What waits goes with it: three days are the most it waits. */
export async function sweepOutbox(db: Database): Promise<void> {
  await inBatches(async (most) => {
    const gone = await rows(
      db,
      `with old as (
         select id from outbox_events
          where occurred_at < now() - make_interval(days => :keptDays) and position is not null
          order by occurred_at
          limit :most
            for update skip locked
       )
       delete from outbox_events o using old where o.id = old.id returning 1`,
      { most, keptDays },
    );
    return gone.length;
  });
}
