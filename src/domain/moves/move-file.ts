/**
 * The text of an export: a line of JSON each (NDJSON). A header says what it is and how many rows there are of each table; the rows
 * follow, table by table; the last line says that it is whole, by a hash of all before it. Owns this form. Refuses what is not in
 * it, and any line that is too long to be a row.
 */
import { createHash, type Hash } from 'node:crypto';
import { z } from 'zod';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';

export const moveCodes = defineCodes({
  MOVE_CONFLICT: {
    kind: 'conflict',
    params: ['table', 'rows'],
    means: 'rows of an export are here already, are not of its tenant, or refer to what is not here',
  },
  MOVE_FILE_INVALID: { kind: 'invalid', params: ['reason'], means: 'the export cannot be taken as it is' },
  MOVE_ROW_REFUSED: {
    kind: 'invalid',
    params: ['table', 'rows'],
    means: 'rows of an export are none that an operation of this server would have made',
  },
  MOVE_SECRET_LOST: {
    kind: 'conflict',
    params: ['table'],
    means: 'a secret of the tenant cannot be opened with the configured SECRET_KEY',
  },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof moveCodes> {}
}

/** Told by the header; another one is refused. */
export const moveFormat = 1;
/** Of a line; a row is some hundred bytes, and the leaves of a seal some kilobytes. */
const mostOfLine = 8 * 1024 * 1024;

const header = z.strictObject({
  type: z.literal('gatehouse-tenant'),
  format: z.literal(moveFormat),
  product: z.string().max(50),
  /** The newest migration. */
  schema: z.string().max(200),
  issuer: z.url().max(500),
  /** Where it goes; null: nowhere, the tenant stays. */
  moves_to: z.url().max(500).nullable(),
  export_id: z.uuid(),
  exported_at: z.iso.datetime(),
  /** Without what somebody could sign in by: for reading alone. */
  credentials: z.boolean(),
  /** For how long the trail is kept there. */
  audit_retention_days: z.int().min(30).max(36_500),
  /** `state`: what it is there, or was when it moved. */
  tenant: z.strictObject({
    id: z.uuid(),
    slug: z.string().max(63),
    name: z.string().max(500),
    state: z.enum(['active', 'suspended']),
  }),
  counts: z.record(z.string().max(63), z.int().min(0)),
});
export type MoveHeader = z.infer<typeof header>;

const trailer = z.strictObject({
  type: z.literal('end'),
  rows: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export function invalidMove(reason: string): DomainError {
  return new DomainError('invalid', 'MOVE_FILE_INVALID', { reason });
}

/** Writes lines, and what they hash to. */
export class MoveWriter {
  readonly #hash: Hash = createHash('sha256');
  #rows = 0;

  #line(text: string): string {
    const line = `${text}\n`;
    this.#hash.update(line);
    return line;
  }

  header(told: MoveHeader): string {
    return this.#line(JSON.stringify(told));
  }

  /** @param row JSON */
  row(table: string, row: string): string {
    this.#rows += 1;
    return this.#line(`{"table":"${table}","row":${row}}`);
  }

  end(): string {
    return `${JSON.stringify({ type: 'end', rows: this.#rows, sha256: this.#hash.digest('hex') })}\n`;
  }
}

export type MoveLine =
  | { is: 'row'; table: string; row: string }
  /** All is as it was written. */
  | { is: 'end'; sha256: string };

const rowLine = /^\{"table":"([a-z_]{1,63})","row":(\{.*\})\}$/s;

function parsed<T>(schema: z.ZodType<T>, line: string, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw invalidMove(`${what} is no JSON`);
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw invalidMove(`${what} cannot be read: ${issue?.path.join('.')} ${issue?.message}`);
}

/** Reads what a `MoveWriter` wrote, in pieces of any length. Holds one line at a time. */
export class MoveReader {
  readonly #lines: AsyncIterator<string>;
  readonly #hash: Hash = createHash('sha256');
  #rows = 0;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#lines = linesOf(bytes);
  }

  async #next(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw invalidMove('it ends too early');
    return value;
  }

  async header(): Promise<MoveHeader> {
    const line = await this.#next();
    this.#hash.update(`${line}\n`);
    return parsed(header, line, 'the first line');
  }

  async next(): Promise<MoveLine> {
    const line = await this.#next();
    const row = rowLine.exec(line);
    if (row) {
      this.#hash.update(`${line}\n`);
      this.#rows += 1;
      return { is: 'row', table: row[1] as string, row: row[2] as string };
    }
    const { rows, sha256 } = parsed(trailer, line, `line ${this.#rows + 2}`);
    if (rows !== this.#rows || sha256 !== this.#hash.digest('hex')) throw invalidMove('it is not as it was written');
    if (!(await this.#lines.next()).done) throw invalidMove('it goes on behind its end');
    return { is: 'end', sha256 };
  }
}

async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let held: Uint8Array[] = [];
  let size = 0;
  const take = (piece: Uint8Array): string => {
    const whole = held.length === 0 ? piece : Buffer.concat([...held, piece]);
    held = [];
    size = 0;
    try {
      return decoder.decode(whole);
    } catch {
      throw invalidMove('it is no UTF-8');
    }
  };
  for await (const chunk of bytes) {
    let from = 0;
    for (let at = chunk.indexOf(10, from); at !== -1; at = chunk.indexOf(10, from)) {
      yield take(chunk.subarray(from, at));
      from = at + 1;
    }
    const rest = chunk.subarray(from);
    size += rest.length;
    if (size > mostOfLine) throw invalidMove('a line is too long');
    if (rest.length > 0) held.push(rest);
  }
  if (held.length > 0) throw invalidMove('it ends too early');
}
