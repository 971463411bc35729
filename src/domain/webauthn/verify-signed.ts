/**
 * Holding what an authenticator has signed against the key that it signed with (WebAuthn Level 3 section 7.2). Owns what has to
 * hold for every key: it signs our own challenge, on a page of ours that is in no frame of another site, and whether it may be
 * copied is as it was when it was made. The counter is for the statement that keeps it; using the challenge up is the
 * caller's, in the same transaction.
 */
import { verifyAuthenticationResponse } from '@simplewebauthn/server';
import type { Secrets } from '../../platform/secrets.ts';
import { clientDataOf, parseSignedAnswer } from './authenticator-answers.ts';
import { type AskedAt, isChallenge } from './challenges.ts';
import { partyOf } from './relying-party.ts';

type SignedAnswer = NonNullable<ReturnType<typeof parseSignedAnswer>>;

/** An answer to a challenge of ours that may be answered still; nothing of it is verified yet. */
export interface AnsweredChallenge {
  answer: SignedAnswer;
  challenge: string;
  credentialId: Buffer;
}

/** Undefined for what is no answer, or not to a challenge that was asked there. */
export function answeredChallenge(text: string, at: AskedAt, secrets: Secrets): AnsweredChallenge | undefined {
  const answer = parseSignedAnswer(text);
  const told = answer && clientDataOf(answer.response.clientDataJSON);
  if (!answer || !told || told.crossOrigin || !isChallenge(told.challenge, at, secrets)) return undefined;
  return { answer, challenge: told.challenge, credentialId: Buffer.from(answer.id, 'base64url') };
}

/** What a signature is held against. */
export interface HeldKey {
  publicKey: Buffer;
  backupEligible: boolean;
}

export interface Signature {
  signCount: number;
  backedUp: boolean;
  /** Whether the authenticator has verified who touches it, by a PIN or a fingerprint. */
  userVerified: boolean;
}

/** What the signature says; undefined where it is not the key's, or not for us. */
export async function verifySignature(
  { answer, challenge }: AnsweredChallenge,
  { publicKey, backupEligible }: HeldKey,
  { issuer, mustVerifyUser }: { issuer: string; mustVerifyUser: boolean },
): Promise<Signature | undefined> {
  const { rpId, origin } = partyOf(issuer);
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: answer,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      // The counter is held against the row in the statement that keeps it.
      credential: { id: answer.id, publicKey: new Uint8Array(publicKey), counter: 0 },
      requireUserVerification: mustVerifyUser,
    });
    const { newCounter, credentialBackedUp, credentialDeviceType, userVerified } = authenticationInfo;
    // Whether it may be copied is settled for good when it is made (section 7.2, step 18).
    if (!verified || (credentialDeviceType === 'multiDevice') !== backupEligible) return undefined;
    return { signCount: newCounter, backedUp: credentialBackedUp, userVerified };
  } catch {
    // The library throws for everything that is not as it should be.
    return undefined;
  }
}

/**
 * RFC 8176: a key that may be copied between devices is software's; one that may not is the device's. Each says that a key was
 * possessed, so `pop` would say less. `user`: somebody was there and touched it. What they were verified by is not told to us, so
 * neither `pin` nor `fpt` is claimed.
 */
export function amrOfKey({ backupEligible }: Pick<HeldKey, 'backupEligible'>): string[] {
  return [backupEligible ? 'swk' : 'hwk', 'user'];
}
