/**
 * What somebody pasted or chose as a file, as rows: a line for each role of a person. Owns what the columns are called, and
 * which moment a date means. Looks nothing up.
 */
import { parseCsv } from '../../../../platform/csv.ts';
import { momentIn } from '../../fields.ts';

/** How many people's rows are taken at once, and how long the form may be in which they come. */
export const mostRows = 500;
export const onboardingBytes = 1024 * 1024;

/** What each column is called, in any case; the first is how we write it. Of the API, of English and of French spreadsheets. */
const names = {
  name: ['name', 'full_name', 'full name', 'nom', 'nom complet'],
  address: ['address', 'email', 'email address', 'e-mail', 'mail', 'adresse', 'adresse e-mail', 'courriel'],
  phone: ['phone', 'telephone', 'mobile', 'téléphone', 'portable'],
  username: ['username', 'user name', 'login', 'nom d’utilisateur', "nom d'utilisateur", 'identifiant'],
  external_id: ['external_id', 'external id', 'identifiant externe'],
  role: ['role', 'rôle'],
  place: ['place', 'node', 'org_node', 'school', 'lieu', 'nœud', 'école', 'site'],
  from: ['from', 'starts_at', 'start', 'du', 'dès', 'début'],
  until: ['until', 'ends_at', 'end', 'au', 'jusqu’au', "jusqu'au", 'fin'],
} as const;

export type Column = keyof typeof names;
export const columns = Object.keys(names) as Column[];
/** Where there is no line with names. */
const unnamed: readonly Column[] = ['name', 'address', 'role', 'place', 'from', 'until'];

/** Why a row is not done: a text of the page (`faults.<key>`), or a refusal by its code. */
export type RowFault = ({ key: string } | { code: string }) & { params: Record<string, string | number> };

export interface PastedRow {
  /** Of what was pasted, from 1. */
  line: number;
  /** As they stand there. */
  cells: Record<Column, string>;
  email?: string;
  phone?: string;
  startsAt?: string;
  endsAt?: string;
  fault?: RowFault;
}

export interface Pasted {
  rows: PastedRow[];
  /** Names of columns that nothing is read from. */
  unread: string[];
  fault?: 'empty' | 'over_limit';
}

/** A spreadsheet keeps a number in its form by an apostrophe in front, which is none of the text. */
const bare = (cell: string) => cell.replace(/^'(?=[=+\-@])/, '');

function columnOf(title: string): Column | undefined {
  const wanted = title.toLowerCase();
  return columns.find((column) => (names[column] as readonly string[]).includes(wanted));
}

/** @param timeZone in which dates are meant */
export function readPasted(text: string, timeZone: string): Pasted {
  const all = parseCsv(text);
  const [first] = all;
  if (!first) return { rows: [], unread: [], fault: 'empty' };
  const titles = first.cells.map(columnOf);
  // Somebody's name may be the word for a column; two are a head.
  const isNamed = titles.filter((title) => title !== undefined).length >= 2;
  const order = isNamed ? titles : unnamed;
  const unread = isNamed ? first.cells.filter((title, index) => title !== '' && order[index] === undefined) : [];
  const lines = isNamed ? all.slice(1) : all;
  if (lines.length === 0) return { rows: [], unread, fault: 'empty' };
  if (lines.length > mostRows) return { rows: [], unread, fault: 'over_limit' };
  const rows = lines.map(({ line, cells }) => {
    const named = Object.fromEntries(columns.map((column) => [column, bare(cells[order.indexOf(column)] ?? '')]));
    const isLong = !isNamed && cells.slice(unnamed.length).some((cell) => cell !== '');
    return rowOf(line, named as PastedRow['cells'], { timeZone, isLong });
  });
  return { rows, unread };
}

function rowOf(
  line: number,
  cells: PastedRow['cells'],
  { timeZone, isLong }: { timeZone: string; isLong: boolean },
): PastedRow {
  const row: PastedRow = { line, cells };
  const fail = (key: string, params: RowFault['params'] = {}): PastedRow => ({ ...row, fault: { key, params } });
  if (isLong) return fail('too_long');
  const { address, phone, username, role, place } = cells;
  if (address.includes('@')) row.email = address;
  else if (/^[+\d(]/.test(address)) row.phone = address;
  else if (address !== '') return fail('address', { text: address });
  if (phone !== '') row.phone = phone;
  if (row.email === undefined && row.phone === undefined && username === '') return fail('no_address');
  if (role === '' && (place !== '' || cells.from !== '' || cells.until !== '')) return fail('no_role');
  for (const [column, member] of [
    ['from', 'startsAt'],
    ['until', 'endsAt'],
  ] as const) {
    if (cells[column] === '') continue;
    const moment = momentOf(cells[column], timeZone, column === 'until');
    if (moment === undefined) return fail('date', { text: cells[column] });
    row[member] = moment;
  }
  return row;
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

/**
 * `2027-08-15`, `15.08.2027`, either with a time, or a time of RFC 3339. A day alone begins at midnight; as an end it is
 * the whole of that day. Undefined for what is none: days and months that could be each other are not guessed.
 */
export function momentOf(text: string, timeZone: string, isEnd: boolean): string | undefined {
  if (/^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/i.test(text) && !Number.isNaN(Date.parse(text)))
    return new Date(text).toISOString();
  const [, iso, day, month, year, time] =
    /^(?:(\d{4}-\d\d-\d\d)|(\d{1,2})\.(\d{1,2})\.(\d{4}))(?:[T ](\d\d:\d\d(?::\d\d)?))?$/.exec(text) ?? [];
  const date = iso ?? `${year}-${month?.padStart(2, '0')}-${day?.padStart(2, '0')}`;
  const midnight = Date.parse(`${date}T00:00Z`);
  // 30 February is no day.
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== date) return undefined;
  if (time !== undefined) {
    const moment = momentIn(`${date}T${time}`, timeZone);
    return moment.endsWith('Z') ? moment : undefined;
  }
  return momentIn(`${isEnd ? dayAfter(date) : date}T00:00`, timeZone);
}
