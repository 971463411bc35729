/**
 * Salts of events that are gone: with nothing left that they hide, they and what they were for go too. The hashes of the leaves
 * stay, so that the seals do, and what somebody has exported can still be proved.
 */
import { type Database, rows } from '../../platform/database.ts';
import { inBatches } from '../../platform/in-batches.ts';

/**
 * Of seals that are older than what is kept shortest, those of which no event is there any more; late ones are of the hours before.
 * @param serverDays how long events are kept where a tenant says nothing else
 */
export async function forgetUselessSalts(db: Database, serverDays: number): Promise<void> {
  await inBatches(async (most) => {
    const found = await rows<{ id: string }>(
      db,
      `with useless as (
         select s.id
           from audit_seals s
          where s.ends_at < now() - make_interval(days => least(
                  :serverDays::integer,
                  (select min((t.settings ->> 'auditRetentionDays')::integer) from tenants t)))
            and exists (select from audit_leaves l where l.seal_id = s.id and l.salts is not null)
            and not exists (select from audit_events e
                             where e.tenant_id = s.tenant_id
                               and e.occurred_at >= s.starts_at - interval '4 hours' and e.occurred_at < s.ends_at)
            and (s.tenant_id is not null or not exists (
                   select from audit_events e
                    where e.tenant_id is null
                      and e.occurred_at >= s.starts_at - interval '4 hours' and e.occurred_at < s.ends_at))
          order by s.ends_at
          limit :most
       )
       update audit_leaves l
          set salts = null, commitments = null
         from useless u
        where u.id = l.seal_id and l.salts is not null
       returning l.seal_id as id`,
      { serverDays, most },
    );
    return new Set(found.map(({ id }) => id)).size;
  });
}
