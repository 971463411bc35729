/** The browser session of a person in which an application has them signed in, as the `sid` of its id_tokens names it. */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';

const bySid = prepared(
  'client-session',
  `select c.grant_id
     from users u
     join user_sessions s   on s.tenant_id = u.tenant_id and s.user_id = u.id
                           and s.revoked_at is null and s.expires_at > now()
     join session_clients c on c.user_session_id = s.id and c.client_id = $2 and c.sid = $3
     join oidc_payloads p   on p.uid_hash = s.oidc_session_uid_hash and p.model = 'Session' and p.account_id = u.id
                           and (p.expires_at is null or p.expires_at > now())
    where u.id = $1`,
);

/**
 * The id of the grant of an application in a session that lives, of this person; undefined where the session has ended, or is
 * somebody else's.
 */
export async function findGrantOfSession(
  db: Database,
  { userId, clientId, sid }: { userId: string; clientId: string; sid: string },
): Promise<string | undefined> {
  if (!isId(userId)) return undefined;
  const found = await runPrepared<{ grantId: string | null }>(db, bySid, [userId, clientId, sid]);
  return found.rows[0]?.grantId ?? undefined;
}
