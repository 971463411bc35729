/**
 * Recovery codes: what gets a person in who has lost their second factor. Ten, shown once, kept as keyed hashes, each used
 * once. They stand beside something enrolled and are no factor alone: with the last factor they are gone.
 */
import { randomInt } from 'node:crypto';
import type { Database } from '../../platform/database.ts';
import { defineSecretPurpose, type Secrets } from '../../platform/secrets.ts';
import type { UserOfTenant } from '../users/users.ts';
import { countRecoveryCodes, replaceRecoveryCodes, selectFactors, useUpRecoveryCode } from './factor-store.ts';
import type { SecondFactor } from './second-factor.ts';

const recoveryCodes = defineSecretPurpose('recovery-codes');

const howMany = 10;
// Without i, l, o, 0 and 1, which are taken for each other. 31 letters, ten of them: 49 bits.
const letters = '23456789abcdefghjkmnpqrstuvwxyz';

const hashed = (userId: string, code: string) => `${userId}:${code}`;

/** As it is written down: `7kfd2-x9mqa`. */
function newCode(): string {
  const drawn = Array.from({ length: 10 }, () => letters[randomInt(letters.length)]).join('');
  return `${drawn.slice(0, 5)}-${drawn.slice(5)}`;
}

/** Replaces all that there were. @returns the new codes, which nobody can be told again */
export async function makeRecoveryCodes(trx: Database, user: UserOfTenant, secrets: Secrets): Promise<string[]> {
  const codes = Array.from({ length: howMany }, newCode);
  const hashes = codes.map((code) => secrets.mac(recoveryCodes, hashed(user.userId, code.replace('-', ''))));
  await replaceRecoveryCodes(trx, { ...user, hashes });
  return codes;
}

export const recoveryCodeFactor: SecondFactor = {
  kind: 'recovery_code',
  async isHeld(db, user) {
    return (await selectFactors(db, user)).length > 0 && (await countRecoveryCodes(db, user)) > 0;
  },
  async prove(_db, user, answer, { secrets }) {
    const typed = answer.toLowerCase().replace(/[^a-z0-9]/g, '');
    if (typed.length !== 10) return undefined;
    const hashes = secrets.macs(recoveryCodes, hashed(user.userId, typed));
    // Looked for where it is used up: one statement tells a right code from a wrong one.
    return async (trx) => {
      if ((await selectFactors(trx, user)).length === 0) return undefined;
      return (await useUpRecoveryCode(trx, user, hashes)) ? ['otp'] : undefined;
    };
  },
};
