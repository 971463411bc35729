/**
 * The past of access (decision 59): which moments can be asked about, and how long they can. A moment that is over is answered by
 * what held then, one that is still to come by what is known now. Refuses a moment from which nothing is kept, or not any more:
 * an answer would be a guess. Owns the retention, which is that of the audit trail.
 */
import type { Database } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { inBatches } from '../../platform/in-batches.ts';
import { selectKnownSince, selectMayHaveActed, sweepVersions } from './access-history-store.ts';

export const accessHistoryCodes = defineCodes({
  BEFORE_HISTORY: {
    kind: 'invalid',
    params: ['since'],
    means: 'what could be done at that time is not known, or not kept any more',
  },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof accessHistoryCodes> {}
}

/** As of when a question about access is answered. Neither: now. */
export interface Moment {
  /** At that moment, by what is known now. */
  at?: Date;
  /** A moment that is over, by what held then. */
  past?: Date;
}

/**
 * How a question about a moment is answered.
 * @param query.serverDays how long the trail is kept where the tenant says nothing else
 * @throws DomainError invalid BEFORE_HISTORY
 */
export async function findMoment(
  db: Database,
  { at, ...query }: { tenantId: string; at?: Date; serverDays: number },
): Promise<Moment> {
  if (!at) return {};
  const known = await selectKnownSince(db, { ...query, at });
  if (!known?.isOver) return { at };
  if (at < known.since) throw new DomainError('invalid', 'BEFORE_HISTORY', { since: known.since.toISOString() });
  return { past: at };
}

/** Whether a person could act at a moment that is over. */
export async function mayHaveActed(db: Database, { userId, past }: { userId: string; past: Date }): Promise<boolean> {
  return isId(userId) && selectMayHaveActed(db, { userId, past });
}

/** Sweeps the versions that are older than the trail of their tenant is kept. @param serverDays as of `findMoment` */
export async function sweepAccessHistory(db: Database, serverDays: number): Promise<void> {
  await inBatches((most) => sweepVersions(db, { serverDays, most }));
}
