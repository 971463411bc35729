/**
 * An import that is kept: its rows are received, what would become of each is found out and looked at, and then it is done, also
 * where nobody watches any more. Owns its states, who sees it, and what is kept: a row is sealed until it is done, and gone
 * then; what became of it is told for a month. Refuses more than a few of one tenant at once.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { inBatches } from '../../platform/in-batches.ts';
import { enqueueJob } from '../../platform/jobs/enqueue-job.ts';
import { emptyPage, type Page, type PageRequest } from '../../platform/paging.ts';
import { defineSecretPurpose, type Secrets, sha256 } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { actingUserId } from '../organisation/acting-user.ts';
import type { ImportOutcome } from './import-batch.ts';
import {
  changeImportState,
  countOpenImportsAlone,
  deleteImport,
  deleteOldImports,
  dropSealed,
  type ImportRecord,
  type ImportsOf,
  insertImport,
  insertRows,
  type ListedRow,
  type RowToDo,
  selectImport,
  selectImportRows,
  selectImports,
  selectResults,
} from './import-store.ts';

export const keptImportCodes = defineCodes({
  IMPORT_EMPTY: { kind: 'invalid', means: 'the file has no row' },
  IMPORT_NOT_READY: { kind: 'conflict', means: 'the import is in another state than this needs' },
  TOO_MANY_IMPORTS: { kind: 'conflict', params: ['limit'], means: 'a tenant has no more imports under way than that' },
  TOO_MANY_ROWS: { kind: 'invalid', params: ['limit'], means: 'an import has no more rows than that' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof keptImportCodes> {}
}

/** `failed`: it was tried for days. */
export type StopReason = 'cancelled' | 'not_allowed' | 'unreadable' | 'failed';

export const workOnImportJob = 'work-on-import';

export const mostOpenImports = 5;
export const mostRowsOfImport = 100_000;
/** How long rows wait for somebody to begin, and how long what became of them is told. */
const abandonedHours = 24;
const keptDays = 30;
const rowsAtOnce = 500;

const sealedRows = defineSecretPurpose('import-rows');

/** A row's value as JSON; null: it could not be read. */
function sealRow(secrets: Secrets, importId: string, line: number, value: unknown): Buffer {
  return secrets.seal(sealedRows, JSON.stringify(value ?? null), `${importId}:${line}`);
}

/** No key opens a row: SECRET_KEY was replaced while it waited. */
export class RowsAreLost extends Error {}

/** @throws RowsAreLost */
export function openRow(secrets: Secrets, importId: string, { line, sealed }: RowToDo): unknown {
  const text = secrets.open(sealedRows, sealed, `${importId}:${line}`);
  if (text === undefined) throw new RowsAreLost('no secret key opens a row of an import');
  return JSON.parse(text) as unknown;
}

const notFound = () => new DomainError('not_found', 'NOT_FOUND', { entity: 'import' });

/** Of one tenant one after another, and at most two of all at once: others have work for this process, too. */
async function enqueueWork(trx: Database, { id, tenantId }: { id: string; tenantId: string }): Promise<void> {
  const queue = `imports:${(sha256(tenantId)[0] ?? 0) % 2}`;
  await enqueueJob(trx, workOnImportJob, { importId: id }, { queue, key: `${workOnImportJob}:${id}`, priority: 10 });
}

/**
 * Keeps the rows, and has it found out what would become of them.
 * @param rows `value` undefined: it could not be read
 * @param deps.isDryRun takes all of it, and keeps nothing
 * @throws DomainError conflict TOO_MANY_IMPORTS, invalid IMPORT_EMPTY, TOO_MANY_ROWS; what `rows` throws. Then nothing is kept
 */
export async function receiveImport(
  db: Database,
  wanted: { tenantId: string; fileName: string; format: string; weakHashes: boolean; actor: object; broughtBy: string },
  rows: AsyncIterable<{ line: number; value?: unknown }>,
  { secrets, caller, isDryRun = false }: { secrets: Secrets; caller: Caller; isDryRun?: boolean },
): Promise<ImportRecord> {
  const id = newId();
  const { tenantId } = wanted;
  await inTransaction(db, async (trx) => {
    if ((await countOpenImportsAlone(trx, tenantId)) >= mostOpenImports)
      throw new DomainError('conflict', 'TOO_MANY_IMPORTS', { limit: mostOpenImports });
    await insertImport(trx, { ...wanted, id, actorId: actingUserId(caller) });
  });
  try {
    const rowCount = await keepRows(db, { id, tenantId }, rows, secrets);
    if (rowCount === 0) throw new DomainError('invalid', 'IMPORT_EMPTY');
    await inTransaction(db, async (trx) => {
      await changeImportState(trx, { id, from: ['receiving'], to: 'checking', rowCount });
      if (!isDryRun) await enqueueWork(trx, { id, tenantId });
    });
    const received = await importOf(db, { tenantId, of: null, id });
    if (isDryRun) await deleteImport(db, id);
    return received;
  } catch (error) {
    await deleteImport(db, id).catch(() => {
      // The database is away: the sweep takes it.
    });
    throw error;
  }
}

async function keepRows(
  db: Database,
  { id, tenantId }: { id: string; tenantId: string },
  rows: AsyncIterable<{ line: number; value?: unknown }>,
  secrets: Secrets,
): Promise<number> {
  let waiting: RowToDo[] = [];
  let count = 0;
  for await (const { line, value } of rows) {
    count += 1;
    if (count > mostRowsOfImport) throw new DomainError('invalid', 'TOO_MANY_ROWS', { limit: mostRowsOfImport });
    waiting.push({ line, sealed: sealRow(secrets, id, line, value) });
    if (waiting.length < rowsAtOnce) continue;
    await insertRows(db, { tenantId, importId: id, rows: waiting });
    waiting = [];
  }
  if (waiting.length > 0) await insertRows(db, { tenantId, importId: id, rows: waiting });
  return count;
}

/** @throws DomainError not_found NOT_FOUND */
export async function importOf(db: Database, wanted: ImportsOf & { id: string }): Promise<ImportRecord> {
  const found = isId(wanted.id) ? await selectImport(db, wanted) : undefined;
  if (!found) throw notFound();
  return found;
}

/** The newest first. @throws DomainError invalid CURSOR_INVALID */
export async function listImports(db: Database, { tenantId, of, ...page }: ImportsOf & PageRequest) {
  return isId(tenantId) ? selectImports(db, { tenantId, of }, page) : emptyPage();
}

/** Its rows, those with faults first. @throws DomainError not_found NOT_FOUND, invalid CURSOR_INVALID */
export async function listImportRows(
  db: Database,
  { tenantId, of, id, outcome, ...page }: ImportsOf & PageRequest & { id: string; outcome?: ImportOutcome },
): Promise<Page<ListedRow>> {
  await importOf(db, { tenantId, of, id });
  return selectImportRows(db, { tenantId, importId: id, outcome }, page);
}

/** What became of all rows, some at a time in the order of the file. */
export async function* resultsOfImport(db: Database, { tenantId, id }: { tenantId: string; id: string }) {
  for (let after = -1; ; ) {
    const some = await selectResults(db, { tenantId, importId: id, after, limit: rowsAtOnce });
    if (some.length > 0) yield some;
    if (some.length < rowsAtOnce) return;
    after = some.at(-1)?.line ?? 0;
  }
}

/**
 * Begins what was looked at: of many who do at once, one.
 * @throws DomainError not_found NOT_FOUND, conflict IMPORT_NOT_READY
 */
export async function beginImport(
  db: Database,
  wanted: ImportsOf & { id: string },
  caller: Caller,
): Promise<ImportRecord> {
  return inTransaction(db, async (trx) => {
    const { id, tenantId, format } = await importOf(trx, wanted);
    if (!(await changeImportState(trx, { id, from: ['ready'], to: 'running' })))
      throw new DomainError('conflict', 'IMPORT_NOT_READY');
    const event = { tenantId, action: 'user.import_begun', payload: { importId: id, format } };
    await recordEvent(trx, event, caller);
    await enqueueWork(trx, { id, tenantId });
    return importOf(trx, wanted);
  });
}

/**
 * Stops it: what was done stays done, and what waits is gone.
 * @throws DomainError not_found NOT_FOUND, conflict IMPORT_NOT_READY (it is over)
 */
export async function stopImport(
  db: Database,
  wanted: ImportsOf & { id: string },
  { why, caller }: { why: StopReason; caller: Caller },
): Promise<ImportRecord> {
  return inTransaction(db, async (trx) => {
    const { id, tenantId } = await importOf(trx, wanted);
    if (!(await changeImportState(trx, { id, from: ['checking', 'ready', 'running'], to: 'stopped', why })))
      throw new DomainError('conflict', 'IMPORT_NOT_READY');
    await dropSealed(trx, id);
    const stopped = await importOf(trx, wanted);
    const payload = { importId: id, reason: why, outcomes: stopped.outcomes };
    if (stopped.begunAt) await recordEvent(trx, { tenantId, action: 'user.import_stopped', payload }, caller);
    return stopped;
  });
}

/** What nobody began within a day, and what has been over for a month. */
export async function sweepImports(db: Database): Promise<void> {
  await inBatches((most) => deleteOldImports(db, { abandonedHours, keptDays, most }), { size: 1 });
}
