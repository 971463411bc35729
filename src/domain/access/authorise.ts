/**
 * Who may administer what. Administration follows the tree: a capability counts at the node where it is held and below it.
 * Owns the three questions of management: *where* an actor may do something, *whom* they may do it to, and *what* they may
 * give. Nothing else in the program decides this, and nothing is remembered from one request to the next.
 *
 * An owner holds every capability at the root for as long as the ownership lasts. Nobody else gives ownership, or changes
 * somebody who has it. docs/access-model.md explains it with a picture.
 */
import type { Database } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import {
  type HeldRow,
  holdRole,
  selectAncestorsAmong,
  selectGivenTo,
  selectKey,
  selectPlaces,
  selectPlacesOfRole,
  selectRoleToGive,
  selectRootId,
  selectStandingOfPerson,
  selectStandingOfService,
} from './standing-store.ts';

/** What an actor holds in one tenant at this moment. */
export interface Standing {
  tenantId: string;
  rootId: string;
  held: readonly HeldRow[];
  /** Another moment than now; for tests. */
  at: Date | null;
}

/** A role, or what it carries, at a node until a time (null: without an end). */
interface Given {
  orgNodeId: string;
  endsAt: Date | null;
  isOwner: boolean;
  capabilities: readonly string[];
}

export type StandingOf = { person: string } | { service: string } | { key: string } | 'system';

/**
 * Reads what an actor holds in a tenant. Undefined where the tenant does not exist.
 * @param of a user's id, a client's `client_id`, an API key's id, or the server itself, which holds what an owner holds
 */
export async function findStanding(
  db: Database,
  { tenantId, of, at = null }: { tenantId: string; of: StandingOf; at?: Date | null },
): Promise<Standing | undefined> {
  if (!isId(tenantId)) return undefined;
  const rootId = await selectRootId(db, tenantId);
  if (rootId === undefined) return undefined;
  return { tenantId, rootId, held: await heldBy(db, tenantId, rootId, of, at), at };
}

async function heldBy(
  db: Database,
  tenantId: string,
  rootId: string,
  of: StandingOf,
  at: Date | null,
): Promise<HeldRow[]> {
  if (of === 'system') return [{ orgNodeId: rootId, endsAt: null, isOwner: true, capabilities: [] }];
  if ('service' in of) return selectStandingOfService(db, { tenantId, clientId: of.service });
  if ('key' in of) return isId(of.key) ? heldByKey(db, tenantId, of.key, at) : [];
  return isId(of.person) ? selectStandingOfPerson(db, { tenantId, userId: of.person, at }) : [];
}

/**
 * What an API key holds: at its node and below it, what it was made for. A node's key holds it until it ends, so that it
 * gives nothing for longer; a person's key, as far as the person holds it there now. None is an owner, whoever made it.
 */
async function heldByKey(db: Database, tenantId: string, keyId: string, at: Date | null): Promise<HeldRow[]> {
  const key = await selectKey(db, { tenantId, keyId });
  if (!key) return [];
  const { userId, orgNodeId, expiresAt, capabilities, systemCapabilities } = key;
  if (userId === null) return [{ orgNodeId, endsAt: expiresAt, isOwner: false, capabilities }];
  const held = await selectStandingOfPerson(db, { tenantId, userId, at });
  const nodeIds = [...new Set([orgNodeId, ...held.map((row) => row.orgNodeId)])];
  const above = await selectAncestorsAmong(db, { tenantId, nodeIds, among: nodeIds });
  return held.flatMap((row) => {
    // An owner administers everything; what other APIs allow is told of an owner's roles, as in tokens.
    const ownership = row.isOwner ? systemCapabilities : [];
    const shared = capabilities.filter((one) => row.capabilities.includes(one) || ownership.includes(one));
    const both = { ...row, isOwner: false, capabilities: shared };
    if (above.get(orgNodeId)?.has(row.orgNodeId)) return [{ ...both, orgNodeId }];
    return above.get(row.orgNodeId)?.has(orgNodeId) ? [both] : [];
  });
}

function carries({ isOwner, capabilities }: HeldRow, capability: string): boolean {
  return isOwner || capabilities.includes(capability);
}

/** The nodes at which the actor holds a capability; it counts below them too. */
export function nodesOf({ held }: Standing, capability: string): string[] {
  return [...new Set(held.filter((row) => carries(row, capability)).map(({ orgNodeId }) => orgNodeId))];
}

/** Whether the actor holds a capability in the whole tenant. */
export function holdsAtRoot(standing: Standing, capability: string): boolean {
  return nodesOf(standing, capability).includes(standing.rootId);
}

/** Whether the actor holds a capability at a node: there or above it. False for a node of another tenant. */
export async function holdsAt(
  db: Database,
  standing: Standing,
  capability: string,
  orgNodeId: string,
): Promise<boolean> {
  const among = nodesOf(standing, capability);
  if (among.length === 0 || !isId(orgNodeId)) return false;
  const above = await selectAncestorsAmong(db, { tenantId: standing.tenantId, nodeIds: [orgNodeId], among });
  return above.has(orgNodeId);
}

/**
 * Whether a person is within the actor's reach. To be read, one thing that the person holds, or will hold, must stand at or
 * below a node where the actor has the capability; to be read as a whole, or changed, all of it must. Who holds nothing belongs to the root. An
 * owner is changed by owners alone. To be deleted is as to be changed, and reaches who was deleted already.
 * @param whom.deletedToo reaches who was deleted, where they stood last
 */
export async function reachesPerson(
  db: Database,
  standing: Standing,
  {
    capability,
    userId,
    to,
    deletedToo = to === 'delete',
  }: { capability: string; userId: string; to: 'read' | 'whole' | 'change' | 'delete'; deletedToo?: boolean },
): Promise<boolean> {
  const { tenantId, at } = standing;
  const nodeIds = nodesOf(standing, capability);
  if (nodeIds.length === 0 || !isId(userId)) return false;
  const found = await selectPlaces(db, { tenantId, userId, nodeIds, at, deletedToo });
  if (!found) return false;
  const all = found.within === found.places && (found.places > 0 || holdsAtRoot(standing, capability));
  if (to === 'read') return all || found.within > 0;
  if (to === 'whole') return all;
  return all && !(await isOwnerAbove(db, standing, userId));
}

/** Whether the person is an owner and the actor is none. */
async function isOwnerAbove(db: Database, standing: Standing, userId: string): Promise<boolean> {
  if (standing.held.some(({ isOwner }) => isOwner)) return false;
  const given = await selectGivenTo(db, { tenantId: standing.tenantId, userId, at: standing.at });
  return given.some(({ isOwner }) => isOwner);
}

/**
 * Whether the actor could give a person everything that the person holds or will hold. Asked before what signs the person
 * in is changed: else a delegate would become somebody greater by a new password.
 */
export async function mayBecome(db: Database, standing: Standing, userId: string): Promise<boolean> {
  if (!isId(userId)) return false;
  return covers(db, standing, await selectGivenTo(db, { tenantId: standing.tenantId, userId, at: standing.at }));
}

/**
 * Whether the actor may give a role at a node until a time: they hold each of its capabilities there for at least as long.
 * @param given.endsAt null: without an end
 */
export async function mayGiveRole(
  db: Database,
  standing: Standing,
  { roleId, orgNodeId, endsAt }: { roleId: string; orgNodeId: string; endsAt: Date | null },
): Promise<boolean> {
  if (!isId(roleId) || !isId(orgNodeId)) return false;
  // What it carries is read when nobody can put more into it until the one who gives has done so.
  await holdRole(db, { tenantId: standing.tenantId, roleId }, 'give');
  const role = await selectRoleToGive(db, { tenantId: standing.tenantId, roleId });
  return role !== undefined && covers(db, standing, [{ ...role, orgNodeId, endsAt }]);
}

/** `holdsAt` of many nodes: those at which the actor holds the capability. */
export async function nodesWhere(
  db: Database,
  standing: Standing,
  capability: string,
  orgNodeIds: readonly string[],
): Promise<Set<string>> {
  const among = nodesOf(standing, capability);
  const nodeIds = [...new Set(orgNodeIds.filter(isId))];
  if (among.length === 0 || nodeIds.length === 0) return new Set();
  return new Set((await selectAncestorsAmong(db, { tenantId: standing.tenantId, nodeIds, among })).keys());
}

/** `mayGiveRole` of many, in their order. */
export async function mayGiveRoles(
  db: Database,
  standing: Standing,
  wanted: readonly { roleId: string; orgNodeId: string; endsAt: Date | null }[],
): Promise<boolean[]> {
  const { tenantId } = standing;
  const roles = new Map<string, Awaited<ReturnType<typeof selectRoleToGive>>>();
  // In one order: who gives the same ones, and who fills them, wait for each other instead of locking up.
  for (const roleId of [...new Set(wanted.map((given) => given.roleId).filter(isId))].sort()) {
    await holdRole(db, { tenantId, roleId }, 'give');
    roles.set(roleId, await selectRoleToGive(db, { tenantId, roleId }));
  }
  const given = wanted.map(({ roleId, ...place }) => {
    const role = roles.get(roleId);
    return role && isId(place.orgNodeId) ? { ...role, ...place } : undefined;
  });
  const covered = await coversEach(
    db,
    standing,
    given.filter((one) => one !== undefined),
  );
  return given.map((one) => one !== undefined && covered.get(one) === true);
}

/** Whether the actor may put a capability into a role: they hold it wherever the role is held, for at least as long. */
export async function mayGiveCapability(
  db: Database,
  standing: Standing,
  { roleId, capability }: { roleId: string; capability: string },
): Promise<boolean> {
  const { tenantId, at } = standing;
  if (!isId(roleId)) return false;
  // A role that nobody holds may be filled with anything; so nobody may be given it meanwhile.
  await holdRole(db, { tenantId, roleId }, 'fill');
  const role = await selectRoleToGive(db, { tenantId, roleId });
  if (!role || (role.isOwner && !standing.held.some(({ isOwner }) => isOwner))) return false;
  const places = await selectPlacesOfRole(db, { tenantId, roleId, at });
  return covers(
    db,
    standing,
    places.map((place) => ({ ...place, isOwner: false, capabilities: [capability] })),
  );
}

/** Whether the actor holds a capability at a node for at least as long as what they give by it lasts. */
export async function holdsUntil(
  db: Database,
  standing: Standing,
  { capability, orgNodeId, endsAt }: { capability: string; orgNodeId: string; endsAt: Date | null },
): Promise<boolean> {
  return covers(db, standing, [{ orgNodeId, endsAt, isOwner: false, capabilities: [capability] }]);
}

async function covers(db: Database, standing: Standing, given: readonly Given[]): Promise<boolean> {
  const covered = await coversEach(db, standing, given);
  return given.every((one) => covered.get(one));
}

/** What the actor holds began already; so only its end counts, and of several ends the last. */
async function coversEach(
  db: Database,
  { tenantId, held }: Standing,
  given: readonly Given[],
): Promise<Map<Given, boolean>> {
  if (given.length === 0) return new Map();
  const nodeIds = [...new Set(given.map(({ orgNodeId }) => orgNodeId))];
  const among = [...new Set(held.map(({ orgNodeId }) => orgNodeId))];
  const above = await selectAncestorsAmong(db, { tenantId, nodeIds, among });
  const isCovered = ({ orgNodeId, endsAt, isOwner, capabilities }: Given) => {
    const there = held.filter((row) => above.get(orgNodeId)?.has(row.orgNodeId));
    const lasts = (row: HeldRow) => row.endsAt === null || (endsAt !== null && endsAt <= row.endsAt);
    const needed = isOwner ? there.filter((row) => row.isOwner) : there;
    if (needed.length === 0 || (isOwner && !needed.some(lasts))) return false;
    return capabilities.every((capability) => needed.some((row) => carries(row, capability) && lasts(row)));
  };
  return new Map(given.map((one) => [one, isCovered(one)]));
}
