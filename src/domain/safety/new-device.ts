/**
 * Telling a person of a sign-in from a browser that they have never signed in with. Owns that the first sign-in of all is told
 * to nobody, that a tenant may have none told, that it goes to a proved email address alone, and that nobody is flooded: the
 * count is the person's own.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { describeBrowser } from '../../platform/describe-browser.ts';
import { DomainError } from '../../platform/errors.ts';
import { consume, defineLimits, limitKey } from '../../platform/rate-limits.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { enqueueMessage } from '../messages/outgoing-message.ts';
import type { NewSession } from '../sessions/new-session.ts';
import { parseTenantSettings } from '../tenants/tenant-settings.ts';
import { insertQuietSession, selectNoticeFacts } from './safety-link-store.ts';
import { makeSafetyLink } from './safety-links.ts';

export const newDeviceLimits = defineLimits({
  /** Mails about sign-ins from new browsers, to one person. */
  newDevicePerPerson: { hits: 5, windowSeconds: 86_400 },
});

export interface SignInToTell {
  tenantId: string;
  userId: string;
  sessionId: string;
  /** `user_sessions.device_fingerprint` */
  device: Buffer | null;
  userAgent: string | null;
  ip: string | null;
  /** Of the page, for a person who has set none. */
  locale: string;
}

/**
 * Stores a session, in one statement, whose sign-in is told to nobody and is not the person's first: a browser that they know, a day
 * that has had its notices, a tenant that wants none. Of any other `tellOfNewDevice` decides, in the transaction that stores it.
 * @returns whether it did
 */
export async function beginQuietSession(db: Database, session: NewSession): Promise<boolean> {
  const { newDevicePerPerson } = newDeviceLimits;
  const key = limitKey(newDevicePerPerson, session.signIn.userId);
  return insertQuietSession(db, session, { key, most: newDevicePerPerson.hits });
}

/** Tells of a new session, where it is to be told; in the transaction that stores it. Not of a person's first sign-in. */
export async function tellOfNewDevice(
  trx: Database,
  signIn: SignInToTell,
  { secrets, issuer }: { secrets: Secrets; issuer: string },
): Promise<void> {
  const { tenantId, userId, userAgent, ip } = signIn;
  const facts = await selectNoticeFacts(trx, signIn);
  if (!facts?.emailVerified || facts.email === null) return;
  if (!parseTenantSettings(facts.tenantSettings).newDeviceNotices) return;
  if (!(await isWithinLimit(trx, userId))) return;
  const to = { channel: 'email', to: facts.email, tenantId } as const;
  const path = await makeSafetyLink(
    trx,
    { tenantId, userId, kind: 'not_me', channel: 'email', address: facts.email },
    secrets,
  );
  const model = {
    tenantName: facts.tenantName,
    ...describeBrowser(userAgent),
    ip: ip ?? '',
    at: new Date(),
    href: `${issuer}${path}`,
  };
  const reader = { locale: facts.locale ?? signIn.locale, timeZone: facts.zoneinfo ?? undefined };
  await enqueueMessage(trx, { ...to, ...reader, template: 'new-device', model }, { secrets });
}

async function isWithinLimit(trx: Database, userId: string): Promise<boolean> {
  try {
    await inTransaction(trx, (inner) => consume(inner, newDeviceLimits.newDevicePerPerson, userId));
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'rate_limited') return false;
    throw error;
  }
}
