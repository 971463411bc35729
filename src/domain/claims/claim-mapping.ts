/**
 * What an application is told under names of its own: a claim given under another name, a constant, a claim left out. Pure.
 * Owns that a mapping says nothing that is not released anyway, nor in the place of what the protocol or Gatehouse says: it
 * works on the claims that were released for the application, in its id_token and at userinfo. Access tokens are the API's and have none.
 * See docs/decisions/0021-claims-in-the-id-token.md.
 */
import { claimsByScope, type PersonClaims } from './claims.ts';

/** `from`: a claim under this name too; `value`: the same for everybody; null: Gatehouse's claim of this name is left out. */
export type ClaimRule = { from: ClaimSource } | { value: string | number | boolean | string[] } | null;

/** By the claim's name, as the application has it. */
export type ClaimMapping = Record<string, ClaimRule>;

/** What the rules see of the person. */
interface Released {
  claims: PersonClaims;
  emailVerified: boolean;
  phoneVerified: boolean;
  /** Of the person, for an application of all tenants alone: two tenants may have roles of one name. */
  qualifier: string | undefined;
}

const qualified = (names: string[] | undefined, { qualifier }: Released) =>
  qualifier === undefined ? names : names?.map((name) => `${qualifier}:${name}`);

/** What a rule may be made from. Without `email_verified` beside it an address says that it is the person's: it is if verified. */
const sources = {
  sub: ({ claims }) => claims.sub,
  name: ({ claims }) => claims.name,
  given_name: ({ claims }) => claims.given_name,
  family_name: ({ claims }) => claims.family_name,
  preferred_username: ({ claims }) => claims.preferred_username,
  picture: ({ claims }) => claims.picture,
  locale: ({ claims }) => claims.locale,
  zoneinfo: ({ claims }) => claims.zoneinfo,
  email: ({ claims, emailVerified }) => (emailVerified ? claims.email : undefined),
  phone_number: ({ claims, phoneVerified }) => (phoneVerified ? claims.phone_number : undefined),
  /** Its slug. */
  tenant: ({ claims }) => claims.tenant?.slug,
  roles: (released) => qualified(released.claims.roles, released),
  capabilities: ({ claims }) => claims.capabilities,
  /** Ids: who may name a node below them could otherwise make people members of any group. */
  places: ({ claims }) =>
    claims.org_assignments && [...new Set(claims.org_assignments.map((held) => held.org_node_id))],
} as const satisfies Record<string, (released: Released) => string | string[] | undefined>;

export type ClaimSource = keyof typeof sources;
export const claimSources = Object.keys(sources) as ClaimSource[];

/** Of the protocol: registered with JWT (RFC 7519, RFC 9068), of an id_token, of proofs and of logout tokens. */
const protocolClaims = [
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'typ', 'alg', 'kid', 'scope', 'client_id', 'active', 'username'],
  ...['nonce', 'azp', 'acr', 'amr', 'auth_time', 'at_hash', 'c_hash', 's_hash', 'sid', 'sub_jwk', 'sub_id'],
  ...['cnf', 'act', 'may_act', 'events', 'org_node_id', 'token_introspection'],
];
const ours = Object.values(claimsByScope).flat();
/** Says of an address whether it is proved; without it an application would take any for proved. */
const marks = ['email_verified', 'phone_number_verified'];

const nameForm = /^[A-Za-z][A-Za-z0-9_.:/~-]{0,99}$/;
const mostClaims = 20;
const longestValue = 200;

/** Why this is no claim mapping; undefined where it is one. */
export function faultOfClaimMapping(mapping: unknown): string | undefined {
  if (!isRecord(mapping)) return 'is no object of claims by name';
  const entries = Object.entries(mapping);
  if (entries.length > mostClaims) return `has more than ${mostClaims} claims`;
  for (const [name, rule] of entries) {
    const fault = faultOfRule(name, rule);
    if (fault !== undefined) return `${JSON.stringify(name)} ${fault}`;
  }
  return undefined;
}

function faultOfRule(name: string, rule: unknown): string | undefined {
  if (!nameForm.test(name)) return 'is no name of a claim';
  // Whatever the case: some JSON readers match the members of a record so, and the last one wins.
  const known = name.toLowerCase();
  if (protocolClaims.includes(known)) return 'belongs to the protocol';
  if (rule === null) {
    if (!ours.includes(name)) return 'is none of our claims that could be left out';
    return marks.includes(name) ? 'says whether an address is verified, and stays' : undefined;
  }
  if (!isRecord(rule) || Object.keys(rule).length !== 1) return 'is neither {"from": ...} nor {"value": ...} nor null';
  if ('value' in rule) {
    if (ours.includes(known)) return 'is said by Gatehouse and is no constant';
    return isConstant(rule.value)
      ? undefined
      : `has a value that is no short text, number, truth value or list of texts`;
  }
  // The one name that the specification leaves to everybody's taste (OpenID Connect Core 1.0 section 5.1).
  if (ours.includes(known) && name !== 'preferred_username') return 'is said by Gatehouse as it is';
  return claimSources.includes(rule.from as ClaimSource) ? undefined : `is from none of ${claimSources.join(', ')}`;
}

function isConstant(value: unknown): boolean {
  if (Array.isArray(value)) return value.length <= mostClaims && value.every(isShortText);
  return typeof value === 'boolean' || Number.isSafeInteger(value) || isShortText(value);
}

function isShortText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= longestValue && value.isWellFormed() && !value.includes('\0');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The claims that were released, and what the mapping makes of them. A rule whose claim was not released, or has no value, gives
 * nothing, not even a claim of ours under its name.
 * @param person of whom they are, all claims; `shared`: the application serves all tenants
 */
export function mapClaims(
  mapping: ClaimMapping,
  claims: Record<string, unknown>,
  { person, shared }: { person: PersonClaims; shared: boolean },
): Record<string, unknown> {
  const released: Released = {
    claims: claims as PersonClaims,
    emailVerified: person.email_verified === true,
    phoneVerified: person.phone_number_verified === true,
    qualifier: shared ? person.tenant?.slug : undefined,
  };
  const told = { ...claims };
  for (const [name, rule] of Object.entries(mapping)) {
    delete told[name];
    const value = rule === null ? undefined : 'value' in rule ? rule.value : sources[rule.from](released);
    if (value !== undefined) told[name] = value;
  }
  return told;
}
