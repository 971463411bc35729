/**
 * What an identity assertion of another authorization server is worth (draft-ietf-oauth-identity-assertion-authz-grant section
 * 4.4.1, RFC 7523 section 3). Owns that it is one by its `typ`, of an issuer whose provider vouches to this application, of the
 * tenant there that the provider is for, signed by its keys, for this server alone, for the application that brings it, short,
 * and in its time. Refuses symmetric algorithms, `none`, second spellings, and assertions of the application's own tenant.
 * Nothing is fetched for an issuer that is nobody's.
 */
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { findTrustedProviders, type TrustingProvider } from '../../domain/methods/federation/cross-app.ts';
import type { Database } from '../../platform/database.ts';
import type { IssuerKeys } from '../issuer-keys.ts';
import type { PublicJwk } from '../keys.ts';
import { isCanonicalJwt } from '../tokens/assertions.ts';
import { assertionType } from './assertion.ts';

const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'];
const longestAssertion = 10_000;
const longestSeconds = 600;
export const clockSeconds = 60;

export interface JudgeDependencies {
  db: Database;
  /** Of this server. */
  issuer: string;
  publicJwks: readonly PublicJwk[];
  keysFor: IssuerKeys;
}

/** What an assertion says, once it is believed. */
export interface AssertedClaims {
  iss: string;
  sub: string;
  jti: string;
  /** Seconds since the epoch. */
  exp: number;
  scope: string;
  resource?: unknown;
  auth_time?: unknown;
  hd?: unknown;
}

type Claims = Partial<Record<string, unknown>>;

export type Judgement = { provider: TrustingProvider; claims: AssertedClaims } | { refused: string };

const refuse = (refused: string): Judgement => ({ refused: `the assertion ${refused}` });

/** Undefined for what is no such assertion. */
function read(assertion: string): { claims: Claims; kid: string | undefined } | undefined {
  const isJwt = assertion.length <= longestAssertion && assertion.split('.').length === 3 && isCanonicalJwt(assertion);
  if (!isJwt) return undefined;
  try {
    const { typ, alg, kid } = decodeProtectedHeader(assertion);
    if (typ !== assertionType || !algorithms.includes(String(alg))) return undefined;
    return { claims: decodeJwt(assertion), kid };
  } catch {
    return undefined;
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= 1000;

/** What is missing or out of bounds, before and beside the signature. */
function faultOf(claims: Claims, { clientId, issuer }: { clientId: string; issuer: string }): string | undefined {
  const { aud, sub, jti, client_id: named, exp, iat, scope } = claims;
  if ((Array.isArray(aud) && aud.length === 1 ? aud[0] : aud) !== issuer)
    return 'is for another server, or for several';
  if (named !== clientId) return 'is for another application (client_id)';
  // As OpenID Connect Core section 2 has it, and as it is linked.
  if (!isText(sub) || !/^[\x20-\x7e]{1,255}$/.test(sub) || !isText(jti)) return 'has no sub or no jti';
  if (!isText(scope)) return 'says no scope';
  if (typeof exp !== 'number' || typeof iat !== 'number') return 'has no exp or no iat';
  if (exp - iat > longestSeconds) return 'is good for longer than ten minutes';
  return iat > Date.now() / 1000 + clockSeconds ? 'is of the future (iat)' : undefined;
}

/** Which provider vouches, before anything is believed. */
async function providerOf(
  { db, issuer }: JudgeDependencies,
  { iss, tenant }: Claims,
  client: { clientId: string; tenantId: string },
): Promise<TrustingProvider | string> {
  if (!isText(iss) || iss.includes('\0')) return 'names no issuer';
  const trusted = await findTrustedProviders(db, { issuer: iss, ...client });
  if (trusted.length === 0) return 'is of an issuer that vouches to this application for nobody';
  const found = trusted.find(({ crossApp }) => crossApp.theirTenant === (tenant ?? null));
  if (!found) return 'is of another tenant there';
  const { crossApp } = found;
  // Every tenant of this server has its keys: what tells them apart is what we ourselves have signed.
  if (iss === issuer && (crossApp.theirTenant === null || crossApp.theirTenant === client.tenantId))
    return 'is of this very tenant';
  return found;
}

/** Judges an assertion that an application of a tenant brings. Its `jti` is for the caller to use up. */
export async function judgeAssertion(
  deps: JudgeDependencies,
  client: { clientId: string; tenantId: string },
  assertion: string,
): Promise<Judgement> {
  const { issuer, publicJwks, keysFor } = deps;
  const found = read(assertion);
  if (!found) return refuse(`is no JWT of the type ${assertionType} that is signed with a key pair`);
  const { claims, kid } = found;
  const provider = await providerOf(deps, claims, client);
  if (typeof provider === 'string') return refuse(provider);
  const fault = faultOf(claims, { clientId: client.clientId, issuer });
  if (fault !== undefined) return refuse(fault);
  const keys: JWTVerifyGetKey | undefined =
    provider.issuer === issuer
      ? createLocalJWKSet({ keys: [...publicJwks] })
      : await keysFor({ issuer: provider.issuer, jwksUri: null }, kid);
  if (!keys) return refuse('cannot be checked: the keys of its issuer are not to be had');
  try {
    const verified = await jwtVerify(assertion, keys, {
      ...{ algorithms, issuer: provider.issuer, audience: issuer, typ: assertionType, clockTolerance: clockSeconds },
    });
    return { provider, claims: verified.payload as unknown as AssertedClaims };
  } catch (error) {
    return refuse(`is not good: ${(error as { code?: string }).code ?? 'unreadable'}`);
  }
}
