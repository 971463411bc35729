/** The moment that a question about access is asked of: `at`, and how it is answered (domain/access/access-history.ts). */
import { findMoment, type Moment } from '../domain/access/access-history.ts';
import type { Database } from '../platform/database.ts';
import type { ManagementDependencies } from './operation.ts';
import { timeIn } from './shapes.ts';

/** Of the query. */
export const at = timeIn.optional().meta({
  description:
    'What held at that moment, as it would have been answered then; of one that is still to come: what will hold, by what is known now. Default: now',
});

/** @throws DomainError invalid BEFORE_HISTORY */
export function momentOf(run: {
  db: Database;
  tenantId: string;
  query: { at?: Date };
  deps: Pick<ManagementDependencies, 'retentionDays'>;
}): Promise<Moment> {
  const { db, tenantId, query, deps } = run;
  return findMoment(db, { tenantId, at: query.at, serverDays: deps.retentionDays });
}
