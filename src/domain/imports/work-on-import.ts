/**
 * The work on an import that is kept: first it is found out what would become of each row, and once somebody has begun it, it is done.
 * Bears being killed at any moment and being done by two at once: a row is marked in the transaction that does it, and what
 * is marked is not done again. Owns when it ends; the rights of who brought it are asked before each batch.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import type { ImportDependencies, RowResult } from './import-batch.ts';
import { importRows } from './import-people.ts';
import type { ImportRow } from './import-row.ts';
import {
  changeImportState,
  dropSealed,
  type ImportRecord,
  type OutcomeCounts,
  type StoredFault,
  selectImport,
  selectImportToDo,
  selectRowsToDo,
  storeDone,
  storeForeseen,
} from './import-store.ts';
import { openRow, RowsAreLost, type StopReason, stopImport } from './kept-imports.ts';
import { namedInImport } from './named-in-import.ts';

/** As whom it is done. */
export interface ImportStanding {
  caller: Caller;
  judge: ImportDependencies['judge'];
  /** Whether they may still import anything at all. */
  mayGoOn(): Promise<boolean>;
}

export interface ImportWork {
  secrets: Secrets;
  signal: AbortSignal;
  isLastAttempt: boolean;
  standingOf(actor: unknown, tenantId: string): ImportStanding;
  rowOf(line: number, value: unknown): ImportRow;
  faultOf(error: DomainError): StoredFault;
}

/** Ends the work where there is nothing left to work on: it was stopped, or somebody else does it. */
class Over extends Error {}

/** Who brought it may import nobody any more. */
class NotAllowed extends Error {}

const rowsAtOnce = 500;

/** Of an import that is not there, is over, or waits for somebody: nothing. */
export async function workOnImport(db: Database, importId: string, work: ImportWork): Promise<void> {
  const found = await selectImportToDo(db, importId);
  if (found?.state !== 'checking' && found?.state !== 'running') return;
  const standing = work.standingOf(found.actor, found.tenantId);
  try {
    await new Work(db, found, standing, work).run();
  } catch (error) {
    if (error instanceof Over) return;
    const why = stopReasonOf(error, work);
    if (!why) throw error;
    const wanted = { tenantId: found.tenantId, of: null, id: importId };
    await stopImport(db, wanted, { why, caller: standing.caller }).catch((failure) => {
      if (!(failure instanceof DomainError)) throw failure;
    });
  }
}

/** Undefined: it is tried again. */
function stopReasonOf(error: unknown, { isLastAttempt }: ImportWork): StopReason | undefined {
  if (error instanceof RowsAreLost) return 'unreadable';
  if (error instanceof NotAllowed) return 'not_allowed';
  return isLastAttempt ? 'failed' : undefined;
}

class Work {
  readonly #db: Database;
  readonly #import: ImportRecord;
  readonly #standing: ImportStanding;
  readonly #work: ImportWork;

  constructor(db: Database, found: ImportRecord, standing: ImportStanding, work: ImportWork) {
    this.#db = db;
    this.#import = found;
    this.#standing = standing;
    this.#work = work;
  }

  async run(): Promise<void> {
    if (this.#import.state === 'checking') await this.#check();
    else await this.#do();
  }

  /** From the beginning, however often: what an earlier row would have made is known only to who has read it. */
  async #check(): Promise<void> {
    const { id } = this.#import;
    const counts: OutcomeCounts = { created: 0, updated: 0, unchanged: 0, refused: 0 };
    for await (const results of this.#results(true)) {
      for (const { outcome } of results) counts[outcome] += 1;
      const stored = { importId: id, results: results.map((one) => this.#stored(one)), counts };
      await inTransaction(this.#db, (trx) => storeForeseen(trx, stored));
    }
    await changeImportState(this.#db, { id, from: ['checking'], to: 'ready' });
  }

  async #do(): Promise<void> {
    const { id, tenantId } = this.#import;
    for await (const results of this.#results(false)) {
      const refused = results.filter(({ outcome }) => outcome === 'refused').map((one) => this.#stored(one));
      if (refused.length > 0) await storeDone(this.#db, { importId: id, results: refused });
    }
    await inTransaction(this.#db, async (trx) => {
      if (!(await changeImportState(trx, { id, from: ['running'], to: 'done' }))) return;
      await dropSealed(trx, id);
      const outcomes = (await selectImport(trx, { tenantId, of: null, id }))?.outcomes;
      const event = { tenantId, action: 'user.imported', payload: { importId: id, outcomes } };
      await recordEvent(trx, event, this.#standing.caller);
    });
  }

  #results(dryRun: boolean): AsyncGenerator<RowResult[]> {
    const { id, tenantId, weakHashes } = this.#import;
    return importRows(this.#db, tenantId, this.#rows(), {
      secrets: this.#work.secrets,
      caller: this.#standing.caller,
      importId: id,
      named: namedInImport(this.#db, tenantId),
      dryRun,
      judge: this.#standing.judge,
      mayGoOn: () => this.#mayGoOn(),
      weakHashes,
      noteDone: async (trx, results) => {
        const stored = { importId: id, results: results.map((one) => this.#stored(one)) };
        if ((await storeDone(trx, stored)) < results.length) throw new Over('somebody else has done it');
      },
    });
  }

  async *#rows(): AsyncGenerator<ImportRow> {
    const importId = this.#import.id;
    for (let after = -1; ; ) {
      const some = await selectRowsToDo(this.#db, { importId, after, limit: rowsAtOnce });
      for (const row of some) yield this.#work.rowOf(row.line, openRow(this.#work.secrets, importId, row));
      if (some.length < rowsAtOnce) return;
      after = some.at(-1)?.line ?? 0;
    }
  }

  async #mayGoOn(): Promise<void> {
    if (this.#work.signal.aborted) throw new Error('the process stops; the import goes on elsewhere');
    const { id, tenantId, state } = this.#import;
    const now = await selectImport(this.#db, { tenantId, of: null, id });
    if (now?.state !== state) throw new Over('the import was stopped');
    if (!(await this.#standing.mayGoOn())) throw new NotAllowed('who brought it may import no more');
  }

  #stored({ line, outcome, userId, kept, error }: RowResult) {
    return { line, outcome, userId, kept, error: error && this.#work.faultOf(error) };
  }
}
