/**
 * What begins and ends by time, told to whoever listens. Nobody changes anything at that moment, so it is looked for: each second,
 * by one process at a time, all that has come since the last look, however long that was ago. Each is told once: by the
 * key of its end, under which somebody who ends it at that very moment has told of it already.
 */
import { type Database, firstRow, inTransaction, rows } from '../../platform/database.ts';
import { beginKeySql, endKeySql, holdProgress, insertOutboxSql, saveProgress } from '../events/outbox.ts';

/** A transaction that began before the last look may commit what ended before it. */
const overlapSeconds = 15;
/** In one statement; of more, the next look goes on. */
const most = 5_000;

interface Source {
  /** From which table, as `s`. */
  from: string;
  /** The moment. */
  at: string;
  where: string;
  type: string;
  /** The subject, as text. */
  subject: string;
  data: string;
  key: string;
}

/** As the program writes it. */
const time = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const period = `'starts_at', ${time('s.starts_at')}, 'ends_at', ${time('s.ends_at')}`;
const assignment = `jsonb_build_object('assignment_id', s.id, 'user_id', s.user_id, 'role_id', s.role_id,
            'org_node_id', s.org_node_id, ${period})`;
const visibility = `jsonb_build_object('grant_id', s.id, 'user_id', s.user_id, 'org_node_id', s.org_node_id,
            'access_scope', s.access_scope, ${period})`;
const expired = ` || '{"reason": "expired"}'`;
const ofUser = `'user:' || s.user_id`;
// What has ended meanwhile begins for nobody: its end may have been told already, and who hears of it last would believe it held.
const begins = {
  at: 's.starts_at',
  where: 's.starts_at > s.created_at and (s.ends_at is null or s.ends_at > :until)',
  subject: ofUser,
};
const ends = { at: 's.ends_at', where: 's.ends_at is not null', subject: ofUser };
const beginOf = beginKeySql('s.id', 's.starts_at');
const expiry = { at: 's.expires_at', where: 's.revoked_at is null' };

const sources: readonly Source[] = [
  { from: 'from org_assignments s', ...begins, type: 'role.begun', data: assignment, key: beginOf },
  {
    ...{ from: 'from org_assignments s', ...ends, type: 'role.ended', data: `${assignment}${expired}` },
    key: endKeySql('s.id', 's.ends_at'),
  },
  { from: 'from visibility_grants s', ...begins, type: 'visibility.begun', data: visibility, key: beginOf },
  {
    ...{ from: 'from visibility_grants s', ...ends, type: 'visibility.ended', data: `${visibility}${expired}` },
    key: endKeySql('s.id', 's.ends_at'),
  },
  {
    ...{ from: 'from user_sessions s', ...expiry, type: 'session.ended', subject: ofUser },
    data: `jsonb_build_object('user_id', s.user_id, 'session_id', s.id)${expired}`,
    key: endKeySql('s.id', 's.expires_at'),
  },
  {
    ...{ from: 'from api_keys s', ...expiry, type: 'api_key.ended', subject: `'api_key:' || s.id` },
    data: `jsonb_build_object('api_key_id', s.id, 'user_id', s.user_id, 'org_node_id', s.org_node_id)${expired}`,
    key: endKeySql('s.id', 's.expires_at'),
  },
];

function insertEndsSql({ from, at, where, type, subject, data, key }: Source): string {
  const source = `select gen_random_uuid() as id, s.tenant_id, '${type}' as type, ${subject} as subject, ${data} as data,
            null::uuid as receiver_id, ${key} as once_key, ${at} as since
       ${from}
      where ${where} and ${at} > :after and ${at} <= :until
        and not exists (select from outbox_events t where t.once_key = ${key})
        and exists (select from event_receivers l where l.tenant_id = s.tenant_id and l.state <> 'disabled'
                       and l.listens_since <= ${at})
      order by ${at}
      limit :most`;
  return `${insertOutboxSql(source, { since: 'since' })} returning 1`;
}

/** Writes what has begun and ended by time since the last look. @returns whether there was something */
export async function tellEndsByTime(db: Database): Promise<boolean> {
  let found = false;
  for (;;) {
    const some = await inTransaction(db, tellSomeEnds);
    if (some.count > 0) found = true;
    if (!some.isCut) return found;
  }
}

async function tellSomeEnds(trx: Database): Promise<{ count: number; isCut: boolean }> {
  const held = await holdProgress(trx, 'ends');
  if (!held) return { count: 0, isCut: false };
  const looked = await firstRow<{ now: Date; after: Date }>(
    trx,
    `select clock_timestamp() as now,
            greatest(:until::timestamptz - make_interval(secs => :overlapSeconds), min(listens_since)) as after
       from event_receivers where state <> 'disabled'`,
    { until: held.until, overlapSeconds },
  );
  if (!looked) return { count: 0, isCut: false };
  const { now, after } = looked;
  let [count, isCut] = [0, false];
  for (const source of sources) {
    const told = await rows(trx, insertEndsSql(source), { after, until: now, most });
    count += told.length;
    if (told.length === most) isCut = true;
  }
  // What was cut off is found again from the same moment on; what was told of it is passed over by its key.
  if (!isCut) await saveProgress(trx, 'ends', { until: now });
  return { count, isCut };
}
