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

type ClaimName = keyof PersonClaims;

const accessScopes = {
  roles: ['roles', 'tenant'],
  capabilities: ['capabilities', 'tenant'],
  org: ['org_assignments', 'visibility_grants', 'tenant'],
} satisfies Record<string, (keyof AccessClaims)[]>;

/** Which scope releases which claims: OpenID Connect Core 1.0 section 5.4, and three scopes of our own. */
export const claimsByScope: Record<string, ClaimName[]> = {
  openid: ['sub'],
  profile: ['name', 'given_name', 'family_name', 'picture', 'locale', 'zoneinfo', 'updated_at', 'tenant'],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  ...accessScopes,
};

/**
 * The claims of a person.
 * @param scopes those granted: `sub` and what they release; absent: everything, for oidc-provider to choose from
 */
export function claimsFor(account: ClaimsAccount, access: EffectiveAccess, scopes?: Iterable<string>): PersonClaims {
  const all: PersonClaims = {
    sub: account.userId,
    name: account.fullName ?? undefined,
    given_name: account.givenName ?? undefined,
    family_name: account.familyName ?? undefined,
    picture: account.pictureUrl ?? undefined,
    locale: account.locale ?? undefined,
    zoneinfo: account.zoneinfo ?? undefined,
    updated_at: Math.floor(account.updatedAt.getTime() / 1000),
    ...(account.email !== null && { email: account.email, email_verified: account.emailVerified }),
    ...(account.phone !== null && { phone_number: account.phone, phone_number_verified: account.phoneVerified }),
    ...accessClaims(account, access),
  };
  const released = scopes && new Set<string>(['sub', ...releasedBy(claimsByScope, scopes)]);
  return only(all, released);
}

/**
 * The claims of an access token (RFC 9068 section 2.2.3): roles, capabilities and places, as far as the scopes `roles`,
 * `capabilities` and `org` release them. Nothing else about the person, whatever the scopes.
 */
export function accessTokenClaims(
  account: Pick<ClaimsAccount, 'tenant'>,
  access: EffectiveAccess,
  scopes: ReadonlySet<string>,
): AccessClaims {
  return only(accessClaims(account, access), releasedBy(accessScopes, scopes));
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

function releasedBy(byScope: Record<string, string[]>, scopes: Iterable<string>): Set<string> {
  return new Set([...scopes].flatMap((scope) => (Object.hasOwn(byScope, scope) ? (byScope[scope] ?? []) : [])));
}

/** Those of the claims that have a value and a name in `names`; all that have a value where `names` is absent. */
function only<T extends object>(claims: T, names: ReadonlySet<string> | undefined): T {
  return Object.fromEntries(
    Object.entries(claims).filter(([name, value]) => value !== undefined && (!names || names.has(name))),
  ) as T;
}
