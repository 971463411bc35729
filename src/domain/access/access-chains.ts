/**
 * Why somebody may do something: what a person holds, the chain that each role and capability hangs by (the assignment, its
 * node, who gave it, until when), and everybody who may do something at a node. Owns that the answers are those of effective
 * access, as of one moment, and that the person who asks is shown what stands within their reach alone: a chain that does not is
 * left out without a word. Changes nothing. docs/access-model.md explains it.
 */
import type { Database } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import { emptyPage, type Page, type PageRequest } from '../../platform/paging.ts';
import { findActors, type RecordedActor } from '../audit/find-events.ts';
import {
  type AskedAccess,
  type ChainRow,
  type HeldPlace,
  selectAccess,
  selectChainsAtNode,
  selectChainsOfPerson,
} from './access-chain-store.ts';
import type { Moment } from './access-history.ts';

/** What a question is asked about. */
export interface AccessQuestion extends Moment {
  tenantId: string;
  /** Nodes at or below which something has to stand, now, to be shown; absent: all of the tenant. */
  within?: readonly string[];
}

export interface HeldAssignment {
  id: string;
  roleId: string;
  role: string;
  orgNodeId: string;
  orgNode: string;
  orgNodeType: string;
  startsAt: Date;
  endsAt: Date | null;
  /** users.id */
  assignedBy: string | null;
}

export interface HeldGrant extends Omit<HeldAssignment, 'roleId' | 'role' | 'assignedBy'> {
  accessScope: 'read' | 'analyze';
  grantedBy: string | null;
}

export interface AccessOfPerson {
  /** Whether the person, and their tenant, are active: else nothing counts. */
  mayAct: boolean;
  /** Names, sorted. */
  roles: string[];
  /** Keys, sorted; those of the program itself too. */
  capabilities: string[];
  assignments: HeldAssignment[];
  visibilityGrants: HeldGrant[];
  /** Some assignments or grants are left out: the chains go through all of them, page by page. */
  more: boolean;
}

/** How many assignments, and grants, stand in one answer. */
const mostPlaces = 500;

/** What a person holds, as far as it is within reach. */
export async function findAccessOfPerson(
  db: Database,
  { userId, ...question }: AccessQuestion & { userId: string },
): Promise<AccessOfPerson> {
  const found = await selectAccess(db, { ...askedOf(question), userId, most: mostPlaces + 1 });
  const lists = [found.assignments, found.visibilityGrants];
  return {
    ...found,
    assignments: found.assignments.slice(0, mostPlaces).map(dated),
    visibilityGrants: found.visibilityGrants.slice(0, mostPlaces).map(dated),
    more: lists.some((list) => list.length > mostPlaces),
  };
}

/** Whether everything that a person holds is within reach. */
export async function isAllWithin(
  db: Database,
  { within, ...question }: AccessQuestion & { userId: string },
): Promise<boolean> {
  if (!within) return true;
  const all = await findAccessOfPerson(db, question);
  const reached = await findAccessOfPerson(db, { ...question, within });
  const placesOf = (access: AccessOfPerson) => access.assignments.length + access.visibilityGrants.length;
  return !all.more && placesOf(all) === placesOf(reached);
}

function askedOf({ tenantId, at, past, within }: AccessQuestion): AskedAccess {
  return { tenantId, at: at ?? null, past: past ?? null, within: within ?? null };
}

function dated<T extends HeldPlace>(row: T): Omit<T, 'startsAt' | 'endsAt'> & { startsAt: Date; endsAt: Date | null } {
  return { ...row, startsAt: new Date(row.startsAt), endsAt: row.endsAt === null ? null : new Date(row.endsAt) };
}

/** Who did something: a person, or what else acts. */
export type Giver = RecordedActor;

export interface AccessChain {
  assignmentId: string;
  user: { id: string; fullName: string | null; email: string | null };
  role: { id: string; name: string };
  orgNode: { id: string; name: string; type: string };
  startsAt: Date;
  endsAt: Date | null;
  givenAt: Date;
  /** Null: nothing is on record any more. */
  givenBy: Giver | null;
  /** What the role carries, or the one that was asked about. */
  capabilities: { key: string; putAt: Date; putBy: Giver | null }[];
}

/**
 * By which assignments a person holds what they hold; in the order of their ids.
 * @param query.orgNodeId where it has to count: held there, or above
 * @param query.capability only by roles that carry it
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listAccessChains(
  db: Database,
  query: AccessQuestion & PageRequest & { userId: string; orgNodeId?: string; roleId?: string; capability?: string },
): Promise<Page<AccessChain>> {
  const { tenantId, userId, at, past, within, orgNodeId, roleId, capability, ...page } = query;
  if (![tenantId, userId, orgNodeId, roleId].every((id) => id === undefined || isId(id))) return emptyPage();
  const asked = { ...askedOf({ tenantId, at, past, within }), userId };
  const narrowed = { orgNodeId: orgNodeId ?? null, roleId: roleId ?? null, capability: capability ?? null };
  return withGivers(db, await selectChainsOfPerson(db, { ...asked, ...narrowed }, page));
}

/**
 * By which assignments people have a capability at a node, in the order of people; of a person each one.
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listHolders(
  db: Database,
  query: AccessQuestion & PageRequest & { orgNodeId: string; capability: string },
): Promise<Page<AccessChain>> {
  const { tenantId, orgNodeId, capability, at, past, within, ...page } = query;
  if (!isId(tenantId) || !isId(orgNodeId)) return emptyPage();
  const asked = { ...askedOf({ tenantId, at, past, within }), orgNodeId, capability };
  return withGivers(db, await selectChainsAtNode(db, asked, page));
}

/** A row names a person alone; who else gave it stands in the trail, for as long as that is kept. */
async function withGivers(db: Database, { items, next }: Page<ChainRow>): Promise<Page<AccessChain>> {
  const unnamed = items.filter(({ assignedBy }) => assignedBy === null).map(({ assignmentId }) => assignmentId);
  const recorded = await findActors(db, { action: 'role.assigned', entityType: 'org_assignment', entityIds: unnamed });
  return { items: items.map((row) => chainOf(row, recorded.get(row.assignmentId) ?? null)), next };
}

function chainOf(row: ChainRow, recorded: Giver | null): AccessChain {
  return {
    assignmentId: row.assignmentId,
    user: { id: row.userId, fullName: row.fullName, email: row.email },
    role: { id: row.roleId, name: row.role },
    orgNode: { id: row.orgNodeId, name: row.orgNode, type: row.orgNodeType },
    startsAt: row.startsAt,
    endsAt: row.endsAt,
    givenAt: row.createdAt,
    givenBy: personOf(row.assignedBy) ?? recorded,
    capabilities: row.capabilities.map(({ key, grantedAt, grantedBy }) => ({
      key,
      putAt: new Date(grantedAt),
      putBy: personOf(grantedBy),
    })),
  };
}

function personOf(userId: string | null): Giver | null {
  return userId === null ? null : { type: 'user', id: userId };
}
