/** Which webhooks do not do well, over all tenants: for who runs the server. */
import { type Database, firstRow } from '../../platform/database.ts';

/** How many fail for an hour or longer, and how many are switched off for it. */
export async function countTroubledWebhooks(db: Database): Promise<{ failing: number; disabled: number }> {
  const found = await firstRow<{ failing: number; disabled: number }>(
    db,
    `select count(*) filter (where r.failing_since < now() - interval '1 hour') as failing,
            count(*) filter (where r.disabled_why is not null) as disabled
       from event_receivers r
      where r.kind = 'webhook'`,
  );
  return found ?? { failing: 0, disabled: 0 };
}
