/** Periods as bars on one line of time with now on it, in a thousandth of its width. */

export interface Span {
  x: number;
  width: number;
  /** Where now is. */
  now: number;
  /** It goes on beyond the line: without an end. */
  isOpen: boolean;
}

interface Period {
  from: string;
  /** Null: without an end. */
  until: string | null;
}

const day = 86_400_000;
/** What began before is cut off there. */
const mostBefore = 3 * 365 * day;
const mostAfter = 3 * 365 * day;

/** The bars of periods, in their order, on one line that holds all of them and some days around now. */
export function spansOf(periods: readonly Period[], now: Date): Span[] {
  const at = now.getTime();
  const bounded = (moment: number) => Math.min(at + mostAfter, Math.max(at - mostBefore, moment));
  const starts = periods.map(({ from }) => bounded(Date.parse(from)));
  const ends = periods.map(({ until }) => (until === null ? undefined : bounded(Date.parse(until))));
  const first = Math.min(at - 30 * day, ...starts);
  const known = Math.max(at + 30 * day, ...starts, ...ends.filter((end) => end !== undefined));
  const last = known + (known - first) * 0.08;
  const place = (moment: number) => Math.round(((moment - first) / (last - first)) * 1000);
  return periods.map((_, index) => {
    const x = place(starts[index] as number);
    const end = ends[index];
    // A bar that lasted a blink is seen all the same.
    return {
      x,
      width: Math.max(6, (end === undefined ? 1000 : place(end)) - x),
      now: place(at),
      isOpen: end === undefined,
    };
  });
}
