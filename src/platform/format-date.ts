/** Dates as people read them. Owns the four styles in which the program writes them; returns plain text. */

/** `date` is a day, `date_time` a moment with its zone, `exact` one to the second, `ago` a distance from now. */
export type DateStyle = 'date' | 'date_time' | 'exact' | 'ago';

const agoUnits = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** A zone that a person or an old import wrote, when this machine knows it; UTC otherwise. */
export function knownZone(timeZone: string | undefined): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: timeZone ?? 'UTC' }).resolvedOptions().timeZone;
  } catch {
    return 'UTC';
  }
}

/** A moment in the reader's language and zone (an IANA name). A moment still to come reads as now in `ago`. */
export function formatDate(
  date: Date,
  style: DateStyle,
  reader: { locale: string; timeZone: string; now: Date },
): string {
  const { locale, timeZone, now } = reader;
  if (style === 'date') {
    return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone }).format(date);
  }
  if (style === 'date_time' || style === 'exact') {
    return new Intl.DateTimeFormat(locale, {
      day: 'numeric',
      month: style === 'exact' ? 'short' : 'long',
      year: 'numeric',
      hour: style === 'exact' ? '2-digit' : 'numeric',
      minute: '2-digit',
      second: style === 'exact' ? '2-digit' : undefined,
      timeZone,
      timeZoneName: 'short',
    }).format(date);
  }
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const seconds = Math.max(0, (now.getTime() - date.getTime()) / 1000);
  for (const [unit, length] of agoUnits) {
    if (seconds >= length) return format.format(-Math.floor(seconds / length), unit);
  }
  return format.format(0, 'second');
}
