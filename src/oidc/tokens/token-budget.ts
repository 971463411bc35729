/**
 * Keeps JWT access tokens small. What does not fit is replaced, largest first, by distributed claims (OpenID Connect
 * Core section 5.6.2): names that point to an endpoint which answers with the full set for that token. Headers over 8 KB
 * break proxies; a person with a thousand places must not.
 */

/** base64url of the JOSE header with a 43-character kid, the two dots, and an ES256 or RS256 signature. */
const signatureCharacters = { ES256: 86, RS256: 342 } as const;
const headerCharacters = Math.ceil(
  (JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: 'k'.repeat(43) }).length * 4) / 3,
);

export interface TokenBudget {
  /** The whole compact serialisation, in bytes. */
  maxBytes: number;
  alg: keyof typeof signatureCharacters;
  /** Where the full set is (`/access-claims`). */
  endpoint: string;
}

/** The length of the compact JWT with this payload. */
export function jwtBytes(payload: object, alg: keyof typeof signatureCharacters): number {
  const body = Math.ceil((Buffer.byteLength(JSON.stringify(payload)) * 4) / 3);
  return headerCharacters + body + signatureCharacters[alg] + 2;
}

const source = 'gatehouse';

/**
 * The claims as they go into the token: all of them, or without the largest ones and with `_claim_names` and
 * `_claim_sources` in their place.
 * @param registered the payload's other members (iss, sub, aud, ...), which take their share
 */
export function withinBudget(
  claims: Record<string, unknown>,
  registered: object,
  budget: TokenBudget,
): Record<string, unknown> {
  if (jwtBytes({ ...registered, ...claims }, budget.alg) <= budget.maxBytes) return claims;
  const bySize = Object.entries(claims)
    .filter(([, value]) => Array.isArray(value) && value.length > 0)
    .sort(([, a], [, b]) => JSON.stringify(b).length - JSON.stringify(a).length);
  const kept = { ...claims };
  const names: Record<string, string> = {};
  for (const [name] of bySize) {
    delete kept[name];
    names[name] = source;
    const reduced = { ...kept, _claim_names: names, _claim_sources: { [source]: { endpoint: budget.endpoint } } };
    if (jwtBytes({ ...registered, ...reduced }, budget.alg) <= budget.maxBytes) return reduced;
  }
  return { ...kept, _claim_names: names, _claim_sources: { [source]: { endpoint: budget.endpoint } } };
}
