/**
 * A row that another server wrote, as its columns may be read before it is put here. Owns that what is read is of the type that it is taken
 * for: PostgreSQL would make text of a number and of an object. Refuses the rest by the name of the column.
 */
import { DomainError } from './errors.ts';

type Columns = Readonly<Record<string, unknown>>;

export class ArrivingRow {
  readonly #columns: Columns;

  /** @param columns as they travel, names in snake_case */
  constructor(columns: Columns) {
    this.#columns = columns;
  }

  /** @throws DomainError invalid INVALID_INPUT with the column, also for text of more than `most` characters */
  text(column: string, most = 2_000): string | null {
    const value = this.#columns[column];
    if (value === null || value === undefined) return null;
    if (typeof value !== 'string' || value.length > most) throw invalid(column);
    return value;
  }

  /** As `text`, where there is always one. */
  string(column: string, most?: number): string {
    const value = this.text(column, most);
    if (value === null) throw invalid(column);
    return value;
  }

  strings(column: string): string[] {
    const value = this.#columns[column] ?? [];
    if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw invalid(column);
    return value;
  }

  record(column: string): Record<string, unknown> {
    const value = this.#columns[column] ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) throw invalid(column);
    return value as Record<string, unknown>;
  }

  number(column: string): number | null {
    const value = this.#columns[column] ?? null;
    if (value !== null && !Number.isFinite(value)) throw invalid(column);
    return value as number | null;
  }

  is(column: string): boolean {
    const value = this.#columns[column] ?? false;
    if (typeof value !== 'boolean') throw invalid(column);
    return value;
  }

  time(column: string): Date | null {
    const text = this.text(column, 50);
    if (text === null) return null;
    const at = new Date(text);
    if (Number.isNaN(at.getTime())) throw invalid(column);
    return at;
  }

  /** What was sealed there, in the clear. */
  opened(column: string, most = 10_000): string | null {
    const value = this.#columns[column] ?? null;
    if (value === null) return null;
    const { opened } = value as { opened?: unknown };
    if (typeof opened !== 'string' || opened.length > most) throw invalid(column);
    return opened;
  }

  has(column: string): boolean {
    return (this.#columns[column] ?? null) !== null;
  }
}

function invalid(field: string): DomainError {
  return new DomainError('invalid', 'INVALID_INPUT', { field });
}
