/**
 * Recovering an account whose password is forgotten, by a link that is sent to its address (docs/decisions/0010). Owns
 * that a link works once, for half an hour, by the form and never by being opened; that a new password ends every session
 * and refresh token, lifts a lock and is told to the person; and that nobody is signed in by it, so that a second factor
 * is asked for afterwards as ever.
 *
 * Refuses users and tenants that may not act, tenants that have no passwords, an address that the account has no longer,
 * and one that never opened it (users/verified-address.ts, sign-in/candidates.ts). Whether anybody lives at an address is decided in the job alone
 * (deliver-recovery.ts).
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { enqueueJob } from '../../platform/jobs/enqueue-job.ts';
import { defineLimits } from '../../platform/rate-limits.ts';
import { randomToken, sha256 } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { checkDestination, type RequestDependencies } from '../codes/check-destination.ts';
import {
  findRecoveryLink,
  holdRecoveryLinks,
  type RecoveryLink,
  revokeRecoveryLinks,
} from '../codes/recovery-links.ts';
import { askerOf, recordSend } from '../codes/send-limits.ts';
import { useUpCode } from '../codes/sent-codes.ts';
import {
  type Channel,
  enqueueMessage,
  kindOf,
  messageJobOptions,
  type OutgoingMessage,
  sealPayload,
} from '../messages/outgoing-message.ts';
import type { PasswordHasher } from '../methods/password/password-hash.ts';
import { allowsPasswords } from '../methods/password/password-method.ts';
import { storeNewPassword } from '../methods/password/set-password.ts';
import { type AskedFor, addressOf, findPeople, mayOpen, type Person, takesDestination } from '../sign-in/candidates.ts';
import { type ProofDependencies, proveAddress } from '../sign-in/prove-address.ts';
import { parseTenantSettings } from '../tenants/tenant-settings.ts';
import { usernameDestination } from '../users/username.ts';
import { findUser } from '../users/users.ts';

export const recoveryCodes = defineCodes({
  RECOVERY_LINK_EXPIRED: { kind: 'expired', means: 'the link is too old' },
  RECOVERY_LINK_INVALID: {
    kind: 'not_found',
    means: 'the link is incomplete, used, replaced by a newer one, or leads to nobody any more',
  },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof recoveryCodes> {}
}

/** The job that decides whether anybody gets a link; see deliver-recovery.ts. */
export const deliverRecoveryJob = 'deliver-recovery';

// At 0, 3, 10, 30, 85, 233, 636 and 1,732 s: all within the life of a link. The ninth only notes that it was not sent.
const maxAttempts = 9;

export const recoveryLimits = defineLimits({
  /** Recovery links opened or used from one address; a mail scanner opens those of a whole company. */
  recoveryLinkPerIp: { hits: 100, windowSeconds: 600 },
});

/** What the job is told, sealed. */
export interface RecoveryToDeliver {
  /** otp_codes.id */
  codeId: string;
  token: string;
  /** Of the page where it was asked for; a person's own comes first. */
  locale: string;
  ip?: string;
  requestId?: string;
}

/**
 * Asks for a link. Does the same for every address, known or not: checks its form, counts the limits, writes a row
 * and enqueues the job that decides.
 * @param wanted.tenantId null at the server's own sign-in: the accounts of every tenant are meant
 * @param wanted.address as typed; a username will do where the tenant takes them
 * @param wanted.clientId the `client_id` of the application that the person wants to go on to
 * @throws DomainError invalid EMAIL_INVALID, PHONE_INVALID, PHONE_NOT_SUPPORTED, CHANNEL_UNAVAILABLE (also of a tenant
 *   that has no passwords); forbidden TENANT_SUSPENDED; not_found for an unknown tenant; rate_limited TOO_MANY_CODES or
 *   TOO_MANY_ATTEMPTS `{ seconds }`; unavailable MESSAGES_EXHAUSTED
 */
export async function requestRecovery(
  db: Database,
  wanted: { tenantId: string | null; address: string; channel: Channel; locale: string; clientId?: string },
  deps: RequestDependencies,
): Promise<{ destination: string; channel: Channel; expiresAt: Date; resendInSeconds: number }> {
  const { tenantId, channel, locale, clientId } = wanted;
  const { secrets, caller } = deps;
  const given = { ...wanted, takesUsernames: true };
  const { destination, tenant } = await checkDestination(db, given, deps, (it) => {
    if (!allowsPasswords(it?.settings ?? null))
      throw new DomainError('invalid', 'CHANNEL_UNAVAILABLE', { field: 'channel' });
  });
  const id = newId();
  const token = randomToken();
  const toDeliver: RecoveryToDeliver = { codeId: id, token, locale, ip: caller.ip, requestId: caller.requestId };
  return inTransaction(db, async (trx) => {
    const link = { id, tenantId, destination, channel, clientId, purpose: 'reset_password' } as const;
    const sent = await recordSend(
      trx,
      { ...link, challengeHash: null, codeHash: sha256(token) },
      askerOf(deps, tenant),
    );
    const payload = sealPayload(secrets, deliverRecoveryJob, toDeliver);
    await enqueueJob(trx, deliverRecoveryJob, payload, { ...messageJobOptions(channel, destination), maxAttempts });
    return { destination, channel, ...sent };
  });
}

/** The people whom a link may give a new password, as things are now; the last who signed in first. */
export async function findRecoverable(db: Database, link: AskedFor & { tenantId: string | null }): Promise<Person[]> {
  const people = await findPeople(db, link);
  return people.filter((person) => {
    const settings = parseTenantSettings(person.tenantSettings);
    const takesLink = settings.codeChannels.includes(link.channel) && takesDestination(settings, link.destination);
    const allowed = allowsPasswords(settings) && takesLink;
    return allowed && person.userActive && person.tenantActive && mayOpen(person, link);
  });
}

export interface RecoverableAccount {
  userId: string;
  tenantId: string;
  tenantName: string;
  name: string | null;
}

export interface Recovery {
  /** Canonical, an address or `usernameDestination`. */
  destination: string;
  channel: Channel;
  /** One at least. More than one: the person chooses. */
  accounts: RecoverableAccount[];
  /** The `client_id` of the application that the person came from. */
  clientId: string | null;
}

function invalidLink(): DomainError {
  return new DomainError('not_found', 'RECOVERY_LINK_INVALID');
}

async function readLink(db: Database, token: string): Promise<{ link: RecoveryLink; people: Person[] }> {
  const link = await findRecoveryLink(db, sha256(token));
  if (!link || link.used) throw invalidLink();
  if (link.expired) throw new DomainError('expired', 'RECOVERY_LINK_EXPIRED');
  const people = await findRecoverable(db, link);
  if (people.length === 0) throw invalidLink();
  return { link, people };
}

/**
 * What a link leads to. Changes nothing, so that a mail scanner that opens it uses nothing up.
 * @throws DomainError not_found RECOVERY_LINK_INVALID (unknown, used, or nobody has the address any longer), expired
 *   RECOVERY_LINK_EXPIRED
 */
export async function findRecovery(db: Database, token: string): Promise<Recovery> {
  const { link, people } = await readLink(db, token);
  const accounts = people.map(({ userId, tenantId, tenantName, fullName }) => {
    return { userId, tenantId, tenantName, name: fullName };
  });
  return { destination: link.destination, channel: link.channel, accounts, clientId: link.clientId };
}

/**
 * Gives an account of the link's address a new password and uses the link up. Everything that the account was signed in
 * to ends, failed attempts are forgotten, the person is told; nobody is signed in. Give the pool as `db`: the password is
 * hashed before the transaction opens, so one that is refused leaves the link as it was.
 * @param wanted.userId one of `findRecovery`'s accounts, as the form says; any other is refused
 * @param wanted.locale of the page, for a person who has set none
 * @throws DomainError not_found RECOVERY_LINK_INVALID, expired RECOVERY_LINK_EXPIRED, invalid PASSWORD_*, unavailable
 *   SERVICE_BUSY
 */
export async function resetPassword(
  db: Database,
  wanted: { token: string; userId: string; password: string; locale?: string },
  deps: ProofDependencies & { passwords: Pick<PasswordHasher, 'hashNew'> },
): Promise<{ tenantId: string; userId: string; clientId: string | null }> {
  const { link, people } = await readLink(db, wanted.token);
  const person = people.find(({ userId }) => userId === wanted.userId);
  const user = person && (await findUser(db, person));
  if (!person || !user) throw invalidLink();
  const { tenantId, userId, tenantName, tenantSlug } = person;
  const passwordHash = await deps.passwords.hashNew(wanted.password, { ...user, tenantName, tenantSlug });
  const recovered = { passwordHash, locale: wanted.locale ?? 'en' };
  await inTransaction(db, (trx) => storeRecovered(trx, link, person, recovered, deps));
  return { tenantId, userId, clientId: link.clientId };
}

/** Locks the row of the user first and the links of the address and the username then: everybody in this order. */
async function storeRecovered(
  trx: Database,
  link: RecoveryLink,
  found: Person,
  { passwordHash, locale }: { passwordHash: string; locale: string },
  deps: ProofDependencies,
): Promise<void> {
  const { secrets, issuer } = deps;
  const { id, channel } = link;
  const { tenantId, userId, username } = found;
  const address = addressOf(found, link);
  if (address === null) throw invalidLink();
  const caller: Caller = { ...deps.caller, type: 'user', id: userId };
  // The new password says itself that the one before is gone.
  const proof = { tenantId, userId, channel, address, locale, replacing: 'password' };
  await proveAddress(trx, proof, { ...deps, caller }).catch((error: unknown) => {
    // The address, the user or the tenant has changed since the link was read.
    throw error instanceof DomainError && error.kind === 'not_found' ? invalidLink() : error;
  });
  const name = username === null ? [] : [usernameDestination(username)];
  const held = await holdRecoveryLinks(trx, [address, ...name]);
  if (!(await useUpCode(trx, id))) throw invalidLink();
  const person = (await findRecoverable(trx, { ...link, tenantId })).find((now) => now.userId === userId);
  if (!person) throw invalidLink();
  await revokeRecoveryLinks(trx, held, tenantId);

  const recovered = { user: { ...person, id: userId }, passwordHash, recoveredBy: kindOf(channel) };
  await storeNewPassword(trx, recovered, { secrets, caller });
  const event = { tenantId, action: 'password.recovered', entityType: 'user', entityId: userId, payload: { channel } };
  await recordEvent(trx, event, caller);

  // By mail where there is any, also of a link that went to a phone: a thief of the phone is told nothing new.
  const to: Pick<OutgoingMessage, 'channel' | 'to'> =
    person.email !== null && person.emailVerified ? { channel: 'email', to: person.email } : { channel, to: address };
  const model = { tenantName: person.tenantName, href: `${issuer}/account`, at: new Date() };
  const reader = { locale: person.locale ?? locale, timeZone: person.zoneinfo ?? undefined };
  const notice = { ...to, ...reader, template: 'password-changed', model, tenantId } as const;
  await enqueueMessage(trx, notice, { secrets });
}
