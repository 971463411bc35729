/** The SQL of what has come from other servers, and of the checks of what comes. */
import { type Database, firstRow, rows } from '../../platform/database.ts';

export interface Arrival {
  exportId: string;
  tenantId: string;
  fromIssuer: string;
  digest: Buffer;
  counts: Record<string, number>;
  arrivedAt: Date;
}

/** Of two imports at once one waits. */
export async function lockArrivals(trx: Database): Promise<void> {
  await trx.raw(`select pg_advisory_xact_lock(hashtextextended('gatehouse:tenant-arrivals', 0))`);
}

export async function selectArrival(db: Database, exportId: string): Promise<Arrival | undefined> {
  return firstRow<Arrival>(
    db,
    `select export_id, tenant_id, from_issuer, digest, counts, arrived_at from tenant_arrivals where export_id = :exportId`,
    { exportId },
  );
}

export async function insertArrival(trx: Database, arrival: Omit<Arrival, 'arrivedAt'>): Promise<void> {
  await rows(
    trx,
    `insert into tenant_arrivals (export_id, tenant_id, from_issuer, digest, counts)
     values (:exportId, :tenantId, :fromIssuer, :digest, :counts::jsonb)`,
    { ...arrival, counts: JSON.stringify(arrival.counts) },
  );
}

/** What a tenant that comes would be taken for. */
export async function selectTaken(
  db: Database,
  { id, slug }: { id: string; slug: string },
): Promise<{ id: string; slug: string }[]> {
  return rows(db, 'select id, slug from tenants where id = :id or slug = :slug', { id, slug });
}

/** People may be referred to before they are there, to the end of the transaction or until they are asked for. */
export async function deferPeople(trx: Database, until: 'end' | 'now'): Promise<void> {
  await trx.raw(
    `set constraints users_created_by_fk, users_updated_by_fk, users_deleted_by_fk ${until === 'end' ? 'deferred' : 'immediate'}`,
  );
}
