/**
 * Org assignments: a user holds a role at a node, and thereby at everything below it, for a time. Owns giving and
 * ending them. Refuses the same role twice at one node at one time, a user, role or node that is deleted or another
 * tenant's, and the end of a tenant's last owner. What an assignment is worth at a moment is decided in `access/`.
 */
import { type Database, inTransaction, violatedConstraint } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { emptyPage, type Page, type PageRequest } from '../../platform/paging.ts';
import { type AuditEvent, type Caller, recordEvent } from '../audit/audit-events.ts';
import { refusedLastOwner } from '../tenants/last-owner.ts';
import { actingUserId } from './acting-user.ts';
import {
  deleteOrgAssignment,
  insertOrgAssignment,
  insertOrgAssignments,
  type OrgAssignmentRow,
  selectMoment,
  selectOrgAssignment,
  selectOrgAssignments,
  selectOrgAssignmentToEnd,
  updateOrgAssignmentEnd,
  updateOrgAssignmentPeriod,
} from './org-assignment-store.ts';
import { checkPeriod, endingOf, type PeriodState } from './period.ts';

export type OrgAssignment = OrgAssignmentRow;

/**
 * Gives a user a role at a node. A role in the whole tenant is one at the root (`findRootNode`).
 * @param wanted.startsAt default: now, by the database's clock
 * @param wanted.endsAt the first moment at which it no longer holds; absent: until further notice
 * @param wanted.assignedBy who gives it where that is not the caller: an invitation is accepted by one and made by another
 * @throws DomainError invalid PERIOD_INVALID, conflict PERIOD_OVERLAP, not_found NOT_FOUND (user, role or node)
 */
export async function assignRole(
  db: Database,
  wanted: {
    tenantId: string;
    userId: string;
    roleId: string;
    orgNodeId: string;
    startsAt?: Date;
    endsAt?: Date | null;
    assignedBy?: string | null;
  },
  caller: Caller,
): Promise<OrgAssignment> {
  const { tenantId, userId, roleId, orgNodeId, startsAt, endsAt, assignedBy = actingUserId(caller) } = wanted;
  checkPeriod(startsAt, endsAt);
  if (![tenantId, userId, roleId, orgNodeId].every(isId)) throw notFound();
  return inTransaction(db, async (trx) => {
    const assignment = await refusing(
      insertOrgAssignment(trx, {
        id: newId(),
        tenantId,
        userId,
        roleId,
        orgNodeId,
        startsAt: startsAt ?? null,
        endsAt: endsAt ?? null,
        actorId: assignedBy,
      }),
    );
    if (!assignment) throw notFound();
    await recordEvent(trx, assigned(assignment), caller);
    return assignment;
  });
}

/**
 * Gives many roles at once, to people who are locked or new. What somebody holds already at that place for a part of that time is
 * left as it is. Answers the events that the caller records with what else it does.
 * @throws DomainError invalid PERIOD_INVALID
 */
export async function giveRoles(
  trx: Database,
  {
    tenantId,
    wanted,
  }: {
    tenantId: string;
    wanted: readonly { userId: string; roleId: string; orgNodeId: string; startsAt?: Date; endsAt: Date | null }[];
  },
  caller: Caller,
): Promise<{ given: OrgAssignment[]; events: AuditEvent[] }> {
  if (wanted.length === 0) return { given: [], events: [] };
  const now = await selectMoment(trx);
  const dated = wanted.map(({ startsAt = now, ...role }) => ({ id: newId(), startsAt, ...role }));
  for (const { startsAt, endsAt } of dated) checkPeriod(startsAt, endsAt);
  const given = await refusing(insertOrgAssignments(trx, { tenantId, wanted: dated, actorId: actingUserId(caller) }));
  return { given, events: given.map(assigned) };
}

function assigned(assignment: OrgAssignment): AuditEvent {
  const { userId, roleId, orgNodeId, startsAt, endsAt } = assignment;
  return { ...about(assignment), action: 'role.assigned', payload: { userId, roleId, orgNodeId, startsAt, endsAt } };
}

/**
 * Ends an assignment now, or at a later moment. One that has not begun by then is withdrawn; one that has ended by then
 * stays as it is.
 * @throws DomainError invalid PERIOD_INVALID, conflict LAST_OWNER, not_found NOT_FOUND
 */
export async function endAssignment(
  db: Database,
  { tenantId, assignmentId, endsAt }: { tenantId: string; assignmentId: string; endsAt?: Date },
  caller: Caller,
): Promise<void> {
  checkPeriod(undefined, endsAt);
  if (!isId(tenantId) || !isId(assignmentId)) throw notFound();
  await inTransaction(db, async (trx) => {
    const found = await selectOrgAssignmentToEnd(trx, { tenantId, id: assignmentId, endsAt: endsAt ?? null });
    if (!found) throw notFound();
    const { ending, userId, roleId, orgNodeId, startsAt } = found;
    const what = endingOf(found, ending);
    if (what === 'has ended') return;
    const payload: Record<string, unknown> = { userId, roleId, orgNodeId, startsAt };
    if (what === 'ends') {
      await refusing(updateOrgAssignmentEnd(trx, { tenantId, id: assignmentId, endsAt: ending }));
      payload.endsAt = ending;
    } else {
      await refusing(deleteOrgAssignment(trx, tenantId, assignmentId));
      payload.withdrawn = true;
    }
    await recordEvent(trx, { ...about(found), action: 'role.removed', payload }, caller);
  });
}

/**
 * Changes when an assignment ends, or when one that is still to come begins.
 * @param wanted.endsAt null: until further notice; a moment that is past counts as now
 * @throws DomainError invalid PERIOD_INVALID (also for one that has ended, and for the beginning of one that has begun),
 *   conflict PERIOD_OVERLAP or LAST_OWNER, not_found NOT_FOUND
 */
export async function rescheduleAssignment(
  db: Database,
  wanted: { tenantId: string; assignmentId: string; startsAt?: Date; endsAt?: Date | null },
  caller: Caller,
): Promise<OrgAssignment> {
  const { tenantId, assignmentId: id } = wanted;
  checkPeriod(wanted.startsAt, wanted.endsAt);
  if (!isId(tenantId) || !isId(id)) throw notFound();
  return inTransaction(db, async (trx) => {
    // `ending` of no wish is the database's clock.
    const before = await selectOrgAssignmentToEnd(trx, { tenantId, id, endsAt: null });
    if (!before) throw notFound();
    const { ending: now } = before;
    const startsAt = wanted.startsAt ?? before.startsAt;
    const asked = wanted.endsAt === undefined ? before.endsAt : wanted.endsAt;
    const endsAt = asked !== null && asked < now ? now : asked;
    const begins = startsAt.getTime() !== before.startsAt.getTime();
    if ((before.endsAt !== null && before.endsAt <= now) || (begins && (before.startsAt <= now || startsAt < now)))
      throw new DomainError('invalid', 'PERIOD_INVALID');
    if (!begins && endsAt?.getTime() === before.endsAt?.getTime()) return before;
    const after = await refusing(updateOrgAssignmentPeriod(trx, { tenantId, id, startsAt, endsAt }));
    if (!after) throw notFound();
    const { userId, roleId, orgNodeId } = before;
    const period = { from: { startsAt: before.startsAt, endsAt: before.endsAt }, to: { startsAt, endsAt } };
    const payload = { userId, roleId, orgNodeId, ...period };
    await recordEvent(trx, { ...about(before), action: 'role.rescheduled', payload }, caller);
    return after;
  });
}

/** Undefined also for one of another tenant. */
export async function findAssignment(
  db: Database,
  { tenantId, assignmentId: id }: { tenantId: string; assignmentId: string },
): Promise<OrgAssignment | undefined> {
  return isId(tenantId) && isId(id) ? selectOrgAssignment(db, { tenantId, id }) : undefined;
}

/**
 * Assignments past, present and future, in the order of their ids.
 * @param query.within those at or below one of these nodes alone
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listAssignments(
  db: Database,
  query: PageRequest & {
    tenantId: string;
    userId?: string;
    orgNodeId?: string;
    roleId?: string;
    state?: PeriodState;
    within?: readonly string[];
  },
): Promise<Page<OrgAssignment>> {
  const { tenantId, userId = null, orgNodeId = null, roleId = null, state, within, ...page } = query;
  if (![tenantId, userId, orgNodeId, roleId].every((id) => id === null || isId(id))) return emptyPage();
  return selectOrgAssignments(db, { tenantId, userId, orgNodeId, roleId, state, within }, page);
}

function about(assignment: OrgAssignment): { tenantId: string; entityType: string; entityId: string } {
  return { tenantId: assignment.tenantId, entityType: 'org_assignment', entityId: assignment.id };
}

function notFound(): DomainError {
  return new DomainError('not_found', 'NOT_FOUND', { entity: 'org_assignment' });
}

/** What the database refused, as the domain says it. */
async function refusing<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    switch (violatedConstraint(error)?.constraint) {
      case 'org_assignments_no_overlap':
        throw new DomainError('conflict', 'PERIOD_OVERLAP');
      case 'org_assignments_ends_after_start':
        throw new DomainError('invalid', 'PERIOD_INVALID');
      default:
        throw refusedLastOwner(error);
    }
  }
}
