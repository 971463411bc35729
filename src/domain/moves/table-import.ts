/**
 * The rows of one table as they come in, some hundred in a statement. Owns that as many are put as were announced, that each is one that
 * an operation of this server could have made, and that who reads the refusal learns which rows cannot be put and why: all of the
 * table, as far as there are few.
 */
import { ArrivingRow } from '../../platform/arriving-row.ts';
import { type Database, violatedConstraint } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Secrets } from '../../platform/secrets.ts';
import type { ArrivalFault, ArrivalRules, Travelling } from '../../platform/travelling.ts';
import { invalidMove } from './move-file.ts';
import { nameOfRow, rowOf, unpackRow } from './travelling-rows.ts';

/** Asked of a row beside what its own feature asks. @throws DomainError */
export type RowCheck = (row: ArrivingRow) => void;

export interface Admission {
  rules: ArrivalRules;
  /** By table. */
  alsoCheck: Readonly<Record<string, RowCheck>>;
}

interface Into extends Admission {
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
  #unfit: ArrivalFault[] = [];

  private constructor(trx: Database, travelling: Travelling, into: Into) {
    this.#trx = trx;
    this.#travelling = travelling;
    this.#into = into;
  }

  static async begin(trx: Database, travelling: Travelling, into: Into): Promise<TableImport> {
    const { table, most = into.count } = travelling;
    if (into.count > most)
      throw rowsRefused(table, [{ name: `${into.count}`, fault: `a tenant has ${most} at the most` }]);
    if (travelling.before) await trx.raw(travelling.before, { tenantId: into.tenantId });
    return new TableImport(trx, travelling, into);
  }

  get table(): string {
    return this.#travelling.table;
  }

  async add(row: string): Promise<void> {
    this.#seen += 1;
    if (this.#seen > this.#into.count) throw invalidMove(`there are more rows of ${this.table} than it says`);
    if (!this.#isFit(row)) return;
    this.#size += row.length;
    const waiting = this.#waiting.push(row);
    if (waiting >= (this.#travelling.atOnce ?? rowsAtOnce) || this.#size > mostAtOnce) await this.#flush();
  }

  /** @throws DomainError conflict MOVE_CONFLICT, invalid MOVE_FILE_INVALID */
  async end(): Promise<void> {
    await this.#flush();
    if (this.#seen < this.#into.count) throw invalidMove(`there are fewer rows of ${this.table} than it says`);
    if (this.#unfit.length > 0) throw rowsRefused(this.table, this.#unfit);
    if (this.#refused.length > 0)
      throw new DomainError('conflict', 'MOVE_CONFLICT', { table: this.table, rows: this.#refused.join(', ') });
  }

  /** Once one is not, the others are looked at and put no more: nothing of it stays. */
  #isFit(json: string): boolean {
    const { check } = this.#travelling;
    const { rules, alsoCheck } = this.#into;
    const also = alsoCheck[this.table];
    if (this.#unfit.length >= mostNamed) return false;
    if (!check && !also) return true;
    const row = new ArrivingRow(rowOf(this.table, json));
    try {
      check?.(row, rules);
      also?.(row);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.#unfit.push({ name: nameOfRow(this.#travelling, json), fault: faultText(error) });
    }
    return this.#unfit.length === 0;
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

/** What an operation would have said, in a line. */
function faultText({ code, params }: DomainError): string {
  const { field, value, reason } = params as { field?: unknown; value?: unknown; reason?: unknown };
  const where = [field, value].filter((part) => part !== undefined).join(' ');
  const why = reason ?? (code === 'INVALID_INPUT' ? 'cannot be so' : code);
  return `${where === '' ? '' : `${where}: `}${why}`.slice(0, 300);
}

export function rowsRefused(table: string, faults: readonly ArrivalFault[]): DomainError {
  const rows = faults.slice(0, mostNamed).map(({ name, fault }) => `${name} (${fault})`);
  return new DomainError('invalid', 'MOVE_ROW_REFUSED', { table, rows: rows.join(', ') });
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
