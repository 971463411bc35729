/**
 * Claims: what tokens and userinfo say of a person. Owns their names and which scope releases which. Pure: an account and
 * its effective access go in, claims come out; asks nobody. A claim without a value is left out (OpenID Connect Core 1.0
 * section 5.3.2). Access tokens never carry an address or a name.
 */
import type { EffectiveAccess } from '../access/effective-access.ts';

/** What is said of a person; `AccountProfile` of domain/users is one. */
export interface ClaimsAccount {
  userId: string;
  email: string | null;
  emailVerified: boolean;
  /** E.164. */
  phone: string | null;
  phoneVerified: boolean;
  fullName: string | null;
  givenName: string | null;
  familyName: string | null;
  username: string | null;
  pictureUrl: string | null;
  /** BCP 47. */
  locale: string | null;
  /** IANA time zone. */
  zoneinfo: string | null;
  updatedAt: Date;
  tenant: { id: string; slug: string; name: string };
}

// Types and not interfaces: these are assignable to a record, which oidc-provider wants.

export type OrgAssignmentClaim = {
  org_node_id: string;
  org_node: string;
  /** The node's type. */
  type: string;
  role: string;
  /** RFC 3339, UTC. */
  starts_at: string;
  ends_at?: string;
};

export type VisibilityGrantClaim = {
  org_node_id: string;
  org_node: string;
  access_scope: 'read' | 'analyze';
  starts_at: string;
  ends_at?: string;
};

/** What is said of a person's access. */
export type AccessClaims = {
  tenant?: { id: string; slug: string; name: string };
  roles?: string[];
  capabilities?: string[];
  org_assignments?: OrgAssignmentClaim[];
  visibility_grants?: VisibilityGrantClaim[];
};

/** All claims of a person; the standard ones as in OpenID Connect Core 1.0 section 5.1. */
export type PersonClaims = AccessClaims & {
  sub: string;
  name?: string;
  given_name?: string;
  family_name?: string;
  preferred_username?: string;
  picture?: string;
  locale?: string;
  zoneinfo?: string;
  /** Seconds since the epoch. */
  updated_at?: number;
  email?: string;
  email_verified?: boolean;
  phone_number?: string;
  phone_number_verified?: boolean;
};

/** How and when the person proved themselves is in every id_token (OpenID Connect Core 1.0 section 2); the library fills it in. */
type SignInClaimName = 'acr' | 'amr' | 'auth_time';

interface Scope {
  /** `protocol`: of the sign-in itself; `person`: who it is; `access`: what they may do, which any API may ask for too. */
  about: 'protocol' | 'person' | 'access';
  releases: readonly (keyof PersonClaims | SignInClaimName)[];
}

/**
 * The scopes that mean the same everywhere, and what each releases: OpenID Connect Core 1.0 sections 5.4 and 11, and three
 * of our own. What else may be asked for are the capabilities of an API.
 */
export const scopes = {
  openid: { about: 'protocol', releases: ['sub', 'acr', 'amr', 'auth_time'] },
  // Releases no claim, but a refresh token that outlives the session.
  offline_access: { about: 'protocol', releases: [] },
  profile: {
    about: 'person',
    releases: [
      ...(['name', 'given_name', 'family_name', 'preferred_username', 'picture'] as const),
      ...(['locale', 'zoneinfo', 'updated_at', 'tenant'] as const),
    ],
  },
  email: { about: 'person', releases: ['email', 'email_verified'] },
  phone: { about: 'person', releases: ['phone_number', 'phone_number_verified'] },
  roles: { about: 'access', releases: ['roles', 'tenant'] },
  capabilities: { about: 'access', releases: ['capabilities', 'tenant'] },
  org: { about: 'access', releases: ['org_assignments', 'visibility_grants', 'tenant'] },
} as const satisfies Record<string, Scope>;

function scopesAbout(...kinds: Scope['about'][]): string[] {
  return Object.entries(scopes).flatMap(([name, { about }]) => (kinds.includes(about) ? [name] : []));
}

/** Scopes that release access claims and may be asked for at every API. */
export const accessScopes: readonly string[] = scopesAbout('access');

/** What is said of nobody who was not looked up. */
const nothingHeld: EffectiveAccess = Object.freeze({
  roles: [],
  capabilities: [],
  assignments: [],
  visibilityGrants: [],
  earliestEnd: null,
});

const accessClaimNames = ['roles', 'capabilities', 'org_assignments', 'visibility_grants'] as const;

/** Whether any of these scopes, or of these claims asked for by name, tells what the person may do. */
export function asksForAccess(asked: Iterable<string>, claims: Iterable<string>): boolean {
  const wanted = new Set([...asked, ...claims]);
  return [...accessScopes, ...accessClaimNames].some((name) => wanted.has(name));
}

/** Scopes that a person is asked about one by one. */
export const consentScopes: ReadonlySet<string> = new Set(scopesAbout('person', 'access'));

/** The claims that each scope releases, for scopes that release any. */
export const claimsByScope: Record<string, string[]> = Object.fromEntries(
  Object.entries(scopes).flatMap(([name, { releases }]) => (releases.length > 0 ? [[name, [...releases]]] : [])),
);

/**
 * The claims of a person.
 * @param access absent where nobody asks for it: then nothing is held
 * @param granted scopes: `sub` and what they release; absent: everything, for oidc-provider to choose from
 */
export function claimsFor(
  account: ClaimsAccount,
  access: EffectiveAccess = nothingHeld,
  granted?: Iterable<string>,
): PersonClaims {
  const all: PersonClaims = {
    sub: account.userId,
    name: account.fullName ?? undefined,
    given_name: account.givenName ?? undefined,
    family_name: account.familyName ?? undefined,
    preferred_username: account.username ?? undefined,
    picture: account.pictureUrl ?? undefined,
    locale: account.locale ?? undefined,
    zoneinfo: account.zoneinfo ?? undefined,
    updated_at: Math.floor(account.updatedAt.getTime() / 1000),
    ...(account.email !== null && { email: account.email, email_verified: account.emailVerified }),
    ...(account.phone !== null && { phone_number: account.phone, phone_number_verified: account.phoneVerified }),
    ...accessClaims(account, access),
  };
  const released = granted && new Set<string>(['sub', ...releasedBy(granted)]);
  return only(all, released);
}

/**
 * The claims of an access token (RFC 9068 section 2.2.3): roles, capabilities and places, as far as the scopes `roles`,
 * `capabilities` and `org` release them. Nothing else about the person, whatever the scopes.
 */
export function accessTokenClaims(
  account: Pick<ClaimsAccount, 'tenant'>,
  access: EffectiveAccess,
  granted: ReadonlySet<string>,
): AccessClaims {
  return only(accessClaims(account, access), releasedBy(accessScopes.filter((scope) => granted.has(scope))));
}

function accessClaims(account: Pick<ClaimsAccount, 'tenant'>, access: EffectiveAccess): AccessClaims {
  const { id, slug, name } = account.tenant;
  return {
    tenant: { id, slug, name },
    roles: sortedOnce(access.roles),
    capabilities: sortedOnce(access.capabilities),
    org_assignments: access.assignments.map((assignment) => ({
      org_node_id: assignment.orgNodeId,
      org_node: assignment.orgNode,
      type: assignment.orgNodeType,
      role: assignment.role,
      ...periodOf(assignment),
    })),
    visibility_grants: access.visibilityGrants.map((grant) => ({
      org_node_id: grant.orgNodeId,
      org_node: grant.orgNode,
      access_scope: grant.accessScope,
      ...periodOf(grant),
    })),
  };
}

function periodOf({ startsAt, endsAt }: { startsAt: Date; endsAt: Date | null }): {
  starts_at: string;
  ends_at?: string;
} {
  return { starts_at: startsAt.toISOString(), ...(endsAt && { ends_at: endsAt.toISOString() }) };
}

function sortedOnce(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

function releasedBy(granted: Iterable<string>): Set<string> {
  return new Set(
    [...granted].flatMap((scope) => (Object.hasOwn(claimsByScope, scope) ? (claimsByScope[scope] ?? []) : [])),
  );
}

/** Those of the claims that have a value and a name in `names`; all that have a value where `names` is absent. */
function only<T extends object>(claims: T, names: ReadonlySet<string> | undefined): T {
  return Object.fromEntries(
    Object.entries(claims).filter(([name, value]) => value !== undefined && (!names || names.has(name))),
  ) as T;
}
