/**
 * One-time codes: asking for one, and proving an address by it. Owns that asking does the same work whether or not
 * anybody lives at the address (docs/decisions/0009): form, limits, one row, one job; the job alone looks anybody up
 * (deliver-code.ts). A code is six digits, good for five minutes and five attempts, in the browser that asked for it, and
 * only until a newer one is asked for there. Refuses channels that the server or the tenant does not have, countries that
 * are on no list, premium numbers, and sign-ups that the tenant does not take.
 */
import { randomInt } from 'node:crypto';
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { type Secrets, sha256 } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { type Channel, kindOf } from '../messages/outgoing-message.ts';
import { isDomainAllowed } from '../tenants/tenant-settings.ts';
import type { Tenant } from '../tenants/tenants.ts';
import { holdUsers } from '../users/user-state.ts';
import { usernameDestination } from '../users/username.ts';
import { findUser } from '../users/users.ts';
import { checkDestination, type RequestDependencies } from './check-destination.ts';
import {
  type CodeAttempt,
  type CodePurpose,
  countCodeAttempt,
  findCode,
  hashCode,
  isRightCode,
  parseCode,
} from './code-attempts.ts';
import { deleteOldSends, revokeCodes } from './code-store.ts';
import { enqueueDelivery } from './deliver-code.ts';
import { askerOf, recordSend } from './send-limits.ts';
import { type CodeRow, useUpCode } from './sent-codes.ts';

export type { CodeAttempt, CodePurpose, RequestDependencies };

export interface CodeRequest {
  /** Null: at the server's own sign-in, for every tenant. */
  tenantId: string | null;
  /** The person who is signed in and verifies an address of theirs; needed for `verify_email` and `verify_phone`. */
  userId?: string | null;
  /** The address is to become that person's; else it has to be theirs already. */
  forNewAddress?: boolean;
  purpose: CodePurpose;
  channel: Channel;
  /** As typed; a phone number may be in the national form of an allowed country. To sign in, also a username. */
  address: string;
  /** A random value that the browser's flow holds; the same for each resend. */
  challenge: string;
  /** BCP 47, as the person reads the page. What their account says wins. */
  locale: string;
}

export interface RequestedCode {
  /** Canonical, an address or `usernameDestination`; what the code has to be verified with. */
  destination: string;
  channel: Channel;
  expiresAt: Date;
  /** How long the next one has to wait. */
  resendInSeconds: number;
}

const kindOfPurpose: Partial<Record<CodePurpose, 'email' | 'phone'>> = { verify_email: 'email', verify_phone: 'phone' };

function checkPurpose({ purpose, channel }: CodeRequest, tenant: Tenant | null): void {
  if (purpose === 'sign_up' && !tenant?.settings.selfSignUp) throw new DomainError('forbidden', 'SIGN_UP_CLOSED');
  const unavailable = new DomainError('invalid', 'CHANNEL_UNAVAILABLE', { field: 'channel' });
  const signsIn = purpose === 'login' || purpose === 'link_identity';
  if (signsIn && tenant?.settings.signInMethods.includes('otp') === false) throw unavailable;
  if (purpose === 'second_factor' && !tenant?.settings.secondFactorChannels.includes(channel)) throw unavailable;
  if ((kindOfPurpose[purpose] ?? kindOf(channel)) !== kindOf(channel)) throw unavailable;
  // A list of domains says who may come in: a phone number has none.
  if (purpose === 'sign_up' && kindOf(channel) === 'phone' && tenant?.settings.signUpEmailDomains.length)
    throw unavailable;
}

/** An address is verified for the person who is signed in and has it. This tells them nothing that they do not know. */
async function checkOwner(db: Database, request: CodeRequest, destination: string): Promise<void> {
  if (kindOfPurpose[request.purpose] === undefined && !request.userId) return;
  const { tenantId, userId } = request;
  const user = tenantId && userId ? await findUser(db, { tenantId, userId }) : undefined;
  const own = kindOf(request.channel) === 'email' ? user?.email : user?.phone;
  if (user?.state !== 'active' || (own !== destination && !request.forNewAddress))
    throw new DomainError('not_found', 'NOT_FOUND');
}

/**
 * Asks for a code. Answers, and costs, the same for every address. Give the pool as `db`.
 * @throws DomainError invalid EMAIL_INVALID, PHONE_INVALID, PHONE_NOT_SUPPORTED, CHANNEL_UNAVAILABLE or
 *   EMAIL_DOMAIN_NOT_ALLOWED; forbidden SIGN_UP_CLOSED or TENANT_SUSPENDED; rate_limited TOO_MANY_CODES `{ seconds }`
 *   (destination, tenant) or TOO_MANY_ATTEMPTS `{ seconds }` (IP address); unavailable MESSAGES_EXHAUSTED; not_found for
 *   an unknown tenant, and for an address to be verified that is not the person's own
 */
export async function requestCode(
  db: Database,
  request: CodeRequest,
  deps: RequestDependencies,
): Promise<RequestedCode> {
  const { tenantId, purpose, channel } = request;
  const { secrets, caller } = deps;
  const wanted = { ...request, takesUsernames: purpose === 'login' };
  const { destination, tenant } = await checkDestination(db, wanted, deps, (it) => checkPurpose(request, it));
  if (purpose === 'sign_up' && tenant && !isDomainAllowed(tenant.settings, destination))
    throw new DomainError('invalid', 'EMAIL_DOMAIN_NOT_ALLOWED', { field: 'email' });
  await checkOwner(db, request, destination);

  const id = newId();
  const code = String(randomInt(1_000_000)).padStart(6, '0');
  const send = { id, tenantId, userId: request.userId ?? null, purpose, channel, destination };
  const hashes = { challengeHash: sha256(request.challenge), codeHash: hashCode(secrets, send, code) };
  return inTransaction(db, async (trx) => {
    const { expiresAt, resendInSeconds } = await recordSend(trx, { ...send, ...hashes }, askerOf(deps, tenant));
    await enqueueDelivery(trx, { ...send, code, locale: request.locale }, { secrets, caller });
    return { destination, channel, expiresAt, resendInSeconds };
  });
}

export interface ProvedCode {
  codeId: string;
  destination: string;
  channel: Channel;
}

async function recordRefusal(
  trx: Database,
  attempt: CodeAttempt,
  row: CodeRow,
  reason: string,
  caller: Caller,
): Promise<void> {
  const subject = row.userId === null ? {} : { entityType: 'user', entityId: row.userId };
  const payload = { purpose: attempt.purpose, channel: row.channel, reason };
  await recordEvent(trx, { tenantId: attempt.tenantId, action: 'code.refused', ...subject, payload }, caller);
}

/**
 * Proves an address by its code and uses the code up; of many at once, one is told so. Give the pool as `db`: the attempt
 * is counted and committed before it is compared. Signing in has its own way (code-sign-in.ts).
 * @param settle what follows from the proof, in the transaction that uses the code up: where it throws, the code is as
 *   good as before, but for the attempt
 * @throws DomainError unauthenticated CODE_INVALID; expired CODE_EXPIRED for a code that can no longer be used or is not
 *   one of this challenge, purpose, tenant, destination and person; rate_limited TOO_MANY_ATTEMPTS `{ seconds }`
 */
export async function verifyCode(
  db: Database,
  attempt: CodeAttempt,
  { secrets, caller }: { secrets: Secrets; caller: Caller },
  settle?: (trx: Database, proved: ProvedCode) => Promise<void>,
): Promise<ProvedCode> {
  const code = parseCode(attempt.code);
  if (code === undefined) throw new DomainError('unauthenticated', 'CODE_INVALID');
  const found = await findCode(db, attempt);
  if ('refused' in found) throw found.refused.error;
  const { row } = found;
  const counted = await countCodeAttempt(db, row);
  if ('refused' in counted) throw counted.refused.error;
  if (!isRightCode(secrets, row, { ...counted, code })) {
    await recordRefusal(db, attempt, row, 'wrong_code', caller);
    throw new DomainError('unauthenticated', 'CODE_INVALID');
  }
  return inTransaction(db, async (trx) => {
    if (row.userId !== null) await holdUsers(trx, [row.userId]);
    // Used by another, or out of time since it was counted.
    if (!(await useUpCode(trx, row.id))) throw new DomainError('expired', 'CODE_EXPIRED');
    const proved = { codeId: row.id, destination: row.destination, channel: row.channel };
    await settle?.(trx, proved);
    return proved;
  });
}

/**
 * Ends the codes and links that wait in a tenant for a person: made for them, or sent to an address of theirs. Those of no
 * tenant are for others under the same address too; they let in nobody who may not act.
 */
export async function endCodesOfPerson(
  trx: Database,
  person: { tenantId: string; userId: string; email: string | null; phone: string | null; username: string | null },
): Promise<void> {
  const { tenantId, userId, email, phone, username } = person;
  const name = username === null ? null : usernameDestination(username);
  const addresses = [email, phone, name].filter((address) => address !== null);
  await revokeCodes(trx, { tenantId, person: { userId, addresses } });
}

/** Ends the codes and links that wait in a tenant. */
export async function endCodesOfTenant(trx: Database, tenantId: string): Promise<void> {
  await revokeCodes(trx, { tenantId });
}

/** Deletes rows of codes and links that no limit counts any more. Answers how many went. */
export async function sweepCodes(db: Database): Promise<number> {
  return deleteOldSends(db);
}
