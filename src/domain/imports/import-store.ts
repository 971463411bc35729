/** The SQL of imports that are kept: what they are, their rows, and what became of each. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { actorInTenant } from '../organisation/acting-user.ts';
import type { ImportOutcome } from './import-batch.ts';

export type ImportState = 'receiving' | 'checking' | 'ready' | 'running' | 'done' | 'stopped';
export type OutcomeCounts = Record<ImportOutcome, number>;

export interface ImportRecord {
  id: string;
  tenantId: string;
  createdBy: string | null;
  fileName: string;
  format: string;
  weakHashes: boolean;
  state: ImportState;
  stoppedWhy: string | null;
  rowCount: number;
  foreseen: OutcomeCounts;
  outcomes: OutcomeCounts;
  createdAt: Date;
  begunAt: Date | null;
  endedAt: Date | null;
}

/** What was said of a row, in a form that can be told in any language. */
export interface StoredFault {
  code: string;
  params: Record<string, string | number>;
  fields?: readonly { field: string; message: string }[];
}

export interface StoredResult {
  line: number;
  outcome: ImportOutcome;
  userId: string | null;
  kept: string[];
  error: StoredFault | null;
}

export interface RowToDo {
  line: number;
  sealed: Buffer;
}

const columns = `i.id, i.tenant_id, i.created_by, i.file_name, i.format, i.weak_hashes, i.state, i.stopped_why, i.row_count,
       i.foreseen, i.outcomes, i.created_at, i.begun_at, i.ended_at`;

/** What the one who looks may see: those that they brought, or all. */
export interface ImportsOf {
  tenantId: string;
  /** `person:<id>`, as `actorKey` says it; null: of everybody. */
  of: string | null;
}
const ofWhom = 'i.tenant_id = :tenantId and (:of::text is null or i.brought_by = :of)';

export async function insertImport(
  trx: Database,
  wanted: Pick<ImportRecord, 'id' | 'tenantId' | 'fileName' | 'format' | 'weakHashes'> & {
    actor: object;
    broughtBy: string;
    actorId: string | null;
  },
): Promise<void> {
  await rows(
    trx,
    `insert into imports (id, tenant_id, actor, brought_by, created_by, file_name, format, weak_hashes)
     values (:id, :tenantId, :actor::jsonb, :broughtBy,
             ${actorInTenant},
             :fileName, :format, :weakHashes) returning 1`,
    { ...wanted, actor: JSON.stringify(wanted.actor) },
  );
}

/** How many of a tenant are not over; until the transaction ends nobody else who asks so adds one. */
export async function countOpenImportsAlone(trx: Database, tenantId: string): Promise<number> {
  await rows(trx, `select pg_advisory_xact_lock(hashtextextended('gatehouse:imports:' || :tenantId, 0))`, { tenantId });
  const found = await firstRow<{ count: number }>(
    trx,
    `select count(*)::integer as count from imports where tenant_id = :tenantId and state not in ('done', 'stopped')`,
    { tenantId },
  );
  return found?.count ?? 0;
}

export async function insertRows(
  db: Database,
  { tenantId, importId, rows: given }: { tenantId: string; importId: string; rows: readonly RowToDo[] },
): Promise<void> {
  await rows(
    db,
    `insert into import_rows (tenant_id, import_id, line, sealed)
     select :tenantId, :importId, line, sealed from unnest(:lines::integer[], :sealed::bytea[]) as r(line, sealed)
     returning 1`,
    { tenantId, importId, lines: given.map(({ line }) => line), sealed: given.map(({ sealed }) => sealed) },
  );
}

export async function selectImport(
  db: Database,
  wanted: ImportsOf & { id: string },
): Promise<ImportRecord | undefined> {
  return firstRow<ImportRecord>(db, `select ${columns} from imports i where ${ofWhom} and i.id = :id`, { ...wanted });
}

/** What a job needs to know besides. */
export async function selectImportToDo(
  db: Database,
  id: string,
): Promise<(ImportRecord & { actor: unknown }) | undefined> {
  return firstRow(db, `select ${columns}, i.actor from imports i where i.id = :id`, { id });
}

/** The newest first. @throws DomainError invalid CURSOR_INVALID */
export async function selectImports(db: Database, of: ImportsOf, page: PageRequest): Promise<Page<ImportRecord>> {
  return selectPage<ImportRecord>(
    db,
    { ...byId('i.id'), descending: true },
    page,
    ({ key, where, order }) => `select ${columns}, ${key} from imports i where ${ofWhom} and ${where} ${order}`,
    { ...of },
  );
}

/** Changes the state where it is one of these. False: it is not. */
export async function changeImportState(
  trx: Database,
  {
    id,
    from,
    to,
    why = null,
    rowCount = null,
  }: {
    id: string;
    from: readonly ImportState[];
    to: ImportState;
    why?: string | null;
    rowCount?: number | null;
  },
): Promise<boolean> {
  const changed = await rows(
    trx,
    `update imports
        set state = :to, stopped_why = :why, row_count = coalesce(:rowCount::integer, row_count),
            begun_at = case when :to = 'running' then now() else begun_at end,
            ended_at = case when :to in ('done', 'stopped') then now() else ended_at end
      where id = :id and state = any(:from::text[])
  returning 1`,
    { id, from: [...from], to, why, rowCount },
  );
  return changed.length > 0;
}

/** The next rows that wait to be done, in the order of the file. */
export async function selectRowsToDo(
  db: Database,
  { importId, after, limit }: { importId: string; after: number; limit: number },
): Promise<RowToDo[]> {
  return rows<RowToDo>(
    db,
    `select line, sealed from import_rows
      where import_id = :importId and sealed is not null and line > :after order by line limit :limit`,
    { importId, after, limit },
  );
}

const given = `jsonb_to_recordset(:results::jsonb) as g(line integer, outcome text, "userId" uuid, kept jsonb, error jsonb)`;
const said = `outcome = g.outcome, user_id = g."userId", error = g.error,
              kept = array(select jsonb_array_elements_text(g.kept))`;

/** What would become of rows; they go on waiting. */
export async function storeForeseen(
  trx: Database,
  { importId, results, counts }: { importId: string; results: readonly StoredResult[]; counts: OutcomeCounts },
): Promise<void> {
  await rows(
    trx,
    `update import_rows r set ${said} from ${given} where r.import_id = :importId and r.line = g.line returning 1`,
    { importId, results: JSON.stringify(results) },
  );
  await rows(trx, 'update imports set foreseen = :counts::jsonb where id = :importId returning 1', {
    importId,
    counts: JSON.stringify(counts),
  });
}

/** What became of rows, each once: what they said is gone with it. Answers how many of them waited. */
export async function storeDone(
  trx: Database,
  { importId, results }: { importId: string; results: readonly StoredResult[] },
): Promise<number> {
  const found = await firstRow<{ count: number }>(
    trx,
    `with done as (
       update import_rows r set ${said}, sealed = null
         from ${given}
        where r.import_id = :importId and r.line = g.line and r.sealed is not null
       returning r.outcome
     ), counted as (
       select count(*)::integer as count, count(*) filter (where outcome = 'created') as created,
              count(*) filter (where outcome = 'updated') as updated,
              count(*) filter (where outcome = 'unchanged') as unchanged,
              count(*) filter (where outcome = 'refused') as refused
         from done
     )
     update imports i
        set outcomes = jsonb_build_object(
              'created', (i.outcomes->>'created')::integer + c.created,
              'updated', (i.outcomes->>'updated')::integer + c.updated,
              'unchanged', (i.outcomes->>'unchanged')::integer + c.unchanged,
              'refused', (i.outcomes->>'refused')::integer + c.refused)
       from counted c
      where i.id = :importId
  returning c.count`,
    { importId, results: JSON.stringify(results) },
  );
  return found?.count ?? 0;
}

/** Nothing of what is told of rows is true any more once they are to be done; those that wait lose what they say where it is over. */
export async function dropSealed(trx: Database, importId: string): Promise<void> {
  await rows(
    trx,
    'update import_rows set sealed = null where import_id = :importId and sealed is not null returning 1',
    {
      importId,
    },
  );
}

/** A row as it is looked at: what it says only while it waits. */
export interface ListedRow extends Omit<StoredResult, 'outcome'> {
  importId: string;
  sealed: Buffer | null;
  outcome: ImportOutcome | null;
}

/** Those with faults first, then in the order of the file. @throws DomainError invalid CURSOR_INVALID */
export async function selectImportRows(
  db: Database,
  { tenantId, importId, outcome = null }: { tenantId: string; importId: string; outcome?: ImportOutcome | null },
  page: PageRequest,
): Promise<Page<ListedRow>> {
  return selectPage<ListedRow>(
    db,
    {
      columns: [
        { expression: 'r.rank', type: 'bigint' },
        { expression: 'r.line', type: 'bigint' },
      ],
    },
    page,
    ({ key, where, order }) =>
      `select r.import_id, r.line, r.sealed, r.outcome, r.user_id, r.kept, r.error, ${key}
         from import_rows r
        where r.tenant_id = :tenantId and r.import_id = :importId
          and (:outcome::text is null or r.outcome = :outcome) and ${where}
        ${order}`,
    { tenantId, importId, outcome },
  );
}

/** For a report: in the order of the file. */
export async function selectResults(
  db: Database,
  { tenantId, importId, after, limit }: { tenantId: string; importId: string; after: number; limit: number },
): Promise<(StoredResult & { outcome: ImportOutcome | null })[]> {
  return rows(
    db,
    `select line, outcome, user_id, kept, error from import_rows
      where tenant_id = :tenantId and import_id = :importId and line > :after order by line limit :limit`,
    { tenantId, importId, after, limit },
  );
}

export async function deleteImport(trx: Database, id: string): Promise<void> {
  await rows(trx, 'delete from imports where id = :id returning 1', { id });
}

/** Those that broke off while they were received or that nobody began, and those that are over for so long. Answers how many. */
export async function deleteOldImports(
  db: Database,
  { abandonedHours, keptDays, most }: { abandonedHours: number; keptDays: number; most: number },
): Promise<number> {
  const gone = await rows(
    db,
    `delete from imports
      where id in (
        select id from imports
         where (state in ('receiving', 'checking', 'ready') and created_at < now() - make_interval(hours => :abandonedHours))
            or (state in ('done', 'stopped') and created_at < now() - make_interval(days => :keptDays))
         order by created_at limit :most for update skip locked)
  returning 1`,
    { abandonedHours, keptDays, most },
  );
  return gone.length;
}
