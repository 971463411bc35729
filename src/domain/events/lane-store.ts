/**
 * The SQL of what waits. A lane is what waits for one receiver about one subject: its deliveries go one after another, and other
 * lanes go on. A lane has a row while something waits in it. Who puts something in raises its version, who empties it deletes
 * it only at the version it knew: nothing is forgotten between the two. Locks are taken lane by lane in the order of receiver
 * and subject, and receivers last.
 */
import { type Database, prepared, rows, runPrepared } from '../../platform/database.ts';
import type { EventTypeName } from './event-types.ts';

/**
 * Puts deliveries in. First the lanes: deliveries get their numbers while those are held.
 * @param source a query of `receiver_id, tenant_id, event_id, subject, position`
 * @returns how many, and the last position
 */
async function putIn(
  trx: Database,
  source: string,
  bindings: Record<string, unknown>,
): Promise<{ count: number; last: number | null }> {
  const [put] = await rows<{ count: number; last: number | null }>(
    trx,
    `with wanted as materialized (${source}), lanes as (
       insert into event_lanes as l (receiver_id, subject)
       select distinct w.receiver_id, w.subject from wanted w order by 1, 2
       on conflict (receiver_id, subject) do update set version = l.version + 1
    returning 1
     ), put as (
       insert into event_deliveries (id, tenant_id, receiver_id, event_id, subject, replayed_by)
       select gen_random_uuid(), w.tenant_id, w.receiver_id, w.event_id, w.subject, :replayedBy
         from wanted w
        where (select count(*) from lanes) >= 0
        order by w.position
    returning 1
     )
     select (select count(*) from put) as count, (select max(position) from wanted) as last`,
    { replayedBy: null, ...bindings },
  );
  return put ?? { count: 0, last: null };
}

/** What a receiver is told of itself, in a lane of its own: also while it is told nothing else. */
const ofItself = (receiver: string) => `'stream:' || ${receiver}.id`;

const wants = `(r.types = '{}' or o.type = any(r.types) or o.receiver_id is not null)
          and (o.receiver_id is null or o.receiver_id = r.id)`;

/** For each event of these positions, a delivery to each receiver that wants it. */
export async function putInOrdered(trx: Database, { after, upTo }: { after: number; upTo: number }): Promise<void> {
  const source = `select o.tenant_id, r.id as receiver_id, o.id as event_id, o.subject, o.position
       from outbox_events o
       join event_receivers r on r.tenant_id = o.tenant_id and (r.state <> 'disabled' or o.subject = ${ofItself('r')}) and ${wants}
      where o.position > :after and o.position <= :upTo`;
  await putIn(trx, source, { after, upTo });
}

/** What a receiver was told, or should have been, once more and behind what waits. @param which.eventId one alone */
export async function putInAgain(
  trx: Database,
  which: {
    tenantId: string;
    receiverId: string;
    replayedBy: string | null;
    eventId?: string;
    since?: Date;
    after?: number;
    most: number;
  },
): Promise<{ count: number; last: number | null }> {
  const { tenantId, receiverId, replayedBy, eventId = null, since = null, after = 0, most } = which;
  // What waits comes anyway.
  const source = `select o.tenant_id, r.id as receiver_id, o.id as event_id, o.subject, o.position
       from event_receivers r
       join outbox_events o on o.tenant_id = r.tenant_id and ${wants}
      where r.id = :receiverId and r.tenant_id = :tenantId and o.position > :after
        and (:eventId::uuid is null or o.id = :eventId) and (:since::timestamptz is null or o.occurred_at >= :since)
        and not exists (select from event_deliveries d
                         where d.event_id = o.id and d.receiver_id = r.id and d.state = 'waiting')
      order by o.position
      limit :most`;
  return putIn(trx, source, { tenantId, receiverId, replayedBy, eventId, since, after, most });
}

/** The first delivery of a lane, held by who asked. */
export interface HeldDelivery {
  deliveryId: string;
  receiverId: string;
  tenantId: string;
  kind: string;
  subject: string;
  holder: string;
  version: number;
  /** Before this one. */
  attempts: number;
  /** How long it fails already, in seconds. */
  failingSeconds: number;
  eventId: string;
  type: EventTypeName;
  data: Record<string, unknown>;
  occurredAt: Date;
}

// One that fails is asked one thing at a time; those that answer come first.
const hold = prepared(
  'event-lanes-hold',
  `with ready as (
     select r.id, r.tenant_id, r.kind, r.state,
            case when r.failures >= 3 then 1 else $4::integer end
              - (select count(*) from event_lanes b
                  where b.receiver_id = r.id and b.holder is not null and b.next_at > clock_timestamp()) as free
       from event_receivers r
      where (r.state = 'enabled' or exists (select from event_lanes l where l.receiver_id = r.id and l.subject = ${ofItself('r')}))
        and r.kind = any($1::text[]) and (r.retry_at is null or r.retry_at <= clock_timestamp())
      order by r.failures > 0, random()
   ), picked as (
     select w.receiver_id, w.subject, r.tenant_id, r.kind
       from ready r
       cross join lateral (
         select l.receiver_id, l.subject
           from event_lanes l
          where l.receiver_id = r.id and l.next_at <= clock_timestamp() and (r.state = 'enabled' or l.subject = ${ofItself('r')})
          order by l.next_at
          limit greatest(r.free, 0)
            for update skip locked) w
      limit $2
   ), held as (
     update event_lanes l
        set holder = gen_random_uuid(), next_at = clock_timestamp() + make_interval(secs => $3)
       from picked p
      where l.receiver_id = p.receiver_id and l.subject = p.subject
  returning l.receiver_id, l.subject, l.holder, l.version, l.attempts, l.first_failed_at, p.tenant_id, p.kind
   )
   select d.id as delivery_id, h.receiver_id, h.tenant_id, h.kind, h.subject, h.holder, h.version, h.attempts,
          coalesce(extract(epoch from clock_timestamp() - h.first_failed_at), 0)::float8 as failing_seconds,
          o.id as event_id, o.type, o.data, o.occurred_at
     from held h
     left join lateral (
       select d.id, d.event_id
         from event_deliveries d
        where d.receiver_id = h.receiver_id and d.subject = h.subject and d.state = 'waiting'
        order by d.sequence
        limit 1) d on true
     left join outbox_events o on o.id = d.event_id`,
);

/**
 * Takes lanes whose time has come, each for so many seconds, and hands over the first delivery of each. A lane in which nothing
 * waits any more, because it was swept, has no `deliveryId`.
 * @param wanted.each lanes of one receiver at the same time, over all processes
 */
export async function holdLanes(
  db: Database,
  { kinds, most, leaseSeconds, each }: { kinds: readonly string[]; most: number; leaseSeconds: number; each: number },
): Promise<HeldDelivery[]> {
  return (await runPrepared<HeldDelivery>(db, hold, [kinds, most, leaseSeconds, each])).rows;
}

const renew = prepared(
  'event-lanes-renew',
  `with mine as materialized (
     select h."receiverId" as receiver_id, h.subject, h.holder
       from jsonb_to_recordset($1::jsonb) as h("receiverId" uuid, subject text, holder uuid)
   ), held as (
     select l.receiver_id, l.subject, l.holder
       from event_lanes l
       join mine m on m.receiver_id = l.receiver_id and m.subject = l.subject and m.holder = l.holder
      order by l.receiver_id, l.subject
        for update of l skip locked
   ), renewed as (
     update event_lanes l set next_at = clock_timestamp() + make_interval(secs => $2)
       from held h
      where l.receiver_id = h.receiver_id and l.subject = h.subject
  returning h.holder
   )
   select m.holder,
          case when r.holder is not null then 'renewed'
               when exists (select from event_lanes l
                             where l.receiver_id = m.receiver_id and l.subject = m.subject and l.holder = m.holder) then 'busy'
               else 'lost' end as state
     from mine m
     left join renewed r on r.holder = m.holder`,
);

/**
 * Holds lanes for so many seconds more. One in which something is put at that moment is not waited for (`busy`); one that another
 * has taken, or that is there no longer, is `lost`.
 */
export async function renewLanes(
  db: Database,
  {
    lanes,
    leaseSeconds,
  }: { lanes: readonly Pick<HeldDelivery, 'receiverId' | 'subject' | 'holder'>[]; leaseSeconds: number },
): Promise<{ holder: string; state: 'renewed' | 'busy' | 'lost' }[]> {
  const values = lanes.map(({ receiverId, subject, holder }) => ({ receiverId, subject, holder }));
  const found = await runPrepared<{ holder: string; state: 'renewed' | 'busy' | 'lost' }>(db, renew, [
    JSON.stringify(values),
    leaseSeconds,
  ]);
  return found.rows;
}

const drop = prepared(
  'event-lanes-drop',
  `with held as materialized (
     select l.receiver_id, l.subject, l.version = h.version
              and not exists (select from event_deliveries d
                               where d.receiver_id = l.receiver_id and d.subject = l.subject and d.state = 'waiting') as is_empty
       from event_lanes l
       join jsonb_to_recordset($1::jsonb) as h("receiverId" uuid, subject text, holder uuid, version bigint)
         on l.receiver_id = h."receiverId" and l.subject = h.subject and l.holder = h.holder
      order by l.receiver_id, l.subject
        for update of l
   ), emptied as (
     delete from event_lanes l using held h
      where l.receiver_id = h.receiver_id and l.subject = h.subject and h.is_empty
   )
   update event_lanes l set holder = null, next_at = clock_timestamp()
     from held h
    where l.receiver_id = h.receiver_id and l.subject = h.subject and not h.is_empty`,
);

/** Lets lanes go: those in which nothing waits are gone. */
export async function dropLanes(
  db: Database,
  lanes: readonly Pick<HeldDelivery, 'receiverId' | 'subject' | 'holder' | 'version'>[],
): Promise<void> {
  const values = lanes.map(({ receiverId, subject, holder, version }) => ({ receiverId, subject, holder, version }));
  await runPrepared(db, drop, [JSON.stringify(values)]);
}

/** Gives up all that waits for a receiver. Before its own row is changed: who finishes an attempt locks in that order. */
export async function giveUpWaiting(trx: Database, receiverId: string): Promise<void> {
  await rows(
    trx,
    `with held as (
       select subject from event_lanes where receiver_id = :receiverId order by subject for update
     )
     delete from event_lanes where receiver_id = :receiverId and (select count(*) from held) >= 0 returning 1`,
    { receiverId },
  );
  await rows(
    trx,
    `update event_deliveries set state = 'failed', reason = 'disabled'
      where receiver_id = :receiverId and state = 'waiting' returning 1`,
    { receiverId },
  );
}
