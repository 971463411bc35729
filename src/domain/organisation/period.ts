/**
 * The time for which something is held: half-open, from `startsAt` until just before `endsAt`; without `endsAt`, until
 * further notice. In whole milliseconds, so that JavaScript and the database mean the same moment.
 */
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';

export const periodCodes = defineCodes({
  PERIOD_INVALID: { kind: 'invalid', means: 'the period ends before it begins, or lies outside of what is allowed' },
  PERIOD_OVERLAP: { kind: 'conflict', means: 'the same was given for a part of this period already' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof periodCodes> {}
}

/** SQL: the database's clock at this statement. */
export const momentOfStatement = `date_trunc('milliseconds', statement_timestamp())`;

/** The years that RFC 3339 can write and nobody mistypes. */
const earliest = Date.UTC(1970, 0, 1);
const latest = Date.UTC(9999, 11, 31);

/** @throws DomainError invalid PERIOD_INVALID */
export function checkPeriod(startsAt: Date | undefined, endsAt: Date | null | undefined): void {
  for (const moment of [startsAt, endsAt]) {
    if (moment && !(moment.getTime() >= earliest && moment.getTime() <= latest))
      throw new DomainError('invalid', 'PERIOD_INVALID');
  }
  if (startsAt && endsAt && endsAt <= startsAt) throw new DomainError('invalid', 'PERIOD_INVALID');
}

/**
 * What it means to end a period at `ending`: one that has not begun by then is withdrawn as if it had never been; one
 * that has ended by then stays as it is, for ending never lengthens.
 */
export function endingOf(
  period: { startsAt: Date; endsAt: Date | null },
  ending: Date,
): 'ends' | 'is withdrawn' | 'has ended' {
  if (period.endsAt && period.endsAt <= ending) return 'has ended';
  return period.startsAt >= ending ? 'is withdrawn' : 'ends';
}

/** Whether something holds now, will, or did. */
export type PeriodState = 'live' | 'coming' | 'ended';

/** SQL: the rows whose period is in that state by the database's clock. */
export function inState(state: PeriodState): string {
  if (state === 'coming') return 'starts_at > statement_timestamp()';
  if (state === 'ended') return 'ends_at <= statement_timestamp()';
  return 'starts_at <= statement_timestamp() and (ends_at is null or ends_at > statement_timestamp())';
}
