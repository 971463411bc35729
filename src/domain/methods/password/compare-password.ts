/** Comparing a password with the accounts that it may be of. Owns that each of them, and nobody, costs the same work. */
import { DomainError } from '../../../platform/errors.ts';
import type { PasswordAttempt, PasswordHasher } from './password-hash.ts';
import type { NoPasswordWay } from './password-rules.ts';
import type { CandidateRow } from './password-store.ts';

/** Why an account was not proved, for the trail. */
export type Reason = NoPasswordWay | 'account_locked' | 'account_slowed' | 'unknown_account' | 'wrong_password';

export interface Comparison {
  row: CandidateRow;
  reason?: Reason;
  /** Set where the password was right. */
  proof?: { verifiedHash: string; newHash: string | null };
}

/** One hash for each slot, one after the other; none is spared by what an earlier one found. */
export async function compareAll(
  slots: { row?: CandidateRow; allowed: boolean }[],
  password: string,
  { compared, passwords }: { compared: PasswordAttempt; passwords: PasswordHasher },
): Promise<Comparison[]> {
  const results: Comparison[] = [];
  for (const { row, allowed } of slots) {
    const verifiedHash = row?.passwordHash;
    if (!row || !verifiedHash || !allowed) {
      await compared.verifyAgainstNothing(password);
      if (row) results.push({ row, reason: 'account_slowed' });
      continue;
    }
    const { ok, needsRehash } = await compared.verify(verifiedHash, password);
    if (!ok) results.push({ row, reason: 'wrong_password' });
    else {
      const newHash = needsRehash ? await rehash(password, passwords) : null;
      results.push({ row, proof: { verifiedHash, newHash } });
    }
  }
  return results;
}

/** A stronger hash is welcome, not necessary: where the queue is full, the next sign-in makes it. */
async function rehash(password: string, passwords: PasswordHasher): Promise<string | null> {
  try {
    return await passwords.hash(password);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'SERVICE_BUSY') return null;
    throw error;
  }
}
