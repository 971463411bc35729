/**
 * The SQL of what came of attempts to tell: the delivery, its lane and its receiver are brought up to date together. An attempt
 * by who has lost the lane meanwhile counts for nothing, and changes nothing: another makes it again.
 */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';
import type { HeldDelivery } from './lane-store.ts';

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
  /** By the receiver, from its first failure on. */
  isAskedToWait: boolean;
  /** The lane is held on for so many seconds, with what comes next in it; 0: it is let go. */
  keepSeconds: number;
}

/** The delivery that comes next in a lane that is held on. */
export interface NextDelivery
  extends Pick<HeldDelivery, 'deliveryId' | 'holder' | 'version' | 'eventId' | 'type' | 'data' | 'occurredAt'> {}

const attempted = `jsonb_to_recordset($1::jsonb) as a("deliveryId" uuid, "receiverId" uuid, subject text, holder uuid, version bigint,
       state text, status integer, reason text, "againSeconds" float8, "receiverSeconds" float8, "keepSeconds" float8, "isAskedToWait" boolean)`;

// What is put in after this statement's view of the table has raised the lane's version before: the lane stays.
const finish = prepared(
  'event-attempts-finish',
  `with locked as materialized (
     select l.receiver_id, l.subject, l.version as version_now, a."deliveryId" as delivery_id, a.holder, a.version, a.state, a.status,
            a.reason, a."againSeconds" as again_seconds, a."keepSeconds" as keep_seconds
       from event_lanes l
       join ${attempted} on l.receiver_id = a."receiverId" and l.subject = a.subject and l.holder = a.holder
      order by l.receiver_id, l.subject
        for update of l
   ), marked as (
     update event_deliveries d
        set state = k.state, attempts = d.attempts + 1, status = k.status, reason = k.reason, attempted_at = clock_timestamp()
       from locked k
      where d.id = k.delivery_id and d.state = 'waiting'
   ), lanes as materialized (
     select k.*, n.id as next_id, n.event_id,
            k.state <> 'waiting' and n.id is null and k.version_now = k.version as is_empty,
            n.id is not null and k.keep_seconds > 0
              and exists (select from event_receivers r where r.id = k.receiver_id and r.state = 'enabled'
                        and (r.retry_at is null or r.retry_at <= clock_timestamp())) as is_kept
       from locked k
       left join lateral (
         select d.id, d.event_id
           from event_deliveries d
          where d.receiver_id = k.receiver_id and d.subject = k.subject and d.state = 'waiting' and d.id <> k.delivery_id
          order by d.sequence
          limit 1) n on k.state <> 'waiting'
   ), emptied as (
     delete from event_lanes l using lanes k
      where l.receiver_id = k.receiver_id and l.subject = k.subject and k.is_empty
   ), going_on as (
     update event_lanes l
        set holder = case when k.is_kept then k.holder end,
            attempts = case when k.state = 'waiting' then l.attempts + 1 else 0 end,
            first_failed_at = case when k.state = 'waiting' then coalesce(l.first_failed_at, clock_timestamp()) end,
            next_at = clock_timestamp() + make_interval(secs => case when k.is_kept then k.keep_seconds else k.again_seconds end)
       from lanes k
      where l.receiver_id = k.receiver_id and l.subject = k.subject and not k.is_empty
   )
   select k.holder, k.version_now as version, k.next_id as delivery_id, o.id as event_id, o.type, o.data, o.occurred_at
     from lanes k
     join outbox_events o on o.id = k.event_id
    where k.is_kept`,
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
            max(a."receiverSeconds") as seconds, bool_or(coalesce(a."isAskedToWait", false)) as asked_to_wait
       from ${attempted}
      group by 1
   ), locked as (
     select r.id, j.answered, j.failed, j.seconds, j.asked_to_wait
       from event_receivers r
       join judged j on j.id = r.id
      where not j.answered or j.asked_to_wait or r.failures > 0
      order by r.id
        for no key update of r
   )
   update event_receivers r
      set failures = case when k.answered then 0 else r.failures + k.failed end,
          failing_since = case when k.answered then null else coalesce(r.failing_since, clock_timestamp()) end,
          retry_at = case when not k.asked_to_wait and (k.answered or r.failures + k.failed < 3) then null
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

/** Writes down what came of attempts, and lets the lanes go or holds them on. @returns what comes next in those that are held on */
export async function finishAttempts(db: Database, attempts: readonly Attempted[]): Promise<NextDelivery[]> {
  return (await runPrepared<NextDelivery>(db, finish, [JSON.stringify(attempts)])).rows;
}

/**
 * What attempts say of their receivers. One that answers again gets at once what waits for it.
 * @returns the receivers that have failed, or do so no longer
 */
export async function judgeReceivers(db: Database, attempts: readonly Attempted[]): Promise<ToldReceiver[]> {
  const { rows: judged } = await runPrepared<ToldReceiver>(db, judge, [JSON.stringify(attempts)]);
  const well = judged.filter(({ failures }) => failures === 0).map(({ id }) => id);
  if (well.length > 0) await runPrepared(db, revive, [well]);
  return judged;
}
