/**
 * Browser sessions. Owns that each sign-in leaves its `user_sessions` row and its audit event in the transaction that
 * stores the session, and that an ended session cannot come back: a request which read it before it was ended finds the
 * row revoked and stores nothing. Requests that run side by side lose nothing of each other.
 */
import { isDeepStrictEqual } from 'node:util';
import Provider, { type Adapter } from 'oidc-provider';
import { type Caller, recordEvent } from '../../domain/audit/audit-events.ts';
import { completeReferral } from '../../domain/referrals/referrals.ts';
import { findPayload } from '../../domain/sessions/find-payload.ts';
import {
  deleteBrowserSession,
  endSessionByUid,
  findBrowserSessionUid,
  findPayloadByUid,
  insertSession,
  lockPayloadByUid,
  lockSessionByUid,
  replaceBrowserSession,
  touchSession,
  type UserSessionRow,
  updateSessionLogin,
  upsertAnonymousBrowserSession,
  upsertBrowserSession,
  upsertSessionClients,
} from '../../domain/sessions/session-store.ts';
import { lockForSignIn, recordSignIn, type SigningIn } from '../../domain/users/user-state.ts';
import { type Database, inTransaction } from '../../platform/database.ts';
import { countHits } from '../../platform/rate-limits.ts';
import { sha256 } from '../../platform/secrets.ts';
import { currentCaller } from '../caller.ts';
import { requestMemory } from '../request-memory.ts';
import {
  beginSession,
  newSignIn,
  type Proof,
  proofOf,
  sessionClients,
  sessionModel,
  succeeded,
  tellOfSession,
  userAgentOfRequest,
} from './begin-session.ts';
import { sessionOfExchange } from './exchange.ts';
import { keepAlong, sessionFoundAlong } from './found-along.ts';
import { type AdapterDependencies, expiryOf, openPayload, sealPayload } from './sealing.ts';
import { mergeSessions, type SessionAuthorization, type SessionPayload } from './session-merge.ts';
import { hitsOfStored, toldByLibrary } from './stored-requests.ts';

const touchEveryMs = 60_000;

/** Whether this request signed somebody in, or had them prove themselves again. */
function isNewProof(payload: SessionPayload): boolean {
  const before = requestMemory()?.sessionAsRead;
  // A second factor may follow the first within the same second.
  const isSame = before?.loginTs === payload.loginTs && before?.acr === payload.acr;
  return before?.accountId !== payload.accountId || !isSame;
}

interface SignIn {
  /** The sign-in that the session has already, locked. */
  known: UserSessionRow | undefined;
  /** The person who has just proved themselves and may act, locked. */
  person: SigningIn | undefined;
}

/** The row of a sign-in: a new one, or that of the session with what was proved anew. */
async function storeSignIn(
  trx: Database,
  { known, person }: { known: SignIn['known']; person: NonNullable<SignIn['person']> },
  userId: string,
  uidHash: Buffer,
  proof: Proof,
): Promise<{ id: string; tenantId: string }> {
  if (known) {
    await updateSessionLogin(trx, known.id, { ...proof, userAgent: userAgentOfRequest() });
    return known;
  }
  const session = { ...newSignIn(userId, uidHash, proof), tenantId: person.tenantId };
  await insertSession(trx, session);
  return session;
}

/**
 * Keeps the sign-in's row in step with the session.
 * @returns false where the sign-in was ended meanwhile: the session must not be stored again
 */
async function followSignIn(
  trx: Database,
  { known, person }: SignIn,
  payload: SessionPayload,
  uidHash: Buffer,
  expiresAt: Date,
  deps: Pick<AdapterDependencies, 'secrets' | 'issuer'>,
): Promise<boolean> {
  const { caller } = currentCaller();
  if (known?.revokedAt) return false;

  const proof = proofOf(payload, expiresAt, caller.ip);
  const userId = payload.accountId as string;
  if (known && known.loginAt.getTime() === proof.loginAt.getTime() && known.acr === proof.acr) {
    if (Date.now() - known.lastSeenAt.getTime() > touchEveryMs) await touchSession(trx, known.id, expiresAt, proof.ip);
    await upsertSessionClients(trx, known, sessionClients(payload));
    return true;
  }
  // Who is leaving keeps the account first, on a page of the sign-in.
  if (!person || person.isLeaving) return false;
  const session = await storeSignIn(trx, { known, person }, userId, uidHash, proof);
  await recordSignIn(trx, userId, proof.loginAt);
  await upsertSessionClients(trx, session, sessionClients(payload));
  const self: Caller = { ...caller, type: 'user', id: userId };
  await recordEvent(trx, succeeded(session.tenantId, userId, session.id, proof), self);
  if (!known && person.isFirst) await completeReferral(trx, { tenantId: session.tenantId, userId }, self);
  if (!known && !person.isFirst)
    await tellOfSession(trx, session, userId, { userAgent: caller.userAgent, ip: proof.ip }, deps);
  return true;
}

/**
 * One grant and one `sid` for a client in a session, also where two tabs ask for the first time at the same moment: the
 * first to come here decides, and the other learns of it.
 * @param claim.replaces the grant that the session had and that is no more
 */
export async function claimSessionGrant(
  { db, secrets }: Pick<AdapterDependencies, 'db' | 'secrets'>,
  claim: { sessionUid: string; clientId: string; sid: string; grantId: string; replaces: string | undefined },
): Promise<Required<SessionAuthorization>> {
  const { clientId, sid, grantId, replaces } = claim;
  const memory = requestMemory();
  // A session that began with this request is nobody else's yet.
  if (memory && !memory.sessionAsRead) return { sid, grantId };
  const uidHash = sha256(claim.sessionUid);
  return inTransaction(db, async (trx) => {
    const stored = await lockPayloadByUid(trx, uidHash);
    const session = openPayload(secrets, sessionModel, stored) as SessionPayload | undefined;
    if (!stored || !session?.accountId) return { sid, grantId };
    const known = session.authorizations?.[clientId];
    if (known?.sid && known.grantId && known.grantId !== replaces) return { sid: known.sid, grantId: known.grantId };
    const authorizations = { ...session.authorizations, [clientId]: { ...known, sid, grantId } };
    const payload = sealPayload(secrets, sessionModel, stored.idHash, { ...session, authorizations });
    await replaceBrowserSession(trx, uidHash, payload);
    return { sid, grantId };
  });
}

/** Does `work` when the request at hand has stored its session, which the library does last; at once outside of one. */
export async function onceSessionIsStored(work: () => Promise<void>): Promise<void> {
  const memory = requestMemory();
  if (memory) memory.onceSessionIsStored = work;
  else await work();
}

async function doWhatWaited(): Promise<void> {
  const memory = requestMemory();
  const work = memory?.onceSessionIsStored;
  if (!work) return;
  memory.onceSessionIsStored = undefined;
  await work();
}

/**
 * Whether this request leaves the session as it found it, stored less than a minute ago: then there is nothing to write, and
 * nothing to bring back where it was ended meanwhile.
 */
function isAsRead(payload: SessionPayload, expiresIn: number | undefined): boolean {
  const memory = requestMemory();
  const read = memory?.sessionAsRead;
  if (!read?.exp || expiresIn === undefined || memory?.onceSessionIsStored) return false;
  if (Date.now() - (read.exp - expiresIn) * 1000 > touchEveryMs) return false;
  const timeless = ({ iat: _iat, exp: _exp, ...rest }: SessionPayload) => rest;
  return isDeepStrictEqual(timeless(payload), timeless(read));
}

async function storeSession(
  { db, secrets, limits, issuer }: AdapterDependencies,
  id: string,
  payload: SessionPayload,
  expiresIn: number | undefined,
): Promise<void> {
  const idHash = sha256(id);
  const uidHash = sha256(payload.uid as string);
  const expiresAt = expiryOf(expiresIn) as Date;
  if (!payload.accountId) {
    const hits = requestMemory()?.sessionAsRead ? undefined : hitsOfStored(limits, sessionModel, payload);
    if (hits) await toldByLibrary(countHits(db, hits));
    const sealed = sealPayload(secrets, sessionModel, idHash, payload);
    await upsertAnonymousBrowserSession(db, { idHash, uidHash, payload: sealed, expiresAt });
    return;
  }
  if (isAsRead(payload, expiresIn)) return;
  const userId = payload.accountId;
  const memory = requestMemory();
  if (memory && memory.sessionAsRead === undefined) {
    await beginSession({ db, secrets, limits, issuer }, { idHash, uidHash, expiresAt }, payload);
    return doWhatWaited();
  }
  await inTransaction(db, async (trx) => {
    // The tenant and the person, their sign-in, the session: in the order in which what ends them takes them.
    const person = isNewProof(payload) ? await lockForSignIn(trx, userId) : undefined;
    const known = await lockSessionByUid(trx, uidHash);
    const stored = openPayload(secrets, sessionModel, await lockPayloadByUid(trx, uidHash));
    const merged = mergeSessions(payload, requestMemory()?.sessionAsRead, stored);
    if (!(await followSignIn(trx, { known, person }, merged, uidHash, expiresAt, { secrets, issuer }))) return;
    const sealed = sealPayload(secrets, sessionModel, idHash, merged);
    await upsertBrowserSession(trx, { idHash, uidHash, payload: sealed, userId, expiresAt });
  });
  await doWhatWaited();
}

/**
 * The library stores a session when its answer is made already, and once more where that has failed. By then a refusal is told, and
 * what was stored although nobody heard of it would be in the way of itself.
 */
async function storeOnce(store: () => Promise<void>): Promise<void> {
  const memory = requestMemory();
  if (memory?.sessionIsLost) return;
  try {
    await store();
  } catch (error) {
    if (memory) memory.sessionIsLost = true;
    throw error;
  }
}

async function destroySession(db: Database, id: string): Promise<void> {
  // The library destroys the old id before it saves the new one. Our upsert changes the id in place, so a kill -9
  // between the two signs nobody out.
  const session = Provider.ctx?.oidc?.session as { oldId?: string } | undefined;
  if (session?.oldId === id) return;
  await inTransaction(db, async (trx) => {
    const uidHash = await findBrowserSessionUid(trx, sha256(id));
    if (!uidHash) return;
    const ended = await endSessionByUid(trx, uidHash);
    await deleteBrowserSession(trx, uidHash);
    if (!ended) return;
    await recordEvent(
      trx,
      {
        tenantId: ended.tenantId,
        action: 'session.ended',
        entityType: 'user',
        entityId: ended.userId,
        payload: { sessionId: ended.id },
      },
      { ...currentCaller().caller, type: 'user', id: ended.userId },
    );
  });
}

export function createSessionAdapter(dependencies: AdapterDependencies): Adapter {
  const { db, secrets } = dependencies;
  return {
    upsert: (id, payload: SessionPayload, expiresIn) =>
      storeOnce(() => storeSession(dependencies, id, payload, expiresIn)),

    async find(id) {
      const payload = openPayload(secrets, sessionModel, keepAlong(await findPayload(db, sessionModel, sha256(id))));
      const memory = requestMemory();
      if (memory && payload) memory.sessionAsRead = structuredClone(payload);
      return payload;
    },

    async findByUid(uid) {
      const known = sessionOfExchange(uid) ?? sessionFoundAlong(uid);
      const { stored } = known ?? { stored: await findPayloadByUid(db, sha256(uid)) };
      return openPayload(secrets, sessionModel, stored);
    },

    destroy: (id) => destroySession(db, id),

    async consume() {
      throw new Error('a session is not consumed');
    },
    async findByUserCode() {
      return undefined;
    },
    async revokeByGrantId() {
      throw new Error('a session belongs to no grant');
    },
  };
}
