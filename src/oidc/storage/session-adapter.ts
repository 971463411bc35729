/**
 * Browser sessions. Owns that each sign-in leaves its `user_sessions` row and its audit event in the transaction that
 * stores the session, and that an ended session cannot come back: a request which read it before it was ended finds the
 * row revoked and stores nothing. Requests that run side by side lose nothing of each other.
 */
import Provider, { type Adapter } from 'oidc-provider';
import { type Caller, recordEvent } from '../../domain/audit/audit-events.ts';
import { completeReferral } from '../../domain/referrals/referrals.ts';
import { findPayload, findPayloadByUid, lockPayloadByUid } from '../../domain/sessions/payload-store.ts';
import {
  endSessionByUid,
  insertSession,
  lockSessionByUid,
  touchSession,
  type UserSessionRow,
  updateSessionLogin,
  upsertSessionClients,
} from '../../domain/sessions/session-store.ts';
import { type Database, firstRow, inTransaction, prepared, rows, runPrepared } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import { sha256 } from '../../platform/secrets.ts';
import { currentCaller } from '../caller.ts';
import { requestMemory } from '../request-memory.ts';
import { type AdapterDependencies, expiryOf, openPayload, sealPayload } from './sealing.ts';
import { mergeSessions, type SessionAuthorization, type SessionPayload } from './session-merge.ts';

const model = 'Session';
const touchEveryMs = 60_000;

// The row is found by the session's uid: when the id changes (session fixation), it changes in place.
const upsertSession = prepared(
  'session-upsert',
  `insert into oidc_payloads (model, id_hash, payload, uid_hash, account_id, expires_at)
   values ('Session', $1, $2, $3, $4, $5)
   on conflict (uid_hash) where uid_hash is not null do update
      set id_hash = excluded.id_hash, payload = excluded.payload, account_id = excluded.account_id,
          expires_at = excluded.expires_at`,
);

// Somebody may have signed in meanwhile, in another tab: a request that knew nobody leaves that alone.
const upsertAnonymousSession = prepared(
  'session-upsert-anonymous',
  `insert into oidc_payloads (model, id_hash, payload, uid_hash, expires_at)
   values ('Session', $1, $2, $3, $4)
   on conflict (uid_hash) where uid_hash is not null do update
      set id_hash = excluded.id_hash, payload = excluded.payload, expires_at = excluded.expires_at
    where oidc_payloads.account_id is null`,
);

const replaceSession = prepared(
  'session-replace',
  `update oidc_payloads set payload = $2 where model = 'Session' and uid_hash = $1`,
);

function sessionClients(payload: SessionPayload): { client_id: string; sid: string; grant_id: string | null }[] {
  return Object.entries(payload.authorizations ?? {}).flatMap(([clientId, authorization]) =>
    authorization.sid ? [{ client_id: clientId, sid: authorization.sid, grant_id: authorization.grantId ?? null }] : [],
  );
}

/**
 * Keeps the sign-in's row in step with the session.
 * @returns false where the sign-in was ended meanwhile: the session must not be stored again
 */
async function followSignIn(
  trx: Database,
  known: UserSessionRow | undefined,
  payload: SessionPayload,
  uidHash: Buffer,
  expiresAt: Date,
): Promise<boolean> {
  const { caller } = currentCaller();
  if (known?.revokedAt) return false;

  const loginAt = new Date((payload.loginTs ?? 0) * 1000);
  const proof = { loginAt, amr: payload.amr ?? [], acr: payload.acr ?? null, expiresAt, ip: caller.ip ?? null };
  const userAgent = caller.userAgent?.slice(0, 500) ?? null;
  const userId = payload.accountId as string;
  let session: { id: string; tenantId: string };
  let isFirst = false;

  if (known) {
    session = known;
    if (known.loginAt.getTime() === loginAt.getTime()) {
      if (Date.now() - known.lastSeenAt.getTime() > touchEveryMs)
        await touchSession(trx, known.id, expiresAt, proof.ip);
      await upsertSessionClients(trx, session, sessionClients(payload));
      return true;
    }
    await updateSessionLogin(trx, known.id, { ...proof, userAgent });
  } else {
    const id = newId();
    const deviceFingerprint =
      (Provider.ctx?.state as { deviceFingerprint?: Buffer } | undefined)?.deviceFingerprint ?? null;
    const inserted = await insertSession(trx, {
      id,
      userId,
      oidcSessionUidHash: uidHash,
      userAgent,
      deviceFingerprint,
      ...proof,
    });
    if (!inserted) return false;
    session = { id, tenantId: inserted.tenantId };
    isFirst = inserted.isFirst;
  }
  await upsertSessionClients(trx, session, sessionClients(payload));
  const person: Caller = { ...caller, type: 'user', id: userId };
  await recordEvent(
    trx,
    {
      tenantId: session.tenantId,
      action: 'login.succeeded',
      entityType: 'user',
      entityId: userId,
      payload: {
        sessionId: session.id,
        amr: proof.amr,
        acr: proof.acr,
        clientId: Provider.ctx?.oidc?.client?.clientId,
      },
    },
    person,
  );
  if (isFirst) await completeReferral(trx, { tenantId: session.tenantId, userId }, person);
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
  const uidHash = sha256(claim.sessionUid);
  return inTransaction(db, async (trx) => {
    const stored = await lockPayloadByUid(trx, uidHash);
    const session = openPayload(secrets, model, stored) as SessionPayload | undefined;
    if (!stored || !session?.accountId) return { sid, grantId };
    const known = session.authorizations?.[clientId];
    if (known?.sid && known.grantId && known.grantId !== replaces) return { sid: known.sid, grantId: known.grantId };
    const authorizations = { ...session.authorizations, [clientId]: { ...known, sid, grantId } };
    const payload = sealPayload(secrets, model, stored.idHash, { ...session, authorizations });
    await runPrepared(trx, replaceSession, [uidHash, payload]);
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

export function createSessionAdapter({ db, secrets }: AdapterDependencies): Adapter {
  return {
    async upsert(id, payload: SessionPayload, expiresIn) {
      const idHash = sha256(id);
      const uidHash = sha256(payload.uid as string);
      const expiresAt = expiryOf(expiresIn) as Date;
      if (!payload.accountId) {
        const sealed = sealPayload(secrets, model, idHash, payload);
        await runPrepared(db, upsertAnonymousSession, [idHash, sealed, uidHash, expiresAt]);
        return;
      }
      await inTransaction(db, async (trx) => {
        // The sign-in's row before the session's, as a transaction that ends sessions takes them.
        const known = await lockSessionByUid(trx, uidHash);
        const stored = openPayload(secrets, model, await lockPayloadByUid(trx, uidHash));
        const merged = mergeSessions(payload, requestMemory()?.sessionAsRead, stored);
        if (!(await followSignIn(trx, known, merged, uidHash, expiresAt))) return;
        const sealed = sealPayload(secrets, model, idHash, merged);
        await runPrepared(trx, upsertSession, [idHash, sealed, uidHash, payload.accountId, expiresAt]);
      });
      await doWhatWaited();
    },

    async find(id) {
      const payload = openPayload(secrets, model, await findPayload(db, model, sha256(id)));
      const memory = requestMemory();
      if (memory && payload) memory.sessionAsRead = structuredClone(payload);
      return payload;
    },

    async findByUid(uid) {
      return openPayload(secrets, model, await findPayloadByUid(db, sha256(uid)));
    },

    async destroy(id) {
      // The library destroys the old id before it saves the new one. Our upsert changes the id in place, so a kill -9
      // between the two signs nobody out.
      const session = Provider.ctx?.oidc?.session as { oldId?: string } | undefined;
      if (session?.oldId === id) return;
      await inTransaction(db, async (trx) => {
        const row = await firstRow<{ uidHash: Buffer }>(
          trx,
          `select uid_hash from oidc_payloads where model = 'Session' and id_hash = ?`,
          [sha256(id)],
        );
        if (!row) return;
        const ended = await endSessionByUid(trx, row.uidHash);
        await rows(trx, `delete from oidc_payloads where model = 'Session' and uid_hash = ?`, [row.uidHash]);
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
    },

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
