/** What seals hold on a person: the salts beside what stands for them in the trail. */
import { type Database, rows } from '../../platform/database.ts';
import { idAsBytes, ReadLeaves, withoutSalts } from './leaves.ts';
import { lockSealing } from './seal-keys.ts';
import { lateMs, ofTenant } from './seal-store.ts';

interface ErasedEvent {
  id: string;
  tenantId: string | null;
  occurredAt: Date;
  origin: boolean;
  content: boolean;
}

interface SaltRow {
  sealId: string;
  firstIndex: number;
  ids: Buffer;
  salts: Buffer;
}

/**
 * Takes the salts of what erasure has taken from the trail: what stands for it in the leaves is then a random number, and the
 * seals stay good. To be called behind the erasure, in its transaction. Waits for an hour that is being sealed.
 */
export async function forgetSaltsOf(trx: Database, { userId }: { userId: string }): Promise<void> {
  await lockSealing(trx, { shared: true });
  const erased = await rows<ErasedEvent>(
    trx,
    `select e.id, e.tenant_id, e.occurred_at, e.ip is null and e.user_agent is null as origin,
            e.payload @> '{"erased": true}' as content
       from audit_events e
      where (e.actor_id = :userId and e.actor_type = 'user' or e.entity_id = :userId and e.entity_type = 'user')
        and (e.ip is null and e.user_agent is null or e.payload @> '{"erased": true}')`,
    { userId },
  );
  for (const tenantId of new Set(erased.map((event) => event.tenantId)))
    await forgetIn(
      trx,
      tenantId,
      erased.filter((event) => event.tenantId === tenantId),
    );
}

async function forgetIn(trx: Database, tenantId: string | null, erased: readonly ErasedEvent[]): Promise<void> {
  const byHour = new Map<number, ErasedEvent[]>();
  for (const event of erased) {
    const hour = Math.floor(event.occurredAt.getTime() / 3_600_000);
    byHour.set(hour, [...(byHour.get(hour) ?? []), event]);
  }
  for (const events of byHour.values()) await forgetWithin(trx, tenantId, events);
}

/** Events of one hour: they are leaves of its seal, or late in one of the next. */
async function forgetWithin(trx: Database, tenantId: string | null, events: readonly ErasedEvent[]): Promise<void> {
  const { occurredAt } = events[0] as ErasedEvent;
  const found = await rows<SaltRow>(
    trx,
    `select l.seal_id, l.first_index, l.ids, l.salts
       from audit_seals s
       join audit_leaves l on l.seal_id = s.id
      where ${ofTenant('s', tenantId)} and l.salts is not null and s.ends_at > :occurredAt
        and (s.starts_at <= :occurredAt or s.late > l.first_index and s.starts_at < :latest)
        and exists (select from unnest(:ids::bytea[]) as one(id) where position(one.id in l.ids) > 0)
      order by l.seal_id, l.first_index
        for update of l`,
    {
      ...(tenantId !== null && { tenantId }),
      occurredAt,
      latest: new Date(occurredAt.getTime() + lateMs),
      ids: events.map(({ id }) => idAsBytes(id)),
    },
  );
  for (const { sealId, firstIndex, ids, salts } of found) {
    const row = new ReadLeaves({ firstIndex, ids, hashes: ids, tags: ids, commitments: null, salts });
    const parts = events.flatMap(({ id, origin, content }) => {
      const n = row.indexOf(id);
      if (n === -1) return [];
      return [
        ...(origin ? [{ n, part: 'origin' as const }] : []),
        ...(content ? [{ n, part: 'content' as const }] : []),
      ];
    });
    if (parts.length === 0) continue;
    await rows(trx, 'update audit_leaves set salts = :salts where seal_id = :sealId and first_index = :firstIndex', {
      salts: withoutSalts(salts, parts),
      sealId,
      firstIndex,
    });
  }
}
