/**
 * Browser sessions. Owns that each sign-in leaves its `user_sessions` row and its audit event in the transaction that
 * stores the session, and that an ended session cannot come back: a request which read it before it was ended finds the
 * row revoked and stores nothing.
 */
import Provider, { type Adapter, type AdapterPayload } from 'oidc-provider';
import { recordEvent } from '../domain/audit/audit-events.ts';
import {
  endSessionByUid,
  insertSession,
  lockSessionByUid,
  touchSession,
  updateSessionLogin,
  upsertSessionClients,
} from '../domain/sessions/session-store.ts';
import { type Database, firstRow, inTransaction, prepared, runPrepared } from '../platform/database.ts';
import { newId } from '../platform/ids.ts';
import { sha256 } from '../platform/secrets.ts';
import { type AdapterDependencies, expiryOf, openPayload, sealPayload } from './adapter.ts';
import { currentCaller } from './caller.ts';
import { findPayload, findPayloadByUid } from './payload-store.ts';

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

interface SessionPayload extends AdapterPayload {
  authorizations?: Record<string, { sid?: string; grantId?: string }>;
}

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
  payload: SessionPayload,
  uidHash: Buffer,
  expiresAt: Date,
): Promise<boolean> {
  const { caller } = currentCaller();
  const known = await lockSessionByUid(trx, uidHash);
  if (known?.revokedAt) return false;

  const loginAt = new Date((payload.loginTs ?? 0) * 1000);
  const proof = { loginAt, amr: payload.amr ?? [], acr: payload.acr ?? null, expiresAt, ip: caller.ip ?? null };
  const userAgent = caller.userAgent?.slice(0, 500) ?? null;
  const userId = payload.accountId as string;
  let session: { id: string; tenantId: string };

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
  }
  await upsertSessionClients(trx, session, sessionClients(payload));
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
    { ...caller, type: 'user', id: userId },
  );
  return true;
}

export function createSessionAdapter({ db, secrets }: AdapterDependencies): Adapter {
  return {
    async upsert(id, payload: SessionPayload, expiresIn) {
      const idHash = sha256(id);
      const uidHash = sha256(payload.uid as string);
      const expiresAt = expiryOf(expiresIn) as Date;
      const values = [
        idHash,
        sealPayload(secrets, model, idHash, payload),
        uidHash,
        payload.accountId ?? null,
        expiresAt,
      ];
      if (!payload.accountId) {
        await runPrepared(db, upsertSession, values);
        return;
      }
      await inTransaction(db, async (trx) => {
        if (await followSignIn(trx, payload, uidHash, expiresAt)) await runPrepared(trx, upsertSession, values);
      });
    },

    async find(id) {
      return openPayload(secrets, model, await findPayload(db, model, sha256(id)));
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
        const gone = await firstRow<{ uidHash: Buffer }>(
          trx,
          `delete from oidc_payloads where model = 'Session' and id_hash = ? returning uid_hash`,
          [sha256(id)],
        );
        const ended = gone && (await endSessionByUid(trx, gone.uidHash));
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
