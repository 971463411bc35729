/**
 * A tenant of another server comes in, in one transaction: whoever looks sees nothing of it, or all of it, switched off until an
 * operator lets it in (`activateTenant`, domain/lifecycle). Owns that every row is of this tenant, that none takes the place of
 * one that is here, that each is what an operation of this server could have made, and that what came is what was sent. The same export again changes nothing. Refuses one for reading, and one
 * of another version: rows are put as they are.
 */
import { type Database, inTransaction, rows } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { latestMigration } from '../../platform/migrations.ts';
import type { Secrets } from '../../platform/secrets.ts';
import type { Travelling } from '../../platform/travelling.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { findTreeFaults } from '../organisation/tree-faults.ts';
import { takeOverSeals } from '../seals/travelling.ts';
import { updateTenantSettings } from '../tenants/tenants.ts';
import { deferPeople, insertArrival, lockArrivals, selectArrival, selectTaken } from './arrival-store.ts';
import { invalidMove, type MoveHeader, MoveReader } from './move-file.ts';
import { type Admission, rowsRefused, TableImport } from './table-import.ts';
import { travellingTables } from './travelling-tables.ts';

export interface ImportOptions extends Admission {
  secrets: Secrets;
  caller: Caller;
  /** How long the trail is kept here where a tenant says nothing else. */
  retentionDays: number;
  /** All is done, and undone. */
  dryRun?: boolean;
  onProgress?(done: number, of: number): void;
}

export interface ImportedTenant {
  header: MoveHeader;
  /** It was here already, by the same export. */
  isUnchanged: boolean;
}

/** A tenant sets no longer one. */
const longestRetentionDays = 3_650;

class Undo extends Error {}

/**
 * @param bytes as `exportTenant` told them
 * @throws DomainError invalid MOVE_FILE_INVALID, MOVE_ROW_REFUSED, conflict MOVE_CONFLICT
 */
export async function importTenant(
  db: Database,
  bytes: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<ImportedTenant> {
  const reader = new MoveReader(bytes);
  const header = await reader.header();
  refuseHeader(header, options);
  let isUnchanged = false;
  try {
    await inTransaction(db, async (trx) => {
      await trx.raw(`set local idle_in_transaction_session_timeout = '10min'`);
      await lockArrivals(trx);
      isUnchanged = await putTenant(trx, reader, header, options);
      if (options.dryRun) throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo)) throw error;
  }
  return { header, isUnchanged };
}

function refuseHeader(header: MoveHeader, { rules: { ownAddress: issuer } }: ImportOptions): void {
  if (!header.credentials) throw invalidMove('it was made for reading, without credentials');
  if (header.schema !== latestMigration)
    throw invalidMove(
      `it is of the schema ${header.schema}, and this server has ${latestMigration}: bring both to one version`,
    );
  if (header.moves_to !== null && header.moves_to !== issuer) throw invalidMove(`it goes to ${header.moves_to}`);
  if (header.issuer === issuer) throw invalidMove('it is of this very issuer');
  const known = new Set(travellingTables.map(({ table }) => table));
  const strange = Object.keys(header.counts).find((table) => !known.has(table));
  if (strange !== undefined) throw invalidMove(`nobody knows ${strange}`);
}

/** @returns whether it was here already */
async function putTenant(
  trx: Database,
  reader: MoveReader,
  header: MoveHeader,
  options: ImportOptions,
): Promise<boolean> {
  const arrival = await selectArrival(trx, header.export_id);
  if (arrival) {
    if (!arrival.digest.equals(await readToEnd(reader))) throw invalidMove('another export of that id has come in');
    return true;
  }
  const taken = await selectTaken(trx, header.tenant);
  if (taken.length > 0)
    throw new DomainError('conflict', 'MOVE_CONFLICT', { table: 'tenants', rows: header.tenant.slug });
  await deferPeople(trx, 'end');
  const digest = await putRows(trx, reader, header, options);
  await deferPeople(trx, 'now');
  const { id: tenantId } = header.tenant;
  await verify(trx, header);
  for (const { table, faults } of travellingTables) {
    const found = (await faults?.(trx, tenantId)) ?? [];
    if (found.length > 0) throw rowsRefused(table, found);
  }
  const { isWhole, newest } = await takeOverSeals(trx, tenantId, options.secrets);
  if (!isWhole) throw invalidMove('its seals are no chain of their leaves');
  await keepRetention(trx, header, options);
  await insertArrival(trx, {
    exportId: header.export_id,
    tenantId,
    fromIssuer: header.issuer,
    digest,
    counts: header.counts,
  });
  const seal = newest?.hash.toString('hex') ?? null;
  const payload = { exportId: header.export_id, issuer: header.issuer, seal };
  await recordEvent(
    trx,
    { tenantId, action: 'tenant.arrived', entityType: 'tenant', entityId: tenantId, payload },
    options.caller,
  );
  return false;
}

/** Its trail is kept as long as before: what is gone there by its age would be missed here. */
async function keepRetention(
  trx: Database,
  { tenant, audit_retention_days: days }: MoveHeader,
  { retentionDays, caller }: ImportOptions,
): Promise<void> {
  if (days === retentionDays) return;
  await updateTenantSettings(
    trx,
    tenant.id,
    ({ auditRetentionDays }) => ({ auditRetentionDays: auditRetentionDays ?? Math.min(days, longestRetentionDays) }),
    caller,
  );
}

async function readToEnd(reader: MoveReader): Promise<Buffer> {
  for (;;) {
    const line = await reader.next();
    if (line.is === 'end') return Buffer.from(line.sha256, 'hex');
  }
}

/** @returns the hash of what was read */
async function putRows(
  trx: Database,
  reader: MoveReader,
  { tenant, counts }: MoveHeader,
  { secrets, rules, alsoCheck, onProgress }: ImportOptions,
): Promise<Buffer> {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  let [place, done] = [0, 0];
  const begin = (travelling: Travelling) =>
    TableImport.begin(trx, travelling, {
      ...{ tenantId: tenant.id, secrets, rules, alsoCheck },
      count: counts[travelling.table] ?? 0,
    });
  let open = await begin(travellingTables[0] as Travelling);
  for (;;) {
    const line = await reader.next();
    // In this order alone: what refers to something comes after it, and the past is closed by the last of it.
    while (line.is === 'end' || line.table !== open.table) {
      await open.end();
      place += 1;
      const next = travellingTables[place];
      if (!next && line.is === 'end') return Buffer.from(line.sha256, 'hex');
      if (!next) throw invalidMove(`a row of ${(line as { table: string }).table} is out of its order`);
      open = await begin(next);
    }
    await open.add(line.row);
    done += 1;
    if (done % 1_000 === 0) onProgress?.(done, total);
  }
}

/** That what is here is what was told, beyond what the constraints of the tables hold. */
async function verify(trx: Database, { tenant, counts }: MoveHeader): Promise<void> {
  const tenantId = tenant.id;
  if ((await findTreeFaults(trx, tenantId)).length > 0)
    throw invalidMove('its tree has a part that does not hang on the root');
  const [here] = await rows<{ slug: string }>(trx, 'select slug from tenants where id = :tenantId', { tenantId });
  if (here?.slug !== tenant.slug || counts.tenants !== 1) throw invalidMove('its first row is not the tenant');
}
