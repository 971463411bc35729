/** What of the trail moves with a tenant: its events, as they are to the last character, and how many there were by day. */
import { defineTravelling } from '../../platform/travelling.ts';

const columns = `id, tenant_id, actor_type, actor_id, action, entity_type, entity_id, ip, user_agent, request_id, payload, occurred_at`;

export const travellingEvents = defineTravelling({
  table: 'audit_events',
  columns,
  rows: `select ${columns} from audit_events where tenant_id = :tenantId order by occurred_at, id`,
  put: `insert into audit_events (${columns})
        select ${columns}
          from jsonb_populate_recordset(null::audit_events, :rows::jsonb) r
         where tenant_id = :tenantId and not exists (select from audit_events e where e.id = r.id)
            on conflict do nothing`,
});

const dayColumns = 'tenant_id, day, kind, detail, count';

export const travellingActivity = defineTravelling({
  table: 'activity_days',
  columns: dayColumns,
  rows: `select ${dayColumns} from activity_days where tenant_id = :tenantId`,
  put: `insert into activity_days (${dayColumns})
        select ${dayColumns}
          from jsonb_populate_recordset(null::activity_days, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
});
