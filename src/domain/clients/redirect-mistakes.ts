/**
 * Redirect URIs that applications send and that are not registered: kept for a week, so that who registers an application can be
 * told what it sends. Owns that a stranger, who can send any in anybody's name, has no more than a few of them stored, and that a
 * flood of them holds one connection. Of a query nothing is kept.
 */
import { type Database, rows } from '../../platform/database.ts';

const mostKept = 20;
const longest = 300;
const keptDays = 7;

export interface RedirectMistake {
  /** Empty: all those beyond the first few. */
  sent: string;
  times: number;
  firstAt: Date;
  lastAt: Date;
}

/** Up to its query; what cannot be read is cut short. */
export function withoutQuery(address: string): string {
  const [before = ''] = address.split(/[?#]/);
  const marked = before.length < address.length ? `${before}?` : before;
  // An address with a name and a password in it would keep them.
  return marked
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1')
    .replace(/[^\x21-\x7e]/g, '')
    .slice(0, longest);
}

async function write(db: Database, mistake: { clientId: string; sent: string; times: number }): Promise<void> {
  await rows(
    db,
    `insert into redirect_mistakes as m (client_id, sent, times)
     select c.id,
            case when exists (select from redirect_mistakes k where k.client_id = c.id and k.sent = :sent)
                   or (select count(*) from redirect_mistakes k where k.client_id = c.id) < ${mostKept}
                 then :sent else '' end,
            :times
       from clients c
      where c.client_id = :clientId and c.deleted_at is null
     on conflict (client_id, sent) do update set times = m.times + excluded.times, last_at = now()`,
    mistake,
  );
}

export type RecordRedirectMistake = (clientId: string, address: string) => Promise<void>;

/** Makes the recorder of a process: while one is written, those of the same client are gathered, up to a bound. */
export function createRedirectMistakeRecorder(db: Database): RecordRedirectMistake {
  const gathered = new Map<string, Map<string, number>>();

  return async function recordRedirectMistake(clientId, address) {
    const sent = withoutQuery(address);
    const waiting = gathered.get(clientId);
    if (waiting) {
      const name = waiting.has(sent) || waiting.size < mostKept ? sent : '';
      waiting.set(name, (waiting.get(name) ?? 0) + 1);
      return;
    }
    const mine = new Map([[sent, 1]]);
    gathered.set(clientId, mine);
    try {
      for (let [next] = mine; next; [next] = mine) {
        mine.delete(next[0]);
        await write(db, { clientId, sent: next[0], times: next[1] });
      }
    } finally {
      gathered.delete(clientId);
    }
  };
}

/** The latest first. @param clientRowId clients.id */
export async function listRedirectMistakes(db: Database, clientRowId: string): Promise<RedirectMistake[]> {
  return rows<RedirectMistake>(
    db,
    `select sent, times, first_at, last_at from redirect_mistakes
      where client_id = ? and last_at > now() - interval '${keptDays} days'
      order by last_at desc, sent`,
    [clientRowId],
  );
}

export async function sweepRedirectMistakes(db: Database): Promise<void> {
  await db.raw(`delete from redirect_mistakes where last_at < now() - interval '${keptDays} days'`);
}
