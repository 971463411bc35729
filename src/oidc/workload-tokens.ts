/**
 * Tokens of platforms (Kubernetes, GitHub Actions, Google Cloud) as proofs of a service (RFC 7523 section 3): issuer, audience and
 * subject are those of one of its workload identities, the issuer has signed it, and it is in its time. Refuses a token for others
 * as well, one without an end or for longer than a day, one that was used before where it is good once, and a second spelling
 * of one. Nothing is fetched for a token whose issuer is nobody's.
 */
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import type { Provider } from 'oidc-provider';
import { matchesPattern } from '../domain/clients/subject-pattern.ts';
import {
  findWorkloadIdentities,
  recordWorkloadUse,
  type WorkloadIdentity,
} from '../domain/clients/workload-identities.ts';
import type { Database } from '../platform/database.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { isCanonicalJwt } from './tokens/assertions.ts';

const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'];
const longestToken = 10_000;
const longestSeconds = 86_400;
const clockSeconds = 60;

/** `refused`: why, for the trail. */
export type Judgement = { proved: Pick<WorkloadIdentity, 'issuer'> & { subject: string } } | { refused: string };

const refuse = (refused: string): Judgement => ({ refused });

interface Claims {
  iss?: string;
  sub?: string;
  aud?: string | string[];
  exp?: number;
  iat?: number;
  jti?: string;
}

/** Undefined for what is no JWT. */
function read(token: string): { claims: Claims; kid: string | undefined } | undefined {
  if (token.length > longestToken || token.split('.').length !== 3 || !isCanonicalJwt(token)) return undefined;
  try {
    const { kid } = decodeProtectedHeader(token);
    return { claims: decodeJwt(token), kid };
  } catch {
    return undefined;
  }
}

/** The identity that the claims are of, before anything is believed of them. */
function identityOf(identities: readonly WorkloadIdentity[], { iss, sub, aud }: Claims): WorkloadIdentity | string {
  const ofIssuer = identities.filter(({ issuer }) => issuer === iss);
  if (ofIssuer.length === 0) return 'is of an issuer that no workload identity of the service names';
  const audiences = [aud].flat();
  const ofAudience = ofIssuer.filter(({ audience }) => audiences.length === 1 && audience === audiences[0]);
  if (ofAudience.length === 0) return 'is for another audience, or for several';
  const found = ofAudience.find(({ subject }) => typeof sub === 'string' && matchesPattern(subject, sub));
  return found ?? 'is about another workload';
}

function faultOfTime({ exp, iat }: Claims): string | undefined {
  if (typeof exp !== 'number') return 'has no end (exp)';
  const from = typeof iat === 'number' ? iat : Date.now() / 1000;
  return exp - from > longestSeconds + clockSeconds ? 'is good for longer than a day' : undefined;
}

/** Judges a token that a service brings. */
export async function judgeWorkloadToken(
  { db, provider, keysFor }: { db: Database; provider: Provider; keysFor: IssuerKeys },
  clientId: string,
  token: string,
): Promise<Judgement> {
  const found = read(token);
  if (!found) return refuse('the token of the platform is no JWT');
  const { claims, kid } = found;
  const identity = identityOf(await findWorkloadIdentities(db, clientId), claims);
  if (typeof identity === 'string') return refuse(`the token of the platform ${identity}`);
  const fault = faultOfTime(claims);
  if (fault !== undefined) return refuse(`the token of the platform ${fault}`);
  const keys = await keysFor(identity, kid);
  if (!keys) return refuse('the keys of the platform cannot be had');
  const { issuer, audience, singleUse } = identity;
  try {
    await jwtVerify(token, keys, { algorithms, issuer, audience, clockTolerance: clockSeconds });
  } catch (error) {
    return refuse(`the token of the platform is not good: ${(error as { code?: string }).code ?? 'unreadable'}`);
  }
  if (singleUse) {
    const { jti, exp } = claims;
    if (typeof jti !== 'string' || jti === '') return refuse('the token of the platform has no jti, and is good once');
    if (!(await provider.ReplayDetection.unique(issuer, jti, (exp as number) + clockSeconds)))
      return refuse('the token of the platform was used before');
  }
  await recordWorkloadUse(db, identity);
  return { proved: { issuer, subject: claims.sub as string } };
}
