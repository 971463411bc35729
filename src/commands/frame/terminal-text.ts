/** What commands print for people: aligned and plain. Refuses to send a terminal control characters from a name. */

type Cell = string | number | boolean | Date | null | undefined;

/** One line of printable text; `-` for what is not there. */
export function printable(cell: Cell): string {
  if (cell === null || cell === undefined || cell === '') return '-';
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  if (cell instanceof Date) return cell.toISOString().replace(/\.\d{3}Z$/, 'Z');
  return String(cell).replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '?');
}

/** Rows under their headings, or a sentence where there are none. */
export function table(headings: readonly string[], rows: readonly Cell[][], none: string): string {
  if (rows.length === 0) return none;
  const lines = [headings.map((heading) => heading.toUpperCase()), ...rows.map((row) => row.map(printable))];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Indented names and values; what is undefined is left out. */
export function fields(values: Record<string, Cell>): string {
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  const width = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, value]) => `  ${name.padEnd(width)}  ${printable(value)}`).join('\n');
}
