/** What of those who listen moves with a tenant: that they do. What was not delivered yet is delivered from where it happened. */
import { DomainError } from '../../platform/errors.ts';
import { defineTravelling } from '../../platform/travelling.ts';
import { eventTypes } from './event-types.ts';

const columns = 'id, tenant_id, kind, state, types, listens_since, disabled_why';

export const travellingReceivers = defineTravelling({
  table: 'event_receivers',
  columns,
  stays: {
    failures: 'of deliveries from where it was',
    failing_since: 'of deliveries from where it was',
    retry_at: 'of deliveries from where it was',
  },
  rows: `select ${columns} from event_receivers where tenant_id = :tenantId`,
  put: `insert into event_receivers (${columns})
        select ${columns}
          from jsonb_populate_recordset(null::event_receivers, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  check(row) {
    row.text('disabled_why', 100);
    const strange = row.strings('types').find((type) => !Object.hasOwn(eventTypes, type));
    if (strange !== undefined) throw new DomainError('invalid', 'INVALID_INPUT', { field: 'types', value: strange });
  },
});
