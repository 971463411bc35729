/**
 * Visibility grants: a user may see a node and everything below it for a time, without holding a role there. Owns
 * giving and ending them. Refuses the same grant twice at one time, and a user or node that is deleted or another
 * tenant's.
 */
import { type Database, inTransaction, violatedConstraint } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { emptyPage, type Page, type PageRequest } from '../../platform/paging.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { actingUserId } from './acting-user.ts';
import { checkPeriod, endingOf, type PeriodState } from './period.ts';
import {
  deleteVisibilityGrant,
  insertVisibilityGrant,
  selectVisibilityGrant,
  selectVisibilityGrants,
  selectVisibilityGrantToEnd,
  updateVisibilityGrantEnd,
  type VisibilityGrantRow,
} from './visibility-grant-store.ts';

export type VisibilityGrant = VisibilityGrantRow;
export type AccessScope = VisibilityGrantRow['accessScope'];

const accessScopes: readonly string[] = ['read', 'analyze'] satisfies AccessScope[];

/**
 * Lets a user see a subtree.
 * @param wanted.startsAt default: now, by the database's clock
 * @param wanted.endsAt the first moment at which it no longer holds; absent: until further notice
 * @throws DomainError invalid INVALID_INPUT (accessScope), invalid PERIOD_INVALID, conflict PERIOD_OVERLAP, not_found
 *   NOT_FOUND (user or node)
 */
export async function grantVisibility(
  db: Database,
  wanted: {
    tenantId: string;
    userId: string;
    orgNodeId: string;
    accessScope: AccessScope;
    startsAt?: Date;
    endsAt?: Date | null;
  },
  caller: Caller,
): Promise<VisibilityGrant> {
  const { tenantId, userId, orgNodeId, accessScope, startsAt, endsAt } = wanted;
  if (!accessScopes.includes(accessScope)) throw new DomainError('invalid', 'INVALID_INPUT', { field: 'accessScope' });
  checkPeriod(startsAt, endsAt);
  if (![tenantId, userId, orgNodeId].every(isId)) throw notFound();
  return inTransaction(db, async (trx) => {
    const grant = await refusing(
      insertVisibilityGrant(trx, {
        id: newId(),
        tenantId,
        userId,
        orgNodeId,
        accessScope,
        startsAt: startsAt ?? null,
        endsAt: endsAt ?? null,
        actorId: actingUserId(caller),
      }),
    );
    if (!grant) throw notFound();
    await recordEvent(
      trx,
      {
        ...about(grant),
        action: 'visibility.granted',
        payload: { userId, orgNodeId, accessScope, startsAt: grant.startsAt, endsAt: grant.endsAt },
      },
      caller,
    );
    return grant;
  });
}

/**
 * Ends a grant now, or at a later moment. One that has not begun by then is withdrawn; one that has ended by then stays
 * as it is.
 * @throws DomainError invalid PERIOD_INVALID, not_found NOT_FOUND
 */
export async function endVisibilityGrant(
  db: Database,
  { tenantId, grantId, endsAt }: { tenantId: string; grantId: string; endsAt?: Date },
  caller: Caller,
): Promise<void> {
  checkPeriod(undefined, endsAt);
  if (!isId(tenantId) || !isId(grantId)) throw notFound();
  await inTransaction(db, async (trx) => {
    const found = await selectVisibilityGrantToEnd(trx, { tenantId, id: grantId, endsAt: endsAt ?? null });
    if (!found) throw notFound();
    const { ending, userId, orgNodeId, accessScope, startsAt } = found;
    const what = endingOf(found, ending);
    if (what === 'has ended') return;
    const payload: Record<string, unknown> = { userId, orgNodeId, accessScope, startsAt };
    if (what === 'ends') {
      await updateVisibilityGrantEnd(trx, { tenantId, id: grantId, endsAt: ending });
      payload.endsAt = ending;
    } else {
      await deleteVisibilityGrant(trx, tenantId, grantId);
      payload.withdrawn = true;
    }
    await recordEvent(trx, { ...about(found), action: 'visibility.ended', payload }, caller);
  });
}

/** Undefined also for one of another tenant. */
export async function findVisibilityGrant(
  db: Database,
  { tenantId, grantId: id }: { tenantId: string; grantId: string },
): Promise<VisibilityGrant | undefined> {
  return isId(tenantId) && isId(id) ? selectVisibilityGrant(db, { tenantId, id }) : undefined;
}

/**
 * Grants past, present and future, in the order of their ids.
 * @param query.within those at or below one of these nodes alone
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listVisibilityGrants(
  db: Database,
  query: PageRequest & {
    tenantId: string;
    userId?: string;
    orgNodeId?: string;
    state?: PeriodState;
    within?: readonly string[];
  },
): Promise<Page<VisibilityGrant>> {
  const { tenantId, userId = null, orgNodeId = null, state, within, ...page } = query;
  if (![tenantId, userId, orgNodeId].every((id) => id === null || isId(id))) return emptyPage();
  return selectVisibilityGrants(db, { tenantId, userId, orgNodeId, state, within }, page);
}

function about(grant: VisibilityGrant): { tenantId: string; entityType: string; entityId: string } {
  return { tenantId: grant.tenantId, entityType: 'visibility_grant', entityId: grant.id };
}

function notFound(): DomainError {
  return new DomainError('not_found', 'NOT_FOUND', { entity: 'visibility_grant' });
}

/** What the database refused, as the domain says it. */
async function refusing<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    switch (violatedConstraint(error)?.constraint) {
      case 'visibility_grants_no_overlap':
        throw new DomainError('conflict', 'PERIOD_OVERLAP');
      case 'visibility_grants_ends_after_start':
        throw new DomainError('invalid', 'PERIOD_INVALID');
      default:
        throw error;
    }
  }
}
