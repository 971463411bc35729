/**
 * What an event's payload says, for people to read: what was before and after, member by member, and what else is told.
 * Owns that a change is read without colours: each has a sign and a word.
 */

/** A line of a value: of a list, one entry. `same` stands on both sides. */
export interface ChangeLine {
  text: string;
  sign: 'same' | 'added' | 'removed';
}

export interface Change {
  /** `metadata.redirect_uris`; empty where the whole is one value. */
  path: string;
  sign: 'changed' | 'added' | 'removed';
  before: ChangeLine[];
  after: ChangeLine[];
}

/** A member of the payload that is no change. */
export interface ToldMember {
  /** A key of the locale below `members`, where there is one. */
  member: string;
  lines: string[];
}

export interface ToldPayload {
  changes: Change[];
  /** How many values are the same before and after. */
  same: number;
  told: ToldMember[];
}

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The values of a tree by their paths; an empty object is a value. */
function leavesOf(value: unknown, path = ''): Map<string, unknown> {
  if (!isObject(value) || Object.keys(value).length === 0)
    return value === undefined || value === null || value === '' ? new Map() : new Map([[path, value]]);
  return new Map(
    Object.entries(value).flatMap(([name, member]) => [...leavesOf(member, path === '' ? name : `${path}.${name}`)]),
  );
}

/** @param named what an id is called, where that is known */
export function textsOf(value: unknown, named: (id: string) => string | undefined): string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value))
    return value.flatMap((entry) => (isObject(entry) ? [JSON.stringify(entry)] : textsOf(entry, named)));
  if (isObject(value)) return [...leavesOf(value)].map(([path, leaf]) => `${path}: ${textsOf(leaf, named).join(', ')}`);
  const text = String(value);
  return [named(text) ?? text];
}

function linesOf(texts: readonly string[], others: readonly string[], sign: 'added' | 'removed'): ChangeLine[] {
  return texts.map((text) => ({ text, sign: others.includes(text) ? 'same' : sign }));
}

function changesBetween(before: unknown, after: unknown, named: (id: string) => string | undefined) {
  const [old, now] = [leavesOf(before), leavesOf(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort();
  const changed = paths.filter((path) => JSON.stringify(old.get(path)) !== JSON.stringify(now.get(path)));
  const changes = changed.map((path): Change => {
    const [from, to] = [textsOf(old.get(path), named), textsOf(now.get(path), named)];
    const sign = !old.has(path) ? 'added' : now.has(path) ? 'changed' : 'removed';
    return { path, sign, before: linesOf(from, to, 'removed'), after: linesOf(to, from, 'added') };
  });
  return { changes, same: paths.length - changed.length };
}

/** A member that is a change of its own: `{ from, to }` and nothing else. */
function isChange(value: unknown): value is { from: unknown; to: unknown } {
  return isObject(value) && Object.keys(value).sort().join() === 'from,to';
}

/** Told elsewhere on the page. */
const elsewhere = new Set(['from', 'to', 'cause']);

/** What a payload says. @param named what an id is called, where that is known */
export function readPayload(payload: Json, named: (id: string) => string | undefined): ToldPayload {
  const whole =
    'from' in payload || 'to' in payload ? changesBetween(payload.from, payload.to, named) : { changes: [], same: 0 };
  const members = Object.entries(payload).filter(([name]) => !elsewhere.has(name));
  const own = members.flatMap(([name, value]) => {
    if (!isChange(value)) return [];
    return changesBetween({ [name]: value.from }, { [name]: value.to }, named).changes;
  });
  const shown = new Set(whole.changes.map(({ path }) => path.split('.')[0]));
  const told = members
    .filter(([, value]) => !isChange(value))
    .map(([member, value]) => ({ member, lines: textsOf(value, named) }))
    // `changed` names what the table shows already, but for what is kept out of the trail.
    .map(({ member, lines }) => ({
      member,
      lines: member === 'changed' ? lines.filter((line) => !shown.has(line)) : lines,
    }))
    .filter(({ lines }) => lines.length > 0);
  return { changes: [...whole.changes, ...own], same: whole.same, told };
}
