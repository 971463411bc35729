/**
 * A stream that one server alone reads, or whoever has a passphrase: age files (age-encryption.org/v1), in pieces of 64 KiB of which
 * none can be changed, left out or put elsewhere, with an end that cannot be cut off. Owns which keys count: that of this server,
 * derived from SECRET_KEY, so that there is no file of a key to be lost.
 */
import { webcrypto } from 'node:crypto';
import { Readable } from 'node:stream';
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption';
import { defineSecretPurpose, type Secrets } from './secrets.ts';

const ownKey = defineSecretPurpose('encrypted-streams');

/** PKCS #8 of an X25519 key (RFC 8410 section 7), up to its 32 bytes. */
const beforeKey = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** The newest first. */
async function ownKeys(secrets: Secrets): Promise<webcrypto.CryptoKey[]> {
  const keys = secrets.keys(ownKey);
  return Promise.all(
    keys.map((key) =>
      webcrypto.subtle.importKey('pkcs8', Buffer.concat([beforeKey, key]), { name: 'X25519' }, false, ['deriveBits']),
    ),
  );
}

/** What others encrypt to, so that this server alone reads it: `age1...`. No secret. */
export async function ownRecipient(secrets: Secrets): Promise<string> {
  const [newest] = await ownKeys(secrets);
  if (!newest) throw new Error('no secret key');
  return identityToRecipient(newest as unknown as CryptoKey);
}

export function isRecipient(text: string): boolean {
  return /^age1[02-9ac-hj-np-z]{58}$/.test(text);
}

/** Exactly one of the two. */
export type ReadBy = { recipients: readonly string[] } | { passphrase: string };

/** @throws where a recipient is none */
export async function encryptStream(plain: Readable, by: ReadBy): Promise<Readable> {
  const encrypter = new Encrypter();
  if ('passphrase' in by) encrypter.setPassphrase(by.passphrase);
  else for (const recipient of by.recipients) encrypter.addRecipient(recipient);
  const encrypted = await encrypter.encrypt(Readable.toWeb(plain) as ReadableStream<Uint8Array>);
  return Readable.fromWeb(encrypted as never);
}

/** @throws where it is no such stream, was encrypted to somebody else, or is not as it was written */
export async function decryptStream(
  encrypted: Readable,
  { secrets, passphrase }: { secrets: Secrets; passphrase?: string },
): Promise<Readable> {
  const decrypter = new Decrypter();
  if (passphrase !== undefined) decrypter.addPassphrase(passphrase);
  for (const key of await ownKeys(secrets)) decrypter.addIdentity(key as unknown as CryptoKey);
  const plain = await decrypter.decrypt(Readable.toWeb(encrypted) as ReadableStream<Uint8Array>);
  return Readable.fromWeb(plain as never);
}
