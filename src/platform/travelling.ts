/**
 * What of a table goes along when a tenant moves to another database. Owns the form in which a feature says so, beside its other
 * SQL. Knows no table: a test holds the declarations against the database's catalogue, so that a new table, or a new column, has
 * to say whether it travels.
 */
import type { ArrivingRow } from './arriving-row.ts';
import type { Database } from './database.ts';
import type { SecretPurpose, Secrets } from './secrets.ts';

/** A column that is sealed under SECRET_KEY: opened on the way out, sealed anew on the way in. */
export interface SealedColumn {
  purpose: SecretPurpose;
  /** What the sealed value is bound to. @param row as it travels, names in snake_case */
  context(row: Readonly<Record<string, unknown>>): string;
  /** How it lies in its column. */
  stored: 'bytea' | 'base64url';
}

/** What of the configuration of a server says which rows it takes. */
export interface ArrivalRules {
  /** Of this server, as others know it. */
  ownAddress: string;
  /** Whether an address of others may be http. */
  allowHttp: boolean;
  /** As this server hashes passwords. */
  argon2: { memoryKiB: number; iterations: number; parallelism: number };
}

/** A row that came in and would not have been made here, and why. */
export interface ArrivalFault {
  name: string;
  fault: string;
}

export interface Travelling {
  table: string;
  /** Of the table, in the order of the statements. */
  columns: string;
  /** What is not taken along, each with its reason. */
  stays?: Readonly<Record<string, string>>;
  /** The rows of a tenant, with `:tenantId`, in an order in which they can be put. */
  rows: string;
  /**
   * Puts rows: `:rows` is a JSON array of them, `:tenantId` the tenant that all have to be of. Takes no row that is of another
   * one, and none in the place of a row that is there: fewer rows than were given are a refusal.
   */
  put?: string;
  /** In the place of `put`, where a row cannot be put as it is. @returns how many were taken */
  receive?(trx: Database, rows: readonly string[], into: { tenantId: string; secrets: Secrets }): Promise<number>;
  /** After each `put`, with the same bindings: what triggers made of the new rows, and is to be as it was. */
  mend?: string;
  /** Once, before the first row, with `:tenantId`. */
  before?: string;
  /** Columns that open something to whoever has them: empty in an export for reading. */
  hidden?: readonly string[];
  /** The same of whole rows: there are none in an export for reading. */
  isHidden?: boolean;
  sealed?: Readonly<Record<string, SealedColumn>>;
  /**
   * Refuses a row that no operation of this server would have made: another server may be older, and a file may be changed.
   * @throws DomainError
   */
  check?(row: ArrivingRow, rules: ArrivalRules): void;
  /** The same of what a row says of others, asked when all is in. */
  faults?(trx: Database, tenantId: string): Promise<ArrivalFault[]>;
  /** So many rows may there be at the most. */
  most?: number;
  /** How a person names such a row, where one cannot be put: the first of these that it has. */
  namedBy?: readonly string[];
  /** Rows of one `put`; default 500. */
  atOnce?: number;
}

export function defineTravelling(travelling: Travelling): Travelling {
  return Object.freeze(travelling);
}
