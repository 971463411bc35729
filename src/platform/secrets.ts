/**
 * Everything cryptographic that is not a protocol: random values, hashes, keyed hashes, sealing at rest.
 * One SECRET_KEY gives one subkey a purpose (HKDF, RFC 5869), so that no key serves two ends. Older keys open and
 * verify, the first alone seals and signs. Never logs, never throws a value.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hash,
  hkdfSync,
  randomBytes,
  randomFillSync,
  timingSafeEqual,
} from 'node:crypto';

/** What a subkey is for. Whatever needs one declares it beside the code that uses it; a test holds their names apart. */
export interface SecretPurpose {
  readonly secretPurpose: string;
}

/** @param name goes into the derivation: with another name, nothing that was sealed before opens */
export function defineSecretPurpose(name: string): SecretPurpose {
  return Object.freeze({ secretPurpose: name });
}

/** A URL-safe random value. 32 bytes are 256 bits, 43 characters. */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}

const drawn = Buffer.alloc(4096);
let unused = 0;

/** Random bytes that are told to everybody, a few: to draw twelve costs what drawing thousands does. Not for credentials. */
export function openRandomBytes(length: number): Buffer {
  if (unused < length) unused = randomFillSync(drawn).length;
  unused -= length;
  return Buffer.from(drawn.subarray(unused, unused + length));
}

/** SHA-256 of a high-entropy value: how bearer credentials are stored. */
export function sha256(value: string | Buffer): Buffer {
  // Handing over bytes costs more than the hash does.
  return Buffer.from(hash('sha256', value, 'hex'), 'hex');
}

/** Equality in constant time for values of any length. */
export function equalInConstantTime(left: string | Buffer, right: string | Buffer): boolean {
  return timingSafeEqual(sha256(left), sha256(right));
}

export interface Secrets {
  /** The subkeys of a purpose, newest first. */
  keys(purpose: SecretPurpose): Buffer[];
  /** HMAC-SHA-256 under the newest key: for values too short to be hashed bare. */
  mac(purpose: SecretPurpose, value: string): Buffer;
  /** The same under every key, newest first: for what was stored before a key was renewed, or by a node that has not heard of it. */
  macs(purpose: SecretPurpose, value: string): Buffer[];
  /** AES-256-GCM; `context` is bound in, so that a sealed value moved to another row does not open. */
  seal(purpose: SecretPurpose, plaintext: string, context: string): Buffer;
  /** The plaintext, or undefined where no key opens it. */
  open(purpose: SecretPurpose, sealed: Buffer, context: string): string | undefined;
}

const sealVersion = 1;
const versionByte = Buffer.from([sealVersion]);

/** @param secretKeys newest first, each at least 32 characters of a generated value. */
export function createSecrets(secretKeys: readonly string[]): Secrets {
  const derived = new Map<string, Buffer[]>();

  function keys({ secretPurpose }: SecretPurpose): Buffer[] {
    let list = derived.get(secretPurpose);
    if (!list) {
      list = secretKeys.map((key) => Buffer.from(hkdfSync('sha256', key, 'gatehouse', secretPurpose, 32)));
      derived.set(secretPurpose, list);
    }
    return list;
  }

  function newest(purpose: SecretPurpose): Buffer {
    const [key] = keys(purpose);
    if (!key) throw new Error('no secret key');
    return key;
  }

  return {
    keys,
    mac: (purpose, value) => createHmac('sha256', newest(purpose)).update(value).digest(),
    macs: (purpose, value) => keys(purpose).map((key) => createHmac('sha256', key).update(value).digest()),
    seal(purpose, plaintext, context) {
      const iv = openRandomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', newest(purpose), iv);
      cipher.setAAD(Buffer.from(context));
      const body = cipher.update(plaintext, 'utf8');
      const rest = cipher.final();
      return Buffer.concat([versionByte, iv, cipher.getAuthTag(), body, rest]);
    },
    open(purpose, sealed, context) {
      if (sealed.length < 29 || sealed[0] !== sealVersion) return undefined;
      for (const key of keys(purpose)) {
        try {
          const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 13), { authTagLength: 16 });
          decipher.setAAD(Buffer.from(context));
          decipher.setAuthTag(sealed.subarray(13, 29));
          return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()]).toString('utf8');
        } catch {
          // Sealed under another key: try the next.
        }
      }
      return undefined;
    },
  };
}
