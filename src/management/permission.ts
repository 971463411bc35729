/**
 * Asks domain/access/authorise.ts what an operation needs. Refuses in two ways: `403` says that a capability is missing
 * altogether, before any row is looked at; what is out of reach is `404`, the same bytes as what does not exist.
 */
import {
  holdsAt,
  holdsAtRoot,
  holdsUntil,
  mayBecome,
  mayGiveCapability,
  mayGiveRole,
  nodesOf,
  reachesPerson,
  type Standing,
} from '../domain/access/authorise.ts';
import { findCapability } from '../domain/access/capabilities.ts';
import { findStandingIn } from '../domain/access/standing-of-actor.ts';
import { isPlatformTenant } from '../domain/tenants/platform-tenant.ts';
import { type Codes, DomainError, defineCodes } from '../platform/errors.ts';
import type { Actor } from './actor.ts';
import type { AnyOperation, Input, Lookup } from './operation.ts';
import { noReach, type Reach, reachOf } from './reach.ts';

export const permissionCodes = defineCodes({
  FORBIDDEN: { kind: 'forbidden', params: ['capability'], means: 'the capability is missing' },
  PRIVILEGE_EXCEEDED: { kind: 'forbidden', means: 'it gives or touches more than the one who asks holds there' },
});
declare module '../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof permissionCodes> {}
}

const notFound = () => new DomainError('not_found', 'NOT_FOUND');
const forbidden = (capability: string) => new DomainError('forbidden', 'FORBIDDEN', { capability });
const exceeded = () => new DomainError('forbidden', 'PRIVILEGE_EXCEEDED');

const many = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as T];

/**
 * What the actor holds in the tenant that is acted in. Elsewhere than at home this is what they hold in the whole of the
 * platform's tenant, if `tenants.manage` is among it.
 * @throws DomainError not_found NOT_FOUND
 */
async function standingIn({ db, tenantId, actor }: Lookup): Promise<Standing> {
  const standing = await findStandingIn(db, tenantId, { of: actor.standingOf, homeId: actor.tenantId });
  if (!standing) throw notFound();
  return standing;
}

/**
 * Asked before anything of a request is looked at that is about another tenant than the actor's own: any other refusal
 * would tell that the tenant is there.
 * @throws DomainError not_found NOT_FOUND
 */
export async function assertMayActIn(lookup: Lookup): Promise<void> {
  await standingIn(lookup);
}

/** What an actor may see of a tenant's administration at all, by capability: for menus, which decide nothing. */
export interface Holdings {
  /** The nodes at which it is held, now; it counts below them. */
  nodesOf(capability: string): readonly string[];
  /** In the whole tenant. */
  everywhere(capability: string): boolean;
}

/** @throws DomainError not_found NOT_FOUND */
export async function findHoldings(lookup: Lookup): Promise<Holdings> {
  const standing = await standingIn(lookup);
  const { actor } = lookup;
  const nodes = (capability: string) => (allowsScope(actor, capability) ? nodesOf(standing, capability) : []);
  return {
    nodesOf: nodes,
    everywhere: (capability) => nodes(capability).includes(standing.rootId),
  };
}

/** Whether `permit` lets it: for what shows an action only to who may do it. The action is asked again when it is done. */
export async function isPermitted(operation: AnyOperation, input: Input, lookup: Lookup): Promise<boolean> {
  try {
    await permit(operation, input, lookup);
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.kind !== 'unavailable') return false;
    throw error;
  }
}

/** Whether the credential is good for a capability. */
export function allowsScope({ scopes }: Actor, capability: string): boolean {
  return scopes === null || scopes.has(capability);
}

/** What somebody who may do an operation reaches. */
export interface Permitted {
  /** By the operation's own capability. */
  reach: Reach;
  /** By another one, for answers of several parts; nothing where their token is not good for it. */
  reaches(capability: string): Reach;
}

/**
 * Refuses what the actor may not do; answers what they reach.
 * @throws DomainError forbidden FORBIDDEN or PRIVILEGE_EXCEEDED, not_found NOT_FOUND
 */
export async function permit(operation: AnyOperation, input: Input, lookup: Lookup): Promise<Permitted> {
  const { needs } = operation;
  const { capability } = needs;
  if (!allowsScope(lookup.actor, capability)) throw forbidden(capability);
  const standing = await standingIn(lookup);
  if (nodesOf(standing, capability).length === 0) throw forbidden(capability);
  await permitPlace(needs, input, lookup, standing);
  await permitGiving(needs, input, lookup, standing);
  if (await needs.server?.(input, lookup)) await permitServer(lookup, standing);
  const reaches = (other: string) => (allowsScope(lookup.actor, other) ? reachOf(standing, other) : noReach);
  return { reach: reachOf(standing, capability), reaches };
}

async function permitPlace(
  needs: AnyOperation['needs'],
  input: Input,
  lookup: Lookup,
  standing: Standing,
): Promise<void> {
  const { capability } = needs;
  const { db, tenantId } = lookup;
  if ('person' in needs) {
    const userId = await needs.person(input, lookup);
    const wanted = typeof needs.to === 'function' ? needs.to(input) : needs.to;
    const to = wanted === 'credentials' ? 'change' : wanted;
    const deletedToo = needs.deletedToo?.(input) || undefined;
    if (userId === undefined || !(await reachesPerson(db, standing, { capability, userId, to, deletedToo }))) {
      // Who may be seen is told apart from who is not there.
      const whom = { capability, userId: userId ?? '', to: 'read', deletedToo } as const;
      const seen = await reachesPerson(db, standing, whom);
      throw seen ? exceeded() : notFound();
    }
    if (wanted === 'credentials' && !(await mayBecome(db, standing, userId))) throw exceeded();
    return;
  }
  if (needs.at === 'anywhere') return;
  // The command line runs the server, no matter who else does, and also where nobody does yet.
  const isServer = lookup.actor.standingOf === 'system';
  if (needs.at === 'platform' && !isServer && !(await isPlatformTenant(db, tenantId))) throw forbidden(capability);
  const where = typeof needs.at === 'function' ? await needs.at(input, lookup) : needs.at;
  if (where === 'root' || where === 'platform') {
    if (!holdsAtRoot(standing, capability)) throw forbidden(capability);
    return;
  }
  const nodeIds = many(where);
  if (nodeIds.length === 0) throw notFound();
  for (const nodeId of nodeIds) if (!(await holdsAt(db, standing, capability, nodeId))) throw notFound();
  const userId = needs.whom && (await needs.whom(input, lookup));
  if (userId !== undefined && !(await reachesPerson(db, standing, { capability, userId, to: 'read' })))
    throw notFound();
}

/** What is of all tenants is for those who run the server, wherever they act. */
async function permitServer({ db, tenantId, actor }: Lookup, standing: Standing): Promise<void> {
  if (actor.standingOf === 'system') return;
  const capability = 'tenants.manage';
  // Somebody from elsewhere was asked for it already: else they would have no standing here.
  const counts = (actor.tenantId !== null && actor.tenantId !== tenantId) || (await isPlatformTenant(db, tenantId));
  if (!counts || !allowsScope(actor, capability) || !holdsAtRoot(standing, capability)) throw forbidden(capability);
}

async function permitGiving(
  needs: AnyOperation['needs'],
  input: Input,
  lookup: Lookup,
  standing: Standing,
): Promise<void> {
  const { db } = lookup;
  for (const { capability, at } of many(await needs.besides?.(input, lookup)))
    if (!allowsScope(lookup.actor, capability) || !(await holdsAt(db, standing, capability, at)))
      throw forbidden(capability);
  // In the order of the roles: who gives the same ones, and who fills them, wait for each other instead of locking up.
  const gives = many(await needs.gives?.(input, lookup)).toSorted((left, right) =>
    left.roleId < right.roleId ? -1 : 1,
  );
  for (const given of gives) if (!(await mayGiveRole(db, standing, given))) throw exceeded();
  const puts = many(await needs.puts?.(input, lookup)).toSorted((left, right) => (left.roleId < right.roleId ? -1 : 1));
  for (const put of puts) if (!(await mayGiveCapability(db, standing, put))) throw exceeded();
  const { rootId } = standing;
  for (const granted of many(await needs.grants?.(input, lookup)))
    if (
      !(await holdsUntil(db, standing, { capability: granted, orgNodeId: rootId, endsAt: null })) ||
      (await exceedsScopes(lookup, granted))
    )
      throw exceeded();
  await permitCarrying(needs, input, lookup, standing);
  for (const lent of many(await needs.lends?.(input, lookup)))
    if (!(await holdsUntil(db, standing, { capability: needs.capability, ...lent }))) throw exceeded();
}

/** What a key carries acts without the one who made it: so neither they nor their token may have less. */
async function permitCarrying(
  needs: AnyOperation['needs'],
  input: Input,
  lookup: Lookup,
  standing: Standing,
): Promise<void> {
  const carried = await needs.carries?.(input, lookup);
  if (!carried) return;
  const { capabilities, ...where } = carried;
  for (const capability of capabilities)
    if (!(await holdsUntil(lookup.db, standing, { capability, ...where })) || (await exceedsScopes(lookup, capability)))
      throw exceeded();
}

/** Whether a token is not good for a capability that it would give to a credential. Those of other APIs are no scopes of it. */
async function exceedsScopes({ db, actor }: Lookup, capability: string): Promise<boolean> {
  if (allowsScope(actor, capability)) return false;
  return (await findCapability(db, capability))?.isSystem !== false;
}
