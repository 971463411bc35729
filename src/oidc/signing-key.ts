/**
 * A signing key as the library takes one that signs outside of it: parsed once, where the library's own way reads the JWK anew
 * and hands each signature to a thread. A signature of ES256 takes a quarter of the time that the way to a thread and back
 * does, so it is made at once; one of RS256 takes ten times as long, and others go on meanwhile.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { JWK } from 'jose';
import { ExternalSigningKey } from 'oidc-provider';

const signInThread = promisify(sign);

/**
 * Calls something that belongs to no request. What Node.js gives to a thread outlives V8's quick collections, with the request
 * that it belongs to (docs/performance.md).
 */
const outsideOfRequests = AsyncLocalStorage.snapshot();

export class SigningKey extends ExternalSigningKey {
  readonly #jwk: JWK;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  /** @param jwk private, with `kid` and `alg`: RS256 or ES256 */
  constructor(jwk: JWK) {
    super();
    this.#jwk = jwk;
    this.#privateKey = createPrivateKey({ key: jwk as never, format: 'jwk' });
    this.#publicKey = createPublicKey(this.#privateKey);
  }

  override get kid(): string | undefined {
    return this.#jwk.kid;
  }

  override get alg(): string | undefined {
    return this.#jwk.alg;
  }

  override keyObject(): KeyObject {
    return this.#publicKey;
  }

  /** The signature of a JWS (RFC 7518 sections 3.3 and 3.4). */
  override async sign(data: Buffer): Promise<Buffer> {
    if (this.alg === 'RS256') return outsideOfRequests(signInThread, 'sha256', data, this.#privateKey);
    if (this.alg === 'ES256') return sign('sha256', data, { key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
    throw new Error(`no signature of ours is ${this.alg}`);
  }
}
