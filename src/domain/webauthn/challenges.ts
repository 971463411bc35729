/**
 * The challenges that authenticators sign. One is a nonce, the moment it ends, and a keyed hash over both, over what it is for
 * and over where it was asked: an interaction, which is one browser's, or a session. So nothing is stored for a page that is
 * looked at. Owns that a challenge is good there alone, for fifteen minutes, and once: answering it stores its hash in one
 * statement.
 */
import { randomBytes } from 'node:crypto';
import type { Database } from '../../platform/database.ts';
import { defineSecretPurpose, equalInConstantTime, type Secrets, sha256 } from '../../platform/secrets.ts';
import { answerChallenge } from './challenge-store.ts';

const challengePurpose = defineSecretPurpose('passkey-challenges');

const lifeSeconds = 15 * 60;
const nonceBytes = 16;
const endBytes = 6;
const macBytes = 32;

/** What a challenge is for, and where it was asked. */
export interface AskedAt {
  purpose: 'login' | 'add' | 'factor' | 'add-factor';
  /** The uid of the interaction, or the hash of the session and the person's id. */
  place: string;
}

function signed(head: Buffer, { purpose, place }: AskedAt): string {
  return `${purpose}:${place}:${head.toString('hex')}`;
}

/** 54 bytes in base64url, as JSON forms of WebAuthn write them. */
export function makeChallenge(secrets: Secrets, at: AskedAt): string {
  const head = Buffer.alloc(nonceBytes + endBytes);
  randomBytes(nonceBytes).copy(head);
  head.writeUIntBE(Math.floor(Date.now() / 1000) + lifeSeconds, nonceBytes, endBytes);
  return Buffer.concat([head, secrets.mac(challengePurpose, signed(head, at))]).toString('base64url');
}

/** When a challenge of ours ends that was asked there; undefined for any other, and for one that has ended. */
function endOf(challenge: string, at: AskedAt, secrets: Secrets): Date | undefined {
  const bytes = Buffer.from(challenge, 'base64url');
  // Written otherwise it would be another text of the same bytes.
  if (bytes.length !== nonceBytes + endBytes + macBytes || bytes.toString('base64url') !== challenge) return undefined;
  const head = bytes.subarray(0, nonceBytes + endBytes);
  const mac = bytes.subarray(nonceBytes + endBytes);
  if (!secrets.macs(challengePurpose, signed(head, at)).some((ours) => equalInConstantTime(ours, mac)))
    return undefined;
  const end = new Date(head.readUIntBE(nonceBytes, endBytes) * 1000);
  return end.getTime() > Date.now() ? end : undefined;
}

/** Whether a challenge is one that was asked there and may be answered still. Uses nothing up. */
export function isChallenge(challenge: string, at: AskedAt, secrets: Secrets): boolean {
  return endOf(challenge, at, secrets) !== undefined;
}

/** Uses a challenge up. @returns false where it is no challenge there, has ended, or was answered before */
export async function useUpChallenge(
  trx: Database,
  challenge: string,
  at: AskedAt,
  secrets: Secrets,
): Promise<boolean> {
  const end = endOf(challenge, at, secrets);
  return end !== undefined && (await answerChallenge(trx, sha256(challenge), end));
}
