/**
 * "Then": the moment beside a question of access. It is typed as a clock on the wall of who looks shows it, and stands in the page's
 * address (`then`), so that an answer can be sent to somebody. Without one the question is asked of now.
 */
import { DomainError } from '../../platform/errors.ts';
import { momentIn, wallTime } from './fields.ts';
import { queryValue, type Visit, zoneOf } from './visit.ts';

/** Of the address. */
export const thenName = 'then';

/** What the partials `console/then` and `console/then-told` are drawn from. */
export interface ThenModel {
  /** Of the field. */
  value: string;
  /** IANA zone in which it is typed. */
  timeZone: string;
  /** The moment that the answer is of (RFC 3339); absent: now. */
  at?: string;
  isOver: boolean;
  /** Where the same is asked of now. */
  nowHref: string;
  /** From when on anything is known, where the moment lies before. */
  since?: string;
}

/** The moment that the address names; what is none counts as absent. */
export function momentAsked(visit: Visit): Date | undefined {
  const typed = queryValue(visit, thenName);
  const at = Date.parse(typed === undefined ? '' : momentIn(typed, zoneOf(visit)));
  return Number.isNaN(at) || at < 0 || at > Date.UTC(9999, 0, 1) ? undefined : new Date(at);
}

/**
 * Asks a question of the moment in the address.
 * @param nowHref the same page without a moment
 * @returns `answer` is undefined where nothing is known of that moment
 */
export async function askThen<T>(
  visit: Visit,
  nowHref: string,
  ask: (at: string | undefined) => Promise<T>,
): Promise<{ moment: ThenModel; answer: T | undefined }> {
  const at = momentAsked(visit)?.toISOString();
  const timeZone = zoneOf(visit);
  const isOver = at !== undefined && Date.parse(at) <= Date.now();
  const moment = { value: wallTime(at ?? null, timeZone), timeZone, at, isOver, nowHref };
  try {
    return { moment, answer: await ask(at) };
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'BEFORE_HISTORY') throw error;
    return { moment: { ...moment, since: String(error.params.since) }, answer: undefined };
  }
}
