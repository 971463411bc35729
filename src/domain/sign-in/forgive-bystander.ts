/** What becomes of a failure at one account by an attempt that proved another one of the same address. */
import { type Database, rows } from '../../platform/database.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { accountKey, bystanderKey, type CountedWay, countAttempt } from './sign-in-failures.ts';

const giveBack = `with held as (
     select subject_hash from sign_in_failures where subject_hash = any(?::bytea[]) order by subject_hash for update
   )
   update sign_in_failures f set failures = greatest(f.failures - 1, 0) from held where f.subject_hash = held.subject_hash`;

/**
 * An attempt that proved one account is no failure of another one beside it, for the same person has both. Nor may somebody
 * who has an account of that address elsewhere guess at the other by it without end: what it was proved by counts there as
 * the one guess that it is, and never again.
 * @param proof what the attempt proved an account by: another one for each password that the account has
 * @returns whether the failure was given back
 */
export async function forgiveBystander(
  trx: Database,
  secrets: Secrets,
  { way, userId, proof }: { way: CountedWay; userId: string; proof: string },
): Promise<boolean> {
  const guess = bystanderKey(secrets, way, userId, proof);
  const known = await rows(trx, 'select 1 from sign_in_failures where subject_hash = any(?::bytea[])', [guess]);
  if (known.length === 0) {
    await countAttempt(trx, [guess]);
    return false;
  }
  await rows(trx, giveBack, [accountKey(secrets, way, userId)]);
  return true;
}
