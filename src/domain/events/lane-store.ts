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

const wants = `(r.types = '{}' or o.type = any(r.types) or o.receiver_id is not null)
          and (o.receiver_id is null or o.receiver_id = r.id)`;

/** For each event of these positions, a delivery to each receiver that wants it. */
export async function putInOrdered(trx: Database, { after, upTo }: { after: number; upTo: number }): Promise<void> {
  const source = `select o.tenant_id, r.id as receiver_id, o.id as event_id, o.subject, o.position
       from outbox_events o
       join event_receivers r on r.tenant_id = o.tenant_id and r.state <> 'disabled' and ${wants}
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
     select r.id, r.tenant_id, r.kind, r.failures,
            case when r.failures >= 3 then 1 else $4::integer end
              - (select count(*) from event_lanes b
                  where b.receiver_id = r.id and b.holder is not null and b.next_at > clock_timestamp()) as free
       from event_receivers r
      where r.state = 'enabled' and r.kind = any($1::text[]) and (r.retry_at is null or r.retry_at <= clock_timestamp())
      order by r.failures > 0, random()
   ), picked as (
     select w.receiver_id, w.subject, r.tenant_id, r.kind
       from ready r
       cross join lateral (
         select l.receiver_id, l.subject
           from event_lanes l
          where l.receiver_id = r.id and l.next_at <= clock_timestamp()
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
  { kinds, most, holdSeconds, each }: { kinds: readonly string[]; most: number; holdSeconds: number; each: number },
): Promise<HeldDelivery[]> {
  return (await runPrepared<HeldDelivery>(db, hold, [kinds, most, holdSeconds, each])).rows;
}

/** What came of an attempt. */
export interface Attempted extends Pick<HeldDelivery, 'deliveryId' | 'receiverId' | 'subject' | 'holder' | 'version'> {
  state: 'delivered' | 'failed' | 'waiting';
  /** Of the answer, if there was one. */
  status: number | null;
  /** Why not; null where it was delivered. */
  reason: string | null;
  /** Of one that waits: in how many seconds it is tried again. */
  againSeconds: number;
  /** For how many seconds the receiver is left alone if it has failed before. */
  receiverSeconds: number;
}

const attempted = `jsonb_to_recordset($1::jsonb) as a("deliveryId" uuid, "receiverId" uuid, subject text, holder uuid, version bigint,
       state text, status integer, reason text, "againSeconds" float8, "receiverSeconds" float8)`;

const lockAttempted = prepared(
  'event-attempts-lock',
  `select l.receiver_id, l.subject
     from event_lanes l
     join ${attempted} on l.receiver_id = a."receiverId" and l.subject = a.subject and l.holder = a.holder
    order by l.receiver_id, l.subject
      for update of l`,
);
const markDeliveries = prepared(
  'event-attempts-mark',
  `update event_deliveries d
      set state = a.state, attempts = d.attempts + 1, status = a.status, reason = a.reason, attempted_at = clock_timestamp()
     from ${attempted}
     join event_lanes l on l.receiver_id = a."receiverId" and l.subject = a.subject and l.holder = a.holder
    where d.id = a."deliveryId" and d.state = 'waiting'`,
);
const emptyLanes = prepared(
  'event-attempts-empty',
  `delete from event_lanes l
    using ${attempted}
    where l.receiver_id = a."receiverId" and l.subject = a.subject and l.holder = a.holder and l.version = a.version
      and a.state <> 'waiting'
      and not exists (select from event_deliveries d
                       where d.receiver_id = l.receiver_id and d.subject = l.subject and d.state = 'waiting')`,
);
const letGo = prepared(
  'event-attempts-let-go',
  `update event_lanes l
      set holder = null,
          attempts = case when a.state = 'waiting' then l.attempts + 1 else 0 end,
          first_failed_at = case when a.state = 'waiting' then coalesce(l.first_failed_at, clock_timestamp()) end,
          next_at = clock_timestamp() + make_interval(secs => a."againSeconds")
     from ${attempted}
    where l.receiver_id = a."receiverId" and l.subject = a.subject and l.holder = a.holder`,
);

export interface ToldReceiver {
  id: string;
  tenantId: string;
  kind: string;
  /** Before this. */
  failures: number;
  failingSeconds: number;
}
// The last of them decides: a receiver that answered is in order again.
const judge = prepared(
  'event-attempts-judge',
  `with judged as (
     select a."receiverId" as id, bool_or(a.state = 'delivered') as answered, count(*) as failed,
            max(a."receiverSeconds") as seconds
       from ${attempted}
      group by 1
   ), locked as (
     select r.id, j.answered, j.failed, j.seconds
       from event_receivers r
       join judged j on j.id = r.id
      where not j.answered or r.failures > 0
      order by r.id
        for no key update of r
   )
   update event_receivers r
      set failures = case when k.answered then 0 else r.failures + k.failed end,
          failing_since = case when k.answered then null else coalesce(r.failing_since, clock_timestamp()) end,
          retry_at = case when k.answered or r.failures + k.failed < 3 then null
                          else clock_timestamp() + make_interval(secs => k.seconds) end
     from locked k
    where r.id = k.id
returning r.id, r.tenant_id, r.kind, r.failures, coalesce(extract(epoch from clock_timestamp() - r.failing_since), 0)::float8 as failing_seconds`,
);
const revive = prepared(
  'event-lanes-revive',
  `with held as (
     select receiver_id, subject from event_lanes
      where receiver_id = any($1::uuid[]) and holder is null and next_at > clock_timestamp()
      order by receiver_id, subject
        for update skip locked
   )
   update event_lanes l set next_at = clock_timestamp() from held h
    where l.receiver_id = h.receiver_id and l.subject = h.subject`,
);

/**
 * Writes down what came of attempts, and lets the lanes go. An attempt by who lost the hold meanwhile counts for nothing: another
 * makes it again. A receiver that answers again gets at once what waits for it.
 * @returns the receivers that have failed, or do so no longer
 */
export async function finishAttempts(trx: Database, attempts: readonly Attempted[]): Promise<ToldReceiver[]> {
  const values = [JSON.stringify(attempts)];
  await runPrepared(trx, lockAttempted, values);
  await runPrepared(trx, markDeliveries, values);
  await runPrepared(trx, emptyLanes, values);
  await runPrepared(trx, letGo, values);
  const { rows: judged } = await runPrepared<ToldReceiver>(trx, judge, values);
  const well = judged.filter(({ failures }) => failures === 0).map(({ id }) => id);
  if (well.length > 0) await runPrepared(trx, revive, [well]);
  return judged;
}

/** Lets lanes go in which nothing waits. */
export async function dropLanes(
  trx: Database,
  lanes: readonly Pick<HeldDelivery, 'receiverId' | 'subject' | 'holder' | 'version'>[],
): Promise<void> {
  const values = lanes.map((lane) => ({ ...lane, state: 'failed', againSeconds: 0 }));
  await runPrepared(trx, emptyLanes, [JSON.stringify(values)]);
  await runPrepared(trx, letGo, [JSON.stringify(values)]);
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
