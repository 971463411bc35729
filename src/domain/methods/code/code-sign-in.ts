/**
 * Signing in with a one-time code. Owns that nobody learns from an answer, its wording or its time whether an account
 * exists: an unknown address is counted and answered as a wrong code is. Failures count as those of a password do, at the
 * address and at the account, and by the hour and the day besides. Refuses a person who may not come in by this channel as it
 * refuses a wrong code.
 *
 * A code that was right proves the address. Where it was not verified before, whatever else could sign in to the account
 * goes (users/prove-address.ts), and the person is told.
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
import { type CodeRow, consumeCode } from '../../codes/sent-codes.ts';
import { type Channel, enqueueMessage, kindOf } from '../../messages/outgoing-message.ts';
import { findPeople, type NoWayIn, noWayIn, type Person } from '../../sign-in/candidates.ts';
import type { ProvedAccount } from '../../sign-in/proved-account.ts';
import {
  accountFailureKeys,
  accountKey,
  clearFailures,
  countAttempt,
  doorKey,
} from '../../sign-in/sign-in-failures.ts';
import { proveAddress } from '../../users/prove-address.ts';
import { holdUsers } from '../../users/user-state.ts';

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
  { secrets, issuer, ...surroundings }: Surroundings & { secrets: Secrets; issuer: string },
): Promise<Person[] | undefined> {
  await holdUsers(
    trx,
    persons.map(({ userId }) => userId),
  );
  if (!(await consumeCode(trx, row.id))) return undefined;
  const proved: Person[] = [];
  const refused: Refusal[] = [...others];
  // In the order of ids: two sign-ins that share accounts wait for each other instead of locking up.
  for (const person of persons.toSorted((left, right) => (left.userId < right.userId ? -1 : 1))) {
    const removed = await comeIn(trx, person, row, surroundings.caller);
    if (removed === undefined) {
      refused.push({ person, reason: 'user_inactive' });
      continue;
    }
    proved.push(person);
    if (removed.length > 0) await tellOfRemoval(trx, person, row, { secrets, issuer });
  }
  if (proved.length > 0)
    await clearFailures(
      trx,
      proved.flatMap((person) => accountFailureKeys(secrets, person)),
    );
  await recordRefusals(trx, refused, surroundings);
  return persons.filter((person) => proved.includes(person));
}

/** What was taken away by the first proof; undefined where the account, or its address, is gone since it was looked up. */
async function comeIn(trx: Database, person: Person, row: CodeRow, caller: Caller): Promise<string[] | undefined> {
  const { tenantId, userId } = person;
  const kind = kindOf(row.channel);
  const self: Caller = { ...caller, type: 'user', id: userId };
  try {
    const proved = { tenantId, userId, kind, address: row.destination, keepCredentials: false };
    return (await proveAddress(trx, proved, self)).removed;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

async function tellOfRemoval(
  trx: Database,
  { tenantId, tenantName, locale }: Person,
  { channel, destination }: CodeRow,
  { secrets, issuer }: { secrets: Secrets; issuer: string },
): Promise<void> {
  await enqueueMessage(
    trx,
    {
      channel,
      to: destination,
      template: 'credentials-removed',
      model: { tenantName, href: `${issuer}/account` },
      locale: locale ?? 'en',
      tenantId,
    },
    { secrets },
  );
}

function provedAccount({ userId, tenantId, tenantName, tenantSlug, fullName, email }: Person): ProvedAccount {
  return { userId, tenantId, tenantName, tenantSlug, name: fullName, email };
}

export interface CodeSignIn extends Omit<CodeAttempt, 'purpose' | 'userId'> {
  /** `link_identity` where the proof is for linking an account at a provider. */
  purpose?: 'login' | 'link_identity';
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
  { secrets, caller, issuer }: { secrets: Secrets; caller: Caller; issuer: string },
): Promise<{ accounts: ProvedAccount[]; amr: string[] }> {
  const code = parseCode(typed.code);
  if (code === undefined) throw new DomainError('unauthenticated', 'CODE_INVALID');
  const attempt: CodeAttempt = { ...typed, purpose };
  const { tenantId, destination } = attempt;
  const found = await findCode(db, attempt);
  // Of a code that is not there the channel is unknown; the address says which kind it was.
  const channel = 'row' in found ? found.row.channel : destination.startsWith('+') ? 'sms' : 'email';
  const surroundings = { tenantId, channel, caller };

  const people = await findPeople(db, { destination, channel, tenantId });
  const about = (person: Person) => noWayIn(person, { destination, channel, serverCountries: [] });
  const candidates = people.filter((person) => about(person) === undefined);
  // Who is told of in the trail: the candidates, else the person the address would mean, else nobody.
  const [other] = people;
  const bystanders: Refusal[] =
    candidates.length > 0 ? [] : [{ person: other, reason: (other && about(other)) ?? 'unknown_account' }];
  const refuse = async (reason: Reason, error: DomainError): Promise<never> => {
    const refusals = candidates.length > 0 ? candidates.map((person) => ({ person, reason })) : bystanders;
    await recordRefusals(db, refusals, surroundings);
    throw error;
  };
  const wrong = () => new DomainError('unauthenticated', 'CODE_INVALID');
  if ('refused' in found) return refuse(found.refused.reason, found.refused.error);
  const { row } = found;

  const [door] = await countAttempt(db, [doorKey(secrets, tenantId, destination)]);
  if (!door || (!door.allowed && door.locked))
    return refuse('account_locked', new DomainError('rate_limited', 'ACCOUNT_LOCKED'));
  if (!door.allowed)
    return refuse('account_slowed', new DomainError('rate_limited', 'TOO_MANY_ATTEMPTS', { seconds: door.seconds }));

  // Nobody's account is counted as well, so that it costs the same statement.
  const names = candidates.length > 0 ? candidates.map(({ userId }) => userId) : [`nobody:0:${destination}`];
  const verdicts = await countAttempt(
    db,
    names.map((name) => accountKey(secrets, name)),
  );
  const counted = await countCodeAttempt(db, row, candidates);
  if ('refused' in counted) return refuse(counted.refused.reason, counted.refused.error);

  const isRight = isRightCode(secrets, row, counted.codeHash, code);
  const slowed = (person: Person, index: number) =>
    verdicts[index]?.allowed !== true || counted.slowedUsers.has(person.userId);
  const persons = candidates.filter((person, index) => !slowed(person, index));
  const held = candidates.filter(slowed).map((person): Refusal => ({ person, reason: 'account_slowed' }));
  if (!isRight || persons.length === 0) {
    const refusals = persons.map((person): Refusal => ({ person, reason: 'wrong_code' }));
    await recordRefusals(db, [...bystanders, ...held, ...refusals], surroundings);
    throw wrong();
  }

  const proof = { row, persons, others: held };
  const proved = await inTransaction(db, (trx) => settle(trx, proof, { ...surroundings, secrets, issuer }));
  if (proved === undefined) return refuse('code_used', new DomainError('expired', 'CODE_EXPIRED'));
  if (proved.length === 0) throw wrong();
  return { accounts: proved.map(provedAccount), amr: row.channel === 'sms' ? ['otp', 'sms'] : ['otp'] };
}
