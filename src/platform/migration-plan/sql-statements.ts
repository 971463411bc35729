/**
 * Cuts SQL into statements and statements into words, as far as telling what a migration does asks for it: quotes, dollar quotes,
 * comments and parentheses. Knows no grammar; what the words mean is statement-effects.ts.
 */

/** Lowercase words, and punctuation one character each. What stands in quotes is one word, with its quotes; a dollar-quoted body is `$$...$$`. */
export interface Statement {
  words: string[];
  /** As it was written, without what is around it. */
  text: string;
  /** Where it begins. */
  at: number;
}

const token =
  /--[^\n]*|\/\*[\s\S]*?\*\/|(\$[a-z_]*\$)([\s\S]*?)\1|'(?:[^']|'')*'|"(?:[^"]|"")*"|[a-z_][a-z0-9_$]*|\d[\d.e]*|\S/giy;

/** @throws Error where a quote has no end: what follows it could be anything */
export function sqlStatements(sql: string): Statement[] {
  const found: Statement[] = [];
  let words: string[] = [];
  let from = 0;
  let at = 0;
  const close = (end: number) => {
    if (words.length > 0) found.push({ words, text: sql.slice(from, end).trim(), at: from });
    words = [];
    from = end + 1;
  };
  while (at < sql.length) {
    const space = /\s+/y;
    space.lastIndex = at;
    if (space.test(sql)) at = space.lastIndex;
    if (at >= sql.length) break;
    token.lastIndex = at;
    const [word = '', dollar, body] = token.exec(sql) ?? [];
    if (word === "'" || word === '"') throw new Error(`a quote has no end: ${sql.slice(at, at + 60)}`);
    at += word.length;
    if (word.startsWith('--') || word.startsWith('/*')) {
      // A comment before a statement is not part of it.
      if (words.length === 0) from = at;
    } else if (word === ';') close(at - 1);
    else if (dollar !== undefined) words.push(`$$${body}$$`);
    else words.push(word.startsWith("'") ? word : word.replace(/^"([a-z_][a-z0-9_]*)"$/, '$1').toLowerCase());
  }
  close(sql.length);
  return found;
}

/** Cuts at the commas that stand in no parentheses. */
export function commaSeparated(words: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  let depth = 0;
  for (const word of words) {
    if (word === '(' || word === '[') depth++;
    if (word === ')' || word === ']') depth--;
    if (word === ',' && depth === 0) parts.push([]);
    else parts.at(-1)?.push(word);
  }
  return parts.filter((part) => part.length > 0);
}

/** What stands in the first pair of parentheses, and what comes after it. */
export function parenthesised(words: readonly string[]): { inside: string[]; after: string[] } {
  const start = words.indexOf('(');
  if (start < 0) return { inside: [], after: [] };
  let depth = 0;
  for (let at = start; at < words.length; at++) {
    if (words[at] === '(') depth++;
    if (words[at] === ')' && --depth === 0) return { inside: words.slice(start + 1, at), after: words.slice(at + 1) };
  }
  return { inside: words.slice(start + 1), after: [] };
}
