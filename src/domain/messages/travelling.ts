/** What of messages moves with a tenant: how many went, by day. */
import { defineTravelling } from '../../platform/travelling.ts';

const columns = 'tenant_id, day, channel, outcome, count, last_at, last_reason';

export const travellingMessageDays = defineTravelling({
  table: 'message_days',
  columns,
  rows: `select ${columns} from message_days where tenant_id = :tenantId`,
  put: `insert into message_days (${columns})
        select ${columns}
          from jsonb_populate_recordset(null::message_days, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  check: (row) => void row.text('last_reason', 2_000),
});
