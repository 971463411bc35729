/**
 * Sessions of people: what is signed in where, and ending it. Owns what the protocol stores of it and what services were
 * given as well, and that ending a session takes its grants, tokens and codes with it and tells the relying parties
 * (OpenID Connect Back-Channel Logout 1.0), all in one transaction. Whether a person, tenant or client ends is decided by
 * domain/lifecycle.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { enqueueJobs } from '../../platform/jobs/enqueue-job.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { findSessionOwner } from './list-sessions.ts';
import { endRememberedDevices, sweepRememberedDevices } from './remembered-devices.ts';
import {
  deleteOldSessions,
  deletePayloadsOfClient,
  type EndedSession,
  endOtherSessionsOfUser,
  endServiceSession,
  endServiceSessions,
  endSession,
  endSessionsOfPeople,
  endSessionsOfUser,
  findServiceSession,
} from './session-end-store.ts';
import { listLiveSessions, selectLogin } from './session-store.ts';

/** The job that tells one relying party; its payload is `{ clientId, sub, sid }`. */
export const backchannelLogoutJob = 'backchannel-logout';

/** Tells the applications, by jobs of the caller's transaction, that they know a sign-in no longer. */
export async function tellRelyingParties(
  trx: Database,
  ended: readonly Pick<EndedSession, 'userId' | 'clients'>[],
): Promise<void> {
  const told = ended.flatMap(({ userId, clients }) =>
    clients.map(({ clientId, sid }) => ({ clientId, sub: userId, sid })),
  );
  await enqueueJobs(trx, backchannelLogoutJob, told);
}

/** Nobody has more, but for a load test. */
const mostTold = 1_000;

function idsOf(ended: readonly EndedSession[]): { sessionIds: string[] } {
  return { sessionIds: ended.slice(0, mostTold).map(({ id }) => id) };
}

/**
 * Ends one session of a person. Once more does no harm.
 * @throws DomainError not_found, also for another person's session
 */
export async function revokeSession(
  db: Database,
  wanted: { tenantId: string; userId: string; sessionId: string },
  caller: Caller,
): Promise<void> {
  if (!isId(wanted.sessionId)) throw new DomainError('not_found', 'NOT_FOUND');
  await inTransaction(db, async (trx) => {
    const ended = await endSession(trx, wanted);
    if (ended.length === 0) {
      if ((await findSessionOwner(trx, wanted)) === wanted.userId) return;
      throw new DomainError('not_found', 'NOT_FOUND');
    }
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

/** How many sign-ins of a person there are. */
export async function countLiveSessions(
  db: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<number> {
  return (await listLiveSessions(db, tenantId, userId)).length;
}

/** Ends every session, grant, token and code of a person, and forgets their browsers. Answers how many sessions ended. */
export async function revokeAllSessions(
  db: Database,
  wanted: { tenantId: string; userId: string },
  caller: Caller,
): Promise<number> {
  return inTransaction(db, async (trx) => {
    const devices = await endRememberedDevices(trx, wanted);
    const ended = await endSessionsOfUser(trx, { tenantId: wanted.tenantId, userId: wanted.userId });
    await tellRelyingParties(trx, ended);
    await recordEvent(
      trx,
      {
        tenantId: wanted.tenantId,
        action: 'session.all_revoked',
        entityType: 'user',
        entityId: wanted.userId,
        payload: { sessions: ended.length, ...(devices > 0 && { devices }) },
        told: idsOf(ended),
      },
      caller,
    );
    return ended.length;
  });
}

/**
 * Ends every session, grant, token and code of a person but those of one sign-in, and forgets their browsers. Answers how many
 * sessions ended.
 * @param wanted.keptUidHash of the browser session that goes on
 */
export async function revokeOtherSessions(
  db: Database,
  wanted: { tenantId: string; userId: string; keptUidHash: Buffer },
  caller: Caller,
): Promise<number> {
  const { tenantId, userId, keptUidHash } = wanted;
  return inTransaction(db, async (trx) => {
    const devices = await endRememberedDevices(trx, { tenantId, userId });
    const ended = await endOtherSessionsOfUser(trx, { tenantId, userId, keptUidHash });
    await tellRelyingParties(trx, ended);
    const about = { tenantId, entityType: 'user', entityId: userId };
    const payload = { sessions: ended.length, ...(devices > 0 && { devices }) };
    await recordEvent(trx, { ...about, action: 'session.others_revoked', payload, told: idsOf(ended) }, caller);
    return ended.length;
  });
}

/**
 * Ends what the people and the clients of a tenant hold, services' tokens too. Relying parties of other tenants are told.
 * Writes no event: the tenant's own says how many sessions ended.
 */
export async function endSessionsOfTenant(trx: Database, tenantId: string): Promise<number> {
  const ended = await endSessionsOfPeople(trx, tenantId);
  await endServiceSessions(trx, { tenantId });
  await tellRelyingParties(trx, ended);
  return ended.length;
}

/**
 * Ends what a client holds: tokens, codes, grants, and a service's tokens. The sign-ins of people that led to them go on.
 * @param client.id clients.id
 * @param client.clientId as the protocol has it
 * @returns how many tokens a service had got for itself
 */
export async function endSessionsOfClient(trx: Database, client: { id: string; clientId: string }): Promise<number> {
  await deletePayloadsOfClient(trx, client.clientId);
  return endServiceSessions(trx, { clientRowId: client.id });
}

/**
 * Ends one token of a service; the service may ask for another.
 * @param wanted.clientRowId clients.id: a token of this one alone; else of any of the tenant
 * @param wanted.hashesOf where a token is stored, by the `jti` of its session
 * @throws DomainError not_found, also for another's
 */
export async function revokeServiceSession(
  db: Database,
  wanted: { serviceSessionId: string; hashesOf: (jti: string) => Buffer[] } & (
    | { tenantId: string }
    | { clientRowId: string }
  ),
  caller: Caller,
): Promise<void> {
  const { serviceSessionId, hashesOf, ...whose } = wanted;
  if (!Object.values(whose).every(isId) || !isId(serviceSessionId)) throw new DomainError('not_found', 'NOT_FOUND');
  await inTransaction(db, async (trx) => {
    const found = await findServiceSession(trx, { serviceSessionId, ...whose });
    if (!found) throw new DomainError('not_found', 'NOT_FOUND');
    if (!(await endServiceSession(trx, { serviceSessionId, idHashes: hashesOf(found.jti) }))) return;
    const about = { tenantId: found.tenantId, entityType: 'client', entityId: found.clientId };
    await recordEvent(trx, { ...about, action: 'service_session.revoked', payload: { serviceSessionId } }, caller);
  });
}

/** Deletes what ended a month ago, and browsers that are remembered no longer. */
export async function sweepSessions(db: Database): Promise<void> {
  await deleteOldSessions(db);
  await sweepRememberedDevices(db);
}

/** When the person of a live session proved themselves; undefined where it has ended. */
export async function findSessionLogin(db: Database, sessionUidHash: Buffer): Promise<Date | undefined> {
  return selectLogin(db, sessionUidHash);
}
