/**
 * Of which columns PostgreSQL knows already that they have a value in each row, because a check says so that was validated: it takes
 * them for `not null` without reading the table (its documentation, "ALTER TABLE", SET NOT NULL).
 */
import type { NamedMigration } from '../migrations.ts';
import { tableAt } from './effect.ts';
import { recordMigration } from './record-migration.ts';
import { parenthesised, type Statement } from './sql-statements.ts';

/** `table.column` of a check that says nothing but that the column has a value. */
function notNullChecked({ words }: Statement): { name: string; column: string } | undefined {
  if (words[0] !== 'alter' || words[1] !== 'table' || !words.includes('check')) return undefined;
  const { table } = tableAt(words, 2);
  const at = words.indexOf('check');
  const { inside } = parenthesised(words.slice(at));
  const name = words[words.indexOf('constraint') + 1] ?? '';
  return inside.slice(1).join(' ') === 'is not null' ? { name, column: `${table}.${inside[0]}` } : undefined;
}

/** `table.column` of a statement that does nothing but to take it for not null. */
export function madeNotNull({ words }: Statement): string | undefined {
  if (words[0] !== 'alter' || words[1] !== 'table' || words.includes(',')) return undefined;
  return words.slice(-3).join(' ') === 'set not null' ? `${tableAt(words, 2).table}.${words.at(-4)}` : undefined;
}

/** `table.column` of those that have one, once the migrations of the list have run. */
export async function columnsWithValue(list: readonly NamedMigration[]): Promise<Set<string>> {
  const checks = new Map<string, string>();
  const columns = new Set<string>();
  for (const migration of list) {
    for (const statement of (await recordMigration(migration)).statements ?? []) {
      const check = notNullChecked(statement);
      if (check) checks.set(check.name, check.column);
      const name = statement.words[statement.words.indexOf('validate') + 2] ?? '';
      const column = statement.words.includes('validate') ? checks.get(name) : undefined;
      if (column) columns.add(column);
    }
  }
  return columns;
}
