/**
 * Which claims of a person are there for a client to be told, in its id_token and at userinfo. Owns what `id_token_claims`
 * means; the library then releases of them what was granted, and overrides/claim-mapping.ts gives them the client's names.
 */
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { ClaimMapping } from '../../domain/claims/claim-mapping.ts';
import type { PersonClaims } from '../../domain/claims/claims.ts';

/** Goes along with the claims to where they are released; no name of a claim. */
export const mappingOfClient = Symbol('claim mapping of the client');

export interface ToldClaims extends Record<string, unknown> {
  [mappingOfClient]?: { mapping: ClaimMapping; person: PersonClaims; shared: boolean };
}

/**
 * `all`: what the scopes release is in the id_token too. `lean`: it is at userinfo alone (OpenID Connect Core 1.0 section 5.4),
 * but where the access token beside the id_token is for an API and so does not open userinfo.
 * @param requested what the `claims` parameter asks for one by one
 */
export function claimsForClient(
  { oidc }: KoaContextWithOIDC,
  person: PersonClaims,
  { use, requested }: { use: string; requested: Record<string, unknown> },
): ToldClaims {
  const { client, entities } = oidc;
  const opensUserinfo = (entities.AccessToken as { aud?: unknown } | undefined)?.aud === undefined;
  const isLean = use === 'id_token' && client?.id_token_claims !== 'all' && opensUserinfo;
  const told: ToldClaims = isLean
    ? Object.fromEntries(Object.entries(person).filter(([name]) => Object.hasOwn(requested, name)))
    : { ...person };
  const mapping = client?.claim_mapping as ClaimMapping | undefined;
  if (mapping) told[mappingOfClient] = { mapping, person, shared: client?.tenant_id === undefined };
  return told;
}
