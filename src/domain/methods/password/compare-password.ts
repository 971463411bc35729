/** Comparing a password with the accounts that it may be of. Owns that each of them, and nobody, costs the same work. */
import { DomainError } from '../../../platform/errors.ts';
import type { Secrets } from '../../../platform/secrets.ts';
import { openForeignHash } from './foreign-hash.ts';
import type { ForeignWork, PasswordAttempt, PasswordHasher } from './password-hash.ts';
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

export interface Comparing {
  compared: PasswordAttempt;
  passwords: PasswordHasher;
  secrets: Secrets;
  /** What a refusal costs besides, in a tenant where people have not signed in yet whom an import brought. */
  work: ForeignWork;
}

/** One hash for each slot, one after the other; none is spared by what an earlier one found. */
export async function compareAll(
  slots: { row?: CandidateRow; allowed: boolean }[],
  password: string,
  comparing: Comparing,
): Promise<Comparison[]> {
  const results: Comparison[] = [];
  for (const { row, allowed } of slots) {
    const verifiedHash = row?.passwordHash ?? row?.foreignPasswordHash;
    if (!row || !verifiedHash || !allowed) {
      await comparing.compared.verifyAgainstNothing(password, comparing.work);
      if (row) results.push({ row, reason: 'account_slowed' });
      continue;
    }
    const { ok, needsRehash } = await compareOne(row, password, comparing);
    if (!ok) results.push({ row, reason: 'wrong_password' });
    else {
      const newHash = needsRehash ? await rehash(password, comparing.passwords) : null;
      results.push({ row, proof: { verifiedHash, newHash } });
    }
  }
  return results;
}

async function compareOne(
  { userId, passwordHash, foreignPasswordHash }: CandidateRow,
  password: string,
  { compared, secrets, work }: Comparing,
): Promise<{ ok: boolean; needsRehash: boolean }> {
  if (passwordHash !== null) return compared.verify(passwordHash, password, work);
  const foreign = openForeignHash(secrets, userId, foreignPasswordHash ?? '');
  if (foreign) return { ok: await compared.verifyForeign(foreign, password), needsRehash: true };
  await compared.verifyAgainstNothing(password, work);
  return { ok: false, needsRehash: false };
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
