/** Streams of security events that somebody who administers the tenant should look at. */
import type { Database } from '../../platform/database.ts';
import { type Glimpse, glimpse } from '../../platform/glimpse.ts';
import { failingReceiver } from '../events/receivers.ts';

/** Those whose receiver has failed for an hour, or that were switched off for it. `detail`: `failing`, or why they were switched off. */
export async function findFailingStreams(db: Database, tenantId: string): Promise<Glimpse> {
  return glimpse(
    db,
    `select s.id, coalesce(nullif(s.description, ''), s.audience) as name, ${failingReceiver.why} as detail,
            ${failingReceiver.since} as at
       from event_streams s join event_receivers r on r.id = s.id
      where s.tenant_id = :tenantId and ${failingReceiver.is}`,
    { tenantId },
  );
}
