/** The SQL of seals and their leaves. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { type EncodedEvent, encodedEvent } from './event-encoding.ts';
import type { PackedLeaves } from './leaves.ts';
import type { Seal } from './seal-statement.ts';

/** So long after its hour an event is sealed as late; what commits later than that never is, and `verify` names it. */
export const lateMs = 3 * 3_600_000;

export const sealColumns = `s.id, s.tenant_id, s.number, s.starts_at, s.ends_at, s.sealed_at, s.events, s.late, s.seals,
       s.first_event, s.last_event, s.root, s.previous, s.hash, s.kid, s.signature`;

/** The newest seal of a tenant, or of the server. */
export async function selectNewestSeal(db: Database, tenantId: string | null): Promise<Seal | undefined> {
  return firstRow<Seal>(
    db,
    `select ${sealColumns}
       from audit_seals s
      where ${ofTenant('s', tenantId)}
      order by s.number desc
      limit 1`,
    { ...(tenantId !== null && { tenantId }) },
  );
}

export async function insertSeal(trx: Database, seal: Seal): Promise<void> {
  await rows(
    trx,
    `insert into audit_seals (id, tenant_id, number, starts_at, ends_at, sealed_at, events, late, seals, first_event,
                              last_event, root, previous, hash, kid, signature)
     values (:id, :tenantId, :number, :startsAt, :endsAt, :sealedAt, :events, :late, :seals, :firstEvent,
             :lastEvent, :root, :previous, :hash, :kid, :signature)`,
    { ...seal },
  );
}

export async function insertLeaves(trx: Database, sealId: string, packed: PackedLeaves): Promise<void> {
  await rows(
    trx,
    `insert into audit_leaves (seal_id, first_index, ids, hashes, tags, commitments, salts)
     values (:sealId, :firstIndex, :ids, :hashes, :tags, :commitments, :salts)`,
    { sealId, ...packed },
  );
}

/** The hour of the oldest event; undefined where there is none. What came from another server has no begin here. */
export async function selectBegin(db: Database): Promise<Date | undefined> {
  const found = await firstRow<{ at: Date | null }>(
    db,
    `select date_trunc('hour', e.occurred_at, 'UTC') as at
       from audit_events e
      where not exists (select from audit_arrivals a where a.tenant_id = e.tenant_id)
      order by e.occurred_at
      limit 1`,
  );
  return found?.at ?? undefined;
}

/** Whether a transaction that began before a moment goes on, so that an event of before may still come. */
export async function selectIsOlderOpen(db: Database, before: Date): Promise<boolean> {
  const found = await firstRow<{ open: boolean }>(
    db,
    `select exists (select
                      from pg_stat_activity
                     where datname = current_database() and pid <> pg_backend_pid() and xact_start < :before) as open`,
    { before },
  );
  return found?.open === true;
}

/** Whose events there are within a time; null: the server's. */
export async function selectTenantsBetween(
  db: Database,
  { from, until }: { from: Date; until: Date },
): Promise<(string | null)[]> {
  const found = await rows<{ tenantId: string | null }>(
    db,
    `select distinct tenant_id from audit_events where occurred_at >= :from and occurred_at < :until order by tenant_id`,
    { from, until },
  );
  return found.map(({ tenantId }) => tenantId);
}

/** Events of one tenant, or of the server, in the order of leaves. @param after where the page before ended */
export async function selectEventsToSeal(
  trx: Database,
  {
    tenantId,
    from,
    until,
    after,
    limit,
  }: { tenantId: string | null; from: Date; until: Date; after?: Place; limit: number },
): Promise<(EncodedEvent & Place)[]> {
  return rows(
    trx,
    `select ${encodedEvent}, e.id, e.occurred_at::text as place
       from audit_events e
      where ${ofTenant('e', tenantId)} and e.occurred_at >= :from and e.occurred_at < :until
        and (:place::timestamptz is null or (e.occurred_at, e.id) > (:place::timestamptz, :id::uuid))
      order by e.occurred_at, e.id
      limit :limit`,
    {
      ...(tenantId !== null && { tenantId }),
      from,
      until,
      place: after?.place ?? null,
      id: after?.id ?? null,
      limit,
    },
  );
}

/** An event's place in the order, to the microsecond. */
export interface Place {
  id: string;
  place: string;
}

/** SQL that an index is found by, whichever it is. */
export function ofTenant(table: string, tenantId: string | null): string {
  return tenantId === null ? `${table}.tenant_id is null` : `${table}.tenant_id = :tenantId`;
}

export async function selectEncodedEvents(
  db: Database,
  { tenantId, ids }: { tenantId: string | null; ids: readonly string[] },
): Promise<EncodedEvent[]> {
  return rows<EncodedEvent>(
    db,
    `select ${encodedEvent}
       from audit_events e
      where ${ofTenant('e', tenantId)} and e.id = any(:ids::uuid[])
      order by e.occurred_at, e.id`,
    { ...(tenantId !== null && { tenantId }), ids: [...ids] },
  );
}

/** The hours before a moment in which there are other events than were sealed, as far as the numbers say. */
export async function selectHoursToCompare(
  db: Database,
  { from, until }: { from: Date; until: Date },
): Promise<{ tenantId: string | null; startsAt: Date; endsAt: Date }[]> {
  return rows(
    db,
    `with hour as (
       select starts_at, ends_at from audit_seals where tenant_id is null and starts_at >= :from and ends_at <= :until
     ), found as (
       select e.tenant_id, h.starts_at, h.ends_at, count(*) as events
         from audit_events e
         join hour h on e.occurred_at >= h.starts_at and e.occurred_at < h.ends_at
        where e.occurred_at >= :from and e.occurred_at < :until
        group by 1, 2, 3
     )
     select f.tenant_id, f.starts_at, f.ends_at
       from found f
       left join audit_seals s on s.tenant_id is not distinct from f.tenant_id and s.ends_at = f.ends_at
      where f.events <> coalesce(s.events - s.late, 0)
      order by f.tenant_id, f.starts_at`,
    { from, until },
  );
}

/** The rows of leaves of the seals of a tenant that end after a moment, in order, without what is in them beside ids. */
export async function selectIdsSince(
  db: Database,
  { tenantId, since }: { tenantId: string | null; since: Date },
): Promise<Buffer[]> {
  const found = await rows<{ ids: Buffer }>(
    db,
    `select l.ids
       from audit_seals s
       join audit_leaves l on l.seal_id = s.id
      where ${ofTenant('s', tenantId)} and s.ends_at > :since`,
    { ...(tenantId !== null && { tenantId }), since },
  );
  return found.map(({ ids }) => ids);
}

/** The leaves of a seal, in order. */
export async function selectLeaves(db: Database, sealId: string): Promise<PackedLeaves[]> {
  return rows<PackedLeaves>(
    db,
    `select first_index, ids, hashes, tags, commitments, salts from audit_leaves where seal_id = :sealId order by first_index`,
    { sealId },
  );
}
