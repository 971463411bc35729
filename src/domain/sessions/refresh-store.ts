/**
 * The SQL of a refresh token's line: a token is used once, and its first use says for good which token follows. Refuses as
 * reuse what comes more than ten seconds after that.
 */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';

/** How long after its use a refresh token may be presented again and leads along its line (seconds). */
export const refreshGraceSeconds = 10;

/** When a token was used. One that was given back, and whose successor was used all the same, was used by then. */
const usedAt = (token: string) => `coalesce(${token}.consumed_at,
  (select next.consumed_at from oidc_payloads next
    where next.model = 'RefreshToken' and next.id_hash = ${token}.successor_hash))`;
/** SQL of a token `p`: it was used, and longer ago than a retry comes. */
export const isReused = `coalesce(${usedAt('p')} <= now() - interval '${refreshGraceSeconds} seconds', false)`;

const consume = prepared(
  'refresh-consume',
  `update oidc_payloads p
      set consumed_at = coalesce(${usedAt('p')}, now()), successor_hash = coalesce(p.successor_hash, $2)
    where p.model = 'RefreshToken' and p.id_hash = $1 and p.expires_at > now() and not ${isReused}
   returning p.consumed_at = now() as is_first, p.successor_hash`,
);

/**
 * Uses a token.
 * @param successorHash of the token that is to follow, where none was named before
 * @returns `first` for the first use, `again` within the grace, undefined for what is reuse; `newest`: the line ends at the
 *   successor that was given here, so that nobody has to look along it
 */
export async function consumeRefreshToken(
  db: Database,
  idHash: Buffer,
  successorHash: Buffer,
): Promise<{ use: 'first' | 'again'; newest: boolean } | undefined> {
  const found = await runPrepared<{ isFirst: boolean; successorHash: Buffer }>(db, consume, [idHash, successorHash]);
  const [used] = found.rows;
  if (!used) return undefined;
  return { use: used.isFirst ? 'first' : 'again', newest: used.isFirst && used.successorHash.equals(successorHash) };
}

const line = prepared(
  'refresh-line',
  `with recursive line as (
     select p.successor_hash as id_hash, 1 as place
       from oidc_payloads p
      where p.model = 'RefreshToken' and p.id_hash = $1 and p.successor_hash is not null
     union all
     select p.successor_hash, l.place + 1
       from line l
       join oidc_payloads p on p.model = 'RefreshToken' and p.id_hash = l.id_hash
      where p.successor_hash is not null and ${usedAt('p')} is not null
   )
   select id_hash from line order by place`,
);

/** The hashes of all that followed a used token, in their order. The last is unused, or not stored yet. */
export async function selectRefreshLine(db: Database, idHash: Buffer): Promise<Buffer[]> {
  const found = await runPrepared<{ idHash: Buffer }>(db, line, [idHash]);
  return found.rows.map((row) => row.idHash);
}

const unconsume = prepared(
  'refresh-unconsume',
  `update oidc_payloads p
      set consumed_at = null
    where p.model = 'RefreshToken' and p.id_hash = $1 and p.consumed_at > now() - interval '${refreshGraceSeconds} seconds'
      and not exists (select from oidc_payloads next
                       where next.model = 'RefreshToken' and next.id_hash = p.successor_hash
                         and next.consumed_at is not null)`,
);

/** Takes a use back that led to nothing, unless the line went on. What follows the token stays as it was named. */
export async function unconsumeRefreshToken(db: Database, idHash: Buffer): Promise<void> {
  await runPrepared(db, unconsume, [idHash]);
}
