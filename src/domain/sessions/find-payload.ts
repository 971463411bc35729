/**
 * Finds what the protocol stores by its id. Whatever the model, those of one moment are one statement: introspection looks
 * for a token as three kinds at once. What is asked for next comes along: of an access token the grant and the browser session
 * that it rests on; of a token, a session and an interaction the account of the person, if it may act now.
 */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';
import { gathered } from '../../platform/gathered.ts';
import { type AccountRow, activeAccountSql, type NoAccountRow } from '../users/account-row.ts';
import { type AccountProfile, accountOf } from '../users/users.ts';
import type { StoredPayload } from './payload-store.ts';
import { isReused } from './refresh-store.ts';

export interface FoundPayload extends StoredPayload {
  /** Of an access token, where it lives. */
  grant?: StoredPayload;
  /** Of an access token, where it lives, with the hash by which it is found. */
  session?: StoredPayload & { uidHash: Buffer };
  /** Whom it speaks for, of the same moment. */
  account?: AccountProfile;
}

type FoundRow = FoundRowItself & (AccountRow | NoAccountRow);

interface FoundRowItself extends StoredPayload {
  n: number;
  grantHash: Buffer | null;
  grantPayload: Buffer;
  sessionUidHash: Buffer | null;
  sessionHash: Buffer;
  sessionPayload: Buffer;
}

const lives = (row: string) => `(${row}.expires_at is null or ${row}.expires_at > now())`;

// An expired device code or request for an approval is still found, until it is swept: who polls is told so (`expired_token`).
// That it has expired the library sees by its `exp`. A code whose session was ended is worth nothing, also where it was on
// its way while the session ended, and whatever was granted by it. A refresh token used within the grace is not reported as
// consumed: it is a retry, or another tab.
const byId = prepared(
  'payload-by-id',
  `select wanted.n::int, p.id_hash, p.payload,
          case p.model when 'RefreshToken' then ${isReused} else p.consumed_at is not null end as consumed,
          g.id_hash as grant_hash, g.payload as grant_payload,
          s.uid_hash as session_uid_hash, s.id_hash as session_hash, s.payload as session_payload, a.*
     from unnest((select $1::text[]), (select $2::bytea[])) with ordinality as wanted(model, id_hash, n)
     join lateral (select p.model, p.id_hash, p.payload, p.consumed_at, p.successor_hash, p.grant_id,
                          p.session_uid_hash, p.account_id
                     from oidc_payloads p
                    where p.model = wanted.model and p.id_hash = wanted.id_hash
                      and (${lives('p')} or p.model in ('DeviceCode', 'BackchannelAuthenticationRequest'))
                      and not (p.model in ('AuthorizationCode', 'DeviceCode')
                               and exists (select from user_sessions s
                                            where s.oidc_session_uid_hash = p.session_uid_hash
                                              and s.revoked_at is not null))
                   offset 0) p on true
     left join lateral (select g.id_hash, g.payload
                          from oidc_payloads g
                         where p.model = 'AccessToken' and g.model = 'Grant'
                           and g.id_hash = sha256(convert_to(p.grant_id, 'UTF8')) and ${lives('g')}
                        offset 0) g on true
     left join lateral (select s.uid_hash, s.id_hash, s.payload
                          from oidc_payloads s
                         where p.model = 'AccessToken' and s.uid_hash = p.session_uid_hash and ${lives('s')}
                        offset 0) s on true
     left join lateral (${activeAccountSql(`p.account_id and p.model in ('AccessToken', 'Interaction', 'Session')`)}) a on true`,
);

function foundOf(row: FoundRow): FoundPayload {
  const { idHash, payload, consumed, grantHash, sessionUidHash } = row;
  const found: FoundPayload = { idHash, payload, consumed };
  if (row.userId !== null) found.account = accountOf(row);
  if (grantHash) found.grant = { idHash: grantHash, payload: row.grantPayload, consumed: false };
  if (sessionUidHash)
    found.session = { uidHash: sessionUidHash, idHash: row.sessionHash, payload: row.sessionPayload, consumed: false };
  return found;
}

const findGathered = gathered<{ model: string; idHash: Buffer }, FoundPayload | undefined>(async (db, wanted) => {
  const models = wanted.map(({ model }) => model);
  const hashes = wanted.map(({ idHash }) => idHash);
  const answers = new Array<FoundPayload | undefined>(wanted.length);
  const found = await runPrepared<FoundRow>(db, byId, [models, hashes]);
  for (const row of found.rows) answers[row.n - 1] = foundOf(row);
  return answers;
});

/** The row of a model under the hash of its id, if it counts still. */
export async function findPayload(db: Database, model: string, idHash: Buffer): Promise<FoundPayload | undefined> {
  return findGathered(db, { model, idHash });
}
