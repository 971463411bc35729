/**
 * Browsers that a person has signed in with, recognised by the hash of a random cookie. It proves nothing: it only says
 * whose counts an attempt belongs to. Known for as long as sign-ins are kept.
 */
import { type Database, prepared, rows, runPrepared } from '../../platform/database.ts';

const knownTo = prepared(
  'sessions-known-device',
  `select distinct s.user_id
     from unnest((select $1::uuid[]), (select $2::uuid[])) as p(tenant_id, user_id)
     join user_sessions s on s.tenant_id = p.tenant_id and s.user_id = p.user_id
    where s.device_fingerprint = $3`,
);

/** Who of these people has signed in with this browser. */
export async function whoKnowsDevice(
  db: Database,
  people: readonly { tenantId: string; userId: string }[],
  device: Buffer | undefined,
): Promise<ReadonlySet<string>> {
  if (!device) return new Set();
  const tenantIds = people.map(({ tenantId }) => tenantId);
  const userIds = people.map(({ userId }) => userId);
  const found = await runPrepared<{ userId: string }>(db, knownTo, [tenantIds, userIds, device]);
  return new Set(found.rows.map(({ userId }) => userId));
}

/** The browsers of a person, at most 1,000. */
export async function devicesOf(
  db: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<Buffer[]> {
  const found = await rows<{ deviceFingerprint: Buffer }>(
    db,
    `select distinct device_fingerprint from user_sessions
      where tenant_id = ? and user_id = ? and device_fingerprint is not null limit 1000`,
    [tenantId, userId],
  );
  return found.map(({ deviceFingerprint }) => deviceFingerprint);
}
