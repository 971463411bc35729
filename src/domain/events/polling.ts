/**
 * What waits for a receiver that fetches it itself: read in order, and taken out once it says that it has it. What it does not
 * acknowledge it is given again. Locks lane by lane, in the order of lane-store.ts.
 */
import { type Database, rows } from '../../platform/database.ts';
import type { EventTypeName } from './event-types.ts';

export interface WaitingEvent {
  eventId: string;
  type: EventTypeName;
  tenantId: string;
  data: Record<string, unknown>;
  occurredAt: Date;
}

/** The first that wait, in the order in which they go. @param type of this one alone */
export async function selectWaiting(
  db: Database,
  receiverId: string,
  { most, type = null }: { most: number; type?: EventTypeName | null },
): Promise<WaitingEvent[]> {
  return rows<WaitingEvent>(
    db,
    `select d.event_id, o.type, d.tenant_id, o.data, o.occurred_at
       from event_deliveries d
       join outbox_events o on o.id = d.event_id
      where d.receiver_id = :receiverId and d.state = 'waiting' and (:type::text is null or o.type = :type)
      order by d.sequence
      limit :most`,
    { receiverId, most, type },
  );
}

export interface Acknowledged {
  eventId: string;
  /** Why the receiver could do nothing with it; null: it has it. */
  reason: string | null;
}

/** Takes out what the receiver has, or will not have. What does not wait for it counts for nothing. */
export async function takeOut(trx: Database, receiverId: string, given: readonly Acknowledged[]): Promise<void> {
  if (given.length === 0) return;
  const bindings = {
    receiverId,
    given: JSON.stringify(given.map(({ eventId, reason }) => ({ event_id: eventId, reason }))),
  };
  const acknowledged = 'jsonb_to_recordset(:given::jsonb) as g(event_id uuid, reason text)';
  await rows(
    trx,
    `select l.subject
       from event_lanes l
      where l.receiver_id = :receiverId
        and l.subject in (select d.subject from event_deliveries d join ${acknowledged} on g.event_id = d.event_id
                           where d.receiver_id = :receiverId and d.state = 'waiting')
      order by l.subject
        for update`,
    bindings,
  );
  await rows(
    trx,
    `with told as (
       update event_deliveries d
          set state = case when g.reason is null then 'delivered' else 'failed' end, reason = g.reason,
              attempts = d.attempts + 1, attempted_at = clock_timestamp()
         from ${acknowledged}
        where d.receiver_id = :receiverId and d.event_id = g.event_id and d.state = 'waiting'
    returning d.subject
     )
     select distinct subject from told`,
    bindings,
  );
  await rows(
    trx,
    `delete from event_lanes l
      where l.receiver_id = :receiverId
        and l.subject in (select d.subject from event_deliveries d join ${acknowledged} on g.event_id = d.event_id
                           where d.receiver_id = :receiverId)
        and not exists (select from event_deliveries d
                         where d.receiver_id = l.receiver_id and d.subject = l.subject and d.state = 'waiting')
  returning 1`,
    bindings,
  );
}
