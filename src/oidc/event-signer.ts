/** Signs security event tokens (RFC 8417) by the key that signs id_tokens, which receivers find at our `jwks_uri`. */
import { importJWK, SignJWT } from 'jose';
import type { Database } from '../platform/database.ts';
import type { Secrets } from '../platform/secrets.ts';
import { loadSigningKeys, type SigningKeySet, signingKeysVersion } from './keys.ts';

/** Keys are looked at again after so long: one that was withdrawn signs no longer than that. */
const checkMs = 1_000;

/** Signs claims; the time of the signature is their `iat`. */
export function createEventSigner({
  db,
  secrets,
}: {
  db: Database;
  secrets: Secrets;
}): (claims: Record<string, unknown>) => Promise<string> {
  let keys: SigningKeySet | undefined;
  let checkedAt = -Infinity;

  async function current(): Promise<SigningKeySet> {
    if (keys && performance.now() - checkedAt < checkMs) return keys;
    const askedAt = performance.now();
    if (keys?.version !== (await signingKeysVersion(db))) keys = await loadSigningKeys(db, secrets);
    checkedAt = askedAt;
    return keys as SigningKeySet;
  }

  return async (claims) => {
    const jwk = (await current()).privateJwks.find(({ alg }) => alg === 'RS256');
    if (!jwk) throw new Error('there is no key of RS256');
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', typ: 'secevent+jwt', kid: jwk.kid })
      .setIssuedAt()
      .sign(await importJWK(jwk, 'RS256'));
  };
}
