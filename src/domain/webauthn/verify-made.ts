/**
 * Asking an authenticator for a new key, and holding what it made against what was asked (WebAuthn Level 3 section 7.1). Owns the
 * kinds of keys. No attestation is asked for, and none is looked at: its certificates name addresses that a verifier would
 * call.
 */
import { verifyRegistrationResponse } from '@simplewebauthn/server';
import { decodeAttestationObject } from '@simplewebauthn/server/helpers';
import type { Secrets } from '../../platform/secrets.ts';
import { clientDataOf, parseMadeCredential, userHandleOf } from './authenticator-answers.ts';
import { type AskedAt, isChallenge, makeChallenge } from './challenges.ts';
import { partyOf } from './relying-party.ts';

/** COSE algorithms (RFC 9053): ES256, EdDSA, RS256; the first that an authenticator can. */
const algorithms = [-7, -8, -257];

export interface KeyOwner {
  userId: string;
  /** What lists of keys show. */
  name: string;
  displayName: string;
}

/** A key that is there already: its authenticator makes no other for the same person. */
export interface KnownKey {
  credentialId: Buffer;
  transports: string[];
}

/** `PublicKeyCredentialCreationOptionsJSON`, without what it may choose. */
export function creationOptions(
  owner: KeyOwner,
  { at, known, isPasskey }: { at: AskedAt; known: readonly KnownKey[]; isPasskey: boolean },
  { secrets, issuer, partyName }: { secrets: Secrets; issuer: string; partyName: string },
): Record<string, unknown> {
  return {
    rp: { id: partyOf(issuer).rpId, name: partyName },
    user: {
      id: userHandleOf(owner.userId).toString('base64url'),
      name: owner.name,
      displayName: owner.displayName,
    },
    challenge: makeChallenge(secrets, at),
    pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
    timeout: 300_000,
    excludeCredentials: known.map(({ credentialId, transports }) => ({
      type: 'public-key',
      id: credentialId.toString('base64url'),
      transports,
    })),
    authenticatorSelection: isPasskey
      ? { residentKey: 'required', requireResidentKey: true, userVerification: 'required' }
      : { residentKey: 'discouraged', requireResidentKey: false, userVerification: 'discouraged' },
    attestation: 'none',
  };
}

export interface MadeKey {
  credentialId: Buffer;
  publicKey: Buffer;
  signCount: number;
  backupEligible: boolean;
  backedUp: boolean;
  transports: string[];
}

/** The key that was made, and the challenge to be used up; undefined for what is none that was asked for there. */
export async function verifyMadeKey(
  text: string,
  { at, mustVerifyUser }: { at: AskedAt; mustVerifyUser: boolean },
  { secrets, issuer }: { secrets: Secrets; issuer: string },
): Promise<{ key: MadeKey; challenge: string } | undefined> {
  const made = parseMadeCredential(text);
  const told = made && clientDataOf(made.response.clientDataJSON);
  if (!made || !told || told.crossOrigin || !isChallenge(told.challenge, at, secrets)) return undefined;
  const { rpId, origin } = partyOf(issuer);
  try {
    const attestation = decodeAttestationObject(
      new Uint8Array(Buffer.from(made.response.attestationObject, 'base64url')),
    );
    // With certificates the library would call the addresses in them. An authenticator's own signature has none.
    if (attestation.get('attStmt').size > 0 && attestation.get('attStmt').get('x5c') !== undefined) return undefined;
    if (!['none', 'packed'].includes(attestation.get('fmt'))) return undefined;
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: made,
      expectedChallenge: told.challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: mustVerifyUser,
      supportedAlgorithmIDs: algorithms,
    });
    if (!verified) return undefined;
    const { credential, credentialDeviceType, credentialBackedUp } = registrationInfo;
    return {
      challenge: told.challenge,
      key: {
        credentialId: Buffer.from(credential.id, 'base64url'),
        publicKey: Buffer.from(credential.publicKey),
        signCount: credential.counter,
        backupEligible: credentialDeviceType === 'multiDevice',
        backedUp: credentialBackedUp,
        transports: made.response.transports ?? [],
      },
    };
  } catch {
    // The library throws for everything that is not as it should be.
    return undefined;
  }
}
