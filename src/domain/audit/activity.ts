/**
 * How much happened in a tenant, by day (UTC): sign-ins, refusals by their reason, new people. Owns that the trail is counted
 * once, by a job that goes over it from where it stopped, so that the answer costs the same however many events there are. What
 * is not counted yet is counted when somebody asks. No person is in it.
 */
import { type Database, inTransaction, rows } from '../../platform/database.ts';
import { summarizeNewEvents } from './audit-upkeep.ts';

export type ActivityKind = 'sign_in' | 'refusal' | 'new_person';

export interface ActivityCount {
  /** `2027-01-31`, of UTC. */
  day: string;
  kind: ActivityKind;
  /** Of a refusal: why; else empty. */
  detail: string;
  count: number;
}

const keptDays = 62;
/** A transaction that began before it has ended, or was ended by the database: its events are there. */
const settledAfter = `interval '2 minutes'`;
/** How much of the trail one transaction counts. */
const portion = `interval '6 hours'`;

const kindOfAction: Record<string, ActivityKind> = {
  'login.succeeded': 'sign_in',
  'user.created': 'new_person',
  'login.failed': 'refusal',
  'authorization.refused': 'refusal',
  'token.refused': 'refusal',
  'introspection.refused': 'refusal',
  'revocation.refused': 'refusal',
  'sign_up.refused': 'refusal',
  'code.refused': 'refusal',
  'consent.refused': 'refusal',
  'refusal.repeated': 'refusal',
};
const kindOfEvent = Object.entries(kindOfAction)
  .map(([action, kind]) => `when '${action}' then '${kind}'`)
  .join(' ');
const counted = Object.keys(kindOfAction)
  .map((action) => `'${action}'`)
  .join(', ');

/** SQL: the counts of the events of a condition, in one reading. What repeated is told of by one event with the number of each. */
const countsOf = (condition: string) => `
  select c.tenant_id, c.day, c.kind, c.detail, sum(c.n)::bigint as count
    from (select e.tenant_id, (e.occurred_at at time zone 'UTC')::date as day, case e.action ${kindOfEvent} end as kind,
                 case when e.action in ('login.succeeded', 'user.created') then ''
                      else left(coalesce(r.value ->> 'error', e.payload ->> 'reason', e.payload ->> 'error', e.action), 100)
                  end as detail,
                 coalesce((r.value ->> 'count')::integer, 1) as n
            from audit_events e
            left join lateral jsonb_array_elements(
                   case e.action when 'refusal.repeated' then e.payload -> 'refusals' end) r(value) on true
           where e.action in (${counted}) and (r.value is not null or e.action <> 'refusal.repeated') and ${condition}) c
   group by 1, 2, 3, 4`;

/** Counts what is not counted yet, some hours of the trail in each transaction. To be called once a minute. */
export async function countActivity(db: Database): Promise<void> {
  await summarizeNewEvents(db);
  while (await countPortion(db));
  await db.raw(`delete from activity_days where day < (now() at time zone 'UTC')::date - ${keptDays}`);
}

/** In turns: two that count at once would count the same twice. @returns whether there is more */
async function countPortion(db: Database): Promise<boolean> {
  return inTransaction(db, async (trx) => {
    const [span] = await rows<{ since: string; until: string; more: boolean }>(
      trx,
      `select until::text as since, least(until + ${portion}, now() - ${settledAfter})::text as until,
              until + ${portion} < now() - ${settledAfter} as more
         from activity_counted
        where until < now() - ${settledAfter}
          for update`,
    );
    if (!span) return false;
    await trx.raw(
      `insert into activity_days as a (tenant_id, day, kind, detail, count)
       select c.tenant_id, c.day, c.kind, c.detail, c.count
         from (${countsOf('e.occurred_at >= :since::timestamptz and e.occurred_at < :until::timestamptz')}) c
         join tenants t on t.id = c.tenant_id
        order by 1, 2, 3, 4
       on conflict (tenant_id, day, kind, detail) do update set count = a.count + excluded.count`,
      { since: span.since, until: span.until },
    );
    await trx.raw('update activity_counted set until = :until::timestamptz', { until: span.until });
    return span.more;
  });
}

/** The counts of the last days, today among them; what did not happen on a day is not there. */
export async function findActivity(
  db: Database,
  { tenantId, days }: { tenantId: string; days: number },
): Promise<ActivityCount[]> {
  // One statement, so one moment: nothing is counted twice or missed while the job goes on.
  return rows<ActivityCount>(
    db,
    `with since as (
       select (now() at time zone 'UTC')::date - :days::integer + 1 as day
     ), late as (
       select greatest(c.until, s.day::timestamp at time zone 'UTC') as since from activity_counted c, since s
     )
     select f.day::text as day, f.kind, f.detail, sum(f.count)::bigint as count
       from (select a.day, a.kind, a.detail, a.count
               from activity_days a, since s
              where a.tenant_id = :tenantId and a.day >= s.day
              union all
             select l.day, l.kind, l.detail, l.count
               from (${countsOf('e.tenant_id = :tenantId and e.occurred_at >= (select since from late)')}) l) f
      group by 1, 2, 3
      order by 1, 2, 4 desc, 3`,
    { tenantId, days },
  );
}

/** People who were refused as locked out within a week, the latest first; whether they still are is for domain/sign-in. */
export async function findLockedOut(db: Database, tenantId: string): Promise<{ userId: string; at: Date }[]> {
  return rows(
    db,
    `select entity_id as user_id, max(occurred_at) as at
       from (select entity_id, occurred_at
               from audit_events
              where tenant_id = :tenantId and action = 'login.failed'
                and payload ->> 'reason' in ('account_locked', 'second_factor_locked')
                and occurred_at > now() - interval '7 days' and entity_type = 'user'
              order by occurred_at desc
              limit 5000) e
      group by 1
      order by 2 desc
      limit 200`,
    { tenantId },
  );
}
