/**
 * Sessions of people: what is signed in where, and ending it. Owns that ending a session takes its grants, tokens and
 * codes with it and tells the relying parties (OpenID Connect Back-Channel Logout 1.0), all in one transaction.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { enqueueJob } from '../../platform/jobs/jobs.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { type EndedSession, endSessions } from './session-store.ts';

/** The job that tells one relying party; its payload is `{ clientId, sub, sid }`. */
export const backchannelLogoutJob = 'backchannel-logout';

async function tellRelyingParties(trx: Database, ended: EndedSession[]): Promise<void> {
  for (const session of ended) {
    for (const client of session.clients) {
      await enqueueJob(trx, backchannelLogoutJob, { clientId: client.clientId, sub: session.userId, sid: client.sid });
    }
  }
}

/**
 * Ends one session of a person.
 * @throws DomainError not_found, also for another person's session
 */
export async function revokeSession(
  db: Database,
  wanted: { tenantId: string; userId: string; sessionId: string },
  caller: Caller,
): Promise<void> {
  if (!isId(wanted.sessionId)) throw new DomainError('not_found', 'NOT_FOUND');
  await inTransaction(db, async (trx) => {
    const ended = await endSessions(trx, wanted);
    if (ended.length === 0) throw new DomainError('not_found', 'NOT_FOUND');
    await tellRelyingParties(trx, ended);
    await recordEvent(
      trx,
      {
        tenantId: wanted.tenantId,
        action: 'session.revoked',
        entityType: 'user',
        entityId: wanted.userId,
        payload: { sessionId: wanted.sessionId },
      },
      caller,
    );
  });
}

/** Ends every session, grant, token and code of a person. Answers how many sessions ended. */
export async function revokeAllSessions(
  db: Database,
  wanted: { tenantId: string; userId: string },
  caller: Caller,
): Promise<number> {
  return inTransaction(db, async (trx) => {
    const ended = await endSessions(trx, { ...wanted, sessionId: null });
    await trx('oidc_payloads').where({ accountId: wanted.userId }).delete();
    await tellRelyingParties(trx, ended);
    await recordEvent(
      trx,
      {
        tenantId: wanted.tenantId,
        action: 'session.all_revoked',
        entityType: 'user',
        entityId: wanted.userId,
        payload: { sessions: ended.length },
      },
      caller,
    );
    return ended.length;
  });
}
