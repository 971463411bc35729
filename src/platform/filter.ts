/**
 * The filters of SCIM (RFC 7644 section 3.4.2.2), and the paths of its PATCH (section 3.5.2, figure 7), read into a tree. Owns
 * how long and how deep one may be. Knows no attribute: what a name means is said by who asks (`filter-sql.ts` for rows).
 */
import { type Codes, DomainError, defineCodes } from './errors.ts';

export const filterCodes = defineCodes({
  FILTER_INVALID: {
    kind: 'invalid',
    params: ['reason'],
    means: 'the filter cannot be read, or asks for what cannot be filtered by',
  },
});
declare module './errors.ts' {
  interface ErrorCodes extends Codes<typeof filterCodes> {}
}

const operators = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
export type Comparison = (typeof operators)[number];
export type FilterValue = string | number | boolean | null;

export type Filter =
  | { kind: 'compare'; path: string; op: Comparison; value: FilterValue }
  | { kind: 'present'; path: string }
  | { kind: 'and' | 'or'; left: Filter; right: Filter }
  | { kind: 'not'; filter: Filter }
  /** `emails[type eq "work"]`: one value of several that fits all of it. */
  | { kind: 'within'; path: string; filter: Filter };

/** Of a PATCH: `emails[type eq "work"].value`. */
export interface AttributePath {
  path: string;
  filter?: Filter;
  sub?: string;
}

const mostCharacters = 2_000;
const mostDepth = 10;
const mostComparisons = 40;

export function invalidFilter(reason: string): DomainError {
  return new DomainError('invalid', 'FILTER_INVALID', { reason: reason.slice(0, 200) });
}

/** A string of JSON, a number, a bracket, or a word: names, operators, and URNs with their dots and colons. */
const token =
  /\s*(?:("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.:])|([()[\]])|([A-Za-z$][\w$:.-]*))\s*/y;
const name = /^(?:urn:[a-z0-9:._-]+:)?[a-z$][\w$-]*(?:\.[a-z$][\w$-]*)?$/i;

interface Token {
  kind: 'string' | 'number' | 'bracket' | 'word';
  text: string;
}

function tokensOf(text: string): Token[] {
  if (text.length > mostCharacters) throw invalidFilter(`it is longer than ${mostCharacters} characters`);
  if (/[\0\p{Cs}]/u.test(text)) throw invalidFilter('it holds characters that are no text');
  const tokens: Token[] = [];
  const pattern = new RegExp(token);
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const found = pattern.exec(text);
    if (!found) throw invalidFilter(`it cannot be read from character ${at + 1} on`);
    const [, string, number, bracket, word] = found;
    if (string !== undefined) tokens.push({ kind: 'string', text: string });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (bracket !== undefined) tokens.push({ kind: 'bracket', text: bracket });
    else tokens.push({ kind: 'word', text: word ?? '' });
  }
  return tokens;
}

class Reader {
  readonly #tokens: Token[];
  #at = 0;
  #comparisons = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** `or` binds less than `and`. */
  either(depth: number): Filter {
    if (depth > mostDepth) throw invalidFilter('it is nested too deeply');
    let left = this.#both(depth);
    while (this.#takesWord('or')) left = { kind: 'or', left, right: this.#both(depth) };
    return left;
  }

  #both(depth: number): Filter {
    let left = this.#one(depth);
    while (this.#takesWord('and')) left = { kind: 'and', left, right: this.#one(depth) };
    return left;
  }

  #one(depth: number): Filter {
    const next = this.#tokens[this.#at];
    if (next?.kind === 'bracket' && next.text === '(') return this.#bracketed('(', ')', depth);
    const following = this.#tokens[this.#at + 1];
    if (next?.kind === 'word' && next.text.toLowerCase() === 'not' && following?.text === '(') {
      this.#at += 1;
      return { kind: 'not', filter: this.#bracketed('(', ')', depth) };
    }
    const path = this.name();
    if (this.#tokens[this.#at]?.text === '[') return { kind: 'within', path, filter: this.valueFilter(depth) };
    return this.#comparison(path);
  }

  valueFilter(depth: number): Filter {
    return this.#bracketed('[', ']', depth);
  }

  #bracketed(open: string, close: string, depth: number): Filter {
    this.#expect(open);
    const filter = this.either(depth + 1);
    this.#expect(close);
    return filter;
  }

  #comparison(path: string): Filter {
    this.#comparisons += 1;
    if (this.#comparisons > mostComparisons) throw invalidFilter(`it has more than ${mostComparisons} comparisons`);
    const word = this.#tokens[this.#at]?.text.toLowerCase() ?? '';
    this.#at += 1;
    if (word === 'pr') return { kind: 'present', path };
    const op = operators.find((known) => known === word);
    if (!op) throw invalidFilter(`no operator behind ${path}`);
    return { kind: 'compare', path, op, value: this.#value(path) };
  }

  #value(path: string): FilterValue {
    const found = this.#tokens[this.#at];
    this.#at += 1;
    if (found?.kind === 'number') return Number(found.text);
    if (found?.kind === 'string') return stringOf(found.text);
    const literals: Record<string, boolean | null> = { true: true, false: false, null: null };
    const literal = found?.kind === 'word' ? literals[found.text.toLowerCase()] : undefined;
    if (literal === undefined) throw invalidFilter(`no value behind ${path}`);
    return literal;
  }

  name(): string {
    const found = this.#tokens[this.#at];
    if (found?.kind !== 'word' || !name.test(found.text)) throw invalidFilter('an attribute is missing');
    this.#at += 1;
    return found.text;
  }

  /** `.value` behind a closing bracket; a lone dot begins no other token. */
  #expect(text: string): void {
    if (this.#tokens[this.#at]?.text !== text) throw invalidFilter(`${text} is missing`);
    this.#at += 1;
  }

  #takesWord(word: string): boolean {
    const found = this.#tokens[this.#at];
    if (found?.kind !== 'word' || found.text.toLowerCase() !== word) return false;
    this.#at += 1;
    return true;
  }
}

function stringOf(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string' && !value.includes('\0') && value.isWellFormed()) return value;
  } catch {
    // As below.
  }
  throw invalidFilter('a string cannot be read');
}

/** @throws DomainError invalid FILTER_INVALID */
export function parseFilter(text: string): Filter {
  const reader = new Reader(text);
  const filter = reader.either(0);
  if (!reader.isAtEnd) throw invalidFilter('something is left at its end');
  return filter;
}

/** @throws DomainError invalid FILTER_INVALID */
export function parseAttributePath(text: string): AttributePath {
  const [, before, sub] = /^(.*\])\.([A-Za-z$][\w$-]{0,100})$/s.exec(text) ?? [];
  const reader = new Reader(before ?? text);
  const path = reader.name();
  if (reader.isAtEnd) return { path };
  const filter = reader.valueFilter(0);
  if (!reader.isAtEnd) throw invalidFilter('something is left at its end');
  return { path, filter, ...(sub !== undefined && { sub }) };
}
