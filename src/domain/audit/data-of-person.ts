/** What the trail holds on a person: told, and erased. The opaque id stays, so that the trail says who did what to what. */
import { type Database, rows } from '../../platform/database.ts';
import type { ListedAuditEvent } from './list-audit-events.ts';

type EventOfPerson = Omit<ListedAuditEvent, 'tenantId' | 'requestId'>;

/** SQL: what a person did, and what was done to them; by the indexes on both. */
const ofPerson = `(e.actor_id = :userId and e.actor_type = 'user' or e.entity_id = :userId and e.entity_type = 'user')`;

/** The events by a person and about them, the oldest first. Where others acted from is theirs. */
export async function exportEventsOf(db: Database, { userId }: { userId: string }): Promise<EventOfPerson[]> {
  return rows<EventOfPerson>(
    db,
    `select e.id, e.actor_type, e.actor_id, e.action, e.entity_type, e.entity_id,
            case when o.own then host(e.ip) end as ip, case when o.own then e.user_agent end as user_agent,
            e.payload, e.occurred_at
       from audit_events e
       cross join lateral (select e.actor_type = 'system' or e.actor_id = :userId as own) o
      where ${ofPerson}
      order by e.occurred_at, e.id`,
    { userId },
  );
}

/** Whether the trail still tells that a person was erased. */
export async function isErasureTold(db: Database, { userId }: { userId: string }): Promise<boolean> {
  const [told] = await rows(
    db,
    `select from audit_events where entity_type = 'user' and entity_id = :userId and action = 'user.erased' limit 1`,
    { userId },
  );
  return told !== undefined;
}

/**
 * Takes from the trail where a person acted from, and what an event says where it names them. The person is erased, and the
 * trail tells it: the database refuses it otherwise.
 * @param mentions whether a payload names the person other than by the opaque id
 */
export async function eraseEventsOf(
  trx: Database,
  { userId }: { userId: string },
  mentions: (payload: unknown) => boolean,
): Promise<void> {
  const events = await rows<{ id: string; payload: unknown }>(
    trx,
    `select e.id, e.payload from audit_events e where ${ofPerson}`,
    { userId },
  );
  const naming = events.filter(({ payload }) => mentions(payload)).map(({ id }) => id);
  await rows(trx, 'select erase_person_from_audit(:userId::uuid, :naming::uuid[])', { userId, naming });
}
