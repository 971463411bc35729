/** When a grant was used last, to the minute. Refuses to wait: whoever holds the row writes it, or takes it away. */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';
import { gathered } from '../../platform/gathered.ts';

const touch = prepared(
  'grants-touch',
  `with held as (
     select id_hash from oidc_payloads
      where model = 'Grant' and id_hash = any((select $1::bytea[])::bytea[])
        and (last_used_at is null or last_used_at < now() - interval '1 minute')
        for update skip locked
   )
   update oidc_payloads g set last_used_at = now() from held where g.model = 'Grant' and g.id_hash = held.id_hash`,
);

/** Once a minute; a statement of its own, beside the one that stores what the grant was used for. */
export const recordGrantUse = gathered<Buffer, void>(async (db: Database, idHashes) => {
  await runPrepared(db, touch, [idHashes]);
  return idHashes.map(() => undefined);
});
