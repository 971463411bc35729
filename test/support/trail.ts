/** A trail for tests of seals: events at given moments, and what somebody does to them who may do everything to the database. */
import type { Database } from '../../src/platform/database.ts';
import { newId } from '../../src/platform/ids.ts';

export const hourMs = 3_600_000;

/** The begin of an hour some days ago, so that all of it is over. */
export function someHour(daysAgo = 2): Date {
  return new Date(Math.floor((Date.now() - daysAgo * 24 * hourMs) / hourMs) * hourMs);
}

export interface TrailEvent {
  tenantId?: string | null;
  at: Date;
  actorId?: string;
  actorType?: string;
  action?: string;
  entityType?: string;
  entityId?: string;
  ip?: string;
  userAgent?: string;
  payload?: object;
}

/** @returns its id */
export async function addEvent(db: Database, event: TrailEvent): Promise<string> {
  const id = newId();
  await db('audit_events').insert({
    id,
    tenantId: event.tenantId ?? null,
    actorType: event.actorType ?? 'user',
    actorId: event.actorId ?? newId(),
    action: event.action ?? 'sample.happened',
    entityType: event.entityType ?? 'sample',
    entityId: event.entityId ?? 'one',
    ip: event.ip ?? '192.0.2.7',
    userAgent: event.userAgent ?? 'Browser "7" \\ on\u00e9\u{1f512}\n',
    requestId: 'request-1',
    payload: event.payload ?? { changed: ['name'], aa: 1.5, b: { z: null, yy: 'ü"\\\u0007' }, cause: 'samples.update' },
    occurredAt: event.at,
  });
  return id;
}

/** Events of an hour, evenly. */
export async function addEvents(
  db: Database,
  { tenantId, hour, count }: { tenantId: string | null; hour: Date; count: number },
): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++)
    ids.push(await addEvent(db, { tenantId, at: new Date(hour.getTime() + n * 1000), entityId: `e${n}` }));
  return ids;
}

/** As one who may do everything: no trigger of the trail or of its seals is in the way. */
export async function asSuperuser<T>(db: Database, work: (trx: Database) => Promise<T>): Promise<T> {
  const triggers = (word: 'disable' | 'enable') =>
    ['audit_events', 'audit_seals', 'audit_leaves']
      .map((table) => `alter table ${table} ${word} trigger user`)
      .join('; ');
  return db.transaction(async (trx) => {
    await trx.raw(triggers('disable'));
    const result = await work(trx);
    await trx.raw(`set constraints all immediate; ${triggers('enable')}`);
    return result;
  });
}
