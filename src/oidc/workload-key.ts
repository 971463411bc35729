/**
 * The key by which this process tells the library that a platform's token was judged to be a service's own: the library knows
 * assertions that a client signs itself, and a service without keys signs none. It is made at the start, kept nowhere, and is
 * no other process's.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** What the registration of such a service has as its keys, for this process. */
export const workloadJwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] };

/** As the service would have signed it (RFC 7523 section 3), for a moment. */
export function assertionFor(clientId: string, audience: string): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(audience)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(privateKey);
}
