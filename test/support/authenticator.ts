/**
 * An authenticator in software, for what no browser would do: it signs whatever challenge, origin and flags it is told
 * (WebAuthn Level 3 section 6). Its answers are the JSON forms that the pages post.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { insertPasskey } from '../../src/domain/methods/passkey/passkey-store.ts';
import { userHandleOf } from '../../src/domain/webauthn/authenticator-answers.ts';
import type { Database } from '../../src/platform/database.ts';
import { newId } from '../../src/platform/ids.ts';

const flags = { present: 0x01, verified: 0x04, eligible: 0x08, backedUp: 0x10, attested: 0x40 };

export interface Ceremony {
  challenge: string;
  /** The server's, as a browser would write it. */
  origin: string;
  rpId?: string;
  signCount?: number;
  /** Default true. */
  isVerified?: boolean;
  isSynced?: boolean;
  isCrossOrigin?: boolean;
  /** Null: it tells none, as one whose keys are not discoverable. */
  userHandle?: Buffer | null;
  /** The type of the client data, where it is to be a wrong one. */
  type?: string;
}

const sha256 = (value: string | Buffer) => createHash('sha256').update(value).digest();
const text = (value: Buffer) => value.toString('base64url');
const head = (major: number, size: number) => {
  if (size < 24) return Buffer.from([major | size]);
  return size < 256 ? Buffer.from([major | 24, size]) : Buffer.from([major | 25, size >> 8, size & 255]);
};
const cborText = (value: string) => Buffer.concat([head(0x60, value.length), Buffer.from(value)]);
const cborBytes = (value: Buffer) => Buffer.concat([head(0x40, value.length), value]);

export class Authenticator {
  readonly credentialId = randomBytes(32);
  readonly publicKey: Buffer;
  readonly #privateKey: KeyObject;
  readonly #userId: string;
  readonly isSynced: boolean;

  constructor(userId: string, { isSynced = false }: { isSynced?: boolean } = {}) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    this.#privateKey = privateKey;
    this.#userId = userId;
    this.isSynced = isSynced;
    // COSE: EC2, ES256, P-256.
    this.publicKey = Buffer.concat([
      Buffer.from('a5010203262001', 'hex'),
      Buffer.from('21', 'hex'),
      cborBytes(Buffer.from(x, 'base64url')),
      Buffer.from('22', 'hex'),
      cborBytes(Buffer.from(y, 'base64url')),
    ]);
  }

  #data({ origin, rpId, signCount = 0, isVerified = true, isSynced = this.isSynced }: Ceremony, more = 0): Buffer {
    const bits =
      flags.present | (isVerified ? flags.verified : 0) | (isSynced ? flags.eligible | flags.backedUp : 0) | more;
    const count = Buffer.alloc(4);
    count.writeUInt32BE(signCount);
    return Buffer.concat([sha256(rpId ?? new URL(origin).hostname), Buffer.from([bits]), count]);
  }

  #clientData(type: string, { challenge, origin, isCrossOrigin = false, ...told }: Ceremony): Buffer {
    return Buffer.from(JSON.stringify({ type: told.type ?? type, challenge, origin, crossOrigin: isCrossOrigin }));
  }

  #answer(response: Record<string, unknown>): string {
    const id = text(this.credentialId);
    return JSON.stringify({ id, rawId: id, type: 'public-key', response });
  }

  /** An assertion. */
  sign(ceremony: Ceremony): string {
    const data = this.#data(ceremony);
    const clientData = this.#clientData('webauthn.get', ceremony);
    return this.#answer({
      clientDataJSON: text(clientData),
      authenticatorData: text(data),
      signature: text(sign('sha256', Buffer.concat([data, sha256(clientData)]), this.#privateKey)),
      ...(ceremony.userHandle !== null && { userHandle: text(ceremony.userHandle ?? userHandleOf(this.#userId)) }),
    });
  }

  /** A new credential. `certificates`: an attestation with some, as DER. */
  make(ceremony: Ceremony, certificates?: readonly Buffer[]): string {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.credentialId.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.credentialId, this.publicKey]);
    const data = Buffer.concat([this.#data(ceremony, flags.attested), attested]);
    const statement = certificates
      ? [
          head(0xa0, 3),
          cborText('alg'),
          Buffer.from([0x26]),
          cborText('sig'),
          cborBytes(Buffer.alloc(64)),
          cborText('x5c'),
          head(0x80, certificates.length),
          ...certificates.map(cborBytes),
        ]
      : [head(0xa0, 0)];
    const attestation = Buffer.concat([
      head(0xa0, 3),
      cborText('fmt'),
      cborText(certificates ? 'packed' : 'none'),
      cborText('attStmt'),
      ...statement,
      cborText('authData'),
      cborBytes(data),
    ]);
    return this.#answer({
      clientDataJSON: text(this.#clientData('webauthn.create', ceremony)),
      attestationObject: text(attestation),
      transports: ['internal'],
    });
  }
}

interface PasskeyOf {
  tenantId: string;
  userId: string;
  name?: string;
  signCount?: number;
}

/** A person's passkey, as if it had been added. @returns the id of its row */
export async function makePasskey(
  db: Database,
  { tenantId, userId, name = 'My phone', signCount = 0 }: PasskeyOf,
  { credentialId, publicKey, isSynced } = new Authenticator(userId),
): Promise<string> {
  const id = newId();
  const kept = { backupEligible: isSynced, backedUp: isSynced, transports: [] };
  await insertPasskey(db, { id, tenantId, userId, name, credentialId, publicKey, signCount, ...kept });
  return id;
}
