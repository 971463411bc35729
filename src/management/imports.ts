/**
 * Operations on imports that are kept: people are brought, what would become of each row is looked at, and it is done by itself.
 * Who brought one sees it, and who manages all people of the tenant. Each row is judged as by `users.import`.
 */
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { ListedRow, StoredFault } from '../domain/imports/import-store.ts';
import {
  beginImport,
  importOf,
  listImportRows,
  listImports,
  mostOpenImports,
  openRow,
  receiveImport,
  resultsOfImport,
  stopImport,
} from '../domain/imports/kept-imports.ts';
import { findNames } from '../domain/organisation/names.ts';
import { csvBegin, formatCsvRows } from '../platform/csv.ts';
import type { Database } from '../platform/database.ts';
import type { ErrorCode } from '../platform/errors.ts';
import { consume } from '../platform/rate-limits.ts';
import type { Secrets } from '../platform/secrets.ts';
import { type Actor, actorKey } from './actor.ts';
import type { Failure } from './failure.ts';
import { keptActor } from './import-work.ts';
import { operation, type ReadLine } from './operation.ts';
import type { Reach } from './reach.ts';
import { id, pageQuery, text, time } from './shapes.ts';
import { ImportedPerson, importBodyBytes, importLimits, importLineBytes } from './user-import.ts';
import { isTooDeep } from './validate.ts';

const counts = z.object({ created: z.int(), updated: z.int(), unchanged: z.int(), refused: z.int() });
const outcome = z.enum(['created', 'updated', 'unchanged', 'refused']);

const Import = z
  .object({
    id,
    file_name: z.string(),
    format: z.string().meta({ description: 'What the rows were made of' }),
    weak_hashes: z.boolean(),
    state: z.enum(['receiving', 'checking', 'ready', 'running', 'done', 'stopped']).meta({
      description:
        'checking: what would become of each row is found out; ready: it waits for `imports.begin`; stopped: what was done stays done',
    }),
    stopped_why: z.string().nullable().meta({
      description:
        '`cancelled`; `not_allowed`: who brought it may import no more; `unreadable`: SECRET_KEY was replaced; `failed`',
    }),
    row_count: z.int(),
    foreseen: counts.meta({ description: 'What would become of the rows, as far as it is known' }),
    outcomes: counts.meta({ description: 'What became of the rows that are done' }),
    created_at: time,
    created_by: id.nullable(),
    begun_at: time.nullable(),
    ended_at: time.nullable(),
  })
  .meta({ id: 'Import' });

const ImportRow = z
  .object({
    line: z.int().meta({ description: 'Which row of the file, from 1' }),
    outcome: outcome
      .nullable()
      .meta({ description: 'What became of it; of a row that waits what would; null: not known yet' }),
    is_done: z.boolean(),
    user_id: z.string().nullable(),
    name: z.string().nullable().meta({ description: 'What the row says while it waits; then that of the person' }),
    address: z.string().nullable(),
    kept: z.array(z.string()).meta({ description: 'What the row says otherwise than it is; it was left as it is' }),
    error: z
      .object({
        code: z.string(),
        params: z.record(z.string(), z.union([z.string(), z.number()])),
        message: z.string(),
        fields: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
      })
      .nullable(),
  })
  .meta({ id: 'ImportRow' });

const params = z.strictObject({ import_id: id });
const needs = { capability: 'users.manage', at: 'anywhere' } as const;

interface Asked {
  tenantId: string;
  actor: Actor;
  reach: Reach;
}
const seenBy = ({ tenantId, actor, reach }: Asked) => ({ tenantId, of: reach.everything ? null : actorKey(actor) });
const named = (asked: Asked & { params: { import_id: string } }) => ({ ...seenBy(asked), id: asked.params.import_id });

/** What is kept of a row; one that says too much is refused with the others. */
async function* valuesOf(lines: AsyncIterable<ReadLine>): AsyncGenerator<{ line: number; value?: unknown }> {
  for await (const read of lines) yield 'fault' in read || isTooMuch(read.value) ? { line: read.line } : read;
}

function isTooMuch(value: unknown): boolean {
  return isTooDeep(value) || Buffer.byteLength(JSON.stringify(value)) > importLineBytes;
}

type Tell = (failure: Failure) => string;

function toldFault(error: StoredFault | null, tell: Tell) {
  if (!error) return null;
  const { code, params: values, fields } = error;
  const message = tell({ kind: 'invalid', code: code as ErrorCode, params: values });
  return { code, params: values, message, ...(fields && { fields: [...fields] }) };
}

/** What a row says of whom it is about, while it waits. */
function aboutOf(
  secrets: Secrets,
  { importId, line, sealed }: ListedRow,
): { name: string | null; address: string | null } {
  const nobody = { name: null, address: null };
  const said = sealed && openRow(secrets, importId, { line, sealed });
  if (typeof said !== 'object' || said === null) return nobody;
  const row = said as Record<string, unknown>;
  const first = (...names: string[]) =>
    names.map((name) => row[name]).find((value): value is string => typeof value === 'string' && value !== '');
  const shown = (value: string | undefined) => value?.slice(0, 320) ?? null;
  return {
    name: shown(first('full_name', 'given_name')),
    address: shown(first('email', 'phone', 'username', 'external_id')),
  };
}

/** Of who is there now, for who sees all people: others find them by their id, where they are within reach. */
async function namesOf({ db, tenantId, reach }: Asked & { db: Database }, listed: readonly ListedRow[]) {
  const ids = reach.everything ? listed.flatMap(({ sealed, userId }) => (sealed || userId === null ? [] : userId)) : [];
  return findNames(db, { tenantId, ids, withPeople: true });
}

async function* reportOf(db: Database, wanted: { tenantId: string; id: string }, tell: Tell): AsyncGenerator<string> {
  yield `${csvBegin}${formatCsvRows([['line', 'outcome', 'user_id', 'kept', 'code', 'detail']])}`;
  for await (const results of resultsOfImport(db, wanted))
    yield formatCsvRows(
      results.map(({ line, outcome: is, userId, kept, error }) => {
        const fields = error?.fields?.map(({ field, message }) => `${field}: ${message}`).join('; ');
        const detail = error ? [toldFault(error, tell)?.message, fields].filter(Boolean).join(' ') : '';
        return [String(line), is ?? '', userId ?? '', kept.join(' '), error?.code ?? '', detail];
      }),
    );
}

const creating = operation({
  id: 'imports.create',
  method: 'POST',
  path: '/imports',
  summary: 'Bring people, to look at what would become of them',
  description: `NDJSON, one \`ImportedPerson\` a line. What would become of each row is found out by itself; \`imports.begin\` then has it done, also where nobody waits for it. Rows are kept sealed until they are done. A tenant has ${mostOpenImports} under way at the most, each for a day.`,
  needs,
  query: z.strictObject({
    weak_hashes: z
      .enum(['true', 'false'])
      .transform((value) => value === 'true')
      .optional()
      .meta({ description: 'Take passwords that were hashed by plain SHA as well' }),
    format: text(20).optional().meta({ description: 'What the rows were made of, for the audit trail' }),
    file_name: text(200).optional(),
  }),
  lines: ImportedPerson,
  answer: Import,
  status: 201,
  bodyLimitBytes: importBodyBytes,
  errors: ['IMPORT_EMPTY', 'IMPORT_RUNNING', 'TOO_MANY_IMPORTS', 'TOO_MANY_ROWS'],
  fresh: true,
  run: async ({ tenantId, actor, query, lines, isDryRun, deps }) => {
    await consume(deps.db, importLimits.importsPerActor, actorKey(actor));
    const wanted = {
      tenantId,
      fileName: query.file_name ?? '',
      format: query.format ?? 'ndjson',
      weakHashes: query.weak_hashes === true,
      actor: keptActor(actor),
      broughtBy: actorKey(actor),
    };
    const received = await receiveImport(deps.db, wanted, valuesOf(lines), {
      secrets: deps.secrets,
      caller: actor.caller,
      isDryRun,
    });
    return received;
  },
});

export const imports = [
  operation({
    id: 'imports.list',
    method: 'GET',
    path: '/imports',
    summary: 'List imports, the newest first',
    needs,
    query: pageQuery,
    list: true,
    answer: Import,
    run: (run) => listImports(run.db, { ...seenBy(run), ...run.query }),
  }),
  creating,
  operation({
    id: 'imports.get',
    method: 'GET',
    path: '/imports/{import_id}',
    summary: 'Show an import, and how far it is',
    needs,
    params,
    answer: Import,
    run: (run) => importOf(run.db, named(run)),
  }),
  operation({
    id: 'imports.rows.list',
    method: 'GET',
    path: '/imports/{import_id}/rows',
    summary: 'List what became of the rows of an import, those with faults first',
    needs,
    params,
    query: pageQuery.extend({ outcome: outcome.optional() }),
    list: true,
    answer: ImportRow,
    run: async (run) => {
      const { items, next } = await listImportRows(run.db, { ...named(run), ...run.query });
      const { secrets } = run.deps;
      const names = await namesOf(run, items);
      return {
        items: items.map((row) => ({
          ...row,
          ...(row.sealed ? aboutOf(secrets, row) : { name: names.get(row.userId ?? '')?.name ?? null, address: null }),
          isDone: row.sealed === null,
          error: toldFault(row.error, run.tell),
        })),
        next,
      };
    },
  }),
  operation({
    id: 'imports.begin',
    method: 'POST',
    path: '/imports/{import_id}/begin',
    summary: 'Have an import done that was looked at',
    description:
      'It goes on by itself. A row that is refused keeps no other back; of many who begin it at once one does.',
    needs,
    params,
    answer: Import,
    status: 200,
    errors: ['IMPORT_NOT_READY'],
    fresh: true,
    run: (run) => beginImport(run.db, named(run), run.actor.caller),
  }),
  operation({
    id: 'imports.stop',
    method: 'POST',
    path: '/imports/{import_id}/stop',
    summary: 'Stop an import; what was done stays done, and the rows that wait are gone',
    needs,
    params,
    answer: Import,
    status: 200,
    errors: ['IMPORT_NOT_READY'],
    run: (run) => stopImport(run.db, named(run), { why: 'cancelled', caller: run.actor.caller }),
  }),
  operation({
    id: 'imports.report',
    method: 'GET',
    path: '/imports/{import_id}/report',
    summary: 'What became of each row of an import, as a table',
    needs,
    params,
    answer: ImportRow,
    streams: ['text/csv'],
    run: async (run) => {
      const { id: importId } = await importOf(run.db, named(run));
      const rows = reportOf(run.deps.db, { tenantId: run.tenantId, id: importId }, run.tell);
      const chunks = Readable.from(rows, { objectMode: true, highWaterMark: 1 });
      return { type: 'text/csv', fileName: 'import-report.csv', chunks };
    },
  }),
];
