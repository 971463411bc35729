/**
 * Running a prepared statement that the connection knows: three messages in one piece, and the rows as they are wanted. The
 * driver's own query asks each time which columns there are and writes each message by itself, which costs half as much again
 * (docs/decisions/0037-the-driver-stays.md). The first time on a connection goes by the driver, which has the statement parsed
 * and learns the columns. The messages are those of PostgreSQL's manual, "Frontend/Backend Protocol", "Message Formats".
 */
import pg, { type Client as Connection } from 'pg';
import { keepsNames } from './lent-connections.ts';

interface PreparedResult {
  rows: Record<string, unknown>[];
  rowCount: number;
}

interface Column {
  name: string;
  parse(text: string): unknown;
}

type Callback = (error: unknown, result?: PreparedResult) => void;

/** What the driver calls a connection: the socket, and what goes over it. */
interface Wire {
  stream: { writable: boolean; write(bytes: Buffer): boolean };
}

/** By connection and name of the statement. */
const known = new WeakMap<Connection, Map<string, Column[]>>();

/**
 * Runs a statement on a connection that does nothing else meanwhile.
 * @param nameOf what a column is called in the answer
 */
export async function runStatement(
  connection: Connection,
  { name, text }: { name: string; text: string },
  values: unknown[],
  nameOf: (column: string) => string,
): Promise<PreparedResult> {
  let statements = known.get(connection);
  if (!statements) {
    statements = new Map();
    known.set(connection, statements);
  }
  const isNamed = keepsNames(connection);
  const columns = isNamed && statements.get(name);
  if (columns) return runKnown(connection, name, columns, values);
  // The driver passes over what it does not know: a trace calls it by that name.
  const named = isNamed ? { name } : { statementName: name };
  const { fields, rows, rowCount } = await connection.query({ ...named, text, values, rowMode: 'array' });
  const learned = fields.map((field) => ({
    name: nameOf(field.name),
    parse: pg.types.getTypeParser(field.dataTypeID, 'text') as Column['parse'],
  }));
  if (isNamed) statements.set(name, learned);
  return { rows: rows.map((row: unknown[]) => rowOf(learned, (index) => row[index])), rowCount: rowCount ?? 0 };
}

function runKnown(
  connection: Connection,
  name: string,
  columns: readonly Column[],
  values: readonly unknown[],
): Promise<PreparedResult> {
  return new Promise((resolve, reject) => {
    const done: Callback = (error, result) => (error ? reject(error) : resolve(result as PreparedResult));
    const query = new KnownStatement(name, columns, values);
    (connection.query as (query: object, callback: Callback) => void)(query, done);
  });
}

function rowOf(columns: readonly Column[], valueAt: (index: number) => unknown): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (let index = 0; index < columns.length; index++) row[(columns[index] as Column).name] = valueAt(index);
  return row;
}

/** A query as the driver takes one from outside (its `Submittable`). */
class KnownStatement {
  readonly statementName: string;
  readonly #columns: readonly Column[];
  readonly #values: readonly unknown[];
  readonly #rows: Record<string, unknown>[] = [];
  #rowCount = 0;
  #fault: unknown;
  /** The driver wraps it to end its timer. */
  callback: Callback | undefined;

  constructor(name: string, columns: readonly Column[], values: readonly unknown[]) {
    this.statementName = name;
    this.#columns = columns;
    this.#values = values;
  }

  /** An error is the caller's: the driver hands it on, and nothing was sent. */
  submit({ stream }: Wire): Error | null {
    try {
      const bytes = executionOf(this.statementName, this.#values);
      if (stream.writable) stream.write(bytes);
      return null;
    } catch (error) {
      return error as Error;
    }
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    if (this.#fault !== undefined) return;
    try {
      this.#rows.push(
        rowOf(this.#columns, (index) => {
          const text = fields[index] ?? null;
          return text === null ? null : (this.#columns[index] as Column).parse(text);
        }),
      );
    } catch (error) {
      this.#fault = error;
    }
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#rowCount = Number(/\d+$/.exec(text)?.[0] ?? 0);
  }

  handleReadyForQuery(): void {
    if (this.#fault === undefined) this.callback?.(null, { rows: this.#rows, rowCount: this.#rowCount });
    else this.callback?.(this.#fault);
  }

  handleError(error: unknown): void {
    this.callback?.(error);
  }

  handleEmptyQuery(): void {}
}

/** Execute of the unnamed portal, all rows; Sync. */
const executeAndSync = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x53, 0, 0, 0, 4]);

/** Bind to the unnamed portal, Execute and Sync. */
function executionOf(name: string, values: readonly unknown[]): Buffer {
  const parameters = values.map(parameterOf);
  const nameBytes = Buffer.byteLength(name);
  // Portal, name, formats of the parameters, the parameters, one format for all columns.
  let length = 4 + 1 + nameBytes + 1 + 2 + 2 * parameters.length + 2 + 2 + 2;
  const sizes = parameters.map((value) =>
    typeof value === 'string' ? Buffer.byteLength(value) : (value?.length ?? 0),
  );
  for (const size of sizes) length += 4 + size;

  const bytes = Buffer.allocUnsafe(1 + length + executeAndSync.length);
  let at = bytes.writeUInt8(0x42, 0);
  at = bytes.writeInt32BE(length, at);
  at = bytes.writeUInt8(0, at);
  at += bytes.write(name, at);
  at = bytes.writeUInt8(0, at);
  at = bytes.writeInt16BE(parameters.length, at);
  for (const value of parameters) at = bytes.writeInt16BE(Buffer.isBuffer(value) ? 1 : 0, at);
  at = bytes.writeInt16BE(parameters.length, at);
  for (const [index, value] of parameters.entries()) {
    at = bytes.writeInt32BE(value === null ? -1 : (sizes[index] as number), at);
    if (typeof value === 'string') at += bytes.write(value, at);
    else if (value !== null) at += value.copy(bytes, at);
  }
  at = bytes.writeInt16BE(1, at);
  at = bytes.writeInt16BE(0, at);
  executeAndSync.copy(bytes, at);
  return bytes;
}

/** A value as PostgreSQL reads it: text, or the bytes of a `bytea`. As the driver does it, in UTC. */
function parameterOf(value: unknown): string | Buffer | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return String(value);
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Date) return value.toISOString();
  return Array.isArray(value) ? arrayOf(value) : JSON.stringify(value);
}

function arrayOf(items: readonly unknown[]): string {
  return `{${items.map(elementOf).join(',')}}`;
}

function elementOf(item: unknown): string {
  if (Array.isArray(item)) return arrayOf(item);
  const value = parameterOf(item);
  if (value === null) return 'NULL';
  if (typeof value !== 'string') return `"\\\\x${value.toString('hex')}"`;
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
