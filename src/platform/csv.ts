/**
 * Tables as text (RFC 4180), as spreadsheets copy and save them: read with commas, semicolons or tabs between the cells, and
 * written so that no spreadsheet takes a cell for a formula.
 */

export interface CsvRow {
  /** Of the text, from 1: where the row begins. */
  line: number;
  cells: string[];
}

/** What stands between the cells: whichever is most in the first line; a comma where there is none. */
function separatorOf(text: string): string {
  const [first = ''] = text.split('\n', 1);
  const bare = first.replace(/"[^"]*"/g, '');
  const count = (separator: string) => bare.split(separator).length;
  return [',', ';', '\t'].reduce((best, one) => (count(one) > count(best) ? one : best));
}

/**
 * The rows of a text, without those in which nothing stands. Spaces around cells are dropped. A quote that is not closed
 * reaches to the end.
 */
export function parseCsv(given: string): CsvRow[] {
  const text = given.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  const separator = separatorOf(text);
  const rows: CsvRow[] = [];
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const row: CsvRow = { line, cells: [] };
    for (;;) {
      const cell = readCell(text, at, separator);
      row.cells.push(cell.value);
      line += text.slice(at, cell.end).split('\n').length - 1;
      at = cell.end + 1;
      if (text[cell.end] !== separator) break;
    }
    line += 1;
    if (row.cells.some((cell) => cell !== '')) rows.push(row);
  }
  return rows;
}

/** @param at where the cell begins; `end` is where its separator stands, or the end of the line or the text */
function readCell(text: string, at: number, separator: string): { value: string; end: number } {
  const quoted = /[ \u00a0]*"([^"]*(?:""[^"]*)*)"?/y;
  quoted.lastIndex = at;
  const found = quoted.exec(text);
  // Sticky, and never looking further than the cell: the time is that of the text, whatever stands in it.
  const rest = new RegExp(`[^${separator}\n]*`, 'y');
  rest.lastIndex = found ? quoted.lastIndex : at;
  const bare = rest.exec(text)?.[0] ?? '';
  return { value: (found ? (found[1] ?? '').replaceAll('""', '"') : bare).trim(), end: rest.lastIndex };
}

/**
 * The text of a table. What a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV injection).
 * @returns lines that end in CRLF, with a byte order mark: without it some spreadsheets read other letters
 */
export function formatCsv(rows: readonly (readonly string[])[]): string {
  return `${csvBegin}${formatCsvRows(rows)}`;
}

/** What a table that is written piece by piece begins with. */
export const csvBegin = '\ufeff';

/** As `formatCsv`, of some rows in the middle. */
export function formatCsvRows(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `${cells.map(formatCell).join(',')}\r\n`).join('');
}

function formatCell(text: string): string {
  // Some take the wide forms of the signs for the signs.
  const safe = /^[\s]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
  return /[",;\t\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
