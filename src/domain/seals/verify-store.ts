/** What verification asks beside the two cursors: seals in order, and single events that are not where they should be. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { type EncodedEvent, encodedEvent } from './event-encoding.ts';
import { idAsBytes } from './leaves.ts';
import type { Seal } from './seal-statement.ts';
import { ofTenant, sealColumns } from './seal-store.ts';

/** The seals of a chain from a number on, some at a time. */
export async function selectSealsAfter(
  db: Database,
  { tenantId, number, limit }: { tenantId: string | null; number: number; limit: number },
): Promise<Seal[]> {
  return rows<Seal>(
    db,
    `select ${sealColumns}
       from audit_seals s
      where ${ofTenant('s', tenantId)} and s.number > :number
      order by s.number
      limit :limit`,
    { ...(tenantId !== null && { tenantId }), number, limit },
  );
}

/** The seals of tenants that one of the server holds, in the order of its leaves. */
export async function selectSealsOfTenants(db: Database, endsAt: Date): Promise<Seal[]> {
  return rows<Seal>(
    db,
    `select ${sealColumns} from audit_seals s where s.tenant_id is not null and s.ends_at = :endsAt order by s.tenant_id`,
    { endsAt },
  );
}

/** Whoever has seals, or events. */
export async function selectSealedTenants(db: Database): Promise<string[]> {
  const found = await rows<{ tenantId: string }>(
    db,
    `with recursive sealed as (
       (select tenant_id from audit_seals where tenant_id is not null order by tenant_id limit 1)
        union all
       select (select s.tenant_id from audit_seals s where s.tenant_id > f.tenant_id order by s.tenant_id limit 1)
         from sealed f
        where f.tenant_id is not null
     ), told as (
       (select tenant_id from audit_events where tenant_id is not null order by tenant_id limit 1)
        union all
       select (select e.tenant_id from audit_events e where e.tenant_id > f.tenant_id order by e.tenant_id limit 1)
         from told f
        where f.tenant_id is not null
     )
     select tenant_id from sealed where tenant_id is not null
      union
     select tenant_id from told where tenant_id is not null
      order by 1`,
  );
  return found.map(({ tenantId }) => tenantId);
}

/** Events that were sealed late, by the number of their seal. */
export async function selectLateIds(
  db: Database,
  { tenantId, from, until }: { tenantId: string | null; from: Date; until: Date },
): Promise<{ number: number; firstIndex: number; late: number; ids: Buffer }[]> {
  return rows(
    db,
    `select s.number, l.first_index, s.late, l.ids
       from audit_seals s
       join audit_leaves l on l.seal_id = s.id and l.first_index < s.late
      where ${ofTenant('s', tenantId)} and s.late > 0 and s.ends_at > :from and s.ends_at <= :until
      order by s.number, l.first_index`,
    { ...(tenantId !== null && { tenantId }), from, until },
  );
}

/** Wherever it is now, of whichever tenant. */
export async function selectEventAnywhere(
  db: Database,
  eventId: string,
): Promise<(EncodedEvent & { tenantId: string | null }) | undefined> {
  return firstRow(db, `select ${encodedEvent}, e.tenant_id from audit_events e where e.id = :eventId`, { eventId });
}

/** The seal whose leaves hold an event; reads all leaves of the tenant. */
export async function selectSealHolding(
  db: Database,
  { tenantId, eventId }: { tenantId: string | null; eventId: string },
): Promise<{ number: number; startsAt: Date } | undefined> {
  return firstRow(
    db,
    `select s.number, s.starts_at
       from audit_leaves l
       join audit_seals s on s.id = l.seal_id
      where ${ofTenant('s', tenantId)} and position(:id::bytea in l.ids) > 0
      limit 1`,
    { ...(tenantId !== null && { tenantId }), id: idAsBytes(eventId) },
  );
}

/** Whether the trail tells that a person was erased. */
export async function selectIsErased(db: Database, userId: string): Promise<boolean> {
  const found = await firstRow<{ erased: boolean }>(
    db,
    `select exists (select from audit_events
                     where entity_type = 'user' and entity_id = :userId and action = 'user.erased') as erased`,
    { userId },
  );
  return found?.erased === true;
}

/**
 * The moment before which the events of a tenant may be gone: as long as they are kept now, or as short as they were kept once,
 * which the trail tells. Nothing goes within 30 days (migration 0049), whatever a table says.
 * @param serverDays how long events are kept where a tenant says nothing else
 */
export async function selectKeptSince(
  db: Database,
  { tenantId, serverDays, now }: { tenantId: string | null; serverDays: number; now: Date },
): Promise<Date> {
  const found = await firstRow<{ since: Date }>(
    db,
    `select greatest(
              :now::timestamptz - make_interval(days => greatest(30, coalesce(
                (select nullif(t.settings ->> 'auditRetentionDays', '')::integer from tenants t where t.id = :tenantId::uuid),
                :serverDays))),
              (select max(e.occurred_at - make_interval(days => greatest(30, coalesce(
                        (e.payload -> 'from' ->> 'auditRetentionDays')::integer, :serverDays))))
                 from audit_events e
                where e.tenant_id = :tenantId::uuid and e.action = 'tenant.settings_changed')) as since`,
    { tenantId, serverDays, now },
  );
  return (found as { since: Date }).since;
}
