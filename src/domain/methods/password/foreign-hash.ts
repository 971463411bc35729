/**
 * Password hashes that other systems made. Owns their forms: what an import may bring, what it costs to compare with, and how
 * it is kept until its person signs in, sealed to them. Refuses what no password can be compared with, and what would take
 * a core for longer than a sign-in may: who imports it would slow everybody down.
 */
import { z } from 'zod';
import { type Codes, DomainError, defineCodes } from '../../../platform/errors.ts';
import { defineSecretPurpose, type Secrets } from '../../../platform/secrets.ts';

export const foreignHashCodes = defineCodes({
  PASSWORD_HASH_INVALID: {
    kind: 'invalid',
    params: ['field'],
    means: 'the password hash has no form that is known here',
  },
  PASSWORD_HASH_TOO_COSTLY: {
    kind: 'invalid',
    params: ['field'],
    means: 'comparing a password with the hash would take longer than a sign-in may',
  },
  PASSWORD_HASH_WEAK: {
    kind: 'invalid',
    params: ['field'],
    means: 'the password was hashed by plain SHA, which is taken only where that is asked for',
  },
});
declare module '../../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof foreignHashCodes> {}
}

export const foreignHashPurpose = defineSecretPurpose('foreign password hash');

const base64 = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'is no base64');
const salt = base64(1_400);
const digest = base64(200);
const shaName = z.enum(['sha1', 'sha256', 'sha512']);

/** As an import brings it, in JSON. Bytes are base64. */
export const ForeignHashObject = z.discriminatedUnion('algorithm', [
  z.strictObject({
    algorithm: z.enum(['bcrypt', 'bcrypt_sha256']),
    encoded: z.string().regex(/^\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}$/, 'is no bcrypt hash'),
  }),
  z.strictObject({
    algorithm: z.literal('argon2'),
    encoded: z
      .string()
      .max(500)
      .regex(
        /^\$argon2(?:id|i|d)\$v=(?:16|19)\$m=\d{1,8},t=\d{1,4},p=\d{1,3}\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}$/,
      ),
  }),
  z.strictObject({
    algorithm: z.literal('pbkdf2'),
    digest: shaName,
    iterations: z.int().min(1),
    salt,
    hash: digest,
  }),
  z.strictObject({
    algorithm: z.literal('scrypt'),
    /** log2 of N. */
    cost: z.int().min(1).max(62),
    block_size: z.int().min(1),
    parallelization: z.int().min(1),
    salt,
    hash: digest,
  }),
  z.strictObject({
    algorithm: z.literal('firebase_scrypt'),
    /** log2 of N. */
    mem_cost: z.int().min(1).max(62),
    rounds: z.int().min(1),
    salt,
    salt_separator: base64(200),
    signer_key: base64(1_000),
    hash: base64(1_000),
  }),
  z.strictObject({
    algorithm: z.literal('sha'),
    digest: shaName,
    salt,
    salt_position: z.enum(['prefix', 'suffix']).default('prefix'),
    hash: digest,
  }),
]);

export type ForeignHash = z.output<typeof ForeignHashObject>;

/** What a sign-in may take of a core, and of memory. docs/import.md tells them. */
const most = {
  bcryptCost: 14,
  pbkdf2Iterations: 2_000_000,
  /** 128 MiB, of scrypt and argon2. */
  memoryBytes: 128 * 1024 * 1024,
  scryptWork: 2 ** 21,
  /** KiB times passes. */
  argon2Work: 2 ** 20,
  argon2Lanes: 16,
} as const;

/** Fewer than so many bytes are matched by chance. */
const leastHashBytes = 16;
const bytesOf = { sha1: 20, sha256: 32, sha512: 64 } as const;

const field = 'password_hash';
const invalid = () => new DomainError('invalid', 'PASSWORD_HASH_INVALID', { field });

export const fromBase64 = (text: string): Buffer => Buffer.from(text, 'base64');

/** The parameters of an encoded argon2 hash. */
function argon2Parameters(encoded: string): { memoryKiB: number; passes: number; lanes: number } {
  const [, m, t, p] = /\$m=(\d+),t=(\d+),p=(\d+)\$/.exec(encoded) ?? [];
  return { memoryKiB: Number(m), passes: Number(t), lanes: Number(p) };
}

/** Roughly the milliseconds of a core that comparing takes; infinite for what is beyond the limits. */
export function workOf(hash: ForeignHash): number {
  switch (hash.algorithm) {
    case 'bcrypt':
    case 'bcrypt_sha256': {
      const cost = Number(hash.encoded.slice(4, 6));
      return cost > most.bcryptCost ? Number.POSITIVE_INFINITY : 2 ** cost * 0.05;
    }
    case 'argon2': {
      const { memoryKiB, passes, lanes } = argon2Parameters(hash.encoded);
      const isTooMuch =
        memoryKiB * 1024 > most.memoryBytes || memoryKiB * passes > most.argon2Work || lanes > most.argon2Lanes;
      return isTooMuch ? Number.POSITIVE_INFINITY : memoryKiB * passes * 0.0004;
    }
    case 'pbkdf2':
      return hash.iterations > most.pbkdf2Iterations ? Number.POSITIVE_INFINITY : hash.iterations * 0.0005;
    case 'scrypt':
      return scryptWork(2 ** hash.cost, hash.block_size, hash.parallelization);
    case 'firebase_scrypt':
      return scryptWork(2 ** hash.mem_cost, hash.rounds, 1);
    case 'sha':
      return 0;
  }
}

function scryptWork(n: number, r: number, p: number): number {
  const isTooMuch = 128 * n * r > most.memoryBytes || n * r * p > most.scryptWork;
  return isTooMuch ? Number.POSITIVE_INFINITY : n * r * p * 0.0004;
}

/**
 * A hash that may be kept.
 * @param given its parts, or a text as Django (`pbkdf2_sha256$...`), crypt (`$2b$...`) and PHC (`$argon2id$...`) write it
 * @throws DomainError invalid PASSWORD_HASH_INVALID, PASSWORD_HASH_TOO_COSTLY, PASSWORD_HASH_WEAK
 */
export function checkedForeignHash(given: unknown, { weakHashes }: { weakHashes: boolean }): ForeignHash {
  const found = typeof given === 'string' ? partsOfText(given) : given;
  const parsed = ForeignHashObject.safeParse(found);
  if (!parsed.success) throw invalid();
  const hash = parsed.data;
  if (hash.algorithm === 'sha' && !weakHashes) throw new DomainError('invalid', 'PASSWORD_HASH_WEAK', { field });
  if (!Number.isFinite(workOf(hash))) throw new DomainError('invalid', 'PASSWORD_HASH_TOO_COSTLY', { field });
  if ('hash' in hash && fromBase64(hash.hash).length < leastHashBytes) throw invalid();
  if (hash.algorithm === 'sha' && fromBase64(hash.hash).length !== bytesOf[hash.digest]) throw invalid();
  if (hash.algorithm === 'firebase_scrypt' && fromBase64(hash.hash).length !== fromBase64(hash.signer_key).length)
    throw invalid();
  return hash;
}

const standardBase64 = (text: string, encoding: BufferEncoding) => Buffer.from(text, encoding).toString('base64');

function partsOfText(text: string): object | undefined {
  if (text.length > 2_000) return undefined;
  if (/^\$2[abxy]\$/.test(text)) return { algorithm: 'bcrypt', encoded: text };
  if (text.startsWith('bcrypt_sha256$$')) return { algorithm: 'bcrypt_sha256', encoded: text.slice(14) };
  if (text.startsWith('bcrypt$$')) return { algorithm: 'bcrypt', encoded: text.slice(7) };
  if (text.startsWith('$argon2')) return { algorithm: 'argon2', encoded: text };
  if (text.startsWith('argon2$argon2')) return { algorithm: 'argon2', encoded: text.slice(6) };
  return djangoParts(text) ?? phcParts(text);
}

/** Django: `pbkdf2_sha256$iterations$salt$hash`, `scrypt$salt$N$r$p$hash`; salts are text. */
function djangoParts(text: string): object | undefined {
  const [, sha, iterations, salt = '', hash] = /^pbkdf2_(sha1|sha256)\$(\d+)\$([^$]+)\$([^$]+)$/.exec(text) ?? [];
  if (sha)
    return {
      algorithm: 'pbkdf2',
      digest: sha,
      iterations: Number(iterations),
      salt: standardBase64(salt, 'utf8'),
      hash,
    };
  const [, scryptSalt = '', n, r, p, scryptHash] = /^scrypt\$([^$]+)\$(\d+)\$(\d+)\$(\d+)\$([^$]+)$/.exec(text) ?? [];
  if (n === undefined) return undefined;
  const cost = Math.log2(Number(n));
  const parts = { cost, block_size: Number(r), parallelization: Number(p), hash: scryptHash };
  return { algorithm: 'scrypt', ...parts, salt: standardBase64(scryptSalt, 'utf8') };
}

/** The PHC string format: `$pbkdf2-sha256$i=600000$salt$hash` (also as passlib has it, without `i=`), `$scrypt$ln=16,r=8,p=1$...`. */
function phcParts(text: string): object | undefined {
  // passlib writes a dot for the plus sign.
  const usual = (value = '') => value.replaceAll('.', '+');
  const pbkdf2 = /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:i=)?(\d+)(?:,l=\d+)?\$([^$]+)\$([^$]+)$/.exec(text);
  if (pbkdf2) {
    const [, sha = 'sha1', iterations, salt, hash] = pbkdf2;
    return { algorithm: 'pbkdf2', digest: sha, iterations: Number(iterations), salt: usual(salt), hash: usual(hash) };
  }
  const scrypt = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(text);
  if (!scrypt) return undefined;
  const [, cost, r, p, salt, hash] = scrypt;
  const parts = { cost: Number(cost), block_size: Number(r), parallelization: Number(p) };
  return { algorithm: 'scrypt', ...parts, salt: usual(salt), hash: usual(hash) };
}

/** As it is kept: it opens for this person alone. */
export function sealForeignHash(secrets: Secrets, userId: string, hash: ForeignHash): string {
  return secrets.seal(foreignHashPurpose, JSON.stringify(hash), userId).toString('base64url');
}

/** Undefined where no key of this server opens it: nobody can sign in by it any more. */
export function openForeignHash(secrets: Secrets, userId: string, sealed: string): ForeignHash | undefined {
  const opened = secrets.open(foreignHashPurpose, Buffer.from(sealed, 'base64url'), userId);
  return opened === undefined ? undefined : (JSON.parse(opened) as ForeignHash);
}
