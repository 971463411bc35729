/**
 * Security keys as a second factor (WebAuthn Level 3): what is touched after a password or a code was proved. Owns that no
 * verification of the person is asked for, as something else has proved what they know; and that a copied key, whose counter
 * falls behind, proves nothing. A passkey of the person does as well: that is for methods/passkey.
 */
import { type Database, violatedConstraint } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Secrets } from '../../platform/secrets.ts';
import type { UserOfTenant } from '../users/users.ts';
import { type AskedAt, useUpChallenge } from '../webauthn/challenges.ts';
import { checkKeyName } from '../webauthn/key-name.ts';
import { creationOptions, type KeyOwner, type KnownKey, verifyMadeKey } from '../webauthn/verify-made.ts';
import { type AnsweredChallenge, amrOfKey, verifySignature } from '../webauthn/verify-signed.ts';
import { type Enrolling, enrolFactor, type FactorDependencies } from './factors.ts';
import type { FactorPlace, UseUp } from './second-factor.ts';
import { insertSecurityKey, selectSecurityKeys, useSecurityKey } from './security-key-store.ts';

export const securityKeyCodes = defineCodes({
  SECURITY_KEY_LIMIT: { kind: 'conflict', means: 'the person has as many security keys as one may have' },
  SECURITY_KEY_REFUSED: { kind: 'unauthenticated', means: 'no key of the person has signed what was asked' },
  SECURITY_KEY_NOT_ADDED: { kind: 'invalid', means: 'what the browser sent is no new security key that was asked for' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof securityKeyCodes> {}
}

const mostSecurityKeys = 10;

/** Where a key is added: the uid of an interaction, or the hash of a session in hexadecimal digits. */
export interface AddingKeyAt {
  userId: string;
  place: string;
}

const addedAt = ({ place, userId }: AddingKeyAt): AskedAt => ({ purpose: 'add-factor', place: `${place}:${userId}` });

/** Where a person is asked to touch a key that they have. */
export function touchedAt({ interactionUid }: Pick<FactorPlace, 'interactionUid'>, userId: string): AskedAt {
  return { purpose: 'factor', place: `${interactionUid}:${userId}` };
}

/** The security keys of a person, for browsers to tell apart from others. */
export async function knownSecurityKeys(db: Database, user: UserOfTenant): Promise<KnownKey[]> {
  return selectSecurityKeys(db, user);
}

/** What a browser is asked for: `PublicKeyCredentialCreationOptionsJSON`. @param known keys that make no second one */
export function securityKeyToAdd(
  owner: KeyOwner,
  { place, known }: { place: string; known: readonly KnownKey[] },
  deps: { secrets: Secrets; issuer: string; partyName: string },
): Record<string, unknown> {
  return creationOptions(owner, { at: addedAt({ userId: owner.userId, place }), known, isPasskey: false }, deps);
}

export interface MadeSecurityKey extends Enrolling {
  place: string;
  /** The JSON form of what the authenticator made. */
  answer: string;
  name: string;
}

/**
 * Enrols the security key that a browser has made.
 * @returns the recovery codes, as `enrolFactor`, and what the key says of itself (RFC 8176)
 * @throws DomainError invalid SECURITY_KEY_NOT_ADDED (also where it is somebody's already), INVALID_INPUT, FIELD_REQUIRED (name),
 *   conflict SECURITY_KEY_LIMIT, FACTOR_ENROLLED, not_found
 */
export async function addSecurityKey(
  db: Database,
  { place, answer, name: typed, ...who }: MadeSecurityKey,
  deps: FactorDependencies,
): Promise<{ codes: string[]; amr: string[] }> {
  const notAdded = () => new DomainError('invalid', 'SECURITY_KEY_NOT_ADDED');
  const name = checkKeyName(typed);
  const { tenantId, userId } = who;
  const at = addedAt({ userId, place });
  const made = await verifyMadeKey(answer, { at, mustVerifyUser: false }, deps);
  if (!made) throw notAdded();
  const store = async (trx: Database) => {
    if (!(await useUpChallenge(trx, made.challenge, at, deps.secrets))) throw notAdded();
    if ((await selectSecurityKeys(trx, who)).length >= mostSecurityKeys)
      throw new DomainError('conflict', 'SECURITY_KEY_LIMIT');
    await insertSecurityKey(trx, { id: newId(), tenantId, userId, name, ...made.key }).catch((error) => {
      const constraint = violatedConstraint(error)?.constraint;
      const isRefused = constraint === 'user_factors_credential_key' || constraint === 'user_factors_credential_length';
      throw isRefused ? notAdded() : error;
    });
    return { kind: 'security_key', name };
  };
  const codes = await enrolFactor(db, who, 'key_enrolled', store, deps);
  return { codes, amr: amrOfKey(made.key) };
}

/** Whether the key that has signed is one of the person's, and what it proves; undefined where it is not. */
export async function proveSecurityKey(
  db: Database,
  user: UserOfTenant,
  answered: AnsweredChallenge,
  { secrets, issuer, interactionUid }: Pick<FactorPlace, 'secrets' | 'issuer' | 'interactionUid'>,
): Promise<UseUp | undefined> {
  const keys = await selectSecurityKeys(db, user);
  const key = keys.find(({ credentialId }) => credentialId.equals(answered.credentialId));
  const signature = key && (await verifySignature(answered, key, { issuer, mustVerifyUser: false }));
  if (!key || !signature) return undefined;
  const { signCount, backedUp } = signature;
  return async (trx) => {
    if (!(await useUpChallenge(trx, answered.challenge, touchedAt({ interactionUid }, user.userId), secrets)))
      return undefined;
    return (await useSecurityKey(trx, { id: key.id, signCount, backedUp })) ? amrOfKey(key) : undefined;
  };
}
