/**
 * Typing a one-time code. Owns that an attempt is counted before anything is compared, in one statement: a code is tried
 * five times at the most, however many tries arrive at once; that failures are counted over all codes of a destination
 * and so outlive the code, the browser and the tenant; and that a code counts for the browser, purpose, tenant, person
 * and destination that it was made for alone; one that was asked for by a username also for the person whom it was sent to.
 * Expiry is decided by the database's clock.
 */
import { createHmac } from 'node:crypto';
import { type Database, inTransaction } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { defineSecretPurpose, equalInConstantTime, type Secrets, sha256 } from '../../platform/secrets.ts';
import { usernameDestination, usernameOf } from '../users/username.ts';
import { codeLimits } from './code-limits.ts';
import { type FailureRow, lockNames, selectFailures, selectNewestCode, takeAttempt } from './code-store.ts';
import type { CodeRow, SendPurpose, TypedCodeRow } from './sent-codes.ts';

export const codeCodes = defineCodes({
  CODE_EXPIRED: { kind: 'expired', means: 'the code is too old, used, replaced, or was tried too often' },
  CODE_INVALID: { kind: 'unauthenticated', means: 'the code is another one' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof codeCodes> {}
}

const hashedCodes = defineSecretPurpose('one-time-codes');

export type CodePurpose = Exclude<SendPurpose, 'reset_password'>;

export interface CodeAttempt {
  /** As it was given to `requestCode`. */
  challenge: string;
  purpose: CodePurpose;
  tenantId: string | null;
  /** As `requestCode` answered it. */
  destination: string;
  /** As typed. */
  code: string;
  /** For whom it was asked for, if somebody was signed in then. */
  userId?: string | null;
}

/** Why nothing was compared. */
export type NotCompared = 'code_exhausted' | 'code_expired' | 'code_unknown' | 'code_used' | 'too_many_failures';

export type Refused = { reason: NotCompared; error: DomainError };

/** Six digits, or undefined. Spaces, hyphens and invisible marks are dropped; full-width digits are digits. */
export function parseCode(typed: unknown): string | undefined {
  if (typeof typed !== 'string' || typed.length > 64) return undefined;
  const code = typed.normalize('NFKC').replace(/[\s\p{Pd}\p{Cf}]/gu, '');
  return /^[0-9]{6}$/.test(code) ? code : undefined;
}

type BoundTo = Pick<CodeRow, 'id' | 'purpose' | 'destination' | 'tenantId'>;

/** A code with all that it is good for: the hash of one row is worth nothing in another. */
function boundCode({ id, purpose, destination, tenantId }: BoundTo, code: string, personId: string | null): string {
  const person = usernameOf(destination) === undefined ? [] : [personId];
  return JSON.stringify([id, purpose, destination, tenantId, ...person, code]);
}

/**
 * What is stored of a code.
 * @param personId of one that was asked for by a username: whom it is sent to; of nobody's, it is no code at all
 */
export function hashCode(secrets: Secrets, row: BoundTo, code: string, personId: string | null = null): Buffer {
  return secrets.mac(hashedCodes, boundCode(row, code, personId));
}

/** Seconds until these failures are few enough again; 0 where they are now. */
export function failureWait(failures: readonly Pick<FailureRow, 'failures' | 'ageSeconds'>[]): number {
  const wait = (most: number, windowSeconds: number): number => {
    let count = 0;
    // From the newest on: the one that makes them too many has to leave the window.
    for (const row of failures.toSorted((left, right) => left.ageSeconds - right.ageSeconds)) {
      if (row.ageSeconds >= windowSeconds) break;
      count += row.failures;
      if (count >= most) return windowSeconds - row.ageSeconds;
    }
    return 0;
  };
  return Math.ceil(Math.max(wait(codeLimits.failuresPerHour, 3_600), wait(codeLimits.failuresPerDay, 86_400)));
}

/** What strangers typed holds up nobody at a browser of their own. */
function countedFor(row: Pick<TypedCodeRow, 'knownDevice'> | undefined, failures: readonly FailureRow[]): FailureRow[] {
  return failures.filter(({ knownDevice }) => knownDevice || !row?.knownDevice);
}

function expired(reason: NotCompared): Refused {
  return { reason, error: new DomainError('expired', 'CODE_EXPIRED') };
}

function slowed(seconds: number): Refused {
  return {
    reason: 'too_many_failures',
    error: new DomainError('rate_limited', 'TOO_MANY_ATTEMPTS', { seconds: Math.max(1, seconds) }),
  };
}

/** The code that an attempt is about, if it may be tried; only looks. A flood of guesses ends here, without a lock. */
export async function findCode(
  db: Database,
  attempt: CodeAttempt,
): Promise<{ row: TypedCodeRow } | { refused: Refused }> {
  const row = await selectNewestCode(db, sha256(attempt.challenge));
  const ofDestination = (await selectFailures(db, [attempt.destination])).filter(isOf(attempt));
  const seconds = failureWait(countedFor(row, ofDestination));
  if (seconds > 0) return { refused: slowed(seconds) };
  const matches =
    row?.purpose === attempt.purpose &&
    row.tenantId === attempt.tenantId &&
    row.destination === attempt.destination &&
    row.userId === (attempt.userId ?? null);
  if (!matches) return { refused: expired('code_unknown') };
  if (row.used) return { refused: expired('code_used') };
  if (row.expired) return { refused: expired('code_expired') };
  if (row.exhausted) return { refused: expired('code_exhausted') };
  return { row };
}

/** An address is one mailbox or one phone for all tenants; a username is its tenant's. */
function isOf({ destination, tenantId }: Pick<CodeRow, 'destination' | 'tenantId'>) {
  const isUsername = usernameOf(destination) !== undefined;
  return (failure: FailureRow) => failure.destination === destination && (!isUsername || failure.tenantId === tenantId);
}

/** An account that a code may prove; wrong codes are counted over its addresses and its username. */
interface CountedAccount {
  userId: string;
  tenantId: string;
  email: string | null;
  phone: string | null;
  username: string | null;
}

function destinationsOf({ email, phone, username }: CountedAccount): string[] {
  const name = username === null ? null : usernameDestination(username);
  return [email, phone, name].filter((destination) => destination !== null);
}

function failuresOf(account: CountedAccount, failures: readonly FailureRow[]): FailureRow[] {
  const destinations = destinationsOf(account);
  return failures.filter(
    ({ destination, tenantId }) =>
      (tenantId === null || tenantId === account.tenantId) && destinations.includes(destination),
  );
}

/** Seconds until a code that is typed for a destination is compared again; 0 where it is now. Counts nothing. */
export async function findFailureWait(db: Database, account: CountedAccount, destination: string): Promise<number> {
  const failures = await selectFailures(db, [...new Set([destination, ...destinationsOf(account)])]);
  const here = failures.filter((failure) => failure.destination === destination);
  return Math.max(failureWait(countedFor(undefined, here)), failureWait(failuresOf(account, failures)));
}

/**
 * Counts one attempt. Committed before anything is compared: what follows may fail, the count stands. The statements are
 * the same for any number of accounts.
 * @returns the stored hash to compare with, and which of the accounts have failed too often at their other address
 */
export async function countCodeAttempt(
  db: Database,
  row: Pick<TypedCodeRow, 'id' | 'destination' | 'tenantId' | 'knownDevice'>,
  accounts: readonly CountedAccount[] = [],
): Promise<{ codeHash: Buffer; slowedUsers: ReadonlySet<string> } | { refused: Refused }> {
  const { id, destination } = row;
  const destinations = new Set([destination, ...accounts.flatMap(destinationsOf)]);
  return inTransaction(db, async (trx) => {
    await lockNames(trx, [destination, ...accounts.map(({ userId }) => `account:${userId}`)]);
    const failures = countedFor(row, await selectFailures(trx, [...destinations]));
    const seconds = failureWait(failures.filter(isOf(row)));
    if (seconds > 0) return { refused: slowed(seconds) };
    const codeHash = await takeAttempt(trx, id);
    // Used up, replaced or out of time since it was looked at.
    if (!codeHash) return { refused: expired('code_exhausted') };
    const slowedUsers = accounts.filter((account) => failureWait(failuresOf(account, failures)) > 0);
    return { codeHash, slowedUsers: new Set(slowedUsers.map(({ userId }) => userId)) };
  });
}

/** Also under older keys: while a new one is rolled out, nodes make codes by either. @param personId as for `hashCode` */
export function isRightCode(
  secrets: Secrets,
  row: BoundTo,
  { codeHash, code, personId = null }: { codeHash: Buffer; code: string; personId?: string | null },
): boolean {
  const bound = boundCode(row, code, personId);
  return secrets
    .keys(hashedCodes)
    .map((key) => equalInConstantTime(codeHash, createHmac('sha256', key).update(bound).digest()))
    .includes(true);
}
