/** The second factors that people enrol or have, in the order in which they are asked for those that they have. */
import type { Database } from '../../platform/database.ts';
import type { SecondFactor } from '../factors/second-factor.ts';
import { totpFactor } from '../factors/totp.ts';
import type { UserOfTenant } from '../users/users.ts';
import { keyFactor } from './passkey/key-factor.ts';

const ownFactors: readonly SecondFactor[] = [keyFactor, totpFactor];

/**
 * Whether a person has something of their own to be asked for, where a second factor is needed. A passkey is, though nobody is
 * asked for a second factor because they have one.
 */
export async function holdsFactor(db: Database, user: UserOfTenant): Promise<boolean> {
  for (const factor of ownFactors) if (await factor.isHeld(db, user)) return true;
  return false;
}
