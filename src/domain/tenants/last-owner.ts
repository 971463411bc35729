/**
 * A tenant that has an owner keeps one: the database refuses to end the last assignment of the role owner at the root
 * that has no end, and to deactivate or delete the user who holds it (triggers `*_keep_an_owner`). This says so.
 */
import { violatedConstraint } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';

/** That refusal as conflict LAST_OWNER; any other error as it is. */
export function refusedLastOwner(error: unknown): unknown {
  return violatedConstraint(error)?.constraint === 'tenants_keep_an_owner'
    ? new DomainError('conflict', 'LAST_OWNER')
    : error;
}
