/**
 * What was chosen to be imported, as rows: a file of lines is read as it comes, what another system writes out as a whole, up to a
 * size. Owns which system a file is of where nothing is said, and what becomes of passwords. Refuses what is no text.
 */
import { type ImportFormat, importFormats, readSource } from '../../../../management/import-sources/import-sources.ts';
import type { ReadLine } from '../../../../management/operation.ts';
import { DomainError } from '../../../../platform/errors.ts';
import { jsonLines } from '../../../api/json-lines.ts';
import type { Upload } from '../../../middleware/upload.ts';
import type { FieldSpec, Values } from '../../fields.ts';

export const passwordChoices = ['take', 'weak', 'leave'] as const;

export const importFields: readonly FieldSpec[] = [
  { name: 'format', kind: 'select', options: [{ value: '' }, ...importFormats.map((value) => ({ value }))] },
  { name: 'passwords', kind: 'select', options: passwordChoices.map((value) => ({ value })) },
  { name: 'hash_key', kind: 'text', optional: true, maxLength: 200, group: 'firebase' },
  { name: 'salt_separator', kind: 'text', optional: true, maxLength: 20 },
  { name: 'rounds', kind: 'number', optional: true, maxLength: 3 },
  { name: 'mem_cost', kind: 'number', optional: true, maxLength: 3 },
];

export const initialValues: Values = { format: '', passwords: 'take', rounds: '8', mem_cost: '14' };

/** Of a document that is read as a whole: a list in JSON, or a table. */
const documentBytes = 16 * 1024 * 1024;

const byEnding: Record<string, ImportFormat> = {
  csv: 'csv',
  tsv: 'csv',
  txt: 'csv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'json',
};

const wrong = (field: string) => new DomainError('invalid', 'INVALID_INPUT', { field });

/** @throws DomainError invalid FIELD_REQUIRED (format) where neither the choice nor the name says it, INVALID_INPUT */
export function formatOf({ fields, fileName }: Pick<Upload, 'fields' | 'fileName'>): ImportFormat {
  const chosen = fields.format ?? '';
  if (chosen === '') {
    const found = byEnding[/\.([a-z]+)$/i.exec(fileName)?.[1]?.toLowerCase() ?? ''];
    if (!found) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'format' });
    return found;
  }
  const known = importFormats.find((format) => format === chosen);
  if (!known) throw wrong('format');
  return known;
}

/** @throws DomainError invalid INVALID_INPUT, BODY_TOO_LARGE, IMPORT_UNREADABLE, FIELD_REQUIRED */
export async function* rowsOf(format: ImportFormat, upload: Upload): AsyncGenerator<ReadLine> {
  const leaves = upload.fields.passwords === 'leave';
  const read = format === 'ndjson' ? jsonLines(upload.bytes) : listed(format, upload);
  for await (const row of read) yield leaves ? withoutPassword(row) : row;
}

function withoutPassword(row: ReadLine): ReadLine {
  if (!('value' in row) || typeof row.value !== 'object' || row.value === null) return row;
  const { password_hash: _, ...value } = row.value as Record<string, unknown>;
  return { line: row.line, value };
}

async function* listed(format: ImportFormat, upload: Upload): AsyncGenerator<ReadLine> {
  yield* readSource(format, await textOf(upload), { firebase: firebaseOf(upload.fields) });
}

async function textOf({ bytes }: Upload): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of bytes as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > documentBytes) throw new DomainError('invalid', 'BODY_TOO_LARGE');
    parts.push(part);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
  } catch (cause) {
    throw new DomainError('invalid', 'IMPORT_UNREADABLE', {}, { cause });
  }
}

/** "Password hash parameters" of a project; without a key people come in without a password. */
function firebaseOf(fields: Upload['fields']) {
  const { hash_key: signerKey = '', salt_separator: saltSeparator = '' } = fields;
  if (signerKey === '' && saltSeparator === '') return undefined;
  if (signerKey === '') throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'hash_key' });
  if (saltSeparator === '') throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'salt_separator' });
  const whole = (field: string, usual: number) => {
    const text = (fields[field] ?? '').trim();
    if (text !== '' && !/^\d{1,3}$/.test(text)) throw wrong(field);
    return text === '' ? usual : Number(text);
  };
  return { signerKey, saltSeparator, rounds: whole('rounds', 8), memCost: whole('mem_cost', 14) };
}
