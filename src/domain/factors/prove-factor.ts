/**
 * Proving a second factor. Owns that an attempt is counted before anything is compared, apart from those at the first factor:
 * a right password gives no guess back, and neither does a recovered one. At a browser that the person has signed in with
 * they have a count of their own, so that whoever knows the password cannot shut them out. A reset that waits is taken back
 * by a proof: whoever asked for it was not the person.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { whoKnowsDevice } from '../sessions/known-devices.ts';
import { accountKey, clearFailures, countAttempt, deviceKey, type FailureKey } from '../sign-in/sign-in-failures.ts';
import { lockForSignIn } from '../users/user-state.ts';
import type { UserOfTenant } from '../users/users.ts';
import { keepFactors } from './factor-store.ts';
import type { FactorPlace, SecondFactor, UseUp } from './second-factor.ts';

export interface FactorProof {
  user: UserOfTenant;
  factor: Pick<SecondFactor, 'kind' | 'prove'>;
  answer: string;
}

interface ProofDependencies extends Omit<FactorPlace, 'now'> {
  caller: Caller;
}

async function keyOf(db: Database, user: UserOfTenant, { secrets, caller }: ProofDependencies): Promise<FailureKey> {
  const { device } = caller;
  const isKnown = device !== undefined && (await whoKnowsDevice(db, [user], device)).has(user.userId);
  return isKnown ? deviceKey(secrets, 'factor', user.userId, device) : accountKey(secrets, 'factor', user.userId);
}

function eventOf({ user, factor }: FactorProof, reason: string) {
  const { tenantId, userId } = user;
  const payload = { method: factor.kind, reason };
  return { tenantId, action: 'login.failed', entityType: 'user', entityId: userId, payload };
}

/** Counts the attempt. @throws DomainError rate_limited TOO_MANY_ATTEMPTS `{ seconds }`, FACTOR_LOCKED */
async function admit(db: Database, proof: FactorProof, key: FailureKey, caller: Caller): Promise<void> {
  const [verdict] = (await countAttempt(db, [key])).doors;
  if (verdict?.allowed) return;
  const isLocked = !verdict || verdict.locked;
  await recordEvent(db, eventOf(proof, isLocked ? 'second_factor_locked' : 'second_factor_slowed'), caller);
  if (isLocked) throw new DomainError('rate_limited', 'FACTOR_LOCKED');
  throw new DomainError('rate_limited', 'TOO_MANY_ATTEMPTS', { seconds: verdict.seconds });
}

/** Uses the answer up, and what follows from it. */
async function settle(
  db: Database,
  { proof: { user, factor }, key, useUp }: { proof: FactorProof; key: FailureKey; useUp: UseUp },
  caller: Caller,
): Promise<readonly string[] | undefined> {
  return inTransaction(db, async (trx) => {
    const person = await lockForSignIn(trx, user.userId);
    if (person?.tenantId !== user.tenantId) return undefined;
    const amr = await useUp(trx);
    if (!amr) return undefined;
    await clearFailures(trx, { doors: [key], accounts: [] });
    const about = { tenantId: user.tenantId, entityType: 'user', entityId: user.userId };
    if (factor.kind === 'recovery_code') await recordEvent(trx, { ...about, action: 'recovery_code.used' }, caller);
    if (await keepFactors(trx, user, factor.kind))
      await recordEvent(trx, { ...about, action: 'factors.reset_cancelled' }, caller);
    return amr;
  });
}

/**
 * Give the pool as `db`: what is counted stays counted.
 * @returns what it adds to `amr` (RFC 8176)
 * @throws DomainError unauthenticated FACTOR_INVALID, rate_limited TOO_MANY_ATTEMPTS `{ seconds }` or FACTOR_LOCKED
 */
export async function proveFactor(db: Database, proof: FactorProof, deps: ProofDependencies): Promise<string[]> {
  const { user, factor, answer } = proof;
  const caller: Caller = { ...deps.caller, type: 'user', id: user.userId };
  const key = await keyOf(db, user, deps);
  await admit(db, proof, key, caller);
  const useUp = await factor.prove(db, user, answer, { ...deps, now: new Date() });
  const amr = useUp && (await settle(db, { proof, key, useUp }, caller));
  if (!amr) {
    await recordEvent(db, eventOf(proof, 'wrong_factor'), caller);
    throw new DomainError('unauthenticated', 'FACTOR_INVALID');
  }
  return [...amr, 'mfa'];
}
