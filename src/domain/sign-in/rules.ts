/**
 * Rules of a way in, as a list: signing in stops at the first that does not hold, and an explanation goes through all of them. So
 * that both say the same.
 */

export interface Rule<T, R extends string> {
  /** What it refuses with; the reason in the trail. */
  refusal: R;
  holds(subject: T): boolean;
}

/** Why a way is closed; undefined where every rule holds. */
export function firstRefusal<T, R extends string>(rules: readonly Rule<T, R>[], subject: T): R | undefined {
  return rules.find((rule) => !rule.holds(subject))?.refusal;
}

/** One rule or limit, held against one person. */
export interface Check {
  /** What it would refuse with. */
  refusal: string;
  passes: boolean;
  /** Where time alone heals it: in how many seconds. */
  seconds: number | null;
}

export function checksOf<T>(rules: readonly Rule<T, string>[], subject: T): Check[] {
  return rules.map((rule) => ({ refusal: rule.refusal, passes: rule.holds(subject), seconds: null }));
}

/** A limit that so many seconds have to pass before. */
export function waitCheck(refusal: string, seconds: number): Check {
  return { refusal, passes: seconds <= 0, seconds: seconds > 0 ? Math.ceil(seconds) : null };
}
