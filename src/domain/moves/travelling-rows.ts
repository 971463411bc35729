/**
 * Rows on their way out of a database and into another: what is sealed is opened and sealed anew, and what somebody could sign
 * in by is left out of an export for reading.
 */
import { DomainError } from '../../platform/errors.ts';
import type { Secrets } from '../../platform/secrets.ts';
import type { SealedColumn, Travelling } from '../../platform/travelling.ts';
import { invalidMove } from './move-file.ts';

type Row = Record<string, unknown>;

/** The sealed bytes of a column, as a row of JSON has it. */
export function storedBytes(value: unknown, { stored }: SealedColumn): Buffer {
  const text = String(value);
  return stored === 'bytea' ? Buffer.from(text.slice(2), 'hex') : Buffer.from(text, 'base64url');
}

function asStored(bytes: Buffer, { stored }: SealedColumn): string {
  return stored === 'bytea' ? `\\x${bytes.toString('hex')}` : bytes.toString('base64url');
}

/**
 * A row as it travels.
 * @param json as the database has it
 * @throws DomainError conflict MOVE_SECRET_LOST
 */
export function packRow(
  travelling: Travelling,
  json: string,
  { secrets, withCredentials }: { secrets: Secrets; withCredentials: boolean },
): string {
  const { table, sealed = {}, hidden = [] } = travelling;
  if (withCredentials ? Object.keys(sealed).length === 0 : hidden.length === 0) return json;
  const row = JSON.parse(json) as Row;
  if (!withCredentials) {
    for (const column of hidden) row[column] = null;
    return JSON.stringify(row);
  }
  for (const [column, seal] of Object.entries(sealed)) {
    if (row[column] === null) continue;
    const opened = secrets.open(seal.purpose, storedBytes(row[column], seal), seal.context(row));
    if (opened === undefined) throw new DomainError('conflict', 'MOVE_SECRET_LOST', { table });
    row[column] = { opened };
  }
  return JSON.stringify(row);
}

/** A row as it is put into this database. @throws DomainError invalid MOVE_FILE_INVALID */
export function unpackRow(travelling: Travelling, json: string, secrets: Secrets): string {
  const { table, sealed } = travelling;
  if (!sealed) return json;
  const row = rowOf(table, json);
  for (const [column, seal] of Object.entries(sealed)) {
    const value = row[column];
    if (value === null || value === undefined) continue;
    const { opened } = value as { opened?: unknown };
    if (typeof opened !== 'string') throw invalidMove(`${table}.${column} is no secret`);
    row[column] = asStored(secrets.seal(seal.purpose, opened, seal.context(row)), seal);
  }
  return JSON.stringify(row);
}

export function rowOf(table: string, json: string): Row {
  try {
    return JSON.parse(json) as Row;
  } catch {
    throw invalidMove(`a row of ${table} is no JSON`);
  }
}

/** What a person calls a row that could not be put. */
export function nameOfRow({ table, namedBy = ['id'] }: Travelling, json: string): string {
  const row = rowOf(table, json);
  const by = namedBy.find((name) => row[name] !== null && row[name] !== undefined) ?? 'id';
  return String(row[by] ?? '?').slice(0, 200);
}
