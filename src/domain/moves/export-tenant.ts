/**
 * A whole tenant as one stream of lines, of one moment of the database, however large it is: some hundred rows are held at once.
 * Owns that all of it is told or the stream breaks off, and that nobody reads somebody's credentials who asked for reading alone.
 * Changes nothing but the trail. Closing the tenant, so that nothing is lost between, is `moveTenantAway` (domain/lifecycle).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, rows } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import { latestMigration } from '../../platform/migrations.ts';
import type { Secrets } from '../../platform/secrets.ts';
import type { Travelling } from '../../platform/travelling.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import type { Tenant } from '../tenants/tenants.ts';
import { type MoveHeader, MoveWriter, moveFormat } from './move-file.ts';
import { packRow } from './travelling-rows.ts';
import { travellingTables } from './travelling-tables.ts';

export interface ExportOptions {
  secrets: Secrets;
  caller: Caller;
  issuer: string;
  /** The version of the program. */
  product: string;
  /** How long the trail is kept where the tenant says nothing else. */
  retentionDays: number;
  /** Default true. Without, it is for reading, and no server takes it. */
  withCredentials?: boolean;
  /** Rows told, and how many there are. */
  onProgress?(done: number, of: number): void;
}

const rowsAtOnce = 500;

/** The lines, some at a time. @throws DomainError conflict MOVE_SECRET_LOST */
export async function* exportTenant(
  db: Database,
  tenant: Tenant,
  { withCredentials = true, ...options }: ExportOptions,
): AsyncGenerator<string> {
  const exportId = newId();
  const { id, slug, name, movedTo } = tenant;
  const state = movedTo === null ? tenant.state : (tenant.movedState ?? 'active');
  const payload = { exportId, credentials: withCredentials };
  await recordEvent(
    db,
    { tenantId: id, action: 'tenant.exported', entityType: 'tenant', entityId: id, payload },
    options.caller,
  );
  const trx = await db.transaction(undefined, { isolationLevel: 'repeatable read', readOnly: true });
  try {
    // Whoever reads may be slow: another server, which writes it all at the other end.
    await trx.raw(`set local idle_in_transaction_session_timeout = '10min'`);
    const tables = travellingTables.filter(({ isHidden }) => withCredentials || !isHidden);
    const { counts, at } = await countRows(trx, tables, id);
    const header: MoveHeader = {
      type: 'gatehouse-tenant',
      format: moveFormat,
      product: options.product,
      schema: latestMigration,
      issuer: options.issuer,
      moves_to: movedTo,
      export_id: exportId,
      exported_at: at.toISOString(),
      credentials: withCredentials,
      audit_retention_days: options.retentionDays,
      tenant: { id, slug, name, state },
      counts,
    };
    const writer = new MoveWriter();
    yield writer.header(header);
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    let done = 0;
    for (const table of tables)
      for await (const found of rowsOf(trx, table, id)) {
        yield found
          .map((row) => writer.row(table.table, packRow(table, row, { secrets: options.secrets, withCredentials })))
          .join('');
        done += found.length;
        options.onProgress?.(done, total);
      }
    yield writer.end();
  } finally {
    await trx.rollback();
  }
}

async function countRows(
  trx: Database,
  tables: readonly Travelling[],
  tenantId: string,
): Promise<{ counts: Record<string, number>; at: Date }> {
  const counts: Record<string, number> = {};
  let at = new Date();
  for (const { table, rows: sql } of tables) {
    const [found] = await rows<{ count: number; at: Date }>(
      trx,
      `select count(*) as count, now() as at from (${sql}) r`,
      { tenantId },
    );
    counts[table] = found?.count ?? 0;
    at = found?.at ?? at;
  }
  return { counts, at };
}

async function* rowsOf(trx: Database, { rows: sql }: Travelling, tenantId: string): AsyncGenerator<string[]> {
  await trx.raw(`declare travelling no scroll cursor for select to_jsonb(r)::text as row from (${sql}) r`, {
    tenantId,
  });
  for (;;) {
    const found = await rows<{ row: string }>(trx, `fetch ${rowsAtOnce} from travelling`);
    if (found.length === 0) break;
    yield found.map(({ row }) => row);
  }
  await trx.raw('close travelling');
}

/** Every process asks for what it remembers at least this often. */
const forgottenAfterMs = 1_500;

/**
 * Waits until nothing is written any more that was begun before a tenant was closed: what other processes remembered of it is
 * forgotten, and the transactions of that time have ended.
 */
export async function waitUntilSettled(db: Database): Promise<void> {
  await sleep(forgottenAfterMs);
  const [now] = await rows<{ now: Date }>(db, 'select clock_timestamp() as now');
  while (await selectIsOlderOpen(db, now?.now as Date)) await sleep(100);
}

async function selectIsOlderOpen(db: Database, before: Date): Promise<boolean> {
  const [found] = await rows<{ open: boolean }>(
    db,
    `select exists (select from pg_stat_activity
                     where datname = current_database() and pid <> pg_backend_pid() and xact_start < :before
                       and backend_type = 'client backend') as open`,
    { before },
  );
  return found?.open === true;
}
