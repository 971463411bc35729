/**
 * Comparing a password with a hash that another system made, as that system did: the bytes as they were typed, no form of
 * ours. All of it runs on Node.js' pool of threads; its turn is for the hasher (password-hash.ts).
 */
import { createCipheriv, createHash, pbkdf2, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { verify as argon2Verify } from '@node-rs/argon2';
import bcrypt from 'bcrypt';
import { type ForeignHash, fromBase64 } from './foreign-hash.ts';

const derivePbkdf2 = promisify(pbkdf2);
const deriveScrypt = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

function areEqual(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

const digestBytes = { sha1: 20, sha256: 32, sha512: 64 } as const;

/** The first block alone: further ones say nothing new, and each would cost as much again (RFC 8018 section 5.2). */
async function matchesPbkdf2(hash: ForeignHash & { algorithm: 'pbkdf2' }, password: string): Promise<boolean> {
  const expected = fromBase64(hash.hash).subarray(0, digestBytes[hash.digest]);
  const found = await derivePbkdf2(password, fromBase64(hash.salt), hash.iterations, expected.length, hash.digest);
  return areEqual(found, expected);
}

interface ScryptTerms {
  logN: number;
  r: number;
  p: number;
}

function derive(password: string, salt: Buffer, length: number, { logN, r, p }: ScryptTerms): Promise<Buffer> {
  // Node.js refuses more than 32 MiB unless it is told: what may be is decided where a hash is taken in.
  const maxmem = 128 * 2 ** logN * r + 128 * r * p + 1024 * 1024;
  return deriveScrypt(password, salt, length, { N: 2 ** logN, r, p, maxmem });
}

/** Firebase: the key that scrypt derives encrypts the project's signer key, and that is the hash (AES-256-CTR, no nonce). */
async function matchesFirebase(
  hash: ForeignHash & { algorithm: 'firebase_scrypt' },
  password: string,
): Promise<boolean> {
  const salt = Buffer.concat([fromBase64(hash.salt), fromBase64(hash.salt_separator)]);
  const key = await derive(password, salt, 32, { logN: hash.mem_cost, r: hash.rounds, p: 1 });
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const found = Buffer.concat([cipher.update(fromBase64(hash.signer_key)), cipher.final()]);
  return areEqual(found, fromBase64(hash.hash));
}

/** The letter after `2` tells which program made it; for passwords that are text they mean the same, and the binding knows `b`. */
function matchesBcrypt(encoded: string, password: string): Promise<boolean> {
  return bcrypt.compare(password, encoded.replace(/^\$2[axy]\$/, '$2b$'));
}

/** Whether the password is the one of the hash. @param password as it was typed */
export async function matchesForeign(hash: ForeignHash, password: string): Promise<boolean> {
  // No system takes it, and some would stop reading there.
  if (password.includes('\0')) return false;
  switch (hash.algorithm) {
    case 'bcrypt':
      return matchesBcrypt(hash.encoded, password);
    case 'bcrypt_sha256':
      return matchesBcrypt(hash.encoded, createHash('sha256').update(password).digest('hex'));
    case 'argon2':
      return argon2Verify(hash.encoded, password);
    case 'pbkdf2':
      return matchesPbkdf2(hash, password);
    case 'scrypt': {
      const expected = fromBase64(hash.hash);
      const terms = { logN: hash.cost, r: hash.block_size, p: hash.parallelization };
      return areEqual(await derive(password, fromBase64(hash.salt), expected.length, terms), expected);
    }
    case 'firebase_scrypt':
      return matchesFirebase(hash, password);
    case 'sha': {
      const salt = fromBase64(hash.salt);
      const parts = hash.salt_position === 'prefix' ? [salt, Buffer.from(password)] : [Buffer.from(password), salt];
      return areEqual(createHash(hash.digest).update(Buffer.concat(parts)).digest(), fromBase64(hash.hash));
    }
  }
}
