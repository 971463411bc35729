/** Why a client was refused lately, from the trail. Changes nothing. */
import { type Database, rows } from '../../platform/database.ts';

export interface RecordedRefusal {
  /** `token.refused` */
  action: string;
  /** OAuth error code. */
  error: string;
  /** What the library said of the first of its kind; null: of those that repeated. */
  detail: string | null;
  times: number;
  lastAt: Date;
}

/** Of the last 30 days, gathered by what was refused and why, the latest first. By the index on the entity. */
export async function findRefusalsOfClient(
  db: Database,
  { tenantId, clientId }: { tenantId: string; clientId: string },
): Promise<RecordedRefusal[]> {
  return rows<RecordedRefusal>(
    db,
    `with event as (
       select e.action, e.payload, e.occurred_at
         from audit_events e
        where e.entity_type = 'client' and e.entity_id = :clientId and (e.tenant_id = :tenantId or e.tenant_id is null)
          and e.occurred_at > now() - interval '30 days' and (e.action like '%.refused' or e.action = 'refusal.repeated')
        order by e.occurred_at desc
        limit 2000
     ), refusal as (
       select action, coalesce(payload ->> 'error', 'unknown') as error, payload ->> 'detail' as detail, 1 as times, occurred_at
         from event where action <> 'refusal.repeated'
        union all
       select r.value ->> 'action', r.value ->> 'error', null, (r.value ->> 'count')::integer, occurred_at
         from event cross join lateral jsonb_array_elements(payload -> 'refusals') r(value)
        where action = 'refusal.repeated'
     )
     select action, error, (array_agg(detail order by occurred_at desc) filter (where detail is not null))[1] as detail,
            sum(times)::bigint as times, max(occurred_at) as last_at
       from refusal
      group by 1, 2
      order by 5 desc
      limit 50`,
    { tenantId, clientId },
  );
}
