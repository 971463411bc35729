/**
 * Signing in with a one-time code. Owns that nobody learns from an answer, its wording or its time whether an account
 * exists: an unknown address is counted and answered as a wrong code is. Failures count as those of a password do and apart
 * from them, at the address and at the account or at a browser that the person has signed in with, and by the hour and the day
 * besides. Refuses a person who may not come in by this channel as it
 * refuses a wrong code.
 *
 * A code that was right proves the address. Where it was not verified before, whatever else could sign in to the account
 * goes (sign-in/prove-address.ts), and the person is told.
 */
import { type Database, inTransaction } from '../../../platform/database.ts';
import { DomainError } from '../../../platform/errors.ts';
import type { Secrets } from '../../../platform/secrets.ts';
import { type Caller, recordEvents } from '../../audit/audit-events.ts';
import {
  type CodeAttempt,
  countCodeAttempt,
  findCode,
  isRightCode,
  type NotCompared,
  parseCode,
} from '../../codes/code-attempts.ts';
import { type CodeRow, type TypedCodeRow, useUpCode } from '../../codes/sent-codes.ts';
import type { Channel } from '../../messages/outgoing-message.ts';
import { whoKnowsDevice } from '../../sessions/known-devices.ts';
import { addressOf, findPeople, type NoWayIn, noWayIn, type Person } from '../../sign-in/candidates.ts';
import { type ProofDependencies, proveAddress } from '../../sign-in/prove-address.ts';
import type { ProvedAccount } from '../../sign-in/proved-account.ts';
import {
  type AttemptVerdict,
  accountFailureKeys,
  accountKey,
  clearFailures,
  countAttempt,
  deviceKey,
  doorKey,
} from '../../sign-in/sign-in-failures.ts';
import { holdUsers } from '../../users/user-state.ts';
import { destinationText } from '../../users/username.ts';

type Reason = NoWayIn | NotCompared | 'account_locked' | 'account_slowed' | 'unknown_account' | 'wrong_code';

interface Refusal {
  person?: Person;
  reason: Reason;
}

interface Surroundings {
  tenantId: string | null;
  channel: Channel;
  caller: Caller;
}

/** In one statement, however many accounts an address has. */
async function recordRefusals(
  trx: Database,
  refusals: readonly Refusal[],
  { tenantId, channel, caller }: Surroundings,
): Promise<void> {
  const events = refusals.map(({ person, reason }) => {
    const subject = person ? { entityType: 'user', entityId: person.userId } : {};
    const payload = { method: 'otp', channel, reason };
    return { tenantId: person?.tenantId ?? tenantId, action: 'login.failed', ...subject, payload };
  });
  await recordEvents(trx, events, caller);
}

interface Proof {
  row: CodeRow;
  /** Whom the code may prove, in the order in which they are offered. */
  persons: readonly Person[];
  /** Who is told of in the trail besides. */
  others: readonly Refusal[];
}

/**
 * Uses the code up and marks the address as verified, all or nothing. Answers who was proved; undefined where the code
 * was used or ran out meanwhile.
 */
async function settle(
  trx: Database,
  { row, persons, others }: Proof,
  deps: Surroundings & ProofDependencies & { knownHere: ReadonlySet<string> },
): Promise<Person[] | undefined> {
  await holdUsers(
    trx,
    persons.map(({ userId }) => userId),
  );
  if (!(await useUpCode(trx, row.id))) return undefined;
  const proved: Person[] = [];
  const refused: Refusal[] = [...others];
  // In the order of ids: two sign-ins that share accounts wait for each other instead of locking up.
  for (const person of persons.toSorted((left, right) => (left.userId < right.userId ? -1 : 1))) {
    if (await comeIn(trx, person, row, deps)) proved.push(person);
    else refused.push({ person, reason: 'user_inactive' });
  }
  // A known device was never held up by what strangers counted, so it does not give them back their guesses.
  const { secrets, caller, knownHere } = deps;
  const keys = proved.map((person) =>
    knownHere.has(person.userId) && caller.device
      ? { doors: [deviceKey(secrets, 'code', person.userId, caller.device)], accounts: [] }
      : accountFailureKeys(secrets, person),
  );
  if (keys.length > 0)
    await clearFailures(trx, {
      doors: keys.flatMap(({ doors }) => doors),
      accounts: keys.flatMap(({ accounts }) => accounts),
    });
  await recordRefusals(trx, refused, deps);
  return persons.filter((person) => proved.includes(person));
}

/** False where the account, or its address, is gone since it was looked up. */
async function comeIn(trx: Database, person: Person, row: CodeRow, deps: ProofDependencies): Promise<boolean> {
  const { channel } = row;
  const address = addressOf(person, row);
  if (address === null) return false;
  const { tenantId, userId } = person;
  const caller: Caller = { ...deps.caller, type: 'user', id: userId };
  try {
    await proveAddress(trx, { tenantId, userId, channel, address, locale: 'en' }, { ...deps, caller });
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'NOT_FOUND') return false;
    throw error;
  }
}

function provedAccount({ userId, tenantId, tenantName, tenantSlug, fullName, email }: Person): ProvedAccount {
  return { userId, tenantId, tenantName, tenantSlug, name: fullName, email };
}

export interface CodeSignIn extends Omit<CodeAttempt, 'purpose' | 'userId'> {
  /** `link_identity` where the proof is for linking an account at a provider. */
  purpose?: 'login' | 'link_identity';
}

interface Meant {
  /** Whom a right code may let in. */
  candidates: readonly Person[];
  /** Who is told of in the trail where nobody may come in: the person the address would mean, else nobody. */
  bystanders: readonly Refusal[];
}

/** Whom the address or the username means, whether or not there is a code for it. */
async function findMeant(
  db: Database,
  asked: Pick<CodeRow, 'destination' | 'createdAt' | 'reached'>,
  { tenantId, channel }: Surroundings,
): Promise<Meant> {
  const { destination, createdAt, reached } = asked;
  const people = await findPeople(db, { destination, channel, tenantId });
  const about = (person: Person) => noWayIn(person, { destination, channel, createdAt, reached, serverCountries: [] });
  const candidates = people.filter((person) => about(person) === undefined);
  const [other] = people;
  const reason = (other && about(other)) ?? 'unknown_account';
  return { candidates, bystanders: candidates.length > 0 ? [] : [{ person: other, reason }] };
}

interface Attempted {
  attempt: CodeAttempt;
  /** Six digits. */
  code: string;
  row: TypedCodeRow;
  candidates: readonly Person[];
  /** Who of them has signed in with this browser before. */
  knownHere: ReadonlySet<string>;
}

/** Why nothing was compared, and what the person is told. */
interface NotTried {
  refused: { reason: Reason; error: DomainError };
}

function heldUp(door: AttemptVerdict | undefined): NotTried | undefined {
  if (door?.allowed) return undefined;
  if (!door || door.locked)
    return { refused: { reason: 'account_locked', error: new DomainError('rate_limited', 'ACCOUNT_LOCKED') } };
  const error = new DomainError('rate_limited', 'TOO_MANY_ATTEMPTS', { seconds: door.seconds });
  return { refused: { reason: 'account_slowed', error } };
}

/**
 * Counts the attempt and answers which of the candidates are held up. At a browser that none of them knows, the door speaks
 * for all; at one that somebody knows, that person's own count there does, and the others are counted as ever.
 */
async function countAll(
  db: Database,
  { attempt, candidates, knownHere }: Attempted,
  { secrets, device }: { secrets: Secrets; device: Buffer | undefined },
): Promise<NotTried | { held: Set<Person> }> {
  const known = device ? candidates.filter(({ userId }) => knownHere.has(userId)) : [];
  const strangers = candidates.filter((person) => !known.includes(person));
  const doors =
    device && known.length > 0
      ? known.map(({ userId }) => deviceKey(secrets, 'code', userId, device))
      : [doorKey(secrets, 'code', attempt.tenantId, destinationText(attempt.destination))];
  // Nobody's account is counted as well, so that it costs the same statement.
  const names = candidates.length > 0 ? strangers.map(({ userId }) => userId) : [`nobody:0:${attempt.destination}`];
  const accounts = names.map((name) => accountKey(secrets, 'code', name));
  const counted = await countAttempt(db, doors, accounts);
  const refusals = counted.doors.map(heldUp);
  const [refused] = refusals;
  if (refused && refusals.every((refusal) => refusal !== undefined)) return refused;

  const held = new Set(strangers.filter((_, index) => counted.accounts[index] !== true));
  if (known.length > 0) for (const [index, person] of known.entries()) if (refusals[index]) held.add(person);
  return { held };
}

/**
 * Counts the attempt at the address, the accounts and the code, in this order and in the same statements for everybody,
 * and compares. Answers whether the code is right, and who of the candidates is held up.
 */
async function tryCode(
  db: Database,
  attempted: Attempted,
  { secrets, device }: { secrets: Secrets; device: Buffer | undefined },
): Promise<NotTried | { isRight: boolean; held: ReadonlySet<Person> }> {
  const { code, row, candidates } = attempted;
  const first = await countAll(db, attempted, { secrets, device });
  if ('refused' in first) return first;
  const counted = await countCodeAttempt(db, row, candidates);
  if ('refused' in counted) return counted;
  const held = candidates.filter((person) => first.held.has(person) || counted.slowedUsers.has(person.userId));
  // Of a username, which means one person at the most.
  const personId = candidates[0]?.userId ?? null;
  return { isRight: isRightCode(secrets, row, { ...counted, code, personId }), held: new Set(held) };
}

/**
 * Compares a code with the one that was sent to an address, and answers the account there, or without a tenant the
 * accounts in up to ten tenants. Writes `login.failed` for every account that was not proved; `login.succeeded` is
 * written where the session is stored. Give the pool as `db`.
 * @returns at least one account, the last used first (more than one: the person chooses), and the RFC 8176 methods
 * @throws DomainError unauthenticated CODE_INVALID, expired CODE_EXPIRED, rate_limited TOO_MANY_ATTEMPTS `{ seconds }` or
 *   ACCOUNT_LOCKED
 */
export async function signInWithCode(
  db: Database,
  { purpose = 'login', ...typed }: CodeSignIn,
  deps: ProofDependencies,
): Promise<{ accounts: ProvedAccount[]; amr: string[] }> {
  const code = parseCode(typed.code);
  if (code === undefined) throw wrongCode();
  const attempt: CodeAttempt = { ...typed, purpose };
  const { tenantId, destination } = attempt;
  const found = await findCode(db, attempt);
  // Of a code that is not there the channel is unknown; the address says which kind it was.
  const channel = 'row' in found ? found.row.channel : destination.startsWith('+') ? 'sms' : 'email';
  const surroundings = { tenantId, channel, caller: deps.caller };
  const asked = 'row' in found ? found.row : { destination, createdAt: new Date(), reached: null };
  const { candidates, bystanders } = await findMeant(db, asked, surroundings);
  const refuse = async (reason: Reason, error: DomainError): Promise<never> => {
    const refusals = candidates.length > 0 ? candidates.map((person) => ({ person, reason })) : bystanders;
    await recordRefusals(db, refusals, surroundings);
    throw error;
  };
  if ('refused' in found) return refuse(found.refused.reason, found.refused.error);

  const { row } = found;
  const { device } = deps.caller;
  const knownHere = await whoKnowsDevice(db, candidates, device);
  const tried = await tryCode(db, { attempt, code, row, candidates, knownHere }, { secrets: deps.secrets, device });
  if ('refused' in tried) return refuse(tried.refused.reason, tried.refused.error);
  const held = [...tried.held].map((person): Refusal => ({ person, reason: 'account_slowed' }));
  const persons = candidates.filter((person) => !tried.held.has(person));
  if (!tried.isRight || persons.length === 0) {
    const wrong = persons.map((person): Refusal => ({ person, reason: 'wrong_code' }));
    await recordRefusals(db, [...bystanders, ...held, ...wrong], surroundings);
    throw wrongCode();
  }

  const proved = await inTransaction(db, (trx) =>
    settle(trx, { row, persons, others: held }, { ...surroundings, ...deps, knownHere }),
  );
  if (proved === undefined) return refuse('code_used', new DomainError('expired', 'CODE_EXPIRED'));
  if (proved.length === 0) throw wrongCode();
  return { accounts: proved.map(provedAccount), amr: row.channel === 'sms' ? ['otp', 'sms'] : ['otp'] };
}

function wrongCode(): DomainError {
  return new DomainError('unauthenticated', 'CODE_INVALID');
}
