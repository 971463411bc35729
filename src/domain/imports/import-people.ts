/**
 * People come in: any number of rows, each about one person, each with its own result. Owns the import as a whole: that rows
 * are taken in batches, that the second of two rows of one person finds the first one done, and that the trail tells when it
 * began and how it ended. The same rows again change nothing, so an import that broke off is done again.
 */
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { recordEvent } from '../audit/audit-events.ts';
import { type ImportDependencies, type ImportOutcome, importBatch, type RowResult } from './import-batch.ts';
import { type CheckedRow, checkedRow, type ImportRow, keysOf } from './import-row.ts';

/** So many rows are one transaction. */
export const rowsOfBatch = 500;

export interface ImportOptions {
  /** What the rows were made of, for the trail. */
  format: string;
  /** Takes hashes of plain SHA too. */
  weakHashes: boolean;
}

/**
 * Tells the results, some at a time and in the order of the rows, as each batch is done.
 * @param mayGoOn asked before each batch; throws where it may not
 * @throws what it throws; whatever keeps the database from answering
 */
export async function* importPeople(
  db: Database,
  tenantId: string,
  rows: AsyncIterable<ImportRow>,
  { format, weakHashes, mayGoOn, ...deps }: ImportDependencies & ImportOptions & { mayGoOn(): Promise<void> },
): AsyncGenerator<RowResult[]> {
  const { importId, caller, dryRun } = deps;
  const outcomes: Record<ImportOutcome, number> = { created: 0, updated: 0, unchanged: 0, refused: 0 };
  const about = { tenantId, payload: { importId } };
  if (!dryRun) await recordEvent(db, { ...about, action: 'user.import_begun', payload: { importId, format } }, caller);
  for await (const results of importRows(db, tenantId, rows, { weakHashes, mayGoOn, ...deps })) {
    for (const { outcome } of results) outcomes[outcome] += 1;
    yield results;
  }
  if (!dryRun) await recordEvent(db, { ...about, action: 'user.imported', payload: { importId, outcomes } }, caller);
}

/** The rows alone: whoever calls says in the trail that they came. */
export async function* importRows(
  db: Database,
  tenantId: string,
  rows: AsyncIterable<ImportRow>,
  {
    weakHashes,
    mayGoOn,
    ...deps
  }: ImportDependencies & Pick<ImportOptions, 'weakHashes'> & { mayGoOn(): Promise<void> },
): AsyncGenerator<RowResult[]> {
  const rehearsed = new Set<string>();
  for await (const batch of batchesOf(rows, { weakHashes })) {
    await mayGoOn();
    const checked = batch.flatMap((one) => ('row' in one ? [one.row] : []));
    const done = new Map((await importBatch(db, tenantId, checked, deps)).map((result) => [result.line, result]));
    const results = batch.map((one) => ('row' in one ? (done.get(one.row.line) as RowResult) : one.refused));
    if (deps.dryRun) rehearse(checked, done, rehearsed);
    yield results;
  }
}

/** Of somebody whom an earlier row would have made there is nothing to be found in a rehearsal; an id that will not be is not told. */
function rehearse(checked: readonly CheckedRow[], done: ReadonlyMap<number, RowResult>, rehearsed: Set<string>): void {
  for (const row of checked) {
    const result = done.get(row.line) as RowResult;
    if (result.outcome !== 'created') continue;
    const keys = keysOf(row);
    if (keys.some((key) => rehearsed.has(key))) result.outcome = row.roles.length > 0 ? 'updated' : 'unchanged';
    result.userId = null;
    for (const key of keys) rehearsed.add(key);
  }
}

type Batched = { row: CheckedRow } | { refused: RowResult };

async function* batchesOf(
  rows: AsyncIterable<ImportRow>,
  options: { weakHashes: boolean },
): AsyncGenerator<readonly Batched[]> {
  let batch: Batched[] = [];
  let keys = new Set<string>();
  for await (const row of rows) {
    const one = checkedOrRefused(row, options);
    const own = 'row' in one ? keysOf(one.row) : [];
    if (batch.length >= rowsOfBatch || own.some((key) => keys.has(key))) {
      yield batch;
      batch = [];
      keys = new Set();
    }
    batch.push(one);
    for (const key of own) keys.add(key);
  }
  if (batch.length > 0) yield batch;
}

function checkedOrRefused(row: ImportRow, options: { weakHashes: boolean }): Batched {
  try {
    return { row: checkedRow(row, options) };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { refused: { line: row.line, outcome: 'refused', userId: null, kept: [], error } };
  }
}
