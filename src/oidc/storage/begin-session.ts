/**
 * A sign-in as its session is stored: the row, the event, and what the person is told of it. Owns that a session which begins with
 * this request is stored with all of that or not at all.
 */
import Provider from 'oidc-provider';
import { type AuditEvent, auditEventRow, type Caller } from '../../domain/audit/audit-events.ts';
import { completeReferral } from '../../domain/referrals/referrals.ts';
import { beginQuietSession, tellOfNewDevice } from '../../domain/safety/new-device.ts';
import { InteractionGoneError, insertNewSession, type NewSession } from '../../domain/sessions/new-session.ts';
import type { NewUserSession } from '../../domain/sessions/session-store.ts';
import { type Database, inTransaction } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import { currentCaller } from '../caller.ts';
import { type AdapterDependencies, sealPayload } from './sealing.ts';
import type { SessionPayload } from './session-merge.ts';
import { InteractionEnded, takeWaiting } from './waiting-rows.ts';

/** Of the library. */
export const sessionModel = 'Session';

export function sessionClients(payload: SessionPayload): { client_id: string; sid: string; grant_id: string | null }[] {
  return Object.entries(payload.authorizations ?? {}).flatMap(([clientId, authorization]) =>
    authorization.sid ? [{ client_id: clientId, sid: authorization.sid, grant_id: authorization.grantId ?? null }] : [],
  );
}

function loginAtOf(payload: SessionPayload): Date {
  return new Date((payload.loginTs ?? 0) * 1000);
}

/** When and how the person proved themselves, as their sign-in's row keeps it. */
export function proofOf(payload: SessionPayload, expiresAt: Date, ip: string | undefined) {
  return {
    loginAt: loginAtOf(payload),
    amr: payload.amr ?? [],
    acr: payload.acr ?? null,
    expiresAt,
    ip: ip ?? null,
  };
}

export type Proof = ReturnType<typeof proofOf>;

export function userAgentOfRequest(): string | null {
  return currentCaller().caller.userAgent?.slice(0, 500) ?? null;
}

export function newSignIn(userId: string, uidHash: Buffer, proof: Proof): Omit<NewUserSession, 'tenantId'> {
  const { deviceFingerprint = null } = (Provider.ctx?.state ?? {}) as { deviceFingerprint?: Buffer };
  const userAgent = userAgentOfRequest();
  return { id: newId(), userId, oidcSessionUidHash: uidHash, userAgent, deviceFingerprint, ...proof };
}

/** Tells the person of a sign-in from a browser that is new to them. */
export async function tellOfSession(
  trx: Database,
  { id: sessionId, tenantId }: { id: string; tenantId: string },
  userId: string,
  { userAgent, ip }: { userAgent: string | undefined; ip: string | null },
  deps: Pick<AdapterDependencies, 'secrets' | 'issuer'>,
): Promise<void> {
  const { deviceFingerprint, locale } = (Provider.ctx?.state ?? {}) as { deviceFingerprint?: Buffer; locale?: string };
  const seen = { sessionId, device: deviceFingerprint ?? null, userAgent: userAgent ?? null, ip };
  await tellOfNewDevice(trx, { tenantId, userId, ...seen, locale: locale ?? 'en' }, deps);
}

/** The event of a sign-in; without a tenant where the statement that stores it knows that. */
export function succeeded(tenantId: string | null, userId: string, sessionId: string, { amr, acr }: Proof): AuditEvent {
  const clientId = Provider.ctx?.oidc?.client?.clientId;
  const payload = { sessionId, amr, acr, clientId };
  return { tenantId, action: 'login.succeeded', entityType: 'user', entityId: userId, payload };
}

/**
 * Stores a session that begins with this request, and with it a sign-in and what waited for it. Nothing where the person may not act
 * any more. A first sign-in, and one that may have to be told, is a transaction of several statements; any other is one.
 * @throws InteractionEnded where another request has ended the interaction meanwhile: one proof begins one session
 */
export async function beginSession(
  { db, secrets, issuer }: AdapterDependencies,
  { idHash, uidHash, expiresAt }: { idHash: Buffer; uidHash: Buffer; expiresAt: Date },
  payload: SessionPayload,
): Promise<void> {
  const { caller } = currentCaller();
  const userId = payload.accountId as string;
  const self: Caller = { ...caller, type: 'user', id: userId };
  const proof = proofOf(payload, expiresAt, caller.ip);
  const signIn = newSignIn(userId, uidHash, proof);
  const session: NewSession = {
    signIn,
    browser: { idHash, payload: sealPayload(secrets, sessionModel, idHash, payload) },
    clients: sessionClients(payload),
    auditRow: auditEventRow(succeeded(null, userId, signIn.id, proof), self),
    ...takeWaiting(),
  };
  try {
    if (!(await beginQuietSession(db, session)))
      await beginAloud(db, session, { userId, self, deps: { secrets, issuer } });
  } catch (error) {
    throw error instanceof InteractionGoneError ? new InteractionEnded() : error;
  }
}

async function beginAloud(
  db: Database,
  session: NewSession,
  { userId, self, deps }: { userId: string; self: Caller; deps: Pick<AdapterDependencies, 'secrets' | 'issuer'> },
): Promise<void> {
  const { id, ip } = session.signIn;
  await inTransaction(db, async (trx) => {
    const begun = await insertNewSession(trx, session);
    if (!begun) return;
    const { tenantId, isFirst } = begun;
    if (isFirst) await completeReferral(trx, { tenantId, userId }, self);
    else await tellOfSession(trx, { id, tenantId }, userId, { userAgent: self.userAgent, ip }, deps);
  });
}
