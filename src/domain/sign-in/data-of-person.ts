/** What failed sign-ins are counted under for a person: told. They are erased as they are forgotten (sign-in-failures.ts). */
import { type Database, rows } from '../../platform/database.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { accountFailureKeys, accountKey, hashesOf } from './sign-in-failures.ts';

interface FailuresOfPerson {
  failures: number;
  lastFailedAt: Date;
}

export async function exportFailuresOf(
  db: Database,
  person: Parameters<typeof accountFailureKeys>[1],
  secrets: Secrets,
): Promise<FailuresOfPerson[]> {
  return rows<FailuresOfPerson>(
    db,
    'select failures, last_failed_at from sign_in_failures where subject_hash = any(?::bytea[]) order by last_failed_at',
    [[...hashesOf(accountFailureKeys(secrets, person)), ...accountKey(secrets, 'factor', person.userId)]],
  );
}
