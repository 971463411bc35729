/** What of streams of security events moves with a tenant. Their receiver has to learn of the new issuer. */
import { defineTravelling } from '../../platform/travelling.ts';
import type { DeliveryMethod } from './stream-store.ts';
import { checkStream, mostStreams, streamAuthorization } from './streams.ts';

const columns = `id, tenant_id, client_id, audience, method, endpoint_url, sealed_authorization, events_requested, description,
  verified_at, created_at, created_by, updated_at`;
const ofClient = `(r.client_id is null or exists (select from clients c where c.id = r.client_id and c.tenant_id = :tenantId))`;

export const travellingEventStreams = defineTravelling({
  table: 'event_streams',
  columns,
  // A service of another tenant, or of none, is not where it goes.
  rows: `select ${columns} from event_streams r where tenant_id = :tenantId and ${ofClient}`,
  put: `insert into event_streams (${columns})
        select ${columns}
          from jsonb_populate_recordset(null::event_streams, :rows::jsonb) r
         where tenant_id = :tenantId and ${ofClient}
            on conflict do nothing`,
  check(row, { allowHttp }) {
    checkStream(
      {
        method: row.string('method') as DeliveryMethod,
        endpointUrl: row.text('endpoint_url'),
        authorization: row.opened('sealed_authorization'),
      },
      allowHttp,
    );
    row.string('audience', 255);
    row.text('description', 255);
    row.strings('events_requested');
  },
  most: mostStreams,
  hidden: ['sealed_authorization'],
  sealed: {
    sealed_authorization: { purpose: streamAuthorization, context: ({ id }) => String(id), stored: 'bytea' },
  },
});
