/** A table of people (CSV). Owns what its columns mean: the members of a row by their names, and those that spreadsheets have. */
import { parseCsv } from '../../platform/csv.ts';
import type { ReadLine } from '../operation.ts';
import { type Item, jsonIn } from './documents.ts';

/** Names that people give to columns, beside those of the API. */
const otherNames: Record<string, string> = {
  name: 'full_name',
  address: 'email',
  'e-mail': 'email',
  mail: 'email',
  from: 'starts_at',
  until: 'ends_at',
  picture: 'picture_url',
};
const flags = new Set(['email_verified', 'phone_verified', 'mfa_required']);
const ofRole = ['role', 'place', 'starts_at', 'ends_at'];
const ofIdentity = ['provider', 'issuer', 'subject'];

/** A spreadsheet keeps a number in its form by an apostrophe in front, which is none of the text. */
const bare = (cell: string) => cell.replace(/^'(?=[=+\-@])/, '');

/** The rows of a table as items by the names in its first line. */
export function tableItems(text: string): { line: number; value: Item }[] {
  const [head, ...rows] = parseCsv(text);
  const titles = head?.cells ?? [];
  return rows.map(({ line, cells }) => {
    const pairs = titles.map((title, index) => [title, bare(cells[index] ?? '')] as const);
    return { line, value: Object.fromEntries(pairs.filter(([, cell]) => cell !== '')) };
  });
}

/** Each row of a table of ours. A day that is an end is the last one; days are those of UTC. */
export function tableRows(text: string): ReadLine[] {
  return tableItems(text).map(({ line, value }) => ({ line, value: rowOf(value) }));
}

function rowOf(item: Item): Item {
  const row: Item = {};
  const metadata: Item = {};
  for (const [title, cell] of Object.entries(item)) {
    const lower = title.trim().toLowerCase();
    const member = Object.hasOwn(otherNames, lower) ? (otherNames[lower] as string) : lower.replaceAll(' ', '_');
    if (member.startsWith('metadata.')) metadata[title.trim().slice(9)] = cell;
    else if (flags.has(member)) row[member] = flag(String(cell));
    else if (member === 'metadata') row.metadata = jsonIn(cell) ?? cell;
    else if (member === 'password_hash' && String(cell).startsWith('{')) row.password_hash = jsonIn(cell) ?? cell;
    else if (member === 'starts_at') row.starts_at = moment(String(cell), 0);
    else if (member === 'ends_at') row.ends_at = moment(String(cell), 1);
    else row[member] = cell;
  }
  if (Object.keys(metadata).length > 0) row.metadata = metadata;
  return nested(nested(row, 'roles', ofRole, 'role'), 'identities', ofIdentity, 'subject');
}

/** A line has one role and one account elsewhere: more of them are more lines. */
function nested(row: Item, list: string, members: readonly string[], needed: string): Item {
  if (row[needed] === undefined) return row;
  const inner = Object.entries(row).filter(([name]) => members.includes(name));
  const outer = Object.entries(row).filter(([name]) => !members.includes(name));
  return { ...Object.fromEntries(outer), [list]: [Object.fromEntries(inner)] };
}

function flag(cell: string): unknown {
  if (/^(?:true|yes|1|x)$/i.test(cell)) return true;
  return /^(?:false|no|0)$/i.test(cell) ? false : cell;
}

function moment(cell: string, daysLater: number): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(cell)) return cell;
  const at = Date.parse(`${cell}T00:00:00Z`);
  return Number.isNaN(at) ? cell : new Date(at + daysLater * 86_400_000).toISOString();
}
