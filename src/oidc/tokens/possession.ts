/**
 * Whether who shows an access token may: one that is bound to a key (`cnf`, RFC 7800) is good together with a proof of that
 * key alone (RFC 9449 section 7), and one that is bound to a certificate where the request shows it (RFC 8705 section 3). Whatever
 * takes tokens of ours by itself asks here. Refuses a bound token as a bearer token, and another one with a proof.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, type JWTPayload, jwtVerify } from 'jose';
import type { Context } from 'koa';
import type { Provider } from 'oidc-provider';
import { peerCertificateOf } from '../../platform/network/peer-certificate.ts';
import { isCanonicalJwt } from './assertions.ts';

/** What a token's row says of its key. */
export interface TokenBinding {
  jkt?: string;
  'x5t#S256'?: string;
}

/** How proofs may be signed. */
export const proofAlgs = ['ES256', 'Ed25519', 'EdDSA', 'RS256', 'PS256'] as const;

/** How old a proof may be, and how far a client's clock ahead. */
const freshSeconds = 60;

/** True of a token that is worth nothing by itself. */
function isBound(token: TokenBinding): boolean {
  return token.jkt !== undefined || token['x5t#S256'] !== undefined;
}

/**
 * Judges the `Authorization` and `DPoP` headers of a request that came with this token. A proof is good once.
 * @param address of the request without its query, by the issuer
 */
export async function provesPossession(
  ctx: Context,
  { provider, address }: { provider: Provider; address: string },
  token: string,
  record: TokenBinding & { clientId: string },
): Promise<boolean> {
  const isDpop = /^DPoP /i.test(ctx.get('authorization'));
  if (!isBound(record)) return !isDpop;
  if (record['x5t#S256'] !== undefined) return !isDpop && record['x5t#S256'] === shownThumbprint(ctx.req);
  const proof = ctx.get('dpop');
  if (!isDpop || record.jkt === undefined || !isCanonicalJwt(proof)) return false;
  const verified = await verifiedProof(proof);
  if (verified?.jkt !== record.jkt) return false;
  const { htm, htu, iat, ath, jti } = verified.claims;
  const now = Date.now() / 1000;
  const isForThis = htm === ctx.method && withoutQuery(htu) === address && ath === hashOf(token);
  const isFresh = typeof iat === 'number' && Math.abs(now - iat) <= freshSeconds;
  if (!isForThis || !isFresh || typeof jti !== 'string') return false;
  return provider.ReplayDetection.unique(record.clientId, jti, Math.ceil(now) + 2 * freshSeconds);
}

async function verifiedProof(proof: string): Promise<{ claims: JWTPayload; jkt: string } | undefined> {
  try {
    const options = { algorithms: [...proofAlgs], typ: 'dpop+jwt' };
    const { payload: claims, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, options);
    return { claims, jkt: await calculateJwkThumbprint(protectedHeader.jwk as JWK) };
  } catch {
    // A stranger wrote it: there is no end of what can be wrong with it, and nothing of ours is asked.
    return undefined;
  }
}

/** Of the certificate that the other end showed (RFC 8705 section 3.1); undefined where it showed none. */
export function shownThumbprint(req: IncomingMessage): string | undefined {
  const raw = peerCertificateOf(req)?.certificate.raw;
  return raw && createHash('sha256').update(raw).digest('base64url');
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

function withoutQuery(htu: unknown): string | undefined {
  const url = typeof htu === 'string' ? URL.parse(htu) : null;
  return url ? `${url.origin}${url.pathname}` : undefined;
}
