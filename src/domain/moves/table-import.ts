/**
 * The rows of one table as they come in, some hundred in a statement. Owns that as many are put as were announced, and that who
 * reads the refusal learns which rows cannot be put: all of the table, as far as there are few.
 */
import { type Database, violatedConstraint } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Secrets } from '../../platform/secrets.ts';
import type { Travelling } from '../../platform/travelling.ts';
import { invalidMove } from './move-file.ts';
import { nameOfRow, unpackRow } from './travelling-rows.ts';

interface Into {
  tenantId: string;
  secrets: Secrets;
  /** Of the whole table. */
  count: number;
}

const rowsAtOnce = 500;
const mostAtOnce = 1024 * 1024;
/** Named by the refusal. */
const mostNamed = 20;

export class TableImport {
  readonly #trx: Database;
  readonly #travelling: Travelling;
  readonly #into: Into;
  #waiting: string[] = [];
  #size = 0;
  #seen = 0;
  #refused: string[] = [];

  private constructor(trx: Database, travelling: Travelling, into: Into) {
    this.#trx = trx;
    this.#travelling = travelling;
    this.#into = into;
  }

  static async begin(trx: Database, travelling: Travelling, into: Into): Promise<TableImport> {
    if (travelling.before) await trx.raw(travelling.before, { tenantId: into.tenantId });
    return new TableImport(trx, travelling, into);
  }

  get table(): string {
    return this.#travelling.table;
  }

  async add(row: string): Promise<void> {
    this.#seen += 1;
    if (this.#seen > this.#into.count) throw invalidMove(`there are more rows of ${this.table} than it says`);
    this.#size += row.length;
    const waiting = this.#waiting.push(row);
    if (waiting >= (this.#travelling.atOnce ?? rowsAtOnce) || this.#size > mostAtOnce) await this.#flush();
  }

  /** @throws DomainError conflict MOVE_CONFLICT, invalid MOVE_FILE_INVALID */
  async end(): Promise<void> {
    await this.#flush();
    if (this.#seen < this.#into.count) throw invalidMove(`there are fewer rows of ${this.table} than it says`);
    if (this.#refused.length > 0)
      throw new DomainError('conflict', 'MOVE_CONFLICT', { table: this.table, rows: this.#refused.join(', ') });
  }

  async #flush(): Promise<void> {
    const given = this.#waiting;
    if (given.length === 0 || this.#refused.length >= mostNamed) {
      this.#waiting = [];
      return;
    }
    this.#waiting = [];
    this.#size = 0;
    await this.#trx.raw('savepoint batch');
    if ((await this.#put(given)) === given.length) await this.#trx.raw('release savepoint batch');
    else await this.#putOneByOne(given);
  }

  /** @returns how many were taken; -1: a constraint or a type says no */
  async #put(given: readonly string[]): Promise<number> {
    const { put, mend, receive } = this.#travelling;
    const { tenantId, secrets } = this.#into;
    if (receive) return receive(this.#trx, given, { tenantId, secrets }).catch(refusedOf);
    const bindings = { tenantId, rows: `[${given.map((row) => unpackRow(this.#travelling, row, secrets)).join(',')}]` };
    try {
      const { rowCount } = await this.#trx.raw(put as string, bindings);
      if (mend) await this.#trx.raw(mend, bindings);
      return rowCount as number;
    } catch (error) {
      return refusedOf(error);
    }
  }

  /** To tell which it is. */
  async #putOneByOne(given: readonly string[]): Promise<void> {
    await this.#trx.raw('rollback to savepoint batch');
    for (const row of given) {
      await this.#trx.raw('savepoint one');
      if ((await this.#put([row])) !== 1) {
        await this.#trx.raw('rollback to savepoint one');
        this.#refused.push(nameOfRow(this.#travelling, row));
        if (this.#refused.length >= mostNamed) return;
      }
    }
  }
}

/** @returns what no number of rows is, where it is of the rows that they were not taken */
function refusedOf(error: unknown): number {
  if (!isOfRows(error)) throw error;
  return -1;
}

/** A constraint (23), a value that is none of its type (22), or what a trigger or a function does not let (42501). */
function isOfRows(error: unknown): boolean {
  const code = String((error as { code?: unknown } | null)?.code);
  return violatedConstraint(error) !== undefined || /^(22|23)/.test(code) || code === '42501';
}
