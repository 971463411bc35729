/** Who is locked out at this moment. Who is, by the trail, may have been freed since; the counts decide. */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { accountFailureKeys, accountKey, type FailingUser, hashesOf, lockedAfter } from './sign-in-failures.ts';

const locked = prepared(
  'sign-in-failures-locked',
  `select subject_hash from sign_in_failures where subject_hash = any($1::bytea[]) and failures >= ${lockedAfter}`,
);

/** Those of them who are locked at a door of theirs, by their account or at their second factor. */
export async function findLocked<Person extends FailingUser>(
  db: Database,
  secrets: Secrets,
  people: readonly Person[],
): Promise<Person[]> {
  const keysOf = people.map((person) => [
    ...hashesOf(accountFailureKeys(secrets, person)),
    ...accountKey(secrets, 'factor', person.userId),
  ]);
  const { rows } = await runPrepared<{ subjectHash: Buffer }>(db, locked, [keysOf.flat()]);
  const found = new Set(rows.map(({ subjectHash }) => subjectHash.toString('hex')));
  return people.filter((_, index) => keysOf[index]?.some((key) => found.has(key.toString('hex'))));
}
