/** Webhooks that somebody who administers the tenant should look at. */
import type { Database } from '../../platform/database.ts';
import { type Glimpse, glimpse } from '../../platform/glimpse.ts';
import { failingReceiver } from '../events/receivers.ts';

/** Those that have failed for an hour, or were switched off for it. `detail`: `failing`, or why they were switched off. */
export async function findFailingWebhooks(db: Database, tenantId: string): Promise<Glimpse> {
  return glimpse(
    db,
    `select w.id, w.name, ${failingReceiver.why} as detail, ${failingReceiver.since} as at
       from webhooks w join event_receivers r on r.id = w.id
      where w.tenant_id = :tenantId and ${failingReceiver.is}`,
    { tenantId },
  );
}
