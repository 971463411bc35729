/** Reading what other systems write out: a JSON document that holds a list, or a document a line; and the members of theirs. */
import type { ReadLine } from '../operation.ts';
import { unreadableLine } from '../user-import.ts';

export type Item = Record<string, unknown>;

export const isItem = (value: unknown): value is Item =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text that says something; undefined for anything else. */
export const textIn = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined;

/** As one finds it in JSON, in CSV and in attributes. */
export const isYes = (value: unknown): boolean =>
  value === true || (typeof value === 'string' && /^true$/i.test(value));

export const httpsIn = (value: unknown): string | undefined =>
  textIn(value)?.startsWith('https://') ? textIn(value) : undefined;

export const listIn = (value: unknown): Item[] => (Array.isArray(value) ? value.filter(isItem) : []);

/** JSON inside of a text; undefined for what is none. */
export function jsonIn(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
}

/** Without the members that say nothing. */
export function present(members: Item): Item {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/**
 * The items of a text: of an array, of the array that a member of an object holds, or one a line.
 * @param members where the array stands, such as `users`
 * @returns undefined for a text that is neither
 */
export function itemsIn(text: string, members: readonly string[]): { line: number; value: unknown }[] | undefined {
  const whole = jsonIn(text.replace(/^\ufeff/, ''));
  const list = Array.isArray(whole) ? whole : isItem(whole) && members.map((name) => whole[name]).find(Array.isArray);
  if (Array.isArray(list)) return list.map((value: unknown, index) => ({ line: index + 1, value }));
  const lines = text.split('\n').map((line, index) => ({ line: index + 1, text: line }));
  const items = lines
    .filter((line) => line.text.trim() !== '')
    .map(({ line, text: one }) => ({ line, value: jsonIn(one) }));
  // One object by itself, or a text that was no list of documents at all.
  return items.some(({ value }) => isItem(value)) ? items : undefined;
}

/** Each item as the row that it means. */
export function mapped(items: readonly { line: number; value: unknown }[], rowOf: (item: Item) => Item): ReadLine[] {
  return items.map(({ line, value }) =>
    isItem(value) ? { line, value: present(rowOf(value)) } : unreadableLine(line),
  );
}

const issuers: Record<string, { provider: string; issuer?: string }> = {
  google: { provider: 'google', issuer: 'https://accounts.google.com' },
  apple: { provider: 'apple', issuer: 'https://appleid.apple.com' },
  facebook: { provider: 'facebook' },
  github: { provider: 'github' },
  linkedin: { provider: 'linkedin' },
  twitter: { provider: 'twitter' },
};

/**
 * An account elsewhere as an identity here. Undefined for those whose subject means nothing to another application, such as
 * Microsoft's, which has one for each.
 */
export function identityAt(named: unknown, subject: unknown): Item | undefined {
  const key =
    textIn(named)
      ?.toLowerCase()
      .replace(/(?:\.com|-oauth2)$/, '') ?? '';
  const known = Object.hasOwn(issuers, key) ? issuers[key] : undefined;
  const text = typeof subject === 'number' ? String(subject) : textIn(subject);
  return known && text !== undefined ? { ...known, subject: text } : undefined;
}

/** One of each provider: nobody has two. */
export function identitiesOf(...found: (Item | undefined)[]): Item[] {
  const byProvider = new Map<unknown, Item>();
  for (const one of found) if (one && !byProvider.has(one.provider)) byProvider.set(one.provider, one);
  return [...byProvider.values()];
}
