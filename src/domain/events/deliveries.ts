/** What a receiver was told and is still to be told: the list that people look through, and telling it again. Kept as long as the events are. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import type { Keyset, Page, PageRequest } from '../../platform/paging.ts';
import { selectPage } from '../../platform/paging.ts';
import type { EventTypeName } from './event-types.ts';
import { putInAgain } from './lane-store.ts';

export type DeliveryState = 'waiting' | 'delivered' | 'failed';

export interface Delivery {
  id: string;
  receiverId: string;
  eventId: string;
  type: EventTypeName;
  /** `user:<id>` */
  subject: string;
  data: Record<string, unknown>;
  occurredAt: Date;
  state: DeliveryState;
  attempts: number;
  /** Of the last attempt: the status of the answer. */
  status: number | null;
  /** Why the last attempt failed, or why there was none. */
  reason: string | null;
  attemptedAt: Date | null;
  /** When it is tried next; null: it is behind another one, or over. */
  nextAt: Date | null;
  createdAt: Date;
}

// The first of its lane is the one that the lane's time is about.
const columns = `d.id, d.receiver_id, d.event_id, o.type, d.subject, o.data, o.occurred_at, d.state, d.attempts, d.status, d.reason,
       d.attempted_at, d.created_at,
       case when d.state = 'waiting' and d.attempts > 0 then l.next_at end as next_at`;
const tables = `event_deliveries d
       join outbox_events o on o.id = d.event_id
       left join event_lanes l on l.receiver_id = d.receiver_id and l.subject = d.subject and d.state = 'waiting'`;

const newestFirst: Keyset = { columns: [{ expression: 'd.sequence', type: 'bigint' }], descending: true };

/** The newest first. @throws DomainError invalid CURSOR_INVALID */
export async function deliveriesOf(
  db: Database,
  {
    tenantId,
    receiverId,
    state = null,
    type = null,
    ...page
  }: PageRequest & { tenantId: string; receiverId: string; state?: DeliveryState | null; type?: string | null },
): Promise<Page<Delivery>> {
  return selectPage<Delivery>(
    db,
    newestFirst,
    page,
    ({ key, where, order }) =>
      `select ${columns}, ${key} from ${tables}
        where d.tenant_id = :tenantId and d.receiver_id = :receiverId
          and (:state::text is null or d.state = :state) and (:type::text is null or o.type = :type) and ${where}
        ${order}`,
    { tenantId, receiverId, state, type },
  );
}

export async function findDelivery(
  db: Database,
  wanted: { tenantId: string; receiverId: string; deliveryId: string },
): Promise<Delivery | undefined> {
  return firstRow<Delivery>(
    db,
    `select ${columns} from ${tables}
      where d.tenant_id = :tenantId and d.receiver_id = :receiverId and d.id = :deliveryId`,
    wanted,
  );
}

/** How many wait for each of these receivers, and how many were given up within the last day; 1,000 at the most of each. */
export async function countDeliveries(
  db: Database,
  receiverIds: readonly string[],
): Promise<Map<string, { waiting: number; failed: number }>> {
  const found = await rows<{ id: string; waiting: number; failed: number }>(
    db,
    `select r.id,
            (select count(*) from (select from event_deliveries d
                                    where d.receiver_id = r.id and d.state = 'waiting' limit 1000) w) as waiting,
            (select count(*) from (select from event_deliveries d
                                    where d.receiver_id = r.id and d.state = 'failed'
                                      and d.created_at > now() - interval '1 day' limit 1000) f) as failed
       from unnest(:receiverIds::uuid[]) as r(id)`,
    { receiverIds: [...receiverIds] },
  );
  return new Map(found.map(({ id, ...counts }) => [id, counts]));
}

/** In one statement; so many once more are held by one transaction. */
const mostAtOnce = 5_000;
const mostAgain = 100_000;

/**
 * Tells a receiver again, behind what waits and in order, what it was told or should have been; what waits comes anyway.
 * @param which.eventId one event alone
 * @param which.since what happened from then on; 100,000 events at the most
 * @returns how many were put in
 */
export async function tellAgain(
  trx: Database,
  which: { tenantId: string; receiverId: string; replayedBy: string | null } & ({ eventId: string } | { since: Date }),
): Promise<number> {
  let count = 0;
  for (let after = 0; count < mostAgain; ) {
    const put = await putInAgain(trx, { ...which, after, most: mostAtOnce });
    count += put.count;
    if (put.last === null || put.count < mostAtOnce) break;
    after = put.last;
  }
  return count;
}
