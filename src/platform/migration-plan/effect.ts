/** What a statement does to tables that others work on: its form, and what all readers of statements share. */
import type { Statement } from './sql-statements.ts';

/** What others cannot do meanwhile. */
export type Blocks = 'everything' | 'writes' | 'nothing';

/** Going over all rows: reading them, building an index, writing the table anew, or changing rows. */
export type Work = 'read' | 'index' | 'rewrite' | 'change';

export interface Effect {
  text: string;
  locks: { table: string; blocks: Blocks }[];
  works: { table: string; work: Work }[];
  /** What to write in its place. Where it goes over rows, it holds for a table that grows with people; else always. */
  advice?: string;
  /** Nothing is known about it. */
  unknown?: true;
}

export type Reading = Omit<Effect, 'text'>;

/** A table's name at `at`, without its schema; and where the words go on. */
export function tableAt(words: readonly string[], at: number): { table: string; next: number } {
  let next = at;
  if (words[next] === 'if') next += words[next + 1] === 'not' ? 3 : 2;
  if (words[next] === 'only') next++;
  const qualified = words[next + 1] === '.';
  return { table: words[qualified ? next + 2 : next] ?? '', next: next + (qualified ? 3 : 1) };
}

/** The tables that references of a definition lead to: making one stops writes to them for a moment. */
export function referredTo(words: readonly string[]): Effect['locks'] {
  const tables = words.flatMap((word, at) => (word === 'references' ? [tableAt(words, at + 1).table] : []));
  return [...new Set(tables)].map((table) => ({ table, blocks: 'writes' }));
}

const unread = (what: string) =>
  `The version before this one still reads ${what} while this one migrates. Say since which migration nobody does: "-- contract: unread since 0066" in the statement.`;

/** What the version before still reads goes only with a word that says since when nobody does. */
export function contracts({ text }: Pick<Statement, 'text'>, what: string): string | undefined {
  return /--\s*contract: unread since \d{4}\b/.test(text) ? undefined : unread(what);
}
