/**
 * A key that is touched, as a second factor: a security key that was enrolled as one, or a passkey of the person. Owns that either
 * does, under one challenge of the interaction that asks. What is asked of passkeys that sign in by themselves is not asked
 * here: another factor has been proved.
 */
import type { Database } from '../../../platform/database.ts';
import type { SecondFactor } from '../../factors/second-factor.ts';
import { knownSecurityKeys, proveSecurityKey, touchedAt } from '../../factors/security-keys.ts';
import type { UserOfTenant } from '../../users/users.ts';
import { useUpChallenge } from '../../webauthn/challenges.ts';
import type { KnownKey } from '../../webauthn/verify-made.ts';
import { amrOfKey, answeredChallenge, verifySignature } from '../../webauthn/verify-signed.ts';
import { hasPasskey, selectCredential, selectPasskeys, usePasskey } from './passkey-store.ts';

/** Every key of a person: what a browser may be asked for, and makes no second one beside. */
export async function keysOf(db: Database, user: UserOfTenant): Promise<KnownKey[]> {
  const known = [...(await knownSecurityKeys(db, user)), ...(await selectPasskeys(db, user))];
  return known.map(({ credentialId, transports }) => ({ credentialId, transports }));
}

export const keyFactor: SecondFactor = {
  kind: 'security_key',
  async isHeld(db, user) {
    return (await hasPasskey(db, user)) || (await knownSecurityKeys(db, user)).length > 0;
  },
  async prove(db, user, answer, place) {
    const { secrets, issuer } = place;
    const at = touchedAt(place, user.userId);
    const answered = answeredChallenge(answer, at, secrets);
    if (!answered) return undefined;
    const asKey = await proveSecurityKey(db, user, answered, place);
    if (asKey) return asKey;
    const passkey = await selectCredential(db, answered.credentialId);
    if (passkey?.userId !== user.userId || passkey.tenantId !== user.tenantId) return undefined;
    const signature = await verifySignature(answered, passkey, { issuer, mustVerifyUser: false });
    if (!signature) return undefined;
    const { signCount, backedUp } = signature;
    return async (trx) => {
      if (!(await useUpChallenge(trx, answered.challenge, at, secrets))) return undefined;
      return (await usePasskey(trx, { id: passkey.id, signCount, backedUp })) ? amrOfKey(passkey) : undefined;
    };
  },
};
